"""Metrics of the kill switch."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from services.common.metrics import Metrics


class KillSwitchMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.triggered_total = metrics.counter("kill_switch_triggered_total", "kills begun")
        self.trips = metrics.counter("kill_switch_trips_total", "kills begun, by reason", ["reason"])
        self.triggered = LatchGauge("hbot_kill_switch_triggered", "1 while any scope is killed")
        metrics.registry.register(self.triggered)
        self.to_zero_seconds = metrics.histogram(
            "kill_switch_to_zero_seconds",
            "from the request to open orders proved none",
            buckets=(0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300),
        )
        self.requests_failed = metrics.counter("kill_switch_requests_failed_total", "venue requests without an answer")


class LatchGauge:
    """A gauge beside a counter of the same name with ``_total``, which the client library takes for one name."""

    def __init__(self, name: str, help_text: str) -> None:
        self._name = name
        self._help_text = help_text
        self._value = 0

    def set(self, value: int) -> None:
        self._value = value

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(self._name, self._help_text, value=self._value)
