"""What of Hummingbot would dial out by itself, replaced or stopped: rate oracle and DEX gateway monitor."""

from decimal import Decimal
from typing import Any

from hummingbot.core.rate_oracle.rate_oracle import RateOracle
from hummingbot.core.rate_oracle.sources.rate_source_base import RateSourceBase


class NoRates(RateSourceBase):
    """USDT is the only currency of the desk, so there is nothing to convert."""

    @property
    def name(self) -> str:
        return "desk"

    async def get_prices(self, quote_token: str | None = None) -> dict[str, Decimal]:
        return {"USDT-USD": Decimal(1)}


def stop_dialling_out(trading_core: Any) -> None:
    RateOracle.get_instance().source = NoRates()
    trading_core.gateway_monitor.stop_monitor()
