"""Cards that the gateway answers otherwise than the venue, and why. What stands here is no failure through the gateway;
everything else must pass as it passes at the venue.
"""

from collections.abc import Sequence

from services.dialects.cards import Card

_ONE_BY_ONE = "only limit and market orders one by one: nothing that acts later or passes the limits by"
_POLICY = "position mode, margin mode and leverage are answered from policy, never forwarded"
_COLLAR = "the collar refuses the price before the venue's own rule is asked"
_SIZE = "the limit on an order's size refuses it before the venue's own rule is asked"
_BEHIND = "the venue acts behind the gateway's back: what it makes of that has tests of its own"
_SHIELDED = "the gateway meets the venue's fault itself; a bot is answered from the gateway's state"
_GUARDED = "a private session of the cards before has ended, and without one the guard lets no order out to tidy up"
_FUNDING = "of the bills the gateway tells a bot funding; fees and results stand in the virtual account"

OTHERWISE: dict[int, str] = {
    22: "the same order once more is answered with the id of the first, and nothing is sent; other terms are refused",
    25: _ONE_BY_ONE,
    34: _COLLAR,
    36: _COLLAR,
    37: _SIZE,
    40: _SIZE,
    41: _COLLAR,
    44: _ONE_BY_ONE,
    47: _COLLAR,
    48: "a pair that is not on the bot's list is refused as such, known to the venue or not",
    54: "what would open is refused as WOULD_FLIP: the gateway computes what reduces",
    55: "what would flip is refused as WOULD_FLIP: the gateway computes what reduces",
    56: _ONE_BY_ONE,
    57: _FUNDING,
    60: _FUNDING,
    62: _POLICY,
    63: _POLICY,
    65: _POLICY,
    66: _COLLAR,
    67: _COLLAR,
    69: _COLLAR,
    70: _SIZE,
    71: _SIZE,
    75: "the gateway's own state answers; the venue's limits are its governor's affair",
    76: _SHIELDED,
    77: _SHIELDED,
    78: _SHIELDED,
    79: _SHIELDED,
    80: _BEHIND,
    81: _BEHIND,
    83: _SHIELDED,
    89: _GUARDED,
    90: _GUARDED,
    91: _SHIELDED,
    92: _GUARDED,
    93: _ONE_BY_ONE,
    94: _ONE_BY_ONE,
    95: _ONE_BY_ONE,
    96: _ONE_BY_ONE,
    97: _ONE_BY_ONE,
    98: _ONE_BY_ONE,
    100: _ONE_BY_ONE,
    101: _ONE_BY_ONE,
    102: _ONE_BY_ONE,
    103: _SIZE,
    104: _SIZE,
    105: _SIZE,
    106: _POLICY,
    107: _POLICY,
    108: _POLICY,
    109: _POLICY,
    110: _BEHIND,
    111: _BEHIND,
    112: _BEHIND,
    113: _BEHIND,
    114: _BEHIND,
    115: _BEHIND,
    116: _BEHIND,
    117: _SHIELDED,
    118: _SHIELDED,
    119: _ONE_BY_ONE,
}
# Cards after which the gateway goes on protecting for a while: a private session ended, the venue had a fault, or acted
# behind its back. They come last, so that what they leave behind decides no other card.
_LAST = ("streams", "wire", "venue")


def in_order(cards: Sequence[Card]) -> list[Sequence[Card]]:
    """The cards in the order in which they can be played through a gateway, each part sorted by number."""
    first = [card for card in cards if card.group not in _LAST]
    return [first, *([card for card in cards if card.group == group] for group in _LAST)]
