"""A bot talks to this machine only. Pure."""

import ipaddress
from urllib.parse import urlsplit

from services.common.errors import ConfigError


def require_loopback(gateway_url: str) -> str:
    """The URL again, when its host is this machine. Raises ConfigError otherwise, also for an empty one."""
    parts = urlsplit(gateway_url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "http" or not is_loopback:
        raise ConfigError(
            "GATEWAY_NOT_LOOPBACK",
            f"gateway_url={gateway_url!r}, allowed: http://127.0.0.1:<port>, http://[::1]:<port>, http://localhost:<port>",
            "give --gateway-url http://127.0.0.1:<port>; a bot only ever talks to the gateway on its own machine",
        )
    return gateway_url
