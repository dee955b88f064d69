"""Cards that the gateway answers otherwise than the venue, and why. What stands here is no failure through the gateway;
everything else must pass as it passes at the venue.
"""

_NO_SPECIALS = "only limit and market orders one by one: nothing that acts later, or that the limits would not count"
_POLICY = "position mode, margin mode and leverage are answered from policy, never forwarded"
_OWN_HAND = "done at the venue behind the gateway's back: what it makes of it is its own tests' affair"

OTHERWISE: dict[int, str] = {}
