from decimal import Decimal

from scripts.desk.supervisor.ledger import RunLedger
from services.contracts import events as e

D = Decimal
START_MS = 1_000_000
_ids = iter(range(1, 1_000_000))


def event(kind, ts_ms: int = START_MS + 1, bot_id: str = "bot1", **fields):
    n = next(_ids)
    return kind(
        event_id=fields.pop("event_id", f"e{n}"), source="gateway", source_epoch=1, seq=n, bot_id=bot_id, ts_ms=ts_ms,
        config_hash="h", **fields,
    )  # fmt: skip


def order(state: str, gateway_order_id: str = "7", side: str = "buy", ts_ms: int = START_MS + 1, **fields):
    return event(
        e.OrderV1, ts_ms, state=state, symbol="BTC-USDT", client_order_id="hb1-b0-x.1",
        gateway_order_id=gateway_order_id,
        side=side, order_type="limit", time_in_force="post_only", price=D("100"), base_qty=D("1"), **fields,
    )  # fmt: skip


def fill(trade_id: str, side: str = "buy", **fields):
    return event(
        e.FillV1, symbol="BTC-USDT", trade_id=trade_id, client_order_id="c", gateway_order_id="7", venue_order_id="v",
        side=side, price=D("100"), base_qty=D("1"), fee_quote=D("0.02"), liquidity="maker", realized_pnl_quote=D(0),
        ts_exch_ms=START_MS, **fields,
    )  # fmt: skip


def account(equity: str, position: str = "0"):
    return event(
        e.VirtualAccountV1, capital_quote=D(100_000), equity_quote=D(equity), realized_pnl_quote=D(0),
        unrealized_pnl_quote=D(0), fees_quote=D(0), funding_quote=D(0), positions_base={"BTC-USDT": D(position)},
        open_orders=0,
    )  # fmt: skip


def markout(trade_id: str, horizon_s: int, realised: str, modelled: str = "-3"):
    return event(
        e.BotMarkoutV1, trade_id=trade_id, symbol="BTC-USDT", horizon_s=horizon_s, markout_bps=D(0), fee_bps=D(2),
        realised_edge_bps=D(realised), modelled_edge_bps=D(modelled),
    )  # fmt: skip


def ledger_of(*events) -> RunLedger:
    ledger = RunLedger(("bot1",), START_MS)
    for one in events:
        ledger.apply(one)
    return ledger


def test_an_order_counts_once_it_was_accepted_and_rests_until_it_is_terminal():
    ledger = ledger_of(order("SUBMITTING"), order("ACCEPTED"), order("PARTIALLY_FILLED"))
    bot = ledger.bots["bot1"]
    assert len(bot.orders) == 1 and set(bot.open_orders) == {"7"}
    ledger.apply(order("CANCELLED"))
    assert len(bot.orders) == 1 and not bot.open_orders


def test_a_refused_order_is_no_order():
    bot = ledger_of(order("SUBMITTING"), order("REFUSED")).bots["bot1"]
    assert (len(bot.orders), bot.refused) == (0, 1)


def test_the_first_order_is_timed_from_the_start_of_the_desk():
    ledger = ledger_of(order("ACCEPTED", ts_ms=START_MS + 9_500), order("ACCEPTED", "8", ts_ms=START_MS + 12_000))
    assert ledger.first_order_s("bot1") == D("9.5")


def test_what_is_told_again_and_what_is_older_than_the_run_does_not_count():
    again = fill("t1", event_id="same")
    old = event(e.IntentV1, START_MS - 1, action="resume", reason="x", actor="a", expires_at_ms=2)
    ledger = ledger_of(again, again, fill("t1"), old)
    assert len(ledger.bots["bot1"].fills) == 1
    assert ledger.by_kind == {"fill.v1": 2}


def test_pnl_is_the_change_of_equity_since_the_runs_first_report():
    bot = ledger_of(account("100010"), account("100007.5", "0.25")).bots["bot1"]
    assert bot.pnl_quote == D("-2.5")
    assert bot.position_base == D("0.25")


def test_edges_compare_the_same_fills_at_the_longest_horizon():
    bot = ledger_of(markout("a", 5, "9"), markout("a", 60, "1"), markout("b", 60, "2", "-4")).bots["bot1"]
    assert bot.edge is not None
    assert (bot.edge.modelled_bps, bot.edge.realised_bps) == (D("-3.5"), D("1.5"))
    assert (bot.edge.horizon_s, bot.edge.samples) == (60, 2)


def test_what_concerns_the_whole_desk_is_counted_by_kind_only():
    latch = event(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason="r", actor="a")
    ledger = ledger_of(latch)
    assert ledger.by_kind == {"latch.v1": 1}
    assert not ledger.bots["bot1"].fills
