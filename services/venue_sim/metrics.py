"""What the simulated exchange counts."""

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
