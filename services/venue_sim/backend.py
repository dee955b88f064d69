"""The exchange behind the dialect: every request in order, every change on disk before anybody hears of it."""

import asyncio
from collections.abc import Callable, Sequence

from services.common import venue
from services.common.logs import Logger
from services.common.ports import Clock
from services.dialects.bitget.endpoints import BY_NAME
from services.dialects.bitget.rate_limits import RateLimits
from services.dialects.bitget.server import AccountKey, CallContext, DialectServer, Rejection, Session
from services.simulation.exchange import Exchange
from services.simulation.fault_events import strike
from services.simulation.fault_rest import FaultyDesk
from services.simulation.latency import LatencySettings
from services.venue_sim import fault_wire
from services.venue_sim.fault_feed import FaultyFeed
from services.venue_sim.faults import FaultPlan, Rule
from services.venue_sim.group_commit import GroupCommit
from services.venue_sim.keys import Keys
from services.venue_sim.metrics import VenueSimMetrics
from services.venue_sim.on_the_way import OnTheWay

SNAPSHOT_BOOK_LEVELS = 50

Deliver = Callable[[venue.Push], None]


class SimBackend:
    """Implements VenueBackend. ``server`` is set by the one who builds both."""

    server: DialectServer

    def __init__(
        self,
        exchange: Exchange,
        commits: GroupCommit,
        keys: Keys,
        clock: Clock,
        metrics: VenueSimMetrics,
        log: Logger,
        faults: FaultPlan,
        limits: RateLimits | None,
        way: OnTheWay | None = None,
    ) -> None:
        self.exchange = exchange
        self.faults = faults
        self.is_open = False
        self._feed = FaultyFeed(faults)
        self._faulty = FaultyDesk(exchange)
        self._limits = limits
        self._way = way or OnTheWay(LatencySettings(), 0)
        self._commits = commits
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._log = log

    # ------------------------------------------------------------------------------------------------ VenueBackend

    def now_ms(self) -> int:
        """The venue's clock as the wire sees it: a fault may set it ahead. The market keeps the true one."""
        now_ms = self._clock.now_ms()
        return now_ms + self.faults.skew_ms(now_ms)

    def key_of(self, api_key: str) -> AccountKey | None:
        return self._keys.find(api_key)

    async def handle(self, request: venue.Request, context: CallContext) -> venue.Answer:
        if not self.is_open:
            return venue.Refused(code="MAINTENANCE", text="MAINTENANCE: the venue is starting")
        started_ms = self._clock.monotonic_ms()
        await self._way.arrive(request)
        answer = self._over_limit(context)
        if answer is None:
            struck = self.faults.rest(context.account_id, context.endpoint, self._clock.now_ms())
            answer = await fault_wire.before(struck)
            if answer is None:
                answer = await fault_wire.after(struck, self._by_the_venues_clock(await self.answered(request, struck)))
        await self._way.return_home()
        result = "refused" if isinstance(answer, venue.Refused) else "ok"
        self._metrics.requests.labels(context.endpoint, result).inc()
        seconds = (self._clock.monotonic_ms() - started_ms) / 1000
        self._metrics.request_seconds.labels(context.endpoint).observe(seconds)
        return answer

    def on_subscribed(self, session: Session, channel: str, symbol: str | None) -> None:
        pushes = self._snapshot(session.account_id, channel, symbol)

        def send() -> None:
            for push in pushes:
                self._deliver(push, session.send, lambda lost: None)

        self.flush(send)

    def on_private_opened(self, session: Session) -> None:
        self._log.info("session.opened", account=session.account_id, session=session.session_id)

    def on_private_closed(self, session: Session, reason: str) -> None:
        self._log.info("session.closed", account=session.account_id, session=session.session_id, reason=reason)

    def on_private_silent(self, session: Session, silent_ms: int) -> None:
        self._log.info("session.silent", account=session.account_id, session=session.session_id, silent_ms=silent_ms)

    def on_private_heard(self, session: Session, silent_ms: int) -> None:
        self._log.info("session.heard", account=session.account_id, session=session.session_id, silent_ms=silent_ms)

    def on_rejected(self, rejection: Rejection) -> None:
        self._metrics.rejections.labels(rejection.kind).inc()
        self._log.warning(
            "request.rejected",
            kind=rejection.kind,
            method=rejection.method,
            path=rejection.path,
            account=self._keys.owner(rejection.api_key),
            error=rejection.refused.text,
        )

    def set_faults(self, rules: Sequence[Rule]) -> None:
        """Replace the plan; what the venue did by itself under the old one is undone."""
        self._undo(self.faults.withdraw())
        self.faults.put(rules, self.exchange.now_ms)

    def add_faults(self, rules: Sequence[Rule]) -> None:
        """Set these besides what is set already."""
        self.faults.add(rules, self.exchange.now_ms)

    def end_faults(self, switch: str) -> None:
        """Take back what was set under this name, and undo what the venue did by itself under it."""
        self._undo(self.faults.end(switch))

    def _undo(self, rules: Sequence[Rule]) -> None:
        for rule in rules:
            strike(self.exchange, rule, False, self.exchange.now_ms)

    # -------------------------------------------------------------------------------------------------- the market

    async def answered(self, request: venue.Request, struck: Sequence[Rule] = ()) -> venue.Answer:
        """Ask the exchange now; the answer comes back once it is on disk."""
        answer = self._faulty.handle(request, struck, self._clock.now_ms())
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.flush(lambda: None if released.done() else released.set_result(None))
        await released
        return answer

    def advance(self) -> None:
        """Let the market happen up to now."""
        now_ms = self._clock.now_ms()
        self.exchange.advance(now_ms)
        for rule, begins in self.faults.events(now_ms):
            strike(self.exchange, rule, begins, now_ms)
        self.flush()
        for rule in self.faults.closings(now_ms):
            self._close_sessions("" if rule.fault == "close_public" else rule.account, rule.fault)

    def flush(self, then: Callable[[], object] = lambda: None) -> None:
        """What changed goes to disk, then what the venue says by itself goes out, then ``then``."""
        changes, pushes = self.exchange.drain_changes(), self.exchange.drain_pushes()

        def release() -> None:
            for push in pushes:
                self._publish(push)
            then()

        self._commits.submit(changes, release)

    def _publish(self, push: venue.Push) -> None:
        self._deliver(push, self.server.publish, self.server.lose)

    def _deliver(self, push: venue.Push, send: Deliver, lose: Deliver) -> None:
        """What faults make of a push: sent, sent late, lost on the wire, or something else."""
        for outgoing in self._feed.outgoing(push, self._clock.now_ms()):
            self._way.send(outgoing.push, lose if outgoing.is_lost else send, outgoing.delay_ms)

    def _by_the_venues_clock(self, answer: venue.Answer) -> venue.Answer:
        """The time it tells is the time it checks by, also while a fault sets it ahead."""
        if isinstance(answer, venue.ServerTime):
            return venue.ServerTime(ts_ms=answer.ts_ms + self.faults.skew_ms(answer.ts_ms))
        return answer

    def _close_sessions(self, account_id: str, reason: str) -> None:
        """Private ones of the account ("" is every account), or the public ones."""
        for session in self.server.sessions():
            if bool(session.account_id) == (reason == "close_private") and account_id in ("", session.account_id):
                session.close(f"FAULT_INJECTED: {reason}")

    def _over_limit(self, context: CallContext) -> venue.Answer | None:
        if self._limits is None:
            return None
        who = context.account_id or context.remote
        wait_ms = self._limits.take(who, context.endpoint, self._clock.monotonic_ms())
        if wait_ms is None:
            return None
        limit = BY_NAME[context.endpoint].per_second
        text = f"RATE_LIMITED: {context.endpoint}, limit={limit} a second, retry_after_ms={wait_ms}"
        return venue.Refused(code="RATE_LIMITED", text=text, retry_after_ms=wait_ms)

    def _snapshot(self, account_id: str, channel: str, symbol: str | None) -> list[venue.Push]:
        """What a new subscriber is told first, as things stand now."""
        exchange = self.exchange
        if channel == "account":
            return [venue.AccountPush(account_id=account_id, account=exchange.account(account_id))]
        if channel == "positions":
            return [venue.PositionsPush(account_id=account_id, positions=exchange.positions(account_id))]
        if channel == "orders":
            return [
                venue.OrderPush(account_id=account_id, order=order)
                for owner, order in exchange.open_orders()
                if owner == account_id and symbol in (None, order.symbol)
            ]
        if symbol is None or symbol not in exchange.instruments:
            return []
        if channel.startswith("books"):
            book = exchange.handle(venue.GetBook(symbol=symbol, depth=SNAPSHOT_BOOK_LEVELS), self._clock.now_ms())
            return [venue.BookPush(book=book)] if isinstance(book, venue.Book) else []
        if channel == "ticker":
            tickers = exchange.handle(venue.GetTicker(symbol=symbol), self._clock.now_ms())
            return [venue.TickerPush(ticker=t) for t in tickers] if isinstance(tickers, tuple) else []  # type: ignore[arg-type]
        return []
