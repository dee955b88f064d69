"""Telemetry out, intents in: every row to file and bus alike, kill intents, audits, nothing twice."""

from decimal import Decimal

import pytest

from controllers.core.values import CancelQuote, PlaceQuote, Plan
from controllers.epp.decide import decide, initial_state
from controllers.epp.params import EppParams
from controllers.epp.processed import IntentAudit, MarkoutReport, Notice
from services.bot.bridge import Bridge, HostFacts
from services.bot.carrier import Counters
from services.bot.csv_files import CsvFiles, read_rows
from services.bot.metrics import BotMetrics
from services.common.clock import ManualClock, SystemClock
from services.common.envelope import Source
from services.common.hash_chain import HashChain, verify
from services.common.ids import SeededIds
from services.common.metrics import Metrics
from services.contracts import events as e

NOW = 1_700_000_000_000
EMPTY = Plan((), (), (), "SOFT_PAUSE", ())


class Bus:
    def __init__(self):
        self.published = []

    def publish_nowait(self, event):
        self.published.append(event)

    def blind_ms(self):
        return 7

    def of(self, kind):
        return [event for event in self.published if isinstance(event, kind)]


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def csv_files(tmp_path):
    from controllers.epp.processed import DAILY_COLUMNS, FILL_COLUMNS, MINUTE_COLUMNS

    columns = {"minute": MINUTE_COLUMNS, "fills": FILL_COLUMNS, "daily": DAILY_COLUMNS}
    return CsvFiles({name: (tmp_path / f"{name}.csv", column) for name, column in columns.items()}, SystemClock())


@pytest.fixture
def bridge(bus, clock, csv_files, tmp_path):
    return Bridge(
        bot_id="bot1",
        symbol="BTC-USDT",
        bus=bus,
        source=Source("bot.bot1", clock=clock, ids=SeededIds(clock, 7)),
        clock=clock,
        csv_files=csv_files,
        audit_chain=HashChain(tmp_path / "audit.jsonl"),
        metrics=BotMetrics(Metrics(), "bot1"),
        host_facts=lambda: HostFacts(Counters(5, 4, 3, 2, 1), Decimal("8.5"), Decimal("0.25")),
    )


@pytest.fixture
def processed():
    from controllers.core.values import NoView

    params = EppParams()
    return decide(initial_state(params), NoView(NOW, "CONNECTOR_NOT_READY", ""), params)[2]


def intent(clock, source="desk_cli", bot_id="bot1"):
    return Source(source, clock=clock, ids=SeededIds(clock, 1)).make(
        e.IntentV1, bot_id=bot_id, action="soft_pause", reason="lunch", actor="anna", expires_at_ms=NOW + 1
    )


def test_a_decision_is_told_when_it_changed_something_and_not_otherwise(bridge, bus, processed):
    for _ in range(3):
        bridge.publish(EMPTY, processed)
    assert len(bus.of(e.QuoteDecisionV1)) == 1
    quote = PlaceQuote("b0", "buy", "limit_maker", Decimal("60123.4"), Decimal("0.0100"), "quote")
    bridge.publish(EMPTY._replace(place=(quote,), cancel=(CancelQuote("s0", "hb1-s0-x.1", "REFRESH"),)), processed)
    told = bus.of(e.QuoteDecisionV1)[-1]
    assert told.placed == ["b0 buy 0.0100 @ 60123.4"]
    assert told.cancelled == ["s0 hb1-s0-x.1 REFRESH"]
    bridge.publish(EMPTY, processed._replace(reasons=("BUS_BLIND",)))
    assert bus.of(e.QuoteDecisionV1)[-1].reasons == ["BUS_BLIND"]


def test_a_minute_goes_to_file_and_bus_as_the_same_row(bridge, bus, processed, csv_files, tmp_path):
    bridge.publish(EMPTY, processed._replace(minute_due_ms=NOW - 60_000, mid_price=Decimal("60000.5")))
    [event] = bus.of(e.BotMinuteV1)
    assert csv_files.close()
    assert read_rows(tmp_path / "minute.csv") == [event.row]
    assert event.row["mid"] == "60000.5"


def test_a_kill_intent_is_published_once_with_its_reason_and_an_end(bridge, bus, processed):
    bridge.publish(EMPTY._replace(kill_intent="DAILY_LOSS_LIMIT"), processed)
    [kill] = bus.of(e.IntentV1)
    assert (kill.action, kill.reason, kill.actor) == ("kill_switch", "DAILY_LOSS_LIMIT", "bot.bot1")
    assert kill.expires_at_ms > NOW


def test_what_became_of_an_intent_is_chained_on_disk_and_told_with_its_cause(bridge, bus, processed, tmp_path):
    audit = IntentAudit(NOW, "intent-1", "soft_pause", "applied", "RUNNING", "SOFT_PAUSE", "anna: lunch")
    bridge.publish(EMPTY, processed._replace(audits=(audit, audit._replace(outcome="duplicate"))))
    first, second = bus.of(e.AuditV1)
    assert (first.action, first.cause_id, first.scope) == ("soft_pause:applied", "intent-1", "bot:bot1")
    assert second.prev_hash == first.hash
    assert verify(tmp_path / "audit.jsonl").text() == "AUDIT_VERIFY=OK"


def test_markouts_and_notices_are_told(bridge, bus, processed, caplog):
    markout = MarkoutReport(NOW, "t1", "buy", 30, Decimal(3), Decimal(2), Decimal(0), Decimal(1), Decimal("1.5"))
    notice = Notice("warning", "POSITION_DRIFT_WARN", "value=1, limit=2")
    bridge.publish(EMPTY, processed._replace(markouts=(markout,), notices=(notice,)))
    [told] = bus.of(e.BotMarkoutV1)
    assert (told.horizon_s, told.realised_edge_bps, told.modelled_edge_bps) == (30, Decimal(1), Decimal("1.5"))
    assert "POSITION_DRIFT_WARN: value=1, limit=2" in caplog.text


def test_intents_are_handed_on_once_and_only_those_for_this_bot(bridge, clock):
    for event in (intent(clock), intent(clock, bot_id="desk"), intent(clock, bot_id="bot2"), intent(clock, "bot.bot1")):
        bridge.on_intent(event)
    assert [taken.reason for taken in bridge.take_intents()] == ["anna: lunch"] * 2
    assert bridge.take_intents() == ()


def test_a_status_is_told_before_the_first_decision_and_after(bridge, bus, processed):
    bridge.publish_status()
    bridge.publish(EMPTY, processed)
    bridge.publish_status()
    before, after = bus.of(e.BotStatusV1)
    assert (before.guard, before.reasons) == ("SOFT_PAUSE", ["CONNECTOR_NOT_READY"])
    assert (after.submits, after.cancels, after.fills, after.refusals) == (5, 4, 3, 2)
    assert after.first_order_s == Decimal("8.5")


def test_the_strategy_hears_of_the_bus_and_of_funding(bridge):
    assert bridge.bus_blind_ms() == 7
    assert bridge.funding_paid_today_quote() == Decimal("0.25")


def test_the_sequence_has_no_gap(bridge, bus, processed):
    for _ in range(5):
        bridge.publish_status()
        bridge.publish(EMPTY, processed._replace(minute_due_ms=NOW))
    by_stream = {}
    for event in bus.published:
        by_stream.setdefault(type(event) is e.QuoteDecisionV1, []).append(event.seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in by_stream.values())
