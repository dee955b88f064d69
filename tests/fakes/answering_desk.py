"""A desk that only answers: for verbs that ask a running one."""

from aiohttp import web

from scripts.desk import main

ADMIN = "X-Hbot-Admin"


class Answers:
    """What gateway, venue and kill switch answer; what they were asked is kept."""

    def __init__(self, token: str) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.token = token
        self.kills: dict[str, dict] = {}
        self.told: dict = {}  # more of the answer to what is done
        self.latch = {
            "readable": True,
            "scopes": {"bot:bot1": {"state": "HALTED", "actor": "anna", "reason": "MANUAL"}},
        }

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        if request.path != "/readyz" and request.headers.get(ADMIN) != self.token:
            return web.json_response(
                {"error": "AUTH_FAILED", "text": "AUTH_FAILED: no", "next": "desk doctor"}, status=403
            )
        if request.method == "POST":
            body = await request.json()
            self.asked.append((request.path, body))
            if body.get("reason") == "wrong":
                told = {"error": "BAD_REQUEST", "text": "BAD_REQUEST: reason=wrong", "next": "a known reason"}
                return web.json_response(told, status=400)
            if body.get("reason") == "alone":
                told = {"error": "APPROVAL_MISSING", "text": "APPROVAL_MISSING: one", "next": "two persons"}
                return web.json_response(told, status=403)
            return web.json_response({"done": True, **self.told})
        return web.json_response(
            {
                "/desk/latch": self.latch,
                "/desk/orders": [
                    {"bot_id": "bot1", "client_order_id": "hb1-b0-x.1", "side": "buy", "qty_base": "0.1",
                     "price": "100", "filled_base": "0", "state": "ACCEPTED"}
                ],
                "/desk/status": {
                    "state": "running",
                    "latch": self.latch,
                    "door": {"bot1": {"open": True, "detail": ""}},
                    "bots": {"bot1": {"latch": "HALTED", "open_orders": 3, "equity_quote": "99990.5",
                                      "positions_base": {"BTC-USDT": "-0.0081"}}},
                },
                "/sim/status": {"open_orders": 1},
                "/kill": {"kills": self.kills, "dry_run": False},
            }.get(request.path, {"state": "ready"})
        )  # fmt: skip


async def run(*arguments: str) -> int:
    """In a thread: the verbs bring an event loop of their own."""
    import asyncio

    return await asyncio.to_thread(main.run, list(arguments))
