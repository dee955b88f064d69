"""A venue behind the dialect's server that answers from a table and remembers what it was told."""

from collections.abc import Awaitable, Callable

from services.common import venue
from services.dialects.bitget.server import AccountKey, CallContext, Rejection, Session
from services.dialects.bitget.signing import Credentials

BOT1 = Credentials("key-1", "secret-1", "pass-1")
BOT2 = Credentials("key-2", "secret-2", "pass-2")

Answering = Callable[[venue.Request], Awaitable[venue.Answer]]


class FakeVenueBackend:
    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.asked: list[tuple[venue.Request, CallContext]] = []
        self.log: list[tuple] = []
        self.rejections: list[Rejection] = []
        self.answer: Answering | None = None
        self.snapshots: dict[str, list[venue.Push]] = {}

    def key_of(self, api_key: str) -> AccountKey | None:
        return {"key-1": AccountKey("bot1", BOT1), "key-2": AccountKey("bot2", BOT2)}.get(api_key)

    async def handle(self, request: venue.Request, context: CallContext) -> venue.Answer:
        self.asked.append((request, context))
        if self.answer is not None:
            return await self.answer(request)
        match request:
            case venue.GetTime():
                return venue.ServerTime(ts_ms=self.now_ms())
            case venue.PlaceOrder():
                return venue.Placed(
                    symbol=request.symbol, client_order_id=request.client_order_id, venue_order_id="7000000000000000123"
                )
        return venue.Refused(code="UNSUPPORTED", text="UNSUPPORTED: not in the fake")

    def on_subscribed(self, session: Session, channel: str, symbol: str | None) -> None:
        self.log.append(("subscribed", session.account_id, channel, symbol))
        for push in self.snapshots.get(channel, []):
            session.send(push)

    def on_private_opened(self, session: Session) -> None:
        self.log.append(("opened", session.account_id))

    def on_private_closed(self, session: Session, reason: str) -> None:
        self.log.append(("closed", session.account_id))

    def on_private_silent(self, session: Session, silent_ms: int) -> None:
        self.log.append(("silent", session.account_id))

    def on_private_heard(self, session: Session, silent_ms: int) -> None:
        self.log.append(("heard", session.account_id))

    def on_rejected(self, rejection: Rejection) -> None:
        self.rejections.append(rejection)
