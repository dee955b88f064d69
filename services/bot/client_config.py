"""Hummingbot's client configuration, made in memory. The file it would keep is rewritten at every start anyway."""

from typing import Any

from hummingbot.client.config.client_config_map import (
    AnonymizedMetricsDisabledMode,
    ClientConfigMap,
    KillSwitchDisabledMode,
)
from hummingbot.client.config.config_helpers import ClientConfigAdapter


def client_config(bot_id: str) -> Any:
    """No metrics sent anywhere, no kill switch of Hummingbot's own (the desk has one), one tick a second."""
    return ClientConfigAdapter(
        ClientConfigMap(
            instance_id=bot_id,
            anonymized_metrics_mode=AnonymizedMetricsDisabledMode(),
            kill_switch_mode=KillSwitchDisabledMode(),
            send_error_logs=False,
            fetch_pairs_from_all_exchanges=False,
            tick_size=1.0,
        )
    )
