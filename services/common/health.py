"""Health of one service and its three endpoints: /healthz (alive), /readyz (ready, or why not), /metrics."""

from typing import Literal

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from services.common.files import canonical_json
from services.common.metrics import Metrics

HealthState = Literal["starting", "ready", "degraded", "stopping"]


class Health:
    """Starts as "starting". A service that is up but cannot do its work says "degraded" and why."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.state: HealthState = "starting"
        self.detail = ""

    def ready(self, detail: str = "") -> None:
        self.state, self.detail = "ready", detail

    def degraded(self, detail: str) -> None:
        self.state, self.detail = "degraded", detail

    def stopping(self) -> None:
        self.state, self.detail = "stopping", ""

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"


def mount_endpoints(app: web.Application, health: Health, metrics: Metrics) -> None:
    """Adds the three endpoints to an application that has not started yet."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"service": health.service, "alive": True})

    async def readyz(_: web.Request) -> web.Response:
        body = {"service": health.service, "state": health.state, "reason": health.detail}
        return web.json_response(text=canonical_json(body), status=200 if health.is_ready else 503)

    async def exposition(_: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", exposition)
