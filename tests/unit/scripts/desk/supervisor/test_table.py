import io

from rich.console import Console

from scripts.desk.supervisor.ledger import RunLedger
from scripts.desk.supervisor.table import ProcessState, render
from services.contracts.events import BotStatusV1
from tests.unit.scripts.desk.supervisor.test_ledger import START_MS, D, account, event, fill, order


def shown(now_ms: int, *events) -> str:
    ledger = RunLedger(("bot1",), START_MS)
    for one in events:
        ledger.apply(one)
    console = Console(width=180, file=io.StringIO(), record=True)
    processes = [ProcessState("redis", "ready", 0), ProcessState("gateway", "dead", 2)]
    console.print(render(ledger, processes, now_ms, "desk: sim"))
    return console.export_text()


def status():
    return event(
        BotStatusV1, symbol="BTC-USDT", guard="RUNNING", reasons=["EDGE_GATE_OFF"], regime="up", mid_price=D("60000.5"),
        equity_quote=D(1), position_base=D(0), open_orders=1, submits=1, cancels=0, fills=0, refusals=0,
        modelled_edge_bps=D("-3.2"), realised_edge_bps=None, first_order_s=D(9), tick_ms=D(1),
    )  # fmt: skip


def test_a_bot_that_has_not_spoken_has_no_numbers_and_is_stale():
    text = shown(START_MS)
    assert "starting" in text and "never STALE" in text


def test_the_row_shows_guard_reason_quotes_position_and_fills():
    text = shown(
        START_MS + 500,
        status(),
        account("100001"),
        account("100003.5", "0.0066"),
        order("ACCEPTED"),
        fill("t1", "sell"),
    )
    for part in ("RUNNING", "EDGE_GATE_OFF", "60,000.50", "100.00 | – (1)", "+0.0066", "+2.50", "0b 1s", "-3.2 / –"):
        assert part in text, part
    assert "STALE" not in text


def test_a_number_that_is_too_old_is_marked():
    text = shown(START_MS + 6_000, status(), account("1"))
    assert "bot 6.0s STALE" in text
    assert "gateway 6.0s STALE" not in text


def test_processes_show_state_and_restarts():
    assert "gateway dead, 2x restarted" in shown(START_MS)
