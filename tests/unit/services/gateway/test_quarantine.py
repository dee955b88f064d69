"""A pair or route that misbehaves waits half a minute."""

from services.common import venue
from tests.fakes.gateway_desk import Fault
from tests.fakes.limits import desk_with
from tests.fakes.proofs import proves


@proves("venue_rejects_per_minute_max", "quarantine")
def test_f10_a_storm_of_venue_refusals_quarantines_the_pair_for_that_bot():
    desk = desk_with(("bot1", "bot2"), bot__venue_rejects_per_minute_max=4)
    desk.fault = lambda r: Fault("refuse", code="POST_ONLY_WOULD_CROSS") if isinstance(r, venue.PlaceOrder) else Fault()
    for _ in range(5):
        assert desk.refusal().code == "POST_ONLY_WOULD_CROSS"
        desk.run(200)
    desk.fault = lambda r: Fault()
    assert desk.refusal().code == "QUARANTINED"
    assert desk.placed(bot="bot2")
    desk.run(30_000)
    assert desk.placed()


@proves("quarantine", "unknown_outcomes_per_minute_max")
def test_a_route_whose_outcomes_get_lost_is_quarantined(desk):
    desk.fault = lambda r: Fault("lose_answer") if isinstance(r, venue.PlaceOrder) else Fault()
    for index in range(6):
        desk.place(level=f"b{index}")
    desk.run(1_000)
    desk.fault = lambda r: Fault()
    assert desk.refusal(level="b8").code == "QUARANTINED"
