"""RSK-11: absolute caps on what a bot and the desk lose and trade in a UTC day and month."""

import copy
from decimal import Decimal

import pytest

from services.common import venue
from services.common.metrics import Metrics
from services.common.yaml_file import read_yaml
from services.contracts import events as e
from services.gateway.accounts import Holding
from services.gateway.limits.policy import parse_policy
from services.gateway.metrics import GatewayMetrics
from services.gateway.records import AccountRecord
from services.gateway.status import status
from tests.fakes.gateway_desk import POLICY_PATH, START_WALL_MS, Desk
from tests.fakes.proofs import proves

DAY_MS = 86_400_000
TO_MIDNIGHT_MS = DAY_MS - START_WALL_MS % DAY_MS
TREE = read_yaml(POLICY_PATH)


def desk_with(bots: tuple[str, ...] = ("bot1",), **limits: int) -> Desk:
    tree = copy.deepcopy(TREE)
    for name, value in limits.items():
        scope, _, limit = name.partition("__")
        tree["limits"][scope][limit] = value
    desk = Desk(bots=bots, policy=parse_policy(tree)).start()
    desk.run(1_100)  # the day begins with the first look after the first connect
    return desk


def bought(desk: Desk, qty: str = "0.010", bot: str = "bot1", level: str = "b0") -> None:
    client_id = desk.placed("buy", None, qty, level, bot=bot)
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal(qty))
    desk.deliver_pushes()
    desk.run(50)


def fall(desk: Desk, quote: int) -> None:
    """The price goes down by so much, slowly enough to be believed and not to be a run."""
    desk.venue.bid -= quote
    desk.venue.ask -= quote
    desk.run(1_600)


def tightened(desk: Desk) -> list[tuple[str, str]]:
    return [(message.scope, message.entry.reason.partition(":")[0]) for message in desk.tightened]


@proves("day_loss_quote_max")
def test_rsk_11_a_loss_of_the_day_above_the_cap_leaves_a_bot_only_what_reduces():
    desk = desk_with(bot__day_loss_quote_max=3)
    bought(desk)
    resting = desk.placed("buy", "59000", "0.001", "b5")
    assert tightened(desk) == []
    fall(desk, 400)  # 0.010 * 400 and the fee: more than 3
    assert tightened(desk) == [("bot:bot1", "KILL_CAP_LOSS")]
    assert desk.row(resting).state == "CANCELLED"
    assert desk.refusal("buy", "59000").code == "SCOPE_REDUCING"
    assert desk.placed("sell", "59700", "0.001", "d0", time_in_force="ioc")
    decision = next(d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "KILL_CAP_LOSS")
    assert decision["limit"] == "day_loss_quote_max=3"


@proves("day_loss_quote_max")
def test_rsk_11_what_is_open_counts_at_the_mark_and_fees_and_funding_count():
    desk = desk_with(bot__day_loss_quote_max=2)
    bought(desk)
    paid = venue.Bill(
        bill_id="f1",
        kind="funding",
        symbol="BTC-USDT",
        amount_quote=Decimal(-2),
        balance_quote=Decimal(0),
        ts_ms=desk.wall_ms,
    )
    desk.venue.bills.append(("bot1", paid))
    assert tightened(desk) == []
    desk.run(31_000)
    assert tightened(desk) == [("bot:bot1", "KILL_CAP_LOSS")]


@proves("day_loss_quote_max")
def test_rsk_11_the_losses_of_bots_count_together_for_the_desk():
    desk = desk_with(("bot1", "bot2"), desk__day_loss_quote_max=6)
    bought(desk, bot="bot1")
    bought(desk, bot="bot2", level="b1")
    fall(desk, 400)
    assert tightened(desk) == [("desk", "KILL_CAP_LOSS")]
    assert desk.refusal("buy", "59000", bot="bot2").code == "SCOPE_REDUCING"


@proves("day_loss_quote_max")
def test_rsk_11_a_restart_forgets_no_loss_and_a_person_cannot_re_arm_over_it():
    desk = desk_with(bot__day_loss_quote_max=3)
    bought(desk)
    fall(desk, 400)
    desk.restart()
    desk.set_latch("bot:bot1", "ACTIVE")
    assert desk.refusal("buy", "59000").code == "KILL_CAP_LOSS"
    desk.run(1_100)
    assert tightened(desk)[-1] == ("bot:bot1", "KILL_CAP_LOSS")


@proves("day_loss_quote_max", "day_notional_quote_max")
def test_rsk_11_for_the_desk_a_bot_counts_also_when_it_is_not_started_again():
    desk = desk_with(("bot1", "bot2"), desk__day_loss_quote_max=3)
    bought(desk)
    fall(desk, 200)
    desk.bots = ("bot2",)
    desk.restart()
    fall(desk, 200)
    assert tightened(desk) == [("desk", "KILL_CAP_LOSS")]
    traded = [use for use in desk.gateway.state.cap_uses["bot2"] if use.limit == "day_notional_quote_max"]
    assert {use.scope: use.used_quote for use in traded} == {"bot:bot2": 0, "desk": Decimal("599.90")}
    desk.run(TO_MIDNIGHT_MS % DAY_MS)
    day, month = [
        use.used_quote for use in desk.gateway.state.cap_uses["bot2"] if use.is_traded and use.scope == "desk"
    ]
    assert (day, month) == (0, Decimal("599.90"))


