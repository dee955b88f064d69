"""Makes ``bitget_perpetual_desk`` known to Hummingbot, without patching anything of it.

Hummingbot finds a connector by its naming rule below ``hummingbot.connector.derivative`` and by an entry in a public
table. The package's search path gets our folder, the table gets one entry, and only that one: a bot knows a single
connector type. Left empty, the table would be filled by importing every connector there is, three seconds of start-up
and a start that fails when an unrelated connector's dependency has drifted.
"""

from pathlib import Path

import hummingbot.connector.derivative
from hummingbot.client.settings import AllConnectorSettings, ConnectorSetting, ConnectorType

from services.bot.connector_types.derivative.bitget_perpetual_desk import bitget_perpetual_desk_utils as utils

_TYPES_DIR = Path(__file__).parent / "connector_types" / "derivative"


def register(connector_name: str) -> None:
    """Idempotent. The name must contain "perpetual" and must not end in "paper_trade": Hummingbot decides by it."""
    if str(_TYPES_DIR) not in hummingbot.connector.derivative.__path__:
        hummingbot.connector.derivative.__path__.append(str(_TYPES_DIR))
    AllConnectorSettings.all_connector_settings = {
        connector_name: ConnectorSetting(
            name=connector_name,
            type=ConnectorType.Derivative,
            example_pair=utils.EXAMPLE_PAIR,
            centralised=utils.CENTRALIZED,
            use_ethereum_wallet=False,
            trade_fee_schema=utils.DEFAULT_FEES,
            config_keys=utils.KEYS,
            is_sub_domain=False,
            parent_name=None,
            domain_parameter=None,
            use_eth_gas_lookup=False,
        )
    }
