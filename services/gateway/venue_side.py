"""The gateway towards the venue: one private session per sub-account, one public session, REST with the venue's
keys."""

from collections.abc import Callable, Mapping, Sequence

from services.common import venue
from services.common.logs import Logger
from services.common.ports import Clock
from services.common.secrets import KeyTriple
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.session_client import BookBroken, ClientEvent, SessionReady
from services.dialects.bitget.signing import Credentials
from services.gateway import messages as m

Feed = Callable[[m.Input], None]
PublishPublic = Callable[[venue.PublicPush], None]


class VenueSide:
    """An UpstreamListener. ``feed`` takes what the venue says; public pushes go on to ``publish_public`` after it."""

    def __init__(
        self,
        settings: ClientSettings,
        keys: Mapping[str, KeyTriple],
        symbols: Sequence[str],
        *,
        clock: Clock,
        log: Logger,
        feed: Feed,
        publish_public: PublishPublic,
    ) -> None:
        self._keys = {account: Credentials(key.api_key, key.secret, key.passphrase) for account, key in keys.items()}
        self._symbols = tuple(symbols)
        self._log = log
        self._feed = feed
        self._publish_public = publish_public
        self._upstream = BitgetUpstream(settings, self, clock)
        self._is_public_open = False

    async def start(self) -> None:
        """Open the private sessions; the public one follows once the venue's instruments are known."""
        await self._upstream.start()
        for account_id, credentials in self._keys.items():
            self._upstream.open_private(account_id, credentials)

    async def close(self) -> None:
        await self._upstream.close()

    async def ask(self, request: venue.Request) -> venue.Answer | venue.Unknown:
        credentials = self._keys[request.account_id] if request.account_id else None
        answer = await self._upstream.ask(request, credentials)
        if isinstance(request, venue.GetInstruments) and isinstance(answer, tuple) and not self._is_public_open:
            listed = {rules.symbol for rules in answer if isinstance(rules, venue.InstrumentRules)}
            symbols = tuple(symbol for symbol in self._symbols if symbol in listed)
            if symbols:
                self._is_public_open = True
                self._upstream.open_public(symbols)
        return answer

    # ------------------------------------------------------------------------------------------------------- listener

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None:
        self._feed(m.UpstreamPush(push))
        if isinstance(push, venue.BookPush | venue.TickerPush | venue.TradesPush):
            self._publish_public(push)

    def on_connected(self, account_id: str) -> None:
        self._log.info("upstream.connected", account=account_id or "public")
        self._feed(m.UpstreamLink(account_id, True))

    def on_disconnected(self, account_id: str, reason: str) -> None:
        self._log.warning("upstream.disconnected", account=account_id or "public", reason=reason)
        self._feed(m.UpstreamLink(account_id, False, reason))

    def on_heard(self, account_id: str, received_ts_ms: int) -> None:
        if not account_id:
            self._feed(m.UpstreamHeard(account_id))

    def on_event(self, account_id: str, event: ClientEvent) -> None:
        if not isinstance(event, SessionReady):
            self._log.warning("upstream.event", account=account_id or "public", what=repr(event)[:500])
        if isinstance(event, BookBroken):
            self._feed(m.UpstreamBookBroken(event.symbol, event.detail))
