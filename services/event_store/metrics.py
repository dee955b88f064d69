"""Metrics of the event store."""

from services.common.metrics import Metrics


class EventStoreMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.stored = metrics.counter("event_store_events_total", "events on disk", ["stream"])
        self.suppressed = metrics.counter("event_store_suppressed_total", "repeats left out")
        self.dead = metrics.counter("event_store_dead_letters_total", "entries that could not be read")
        self.sync_seconds = metrics.histogram("event_store_sync_seconds", "write and fdatasync of one chunk")
        self.integrity_ok = metrics.gauge("event_store_integrity_ok", "1 while the last report says PASS")
        self.integrity_ts = metrics.gauge("event_store_integrity_timestamp_seconds", "when the last report was made")
        self.missing = metrics.gauge("event_store_missing_events", "places of sequences that are not stored")
        self.duplicates = metrics.gauge("event_store_duplicate_events", "places of sequences stored twice")
        self.file_bytes = metrics.gauge("event_store_file_bytes", "size of today's file")
