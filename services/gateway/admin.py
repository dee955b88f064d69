"""/desk/…: what people and the supervisor may ask of a running gateway. Needs X-Hbot-Admin.

GET /desk/status, GET /desk/orders, GET /desk/stages?last=500, GET /desk/latch,
POST /desk/latch {"scope", "state", "reason", "actor", "approvers"?: [others], "second_factor"?: a code},
POST /desk/override {"bot", "limit", "approvers": [two persons], "reason", "ttl_s"}: one order passes one limit once.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from services.common.logs import get_logger
from services.contracts import events as e
from services.contracts import reasons
from services.gateway import status
from services.gateway.audit import AuditLog
from services.gateway.engine import Engine
from services.gateway.latch_file import LatchFile
from services.gateway.latches import is_looser
from services.gateway.limits.registry import LIMITS
from services.gateway.loosening import DELAY_MS, Announced, Loosenings
from services.gateway.messages import LatchEntry, Override
from services.gateway.second_factor import SecondFactor

_log = get_logger("gateway.admin")
_HEADER = "X-Hbot-Admin"
_STATES = ("ACTIVE", "REDUCING", "HALTED")
_MACHINES = ("gateway", "kill_switch", "portfolio_risk", "reconciliation")

OVERRIDABLE = (*(limit.name for limit in LIMITS if limit.is_of_one_order), "order_qty_base_max")
OVERRIDE_TTL_S_MAX = 600

Handler = Callable[[web.Request], Awaitable[web.Response]]


class AdminApi:
    def __init__(
        self,
        token: str,
        latch_file: LatchFile,
        audit: AuditLog,
        second_factor: SecondFactor,
        persons_to_loosen: int = 1,
    ) -> None:
        self.engine: Engine | None = None
        self._second_factor = second_factor
        self._loosenings = Loosenings()
        self._persons_to_loosen = persons_to_loosen  # two in live
        self._audit = audit
        self._token = token
        self._latch_file = latch_file

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/desk/status", self._guarded(self._status))
        app.router.add_get("/desk/orders", self._guarded(self._orders))
        app.router.add_get("/desk/stages", self._guarded(self._stages))
        app.router.add_get("/desk/latch", self._guarded(self._get_latch))
        app.router.add_post("/desk/latch", self._guarded(self._post_latch))
        app.router.add_post("/desk/override", self._guarded(self._post_override))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            if not hmac.compare_digest(request.headers.get(_HEADER, ""), self._token):
                return _error(403, "AUTH_FAILED", f"header {_HEADER} is missing or wrong", "desk doctor")
            try:
                return await handler(request)
            except OSError as error:
                return _error(507, "NOT_WRITTEN", f"nothing was changed: {error}", "make room on the disk, then again")

        return guarded

    async def _status(self, _request: web.Request) -> web.Response:
        if self.engine is None:
            return _json({"state": "starting", "door": {}, "bots": {}, "open_orders": 0, "counters": {}})
        return _json({**status.status(self.engine.gateway.state), "stages": self.engine.stages.summary()})

    async def _orders(self, _request: web.Request) -> web.Response:
        return _json([] if self.engine is None else status.open_orders(self.engine.gateway.state))

    async def _stages(self, request: web.Request) -> web.Response:
        last = request.query.get("last", "500")
        return _json({} if self.engine is None else self.engine.stages.summary(int(last) if last.isdecimal() else 500))

    async def _get_latch(self, _request: web.Request) -> web.Response:
        entries = self._latch_file.read()
        if entries is None:
            return _json({"readable": False, "scopes": {}})
        announced = [] if self.engine is None else self._loosenings.waiting(entries)
        return _json(
            {
                "readable": True,
                "scopes": {scope: entry._asdict() for scope, entry in entries.items()},
                "announced": [self._told(one) for one in announced],
            }
        )

    async def _post_latch(self, request: web.Request) -> web.Response:
        """Tightening: anybody, at once. Loosening: a person; in live two, or one with a second factor and a wait."""
        if self.engine is None:
            return _error(503, "DOOR_SHUT", "the gateway is starting", "wait for /readyz")
        try:
            body = json.loads(await request.text())
            scope, to = str(body["scope"]), str(body["state"])
            reason, actor, code = str(body["reason"]), str(body["actor"]), str(body.get("second_factor", ""))
            persons = _persons([actor, *body.get("approvers", ())])
        except (ValueError, KeyError, TypeError):
            example = '{"scope": "bot:bot1", "state": "HALTED", "reason": "MANUAL", "actor": "anna"}'
            return _error(400, "BAD_REQUEST", "scope, state, reason and actor are needed", f"e.g. {example}")
        if to not in _STATES or not actor or not reason:
            return _error(400, "BAD_REQUEST", f"state={to}, allowed: {', '.join(_STATES)}", "name actor and reason too")
        state = self.engine.gateway.state
        now_ms = state.core.now.wall_ms
        entries = self._latch_file.read_or_halted(now_ms)
        if scope not in state.scopes() and scope not in entries:  # a former bot's latch may still be loosened
            return _unknown_scope(f"scope={scope}", state.scopes())
        before = entries[scope].state if scope in entries else "ACTIVE"
        if is_looser(to, before):  # type: ignore[arg-type]
            what = f"loosen {scope} from {before} to {to}"
            if actor in _MACHINES:
                return _error(403, "APPROVAL_MISSING", f"{actor} may not {what}", "a person")
            if len(persons) < self._persons_to_loosen:
                if persons and code and scope in entries:
                    return self._announce(code, Announced(scope, to, reason, actor, entries[scope], 0))  # type: ignore[arg-type]
                needed = f"{self._persons_to_loosen} different persons, or one with second_factor and a wait"
                return _error(
                    403, "APPROVAL_MISSING", f"approvers={persons}, needed to {what}: {needed}", "ask another"
                )
        try:
            self._write_audit(actor, "latch", scope, before, to, reason, persons or [actor])
        except OSError as error:  # a disk without room keeps nobody from tightening
            if is_looser(to, before):  # type: ignore[arg-type]
                raise
            _log.critical("audit.unwritten", scope=scope, to=to, actor=actor, reason=reason, error=str(error))
        is_on_disk = self.engine.set_latch(scope, LatchEntry(to, reason, actor, now_ms))  # type: ignore[arg-type]
        return _json({"scope": scope, "before": before, "state": to, "on_disk": is_on_disk})

    def _announce(self, code: str, asked: Announced) -> web.Response:
        """One person instead of two: by a code of another device, and not at once."""
        assert self.engine is not None
        verdict = self._second_factor.check(code)
        if verdict != "ok":
            return _error(
                403, "APPROVAL_MISSING", f"second_factor: {verdict}", "a fresh code; desk latch enrol --help makes one"
            )
        one = asked._replace(due_mono_ms=self._mono_ms() + DELAY_MS)
        self._write_audit(
            one.actor, "latch_announced", one.scope, one.found.state, one.to, one.reason, [one.actor, "second factor"]
        )
        self._loosenings.announce(one)
        return _json({"scope": one.scope, "before": one.found.state, "state": one.found.state, **self._told(one)}, 202)

    def carry_out_announced(self) -> None:
        """Call a few times a second: what was announced long enough ago, against what stands there unchanged."""
        if self.engine is None or not self._loosenings:
            return
        for one in self._loosenings.take_due(self._latch_file.read() or {}, self._mono_ms()):
            now_ms = self.engine.gateway.state.core.now.wall_ms
            try:
                self._write_audit(
                    one.actor, "latch", one.scope, one.found.state, one.to, one.reason, [one.actor, "second factor"]
                )
                self.engine.set_latch(one.scope, LatchEntry(one.to, one.reason, one.actor, now_ms))
            except OSError as error:  # it stays as it is, and is asked for again
                _log.critical("loosening.unwritten", scope=one.scope, error=str(error))

    def _told(self, one: Announced) -> dict[str, Any]:
        left_s = max(0, one.due_mono_ms - self._mono_ms()) // 1000
        return {"scope": one.scope, "to": one.to, "actor": one.actor, "reason": one.reason, "due_in_s": left_s}

    def _mono_ms(self) -> int:
        assert self.engine is not None
        return self.engine.gateway.state.core.now.mono_ms

    async def _post_override(self, request: web.Request) -> web.Response:
        """RTS6-15(6): exceptional, for one order, expiring, by two persons, audited."""
        if self.engine is None:
            return _error(503, "DOOR_SHUT", "the gateway is starting", "wait for /readyz")
        try:
            body = json.loads(await request.text())
            bot_id, limit, reason = str(body["bot"]), str(body["limit"]), str(body["reason"])
            approvers = _persons(body["approvers"])
            ttl_s = int(body.get("ttl_s", 60))
        except (ValueError, KeyError, TypeError):
            example = (
                '{"bot": "bot1", "limit": "order_value_quote_max", "approvers": ["anna", "ben"], "reason": "hedge"}'
            )
            return _error(400, "BAD_REQUEST", "bot, limit, approvers and reason are needed", f"e.g. {example}")
        state = self.engine.gateway.state
        if bot_id not in state.lanes:
            return _unknown_scope(f"bot={bot_id}", tuple(state.lanes))
        if limit not in OVERRIDABLE or not reason:
            return _error(400, "BAD_REQUEST", f"limit={limit}", f"limits: {', '.join(OVERRIDABLE)}; and a reason")
        if not 1 <= ttl_s <= OVERRIDE_TTL_S_MAX:
            return _error(400, "BAD_REQUEST", f"ttl_s={ttl_s}", f"allowed 1..{OVERRIDE_TTL_S_MAX}")
        if len(approvers) < 2:
            return _error(403, "APPROVAL_MISSING", f"approvers={approvers}", "two different persons")
        expires_ms = state.core.now.wall_ms + ttl_s * 1000
        override_id = f"ov-{state.core.now.wall_ms}"
        what = f"{limit} once, for {ttl_s} s"
        self._write_audit(approvers[0], "override", f"bot:{bot_id}", "", what, reason, approvers)
        self.engine.feed(Override(override_id, bot_id, limit, expires_ms, tuple(approvers)))
        return _json({"override_id": override_id, "bot": bot_id, "limit": limit, "expires_at_ms": expires_ms})

    def _write_audit(
        self, actor: str, action: str, scope: str, before: str, after: str, reason: str, approvers: list[str]
    ) -> None:
        """To the hash-chained file first, then to the bus."""
        assert self.engine is not None
        written = self._audit.write(
            actor=actor, action=action, scope=scope, before=before, after=after, reason=reason, approvers=approvers
        )
        written.pop("ts_ms")
        self.engine.publish(e.AuditV1, scope.partition(":")[2] or "desk", **written)


def _persons(names: list[Any]) -> list[str]:
    """Different people, however they spell themselves; machines are none."""
    spelled = {str(name).strip().casefold(): str(name).strip() for name in reversed(names)}
    return sorted(name for folded, name in spelled.items() if folded and folded not in _MACHINES)


def _json(value: Any, status_code: int = 200) -> web.Response:
    return web.json_response(value, status=status_code)


def _unknown_scope(value: str, allowed: Sequence[str]) -> web.Response:
    """A mistyped scope would be stopped, and nothing with it."""
    text = f"{value}, allowed: {', '.join(allowed)}"
    return _error(404, "UNKNOWN_SCOPE", text, reasons.next_step("UNKNOWN_SCOPE"))


def _error(status_code: int, code: str, text: str, next_step: str) -> web.Response:
    return _json({"error": code, "text": f"{code}: {text}", "next": next_step}, status_code)
