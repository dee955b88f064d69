"""Limits of a venue or the desk, reached by two bots that each keep theirs."""

from decimal import Decimal

import pytest

from services.gateway.limits.policy import Policy, load_policy
from tests.fakes.gateway_desk import POLICY_PATH, Desk


def with_desk_limit(name: str, figure: int) -> Policy:
    policy = load_policy(POLICY_PATH)
    desk = {**policy.by_scope["desk"], name: Decimal(figure)}
    return policy._replace(by_scope={**policy.by_scope, "desk": desk})


@pytest.mark.parametrize(("name", "side"), [("position_long_quote_max", "buy"), ("position_short_quote_max", "sell")])
def test_a_position_limit_of_the_desk_counts_what_both_bots_would_hold(name, side):
    desk = Desk(bots=("bot1", "bot2"), policy=with_desk_limit(name, 1_000)).start()
    level = "b0" if side == "buy" else "a0"
    desk.placed(side, qty="0.01", level=level, bot="bot1")
    refused = desk.refusal(side, qty="0.01", level=level, bot="bot2")
    assert refused.code == "POSITION_LIMIT"
    assert "scope=desk" in refused.text


def test_what_one_bot_is_short_makes_no_room_for_the_long_of_another():
    desk = Desk(bots=("bot1", "bot2"), policy=with_desk_limit("position_long_quote_max", 700)).start()
    desk.placed("sell", qty="0.01", level="a0", bot="bot1")
    desk.placed("buy", qty="0.01", level="b0", bot="bot2")
    assert desk.refusal("buy", qty="0.01", level="b1", bot="bot2").code == "POSITION_LIMIT"
