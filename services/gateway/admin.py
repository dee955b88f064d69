"""/desk/…: what people and the supervisor may ask of a running gateway. Needs X-Hbot-Admin.

GET /desk/status, GET /desk/orders, GET /desk/latch, POST /desk/latch {"scope", "state", "reason", "actor"}.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from services.contracts import events as e
from services.gateway import status
from services.gateway.engine import Engine
from services.gateway.latch_file import LatchFile
from services.gateway.latches import is_looser
from services.gateway.messages import LatchEntry

_HEADER = "X-Hbot-Admin"
_SCOPES = ("bot:", "account:", "venue:")
_STATES = ("ACTIVE", "REDUCING", "HALTED")
_MACHINES = ("gateway", "kill_switch", "portfolio_risk", "reconciliation")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class AdminApi:
    def __init__(self, token: str, latch_file: LatchFile) -> None:
        self.engine: Engine | None = None
        self._token = token
        self._latch_file = latch_file

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/desk/status", self._guarded(self._status))
        app.router.add_get("/desk/orders", self._guarded(self._orders))
        app.router.add_get("/desk/latch", self._guarded(self._get_latch))
        app.router.add_post("/desk/latch", self._guarded(self._post_latch))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            if not hmac.compare_digest(request.headers.get(_HEADER, ""), self._token):
                return _error(403, "AUTH_FAILED", f"header {_HEADER} is missing or wrong", "desk secrets check")
            return await handler(request)

        return guarded

    async def _status(self, _request: web.Request) -> web.Response:
        if self.engine is None:
            return _json({"state": "starting", "door": {}, "bots": {}, "open_orders": 0, "counters": {}})
        return _json(status.status(self.engine.gateway.state))

    async def _orders(self, _request: web.Request) -> web.Response:
        return _json([] if self.engine is None else status.open_orders(self.engine.gateway.state))

    async def _get_latch(self, _request: web.Request) -> web.Response:
        entries = self._latch_file.read()
        if entries is None:
            return _json({"readable": False, "scopes": {}})
        return _json({"readable": True, "scopes": {scope: entry._asdict() for scope, entry in entries.items()}})

    async def _post_latch(self, request: web.Request) -> web.Response:
        """Tightening: anybody, at once. Loosening: a person."""
        if self.engine is None:
            return _error(503, "DOOR_SHUT", "the gateway is starting", "wait for /readyz")
        try:
            body = json.loads(await request.text())
            scope, to = str(body["scope"]), str(body["state"])
            reason, actor = str(body["reason"]), str(body["actor"])
        except (ValueError, KeyError, TypeError):
            example = '{"scope": "bot:bot1", "state": "HALTED", "reason": "MANUAL", "actor": "anna"}'
            return _error(400, "BAD_REQUEST", "scope, state, reason and actor are needed", f"e.g. {example}")
        if to not in _STATES or not (scope == "desk" or scope.startswith(_SCOPES)) or not actor or not reason:
            allowed = f"state: {', '.join(_STATES)}; scope: bot:<id>, account:<id>, venue:<id>, desk"
            return _error(400, "BAD_REQUEST", f"scope={scope}, state={to}", allowed)
        entries = dict(self._latch_file.read() or {})
        before = entries[scope].state if scope in entries else "ACTIVE"
        if is_looser(to, before) and actor in _MACHINES:  # type: ignore[arg-type]
            return _error(403, "APPROVAL_MISSING", f"{actor} may not loosen {scope} from {before} to {to}", "a person")
        entry = LatchEntry(to, reason, actor, self.engine.gateway.state.core.now.wall_ms)  # type: ignore[arg-type]
        entries[scope] = entry
        self._latch_file.write(entries)
        self.engine.look_at_latch()
        bot_id = scope.partition(":")[2] if scope.startswith("bot:") else "desk"
        self.engine.publish(e.LatchV1, bot_id, scope=scope, state=to, reason=reason, actor=actor)
        return _json({"scope": scope, "before": before, "state": to})


def _json(value: Any, status_code: int = 200) -> web.Response:
    return web.json_response(value, status=status_code)


def _error(status_code: int, code: str, text: str, next_step: str) -> web.Response:
    return _json({"error": code, "text": f"{code}: {text}", "next": next_step}, status_code)
