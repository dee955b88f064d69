"""Hummingbot's paths, moved into the instance directory. Import this before anything else of hummingbot.

``hummingbot.client.settings`` fixes its paths at import, below site-packages, and other modules copy them by value. So
they are reassigned right after that one module is imported, before any of the others is.
"""

import sys
from pathlib import Path

import hummingbot
import hummingbot.client.settings as settings

_COPIES_PATHS = ("hummingbot.client.config.config_crypt", "hummingbot.client.config.config_helpers")


def claim(instance_dir: Path, controllers_conf_dir: Path, scripts_conf_dir: Path, project_dir: Path) -> None:
    """Keystore, logs and database under ``instance_dir``; controllers' and scripts' files where they are tracked."""
    early = [name for name in _COPIES_PATHS if name in sys.modules]
    assert not early, f"{early} were imported before the paths were set; import services.bot.hummingbot_paths first"
    conf = instance_dir / "conf"
    for name in ("connectors", "strategies"):
        (conf / name).mkdir(parents=True, exist_ok=True)
    for name in ("logs", "data"):
        (instance_dir / name).mkdir(parents=True, exist_ok=True)
    hummingbot.set_prefix_path(str(instance_dir))
    hummingbot.set_data_path(str(instance_dir / "data"))
    settings.CONF_DIR_PATH = conf
    settings.CLIENT_CONFIG_PATH = conf / "conf_client.yml"
    settings.TRADE_FEES_CONFIG_PATH = conf / "conf_fee_overrides.yml"
    settings.STRATEGIES_CONF_DIR_PATH = conf / "strategies"
    settings.CONNECTORS_CONF_DIR_PATH = conf / "connectors"
    settings.SCRIPT_STRATEGY_CONF_DIR_PATH = scripts_conf_dir
    settings.CONTROLLERS_CONF_DIR_PATH = controllers_conf_dir
    settings.DEFAULT_LOG_FILE_PATH = instance_dir / "logs"
    settings.SCRIPT_STRATEGIES_PATH = project_dir / "scripts"
    settings.CONTROLLERS_PATH = project_dir / "controllers"
    settings.DEFAULT_GATEWAY_CERTS_PATH = instance_dir / "certs"
    if str(project_dir) not in sys.path:
        sys.path.insert(0, str(project_dir))
