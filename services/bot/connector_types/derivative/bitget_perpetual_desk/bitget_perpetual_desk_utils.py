"""What Hummingbot asks of a connector type: its keys, its fees, an example."""

from decimal import Decimal

from hummingbot.client.config.config_data_types import BaseConnectorConfigMap
from hummingbot.core.data_type.trade_fee import TradeFeeSchema
from pydantic import ConfigDict, Field, JsonValue, SecretStr

CENTRALIZED = True
EXAMPLE_PAIR = "BTC-USDT"
DEFAULT_FEES = TradeFeeSchema(maker_percent_fee_decimal=Decimal("0.0002"), taker_percent_fee_decimal=Decimal("0.0006"))

_SECRET: dict[str, JsonValue] = {"is_secure": True, "is_connect_key": True, "prompt_on_new": False}


class BitgetPerpetualDeskConfigMap(BaseConnectorConfigMap):
    """The bot's own key towards the gateway as JSON [api key, secret, passphrase]. Never a key of a venue."""

    connector: str = "bitget_perpetual_desk"
    bitget_perpetual_desk_credentials: SecretStr = Field(default=..., json_schema_extra=_SECRET)
    model_config = ConfigDict(title="bitget_perpetual_desk")


KEYS = BitgetPerpetualDeskConfigMap.model_construct()