@proves("month_loss_quote_max")
def test_rsk_11_a_new_day_begins_anew_and_the_month_goes_on():
    desk = desk_with(bot__day_loss_quote_max=5, bot__month_loss_quote_max=6)
    bought(desk)
    fall(desk, 400)
    desk.run(TO_MIDNIGHT_MS % DAY_MS)
    fall(desk, 100)
    assert tightened(desk) == [], "4 yesterday, 1 today"
    fall(desk, 200)
    assert tightened(desk) == [("bot:bot1", "KILL_CAP_LOSS")]
    assert "month_loss_quote_max=6" in desk.tightened[0].entry.reason


@proves("day_notional_quote_max", "month_notional_quote_max")
@pytest.mark.parametrize("period", ["day", "month"])
@pytest.mark.parametrize("scope", ["bot", "desk"])
def test_rsk_11_an_order_that_would_pass_what_may_be_traded_is_refused_and_reducing_ones_pass(period, scope):
    desk = desk_with(**{f"{scope}__{period}_notional_quote_max": 1000})
    bought(desk)
    assert desk.placed("buy", None, "0.005", "b1")
    refused = desk.refusal("buy", None, "0.010", "b2")
    assert refused.code == "KILL_CAP_NOTIONAL"
    assert f"{period}_notional_quote_max=1000" in refused.text
    assert desk.placed("sell", "59900", "0.010", "d0", time_in_force="ioc")


@proves("day_notional_quote_max")
def test_rsk_11_what_rested_and_filled_beyond_the_cap_tightens_the_scope():
    desk = desk_with(bot__day_notional_quote_max=700)
    first, second = desk.placed("buy", None, "0.010", "b0"), desk.placed("buy", None, "0.010", "b1")
    for client_id in (first, second):
        desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.010"))
    desk.deliver_pushes()
    desk.run(50)
    assert tightened(desk) == [("bot:bot1", "KILL_CAP_NOTIONAL")]


@proves("month_notional_quote_max")
def test_rsk_11_traded_notional_of_the_month_survives_a_restart_and_midnight():
    desk = desk_with(bot__month_notional_quote_max=1000)
    bought(desk)
    desk.restart()
    desk.run(TO_MIDNIGHT_MS % DAY_MS + 2_000)
    account = next(record for record in desk.durable.values() if isinstance(record, AccountRecord))
    assert account.day.traded_quote == 0
    assert account.month.traded_quote == Decimal("599.90")
    assert desk.refusal("buy", None, "0.010", "b1").code == "KILL_CAP_NOTIONAL"


def test_while_what_is_open_has_no_mark_there_is_no_new_risk_for_its_loss_is_unknown():
    desk = desk_with()
    bought(desk)
    desk.gateway.state.accounts["bot1"].holdings["ETH-USDT"] = Holding(Decimal(1), Decimal(3000))
    desk.run(1_100)
    refused = desk.refusal("buy", None, "0.001", "b1")
    assert refused.code == "STALE_MARKET"
    assert "ETH-USDT" in refused.text
    assert desk.placed("sell", "59900", "0.010", "d0", time_in_force="ioc")


def test_the_day_does_not_begin_anew_while_what_is_open_has_no_mark():
    desk = desk_with()
    bought(desk)
    state = desk.gateway.state
    account = state.accounts["bot1"]
    begun = account.day.name
    account.holdings["ETH-USDT"] = Holding(Decimal(1), Decimal(3000))
    desk.run(TO_MIDNIGHT_MS % DAY_MS + 2_000)
    assert account.day.name == begun
    del account.holdings["ETH-USDT"]
    desk.run(1_100)
    assert account.day.name > begun


def test_what_is_adopted_at_the_first_connect_is_no_loss_of_the_day():
    desk = Desk()
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    desk.start()
    desk.run(2_000)
    assert [use.used_quote for use in desk.gateway.state.cap_uses["bot1"] if not use.is_traded] == [0] * 4


def test_the_share_of_a_cap_that_is_used_is_a_gauge_and_stands_in_the_status():
    desk = desk_with(bot__day_notional_quote_max=1000)
    bought(desk)
    metrics = Metrics()
    GatewayMetrics(metrics).update(desk.gateway.state, 0)
    assert 'hbot_gateway_kill_cap_used_pct{bot="bot1"} 0.5999' in metrics.exposition().decode()
    shown = status(desk.gateway.state)["bots"]["bot1"]["kill_caps"]
    (cap,) = [one for one in shown if (one["limit"], one["scope"]) == ("day_notional_quote_max", "bot:bot1")]
    assert (Decimal(cap["used_quote"]), cap["max_quote"]) == (Decimal("599.90"), "1000")
