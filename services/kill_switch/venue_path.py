"""The kill switch's own way to the venue: REST with its own keys, no session, no gateway."""

from collections.abc import Mapping

from services.common import venue
from services.common.ports import Clock
from services.common.secrets import KeyTriple
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.session_client import ClientEvent
from services.dialects.bitget.signing import Credentials
from services.kill_switch.settings import KillSwitchSettings


class VenuePath:
    def __init__(self, settings: KillSwitchSettings, keys: Mapping[str, KeyTriple], clock: Clock) -> None:
        self._credentials = {account: Credentials(*key) for account, key in keys.items()}
        self._upstream = BitgetUpstream(
            ClientSettings(rest_url=settings.venue_url, request_timeout_ms=settings.request_timeout_ms), _Deaf(), clock
        )

    async def start(self) -> None:
        await self._upstream.start()

    async def ask(self, request: venue.Request, account: str) -> venue.Answer | venue.Unknown:
        return await self._upstream.ask(request, self._credentials[account])

    async def close(self) -> None:
        await self._upstream.close()


class _Deaf:
    """No session is opened, so nothing is ever heard."""

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None: ...

    def on_connected(self, account_id: str) -> None: ...

    def on_disconnected(self, account_id: str, reason: str) -> None: ...

    def on_heard(self, account_id: str, received_ts_ms: int) -> None: ...

    def on_event(self, account_id: str, event: ClientEvent) -> None: ...
