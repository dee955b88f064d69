"""What the simulated exchange counts."""

from collections.abc import Mapping
from typing import Any

from services.common.metrics import Metrics


class VenueSimMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.requests = metrics.counter("venue_sim_requests_total", "REST requests answered", ["endpoint", "result"])
        self.request_seconds = metrics.histogram(
            "venue_sim_request_seconds", "from reading a request to its answer, commit included", ["endpoint"]
        )
        self.rejections = metrics.counter(
            "venue_sim_rejections_total", "requests the dialect refused by itself", ["kind"]
        )
        self.commits = metrics.counter("venue_sim_commits_total", "durable commits")
        self.commit_rows = metrics.counter("venue_sim_commit_rows_total", "rows written durably")
        self.commit_seconds = metrics.histogram("venue_sim_commit_seconds", "one durable commit")
        self.advance_seconds = metrics.histogram("venue_sim_advance_seconds", "one step of the market")
        self.sessions = metrics.gauge("venue_sim_sessions", "open WebSocket sessions")
        self.open_orders = metrics.gauge("venue_sim_open_orders", "resting orders of all accounts")
        labels = ["account"]
        self.paper_fills = metrics.gauge("venue_sim_paper_fill_count", "fills of this life", labels)
        self.paper_rejects = metrics.gauge("venue_sim_paper_reject_count", "orders refused in this life", labels)
        self.paper_queue_delay = metrics.gauge(
            "venue_sim_paper_queue_delay_seconds", "mean time a maker order rested before its first fill", labels
        )
        self.paper_adverse = metrics.gauge(
            "venue_sim_paper_adverse_pnl_quote", "what the mid did right after our fills, in our favour", labels
        )

    def tell_paper(self, account_id: str, stats: Mapping[str, Any]) -> None:
        """The paper engine's statistics of one account, as ``Exchange.paper_stats`` gives them."""
        self.paper_fills.labels(account_id).set(stats["paper_fill_count"])
        self.paper_rejects.labels(account_id).set(stats["paper_reject_count"])
        self.paper_queue_delay.labels(account_id).set(float(stats["paper_avg_queue_delay_ms"]) / 1000)
        self.paper_adverse.labels(account_id).set(float(stats["paper_adverse_pnl_quote"]))
