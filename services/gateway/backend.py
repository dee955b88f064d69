"""The gateway as a venue towards bots: keys, requests, snapshots on subscribing, session events."""

import itertools
import re
from collections.abc import Mapping

from services.common import venue
from services.common.logs import Logger
from services.common.ports import Clock
from services.common.secrets import KeyTriple
from services.contracts import events as e
from services.dialects.bitget.server import CallContext, Rejection, Session
from services.dialects.bitget.signing import AccountKey, Credentials
from services.gateway import messages as m
from services.gateway import views
from services.gateway.engine import Engine
from services.gateway.metrics import GatewayMetrics
from services.gateway.state import State

_MOVES_MONEY = re.compile(
    "withdraw|transfer|deposit|sub-?account|virtual|loan|borrow|repay|convert|redeem|subscribe|api-?key|p2p",
    re.IGNORECASE,
)


class OncePer:
    """Whether the same thing is due again; remembers a bounded number of things."""

    def __init__(self, period_ms: int, kept_max: int = 1_000) -> None:
        self._period_ms = period_ms
        self._kept_max = kept_max
        self._last_ms: dict[str, int] = {}

    def is_due(self, key: str, mono_ms: int) -> bool:
        last_ms = self._last_ms.get(key)
        if last_ms is not None and mono_ms - last_ms < self._period_ms:
            return False
        if len(self._last_ms) >= self._kept_max:
            self._last_ms.clear()
        self._last_ms[key] = mono_ms
        return True


