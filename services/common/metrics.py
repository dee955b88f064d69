"""Metrics of one service: a registry of its own, the hbot_ prefix, and labels from a closed set (never an id)."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]
PREFIX = "hbot_"
ALLOWED_LABELS = frozenset(
    [
        "bot",
        "account",
        "venue",
        "pair",
        "symbol",
        "service",
        "side",
        "stream",
        "kind",
        "source",
        "reason",
        "scope",
        "state",
        "gate",
        "op",
        "result",
        "action",
        "type",
        "role",
        "severity",
        "module",
        "exception_type",
        "horizon_s",
        "liquidity",
        "component",
        "regime",
        "percentile",
        "loop",
        "gen",
        "color",
        "endpoint",
        "env",
        "instance",
        "status",
        "strategy",
        "report",
        "check",
        "channel",
        "method",
        "bucket_ms",
        "bucket",
        "error",
    ]
)
DURATION_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """``counter``, ``gauge`` and ``histogram`` declare; a name is given once, with or without the prefix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)

    def counter(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(_checked(name, labels), help_text, labels, registry=self.registry)

    def gauge(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(_checked(name, labels), help_text, labels, registry=self.registry)

    def histogram(
        self,
        name: str,
        help_text: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float] = DURATION_BUCKETS_S,
    ) -> Histogram:
        return Histogram(_checked(name, labels), help_text, labels, registry=self.registry, buckets=buckets)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)


class ServiceMetrics:
    """What every service has, whatever it does."""

    def __init__(self, metrics: Metrics) -> None:
        self.up = metrics.gauge("up", "1 while the service is ready", ["service"])
        self.uptime_seconds = metrics.gauge("uptime_seconds", "since the start of this life", ["service"])
        self.bus_blind_seconds = metrics.gauge(
            "bus_blind_seconds", "how long the bus has been out of reach", ["service"]
        )
        self.bus_spool_bytes = metrics.gauge(
            "bus_spool_bytes", "published and not yet confirmed by the store", ["service"]
        )
        self.bus_resent = metrics.gauge("bus_resent_times", "how often unconfirmed events were sent again", ["service"])
        self.bus_dropped = metrics.gauge("bus_dropped_events", "refused because the spool is full", ["service"])
        self.events_handled = metrics.counter(
            "events_handled_total", "events given to the service", ["service", "stream"]
        )
        self.events_refused = metrics.counter("events_refused_total", "events sent to the dead letters", ["service"])
        self.exceptions = metrics.counter(
            "exception_total", "exceptions that reached a boundary", ["module", "exception_type", "severity"]
        )
        self.tick_seconds = metrics.histogram("service_tick_seconds", "time spent in one tick", ["service"])


def _checked(name: str, labels: Sequence[str]) -> str:
    full = name if name.startswith(PREFIX) else PREFIX + name
    unknown = sorted(set(labels) - ALLOWED_LABELS)
    if unknown:
        raise ValueError(
            f"METRIC_LABEL: metric={full}, labels={unknown} are not in the closed set; "
            "use one of services.common.metrics.ALLOWED_LABELS, or add it there if its values are few"
        )
    return full
