"""What a person or a test asks of the venue itself, under /sim. Needs the header X-Hbot-Admin."""

import hmac
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from services.common import venue
from services.venue_sim.backend import SimBackend
from services.venue_sim.faults import PRESETS, rules_of
from services.venue_sim.settings import VenueSimSettings

HEADER = "X-Hbot-Admin"
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Admin:
    def __init__(self, backend: SimBackend, settings: VenueSimSettings, token: str) -> None:
        self._backend = backend
        self._settings = settings
        self._token = token

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/sim/status", self._guarded(self._status))
        app.router.add_get("/sim/orders", self._guarded(self._orders))
        app.router.add_post("/sim/orders/cancel", self._guarded(self._cancel))
        app.router.add_post("/sim/transfer", self._guarded(self._transfer))
        app.router.add_get("/sim/faults", self._guarded(self._faults))
        app.router.add_post("/sim/faults", self._guarded(self._set_faults))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            given = request.headers.get(HEADER, "")
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                return _error(403, "AUTH_FAILED", f"header {HEADER} is missing or wrong", "see <run-dir>/secrets")
            if not self._backend.is_open:
                return _error(503, "MAINTENANCE", "the venue is starting", "wait for /readyz")
            return await handler(request)

        return guarded

    async def _status(self, request: web.Request) -> web.Response:
        exchange = self._backend.exchange
        open_orders = exchange.open_orders()
        accounts = {}
        for account_id in exchange.accounts():
            mine = [order for owner, order in open_orders if owner == account_id]
            accounts[account_id] = {
                **msgspec.to_builtins(exchange.account(account_id)),
                "positions": msgspec.to_builtins(exchange.positions(account_id)),
                "open_orders": len(mine),
                "paper": exchange.paper_stats(account_id),
            }
        return _json(
            {
                "open_orders": len(open_orders),
                "accounts": accounts,
                "market": self._settings.market,
                "seed": self._settings.seed,
                "pairs": list(exchange.instruments),
                "sessions": len(self._backend.server.sessions()),
                "faults": self._backend.faults.report(exchange.now_ms),
                "ts_ms": exchange.now_ms,
            }
        )

    async def _orders(self, request: web.Request) -> web.Response:
        orders = self._backend.exchange.open_orders()
        return _json([{"account_id": owner, **msgspec.to_builtins(order)} for owner, order in orders])

    async def _cancel(self, request: web.Request) -> web.Response:
        """{"account_id": …, "venue_order_id": …} cancels one; without venue_order_id everything of the account."""
        body = await _body(request)
        account_id = str(body.get("account_id", ""))
        venue_order_id = str(body.get("venue_order_id", ""))
        if account_id not in self._backend.exchange.accounts():
            return _error(404, "UNKNOWN_ACCOUNT", f"account_id={account_id!r}", "GET /sim/status lists them")
        ids = (venue_order_id,) if venue_order_id else ()
        answer = await self._backend.answered(venue.CancelOrders(account_id=account_id, venue_order_ids=ids))
        return _json(msgspec.to_builtins(answer), status=400 if isinstance(answer, venue.Refused) else 200)

    async def _transfer(self, request: web.Request) -> web.Response:
        """{"account_id": …, "amount_quote": …}: money from outside (positive) or back out (negative)."""
        body = await _body(request)
        try:
            amount = Decimal(str(body.get("amount_quote", "")))
        except InvalidOperation:
            return _error(400, "PARAMETER_INVALID", f"amount_quote={body.get('amount_quote')!r}", "send a number")
        answer = self._backend.exchange.transfer(str(body.get("account_id", "")), amount, self._backend.now_ms())
        self._backend.flush()
        return _json(msgspec.to_builtins(answer), status=400 if isinstance(answer, venue.Refused) else 200)

    async def _faults(self, request: web.Request) -> web.Response:
        now_ms = self._backend.exchange.now_ms
        return _json({"presets": sorted(PRESETS), "rules": self._backend.faults.report(now_ms)})

    async def _set_faults(self, request: web.Request) -> web.Response:
        """{"rules": [{"fault": …} or {"preset": …}]} replaces the plan, [] ends it; {"preset": …} is short for one.

        With "add": true they are set besides what is set already; {"end": preset} takes one back and leaves the others.
        """
        body = await _body(request)
        backend, is_added = self._backend, body.pop("add", False) is True
        try:
            if "end" in body:
                backend.end_faults(str(body["end"]))
            else:
                rules = rules_of([body] if "preset" in body else body.get("rules", []))
                (backend.add_faults if is_added else backend.set_faults)(rules)
        except ValueError as error:
            return _error(400, "PARAMETER_INVALID", str(error), "POST /sim/faults {'preset': 'freeze_feed'}")
        return await self._faults(request)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(await request.read() or b"{}")
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"code":"BAD_REQUEST","text":"the body is not a JSON object"}')
    return body


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def _error(status: int, code: str, text: str, next_step: str) -> web.Response:
    return _json({"code": code, "text": text, "next": next_step}, status=status)
