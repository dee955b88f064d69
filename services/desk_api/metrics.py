"""Metrics of the page."""

from services.common.metrics import Metrics


class DeskApiMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.streams = metrics.gauge("desk_api_streams", "browser streams that are open")
        self.events = metrics.gauge("desk_api_events", "events the board has folded in since its start")
        self.events_missing = metrics.gauge("desk_api_events_missing", "gaps seen in the sequence of any source")
        self.poll_failures = metrics.counter(
            "desk_api_poll_failures_total", "questions to gateway or venue without an answer", ["service"]
        )
        self.history_seconds = metrics.gauge("desk_api_history_seconds", "time spent rebuilding the board at start")
