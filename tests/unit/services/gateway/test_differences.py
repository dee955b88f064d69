from decimal import Decimal

from services.contracts import events as e


def mismatches(desk):
    return [b for b in desk.events(e.BreakV1) if b["what"] == "position_mismatch"]


def test_a_position_nobody_can_explain_is_a_break_after_ten_seconds_and_the_bot_may_only_reduce(desk):  # F50, I2
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.02")
    desk.venue.push_positions("bot1")
    desk.deliver_pushes()
    desk.run(9_000)
    assert mismatches(desk) == []
    desk.run(9_000)
    (told,) = mismatches(desk)
    assert (told["ours"], told["theirs"]) == ("BTC-USDT 0", "BTC-USDT 0.02")
    assert desk.refusal().code == "SCOPE_REDUCING"
    desk.run(60_000)
    assert len(mismatches(desk)) == 1, "told once"


def test_a_lost_position_push_is_read_again_and_is_no_break(desk):
    client_id = desk.placed()
    fill = desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"), is_heard=False)
    assert fill
    desk.run(40_000)
    assert mismatches(desk) == []
    assert desk.gateway.state.lanes["bot1"].positions["BTC-USDT"].qty_base == Decimal("0.001")


def test_f54_a_leg_that_the_venue_closes_is_seen(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(100)
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal(0)
    desk.venue.push_positions("bot1")
    desk.deliver_pushes()
    desk.run(20_000)
    assert len(mismatches(desk)) == 1