class BotFront:
    """A VenueBackend. Answers nothing before ``engine`` is there: the door is shut."""

    def __init__(
        self, bot_keys: Mapping[str, KeyTriple], *, clock: Clock, log: Logger, metrics: GatewayMetrics
    ) -> None:
        self._engine: Engine | None = None
        self._open: dict[int, str] = {}  # private sessions -> bot
        self._silent: set[int] = set()
        self._keys = {
            key.api_key: AccountKey(bot_id, Credentials(key.api_key, key.secret, key.passphrase))
            for bot_id, key in bot_keys.items()
        }
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._alarms = OncePer(60_000)
        self._alarm_numbers = itertools.count(1)

    @property
    def engine(self) -> Engine | None:
        return self._engine

    @engine.setter
    def engine(self, engine: Engine | None) -> None:
        """From now on bots are answered. Those whose session is open already count as here."""
        self._engine = engine
        for bot_id in self._open.values():
            self._feed(m.BotSession(bot_id, "opened"))

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def key_of(self, api_key: str) -> AccountKey | None:
        return self._keys.get(api_key)

    async def handle(self, request: venue.Request, context: CallContext) -> venue.Answer:
        if self.engine is None or not self.engine.is_running:
            return venue.Refused(code="DOOR_SHUT", text="DOOR_SHUT: the gateway is starting or stopping; next: wait")
        claims = _claims(context.headers) if isinstance(request, venue.PlaceOrder) else m.Claims()
        answer = await self.engine.request(context.account_id, request, claims)
        if isinstance(answer, venue.Refused):
            self._log.info("bot.refused", bot=context.account_id, ask=type(request).__name__, text=answer.text)
        return answer

    # ------------------------------------------------------------------------------------------------------ sessions

    def on_subscribed(self, session: Session, channel: str, symbol: str | None) -> None:
        if self.engine is None or not self.engine.is_running:
            return
        state = self.engine.gateway.state
        if session.account_id:
            self._send_private_snapshot(state, session, channel)
        elif symbol is not None:
            _send_public_snapshot(state, session, channel, symbol)

    def on_private_opened(self, session: Session) -> None:
        if session.session_id in self._open:
            return  # logged in once more on the same socket, which closes only once
        self._open[session.session_id] = session.account_id
        self._feed(m.BotSession(session.account_id, "opened"))
        self._log.info("bot.session_opened", bot=session.account_id, session=session.session_id)

    def on_private_closed(self, session: Session, reason: str) -> None:
        self._open.pop(session.session_id, None)
        self._silent.discard(session.session_id)
        self._feed(m.BotSession(session.account_id, "closed"))
        self._if_silent(session.account_id)
        self._log.warning("bot.session_closed", bot=session.account_id, session=session.session_id, reason=reason)

    def on_private_silent(self, session: Session, silent_ms: int) -> None:
        self._silent.add(session.session_id)
        self._if_silent(session.account_id)
        self._log.warning("bot.session_silent", bot=session.account_id, silent_ms=silent_ms)

    def on_private_heard(self, session: Session, silent_ms: int) -> None:
        self._silent.discard(session.session_id)
        self._feed(m.BotSession(session.account_id, "heard"))
        self._log.info("bot.session_heard_again", bot=session.account_id, silent_ms=silent_ms)

    def on_rejected(self, rejection: Rejection) -> None:
        """Logged and counted always. A word of moving money, or an act that does not exist here, is an alarm, once a
        minute per path: no bot of ours ever asks for it."""
        self._metrics.rejected.labels(rejection.kind).inc()
        self._log.warning(
            "bot.rejected",
            kind=rejection.kind,
            method=rejection.method,
            path=rejection.path,
            key=rejection.api_key[:8],
            text=rejection.refused.text,
        )
        is_act = rejection.kind == "unknown_endpoint" and rejection.method != "GET"
        is_alarming = is_act or _MOVES_MONEY.search(rejection.path)
        if is_alarming and self._alarms.is_due(rejection.path, self._clock.monotonic_ms()):
            self._alarm(rejection)

    def _alarm(self, rejection: Rejection) -> None:
        owner = self._keys.get(rejection.api_key)
        bot_id = owner.account_id if owner is not None else "desk"
        self._log.critical("forbidden_endpoint", method=rejection.method, path=rejection.path, bot=bot_id)
        if self.engine is not None and self.engine.is_running:
            now_ms = self._clock.now_ms()
            self.engine.publish(
                e.BreakV1,
                bot_id,
                break_id=f"gw-forbidden-{now_ms}-{next(self._alarm_numbers)}",
                what="forbidden_endpoint",
                scope=f"bot:{bot_id}",
                ours="it does not exist here, as nothing does that moves money",
                theirs=f"{rejection.method} {rejection.path}",
                severity="critical",
                owner="desk",
                opened_ts_ms=now_ms,
                state="open",
            )

    # ------------------------------------------------------------------------------------------------------- private

    def _feed(self, message: m.Input) -> None:
        if self.engine is not None and self.engine.is_running:
            self.engine.feed(message)

    def _if_silent(self, bot_id: str) -> None:
        """A bot is silent when none of its open sessions lives: a dead one beside a living one says nothing."""
        of_bot = {session_id for session_id, owner in self._open.items() if owner == bot_id}
        if of_bot and of_bot <= self._silent:
            self._feed(m.BotSession(bot_id, "silent"))

    def _send_private_snapshot(self, state: State, session: Session, channel: str) -> None:
        bot_id = session.account_id
        if bot_id not in state.lanes:
            return
        if channel == "account":
            session.send(venue.AccountPush(account_id=bot_id, account=views.account_view(state, bot_id)))
        elif channel == "positions" and state.lanes[bot_id].positions is not None:  # unread is not flat
            session.send(venue.PositionsPush(account_id=bot_id, positions=views.positions_view(state, bot_id)))
        elif channel == "orders":
            for row in state.orders.open_of(bot_id):
                session.send(venue.OrderPush(account_id=bot_id, order=views.order_view(state, row)))
            session.send(venue.AccountPush(account_id=bot_id, account=views.account_view(state, bot_id)))


def _claims(headers: Mapping[str, str]) -> m.Claims:
    """What the bot states about its order; a figure that is none counts as not stated, an unreadable fence as none."""
    view_ms, fence = headers.get("x-hbot-view-ms", ""), headers.get("x-hbot-fence", "")
    return m.Claims(
        view_ts_ms=int(view_ms) if view_ms.isdecimal() else None,
        config_hash=headers.get("x-hbot-config-hash", "")[:64],
        fence=int(fence) if fence.isdecimal() else 0,
        code_hash=headers.get("x-hbot-code-hash", "")[:64],
    )


def _send_public_snapshot(state: State, session: Session, channel: str, symbol: str) -> None:
    if state.market.fault(symbol) is not None:  # the first sound push is the snapshot then
        return
    book, ticker = state.market.book(symbol), state.market.ticker(symbol)
    if channel.startswith("books") and book is not None:
        session.send(venue.BookPush(book=book))
    elif channel == "ticker" and ticker is not None:
        session.send(venue.TickerPush(ticker=ticker))
