"""The wall clock steps: set by NTP or by a person, or the machine slept while monotonic time stood still.

Then nothing is known of the difference to the venue's clock until it is measured again, and after a step ahead
everything that was heard may be as much older: no new risk before both are fresh. Monotonic time alone would take the
book of before an hour's sleep for one of a moment ago.
"""

from services.gateway import marketdata
from services.gateway.messages import Instant
from services.gateway.state import State

STEP_MS = 250  # what the clocks are warned of; slower drifts show in the next comparison


def watch(state: State, before: Instant, now: Instant) -> None:
    """Compare two moments of one life, one after the other."""
    step_ms = (now.wall_ms - before.wall_ms) - (now.mono_ms - before.mono_ms)
    if abs(step_ms) <= STEP_MS:
        return
    state.count("clock_steps")
    state.clock_skew_ms = None
    state.clock_stepped_mono_ms = now.mono_ms
    state.market.grew_older(max(0, step_ms))
    marketdata.compare_clocks(state)
