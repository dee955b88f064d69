"""Hummingbot's web layer, pointed at the desk's gateway: every URL the connector builds ends on one loopback address.

The stock connector writes ``https://api.bitget.com`` and ``wss://ws.bitget.com`` into its requests. Here the scheme and
host are replaced just before the wire; the path stays, because the signature covers it. A gateway that is not on this
machine is refused: a bot holds no key of a real venue and must not reach one by a typing error.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from hummingbot.connector.derivative.bitget_perpetual import bitget_perpetual_constants as constants
from hummingbot.connector.time_synchronizer import TimeSynchronizer
from hummingbot.connector.utils import TimeSynchronizerRESTPreProcessor
from hummingbot.core.api_throttler.async_throttler_base import AsyncThrottlerBase
from hummingbot.core.web_assistant.auth import AuthBase
from hummingbot.core.web_assistant.connections.data_types import RESTMethod, RESTRequest, RESTResponse
from hummingbot.core.web_assistant.rest_assistant import RESTAssistant
from hummingbot.core.web_assistant.rest_pre_processors import RESTPreProcessorBase
from hummingbot.core.web_assistant.web_assistants_factory import WebAssistantsFactory
from hummingbot.core.web_assistant.ws_assistant import WSAssistant

from services.bot.loopback import require_loopback

REST_TIMEOUT_S = 10.0  # aiohttp's own default is five minutes


class _ToGateway(RESTPreProcessorBase):
    """Replaces scheme and host of a request's URL."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway = urlsplit(gateway_url)

    async def pre_process(self, request: RESTRequest) -> RESTRequest:
        request.url = to_gateway(request.url, self._gateway.scheme, self._gateway.netloc)
        return request


class _BoundedRESTAssistant(RESTAssistant):
    """A request that nobody answers ends."""

    async def call(self, request: RESTRequest, timeout: float | None = None) -> RESTResponse:
        return await super().call(request=request, timeout=timeout or REST_TIMEOUT_S)


class _GatewayWSAssistant(WSAssistant):
    gateway_netloc = ""

    async def connect(self, ws_url: str, **kwargs: Any) -> None:
        await super().connect(ws_url=to_gateway(ws_url, "ws", self.gateway_netloc), **kwargs)


class GatewayAssistantsFactory(WebAssistantsFactory):
    """What the connector and its data sources take their REST and WebSocket assistants from."""

    def __init__(
        self,
        gateway_url: str,
        throttler: AsyncThrottlerBase,
        auth: AuthBase | None,
        pre_processors: list[RESTPreProcessorBase],
    ) -> None:
        require_loopback(gateway_url)
        self.ws_connects = 0
        self._gateway_netloc = urlsplit(gateway_url).netloc
        super().__init__(throttler=throttler, auth=auth, rest_pre_processors=[*pre_processors, _ToGateway(gateway_url)])

    async def get_rest_assistant(self) -> RESTAssistant:
        return _BoundedRESTAssistant(
            connection=await self._connections_factory.get_rest_connection(),
            throttler=self._throttler,
            rest_pre_processors=self._rest_pre_processors,
            rest_post_processors=self._rest_post_processors,
            auth=self._auth,
        )

    async def get_ws_assistant(self) -> WSAssistant:
        self.ws_connects += 1
        assistant = _GatewayWSAssistant(connection=await self._connections_factory.get_ws_connection())
        assistant.gateway_netloc = self._gateway_netloc
        return assistant


class GatewayWebUtils:
    """Stands where the connector expects its ``web_utils`` module; the URLs name the gateway, so error texts do too."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url

    def public_rest_url(self, path_url: str, domain: str = "") -> str:
        return f"{self._gateway_url}{path_url}"

    private_rest_url = public_rest_url

    async def get_current_server_time(self, throttler: AsyncThrottlerBase, domain: str = "") -> float:
        """Milliseconds, as the gateway's answer has them."""
        factory = GatewayAssistantsFactory(self._gateway_url, throttler, auth=None, pre_processors=[])
        assistant = await factory.get_rest_assistant()
        answer = await assistant.execute_request(
            url=self.public_rest_url(constants.PUBLIC_TIME_ENDPOINT),
            throttler_limit_id=constants.PUBLIC_TIME_ENDPOINT,
            method=RESTMethod.GET,
            return_err=True,
        )
        return float(answer["requestTime"])

    def build_factory(
        self, throttler: AsyncThrottlerBase, synchronizer: TimeSynchronizer, auth: AuthBase
    ) -> GatewayAssistantsFactory:
        time_provider: Callable[[], Awaitable[float]] = lambda: self.get_current_server_time(throttler)  # noqa: E731
        return GatewayAssistantsFactory(
            self._gateway_url,
            throttler,
            auth,
            [TimeSynchronizerRESTPreProcessor(synchronizer=synchronizer, time_provider=time_provider)],
        )


def to_gateway(url: str, scheme: str, netloc: str) -> str:
    """The same path and query at another scheme and host."""
    parts = urlsplit(url)
    return urlunsplit((scheme, netloc, parts.path, parts.query, parts.fragment))
