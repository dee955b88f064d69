"""A pair or route that misbehaves waits half a minute."""

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway import quarantine
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


@proves("unknown_outcomes_per_minute_max")
def test_as_many_lost_outcomes_as_allowed_hold_nothing():
    desk = desk_with(bot__unknown_outcomes_per_minute_max=3)
    desk.fault = lambda r: Fault("lose_answer") if isinstance(r, venue.PlaceOrder) else Fault()
    for index in range(3):
        desk.place(level=f"b{index}")
    desk.run(1_000)
    desk.fault = lambda r: Fault()
    assert desk.placed(level="b8")


def test_a_hold_is_told_once_however_often_it_is_renewed_and_again_after_it_has_ended(desk):
    def told() -> int:
        return sum(d["reason"] == "QUARANTINED" and d["decision"] == "tightened" for d in desk.events(e.RiskDecisionV1))

    def hold() -> None:
        quarantine.hold(desk.gateway.state, "bot1", "route:bot1", "a limit", "a value")
        desk.feed(m.Tick())
        desk.run(10)

    hold()
    desk.run(20_000)
    hold()
    assert told() == 1
    desk.run(20_000)
    assert "QUARANTINED" in desk.refusal().text, "renewed: thirty seconds from the second"
    desk.run(30_000)
    hold()
    assert told() == 2
