"""An override: one order passes one limit once, and its neighbours stay in force."""

from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.limits import desk_with
from tests.fakes.proofs import proves


@proves("override")
def test_rts6_15_6_an_override_lets_one_order_pass_one_limit_once(desk):
    expires_ms = desk.wall_ms + 60_000
    desk.feed(m.Override("o1", "bot1", "order_value_quote_max", expires_ms, ("anna", "ben")))
    assert desk.placed(qty="0.02")
    used = [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "OVERRIDE_USED"]
    assert "anna and ben" in used[0]["value"]
    assert desk.refusal(qty="0.02", level="b1").code == "ORDER_VALUE_LIMIT"


@proves("override")
def test_rts6_15_6_an_override_expires_and_is_for_its_bot_and_limit_only(two_bots):
    expires_ms = two_bots.wall_ms + 1_000
    two_bots.feed(m.Override("o1", "bot1", "order_value_quote_max", expires_ms, ("anna", "ben")))
    assert two_bots.refusal(qty="0.02", bot="bot2").code == "ORDER_VALUE_LIMIT"
    assert two_bots.refusal(qty="0.11", bot="bot1").code == "ORDER_QTY_LIMIT"
    two_bots.run(1_000)
    assert two_bots.refusal(qty="0.02", bot="bot1").code == "ORDER_VALUE_LIMIT"


@proves("override")
def test_rts6_15_6_an_override_of_one_limit_leaves_its_neighbours_in_force():
    desk = desk_with(bot__gross_notional_quote_max=100, bot__net_notional_quote_max=100)
    expires_ms = desk.wall_ms + 60_000
    desk.feed(m.Override("o1", "bot1", "gross_notional_quote_max", expires_ms, ("anna", "ben")))
    refused = desk.refusal(qty="0.002")
    assert "net_notional_quote_max=100" in refused.text, "both are looked at in one check"
    desk.feed(m.Override("o2", "bot1", "net_notional_quote_max", expires_ms, ("anna", "ben")))
    assert desk.placed(qty="0.002"), "the first was not used up by the order that was refused"
    assert desk.gateway.state.overrides == []
