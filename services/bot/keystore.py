"""Hummingbot's encrypted keystore, made and opened without a person at the keyboard.

The secrets files of the desk are the truth; the keystore is only how Hummingbot wants to read them. One that does not
open with today's password, or holds other keys than today's, is made anew.
"""

from pathlib import Path
from typing import NamedTuple

from hummingbot.client.config import config_crypt
from hummingbot.client.config.config_helpers import ClientConfigAdapter
from hummingbot.client.config.security import Security
from hummingbot.client.settings import AllConnectorSettings

from services.common.errors import ConfigError


class GatewayKey(NamedTuple):
    """The bot's own key towards the gateway."""

    api_key: str
    secret: str
    passphrase: str


def open_keystore(instance_dir: Path, connector_name: str, password: str, key: GatewayKey) -> None:
    """Afterwards Security.api_keys(connector_name) answers. About a second: the key derivation is meant to be slow."""
    verification = config_crypt.PASSWORD_VERIFICATION_PATH
    assert instance_dir in verification.parents, f"{verification} is outside {instance_dir}: paths were set too late"
    manager = config_crypt.ETHKeyFileSecretManger(password)
    file = instance_dir / "conf" / "connectors" / f"{connector_name}.yml"
    if Security.new_password_required() or not config_crypt.validate_password(manager):
        file.unlink(missing_ok=True)
        config_crypt.store_password_verification(manager)
    if not Security.login(manager):
        raise ConfigError("KEYSTORE_LOCKED", f"path={verification}", f"remove {verification} and start again")
    wanted = {
        f"{connector_name}_api_key": key.api_key,
        f"{connector_name}_secret_key": key.secret,
        f"{connector_name}_passphrase": key.passphrase,
    }
    if Security.api_keys(connector_name) != wanted:
        keys_class = type(AllConnectorSettings.get_connector_config_keys(connector_name))
        Security.update_secure_config(ClientConfigAdapter(keys_class(**wanted)))
