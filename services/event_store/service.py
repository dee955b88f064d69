"""The event store: bus to disk. It halts sooner than drop an event.

Per chunk of at most 128: take (logic), append and fdatasync (writer), acknowledge. Producers are told what is on disk
four times a second and forget it then. A start reads the checkpoint and what was written after it, nothing more.
"""

from typing import cast

from services.common.bus.marks import SeqKey
from services.common.event_files import days, events_dir, last_lines
from services.common.metrics import ServiceMetrics
from services.common.ports import Bus, RawDelivery, StoreBus
from services.common.service import RecentIds, Service, ServiceContext
from services.common.tally import Tally, load_or_count
from services.contracts import streams
from services.contracts.events import DeadLetterV1
from services.event_store.integrity import IntegrityReport, judge, write_report
from services.event_store.logic import RecentEvents, take
from services.event_store.metrics import EventStoreMetrics
from services.event_store.settings import EventStoreSettings
from services.event_store.writer import EventWriter

MARKS_KEPT_MS = 30 * 86_400_000
FORGET_EVERY_MS = 3_600_000


class EventStore(Service):
    name = "event_store"
    streams = streams.ALL
    tick_ms = 250

    def __init__(self, context: ServiceContext, settings: EventStoreSettings) -> None:
        super().__init__(context)
        self._settings = settings
        self._metrics = EventStoreMetrics(context.metrics)
        self._bus = cast(StoreBus, context.bus)
        self._directory = events_dir(context.run_dir)
        self._writer: EventWriter | None = None
        self._tally = Tally()
        self._recent = RecentEvents(settings.recent_ids_max)
        self._unconfirmed: set[SeqKey] = set()
        self._told_life = ""
        self._gap_since_ms: dict[SeqKey, int] = {}
        self._next_ms = {"checkpoint": 0, "report": 0, "trim": 0, "confirm": 0, "forget": 0}
        self._n_suppressed = 0
        self._report: IntegrityReport | None = None

    async def on_start(self) -> None:
        self._writer = EventWriter(self._directory)
        if self._writer.n_torn_bytes:
            self.log.warning("store.torn_line_cut", n_bytes=self._writer.n_torn_bytes)
        self._tally = load_or_count(self.context.run_dir)
        self._recent.load(last_lines(self._directory, self._settings.recent_ids_max))
        self.log.info("store.recovered", n_events=self._tally.n_events, position=list(self._writer.position))

    async def take_batch(self, wait_ms: int, own: ServiceMetrics, seen: RecentIds) -> None:
        chunk_max = self._settings.chunk_max
        deliveries = await self._bus.poll_raw(self.name, self.streams, count_max=4 * chunk_max, wait_ms=wait_ms)
        for start in range(0, len(deliveries), chunk_max):
            await self._store(deliveries[start : start + chunk_max])

    async def on_tick(self, now_ms: int) -> None:
        now_mono_ms = self.context.clock.monotonic_ms()
        await self._confirm(now_ms)
        self._watch_gaps(now_mono_ms)
        if self._is_due("report", self._settings.report_every_ms):
            self._write_report(now_ms)
        if self._is_due("checkpoint", self._settings.checkpoint_every_ms):
            self._tally.save(self._directory)
            if self._writer is not None:
                self._writer.seal()
        if self._is_due("forget", FORGET_EVERY_MS):
            self._tally.forget_before(now_ms - MARKS_KEPT_MS)
        if self._is_due("trim", self._settings.trim_every_ms):
            for stream in streams.ALL:
                await self._bus.trim(
                    stream, keep_max=stream.maxlen or self._settings.protected_keep_max, group=self.name
                )

    async def on_stop(self) -> None:
        """Take what is still on the bus, so that the last words of the others are in the report."""
        deadline_ms = self.context.clock.monotonic_ms() + 3_000
        while self.context.clock.monotonic_ms() < deadline_ms:
            deliveries = await self._bus.poll_raw(self.name, self.streams, count_max=500, wait_ms=100)
            if not deliveries:
                break
            await self._store(deliveries)
        await self._confirm(self.context.clock.now_ms())
        self._write_report(self.context.clock.now_ms())
        self._tally.save(self._directory)
        if self._writer is not None:
            self._writer.seal()
            self._writer.close()

    def counters(self) -> dict[str, int]:
        return {
            "events": self._tally.n_events,
            "missing": self._tally.n_missing,
            "duplicates": self._tally.n_duplicates,
            "suppressed": self._n_suppressed,
        }

    # ------------------------------------------------------------------------------------------------------- private

    async def _store(self, deliveries: list[RawDelivery]) -> None:
        assert self._writer is not None
        batch = take(self._tally, self._recent, deliveries, self._bury)
        with self._metrics.sync_seconds.time():
            self._writer.append(batch.lines, self.context.clock.now_ms())
        self._tally.position = self._writer.position
        await self._bus.ack_raw(self.name, [(delivery.stream, delivery.entry_id) for delivery in deliveries])
        self._unconfirmed |= batch.changed
        self._n_suppressed += batch.n_suppressed
        self._metrics.suppressed.inc(batch.n_suppressed)
        for letter in batch.dead:
            self._metrics.dead.inc()
            await cast(Bus, self._bus).publish(letter)
        for stream in {delivery.stream.name for delivery in deliveries}:
            self._metrics.stored.labels(stream).inc(sum(1 for d in deliveries if d.stream.name == stream))

    def _bury(self, delivery: RawDelivery, error: str) -> DeadLetterV1:
        return self.context.source.make(
            DeadLetterV1,
            bot_id="desk",
            stream=delivery.stream.name,
            entry_id=delivery.entry_id,
            reader=self.name,
            error=error,
            raw=delivery.raw.decode("utf-8", "backslashreplace"),
        )

    async def _confirm(self, now_ms: int) -> None:
        life = self._bus.server_life()
        is_new_life = bool(life) and life != self._told_life
        if not is_new_life and not self._is_due("confirm", self._settings.confirm_every_ms):
            return
        keys = list(self._tally.seen if is_new_life else self._unconfirmed & self._tally.seen.keys())
        if await self._bus.confirm({key.text(): self._tally.seen[key].text() for key in keys}, now_ms):
            self._unconfirmed -= set(keys)
            self._told_life = life

    def _watch_gaps(self, now_mono_ms: int) -> None:
        open_keys = {key for key, seen in self._tally.seen.items() if seen.ahead}
        self._gap_since_ms = {key: self._gap_since_ms.get(key, now_mono_ms) for key in open_keys}

    def _write_report(self, now_ms: int) -> None:
        now_mono_ms = self.context.clock.monotonic_ms()
        grace_ms = 0 if self.context.stop.is_set() else self._settings.gap_grace_ms
        awaited = {key: since for key, since in self._gap_since_ms.items() if now_mono_ms - since < grace_ms}
        if not self.context.stop.is_set():
            awaited |= {
                key: now_mono_ms for key in self._tally.seen if key not in self._gap_since_ms
            }  # tails in flight
        report = judge(self._tally, days(self._directory), now_ms, awaited=awaited)
        write_report(self.context.run_dir, report, self._tally)
        self._metrics.integrity_ok.set(1 if report.status == "PASS" else 0)
        self._metrics.integrity_ts.set(now_ms / 1000)
        self._metrics.missing.set(report.events.gaps)
        self._metrics.duplicates.set(report.events.duplicates)
        if self._writer is not None:
            self._metrics.file_bytes.set(self._writer.position.offset)
        if self._report is None or report.status != self._report.status:
            log = self.log.info if report.status == "PASS" else self.log.error
            log("integrity", status=report.status, reasons=report.reasons)
        self._report = report

    def _is_due(self, what: str, every_ms: int) -> bool:
        now_ms = self.context.clock.monotonic_ms()
        if now_ms < self._next_ms[what]:
            return False
        self._next_ms[what] = now_ms + every_ms
        return True
