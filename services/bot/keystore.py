"""Hummingbot's encrypted keystore, made and opened without a person at the keyboard.

The secrets files of the desk are the truth; the keystore is only how Hummingbot wants to read them. One that does not
open with today's password, was cut short, or holds another key than today's, is made anew. The three parts of the key
are one secret in it, because each secret costs a third of a second of key derivation.
"""

import json
import logging
from pathlib import Path
from typing import NamedTuple

from hummingbot.client.config import config_crypt
from hummingbot.client.config.config_helpers import ClientConfigAdapter
from hummingbot.client.config.security import Security
from hummingbot.client.settings import AllConnectorSettings
from yaml import YAMLError

from services.common.errors import ConfigError

_log = logging.getLogger(__name__)

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OSError, YAMLError)


class GatewayKey(NamedTuple):
    """The bot's own key towards the gateway."""

    api_key: str
    secret: str
    passphrase: str


def open_keystore(instance_dir: Path, connector_name: str, password: str, key: GatewayKey) -> None:
    """Afterwards Security.api_keys(connector_name) answers. May run beside imports: most of it is key derivation."""
    verification = config_crypt.PASSWORD_VERIFICATION_PATH
    assert instance_dir in verification.parents, f"{verification} is outside {instance_dir}: paths were set too late"
    manager = config_crypt.ETHKeyFileSecretManger(password)
    if not _opens(manager):
        (instance_dir / "conf" / "connectors" / f"{connector_name}.yml").unlink(missing_ok=True)
        config_crypt.store_password_verification(manager)
        if not _opens(manager):
            raise ConfigError("KEYSTORE_LOCKED", f"path={verification}", f"remove {instance_dir / 'conf'}, start again")
    wanted = {f"{connector_name}_credentials": json.dumps(key)}
    if Security.api_keys(connector_name) != wanted:
        keys_class = type(AllConnectorSettings.get_connector_config_keys(connector_name))
        Security.update_secure_config(ClientConfigAdapter(keys_class(**wanted)))


def _opens(manager: config_crypt.BaseSecretsManager) -> bool:
    if Security.new_password_required():
        return False
    try:
        return bool(Security.login(manager))
    except _UNREADABLE as error:
        _log.warning("KEYSTORE_UNREADABLE: %r; made anew from the secrets", error)
        return False
