"""What must be there before orders may leave this machine. Any upstream that is not loopback is refused otherwise.

Every missing condition is named at once. Nothing here can be set by a bot. What the venue key may do is asked of the
venue itself, and keeps the door shut (key_rights.py).
"""

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from services.dialects.bitget.endpoints import DEAD_MAN_TIMER
from services.gateway.limits.policy import Policy
from services.gateway.settings import GatewaySettings

CONFIRM_VARIABLE = "ALLOW_MAINNET_TRADE"


class Missing(NamedTuple):
    condition: str
    found: str
    needed: str

    def text(self) -> str:
        return f"{self.condition}: found {self.found}, needed {self.needed}"


def is_loopback(url: str) -> bool:
    """127.0.0.0/8, ::1 and localhost, written as such: a name that resolves there today may not tomorrow."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def missing_conditions(settings: GatewaySettings, environ: Mapping[str, str]) -> list[Missing]:
    """Empty: the gateway may start. A loopback upstream needs nothing."""
    if is_loopback(settings.venue_url):
        return []
    missing = []

    def need(condition: str, is_there: bool, found: object, needed: str) -> None:
        if not is_there:
            missing.append(Missing(condition, repr(found), needed))

    need("armed", settings.armed, settings.armed, "true")
    need("mode", settings.mode in ("live", "testnet"), settings.mode, "live or testnet")
    confirmed = environ.get(CONFIRM_VARIABLE, "")
    need(CONFIRM_VARIABLE, confirmed == "1", confirmed, "exactly 1, in the environment")
    need("live_pairs", bool(settings.live_pairs), settings.live_pairs, "the pairs that may trade")
    need(
        "live_order_value_quote_max",
        settings.live_order_value_quote_max is not None,
        settings.live_order_value_quote_max,
        "the largest value of one order",
    )
    need(
        "unattended_policy",
        settings.unattended_policy in ("unwind", "protect", "hold"),
        settings.unattended_policy,
        "unwind, protect or hold: a person's choice",
    )
    has_timer = settings.dead_man == "native" and DEAD_MAN_TIMER.is_offered
    native = "native (the venue's own timer) or " if DEAD_MAN_TIMER.is_offered else ""
    need(
        "dead_man",
        has_timer or settings.dead_man == "watchdog",
        settings.dead_man,
        f"{native}watchdog (the kill switch on a second machine)",
    )
    if settings.dead_man == "watchdog":
        is_elsewhere = bool(settings.watchdog_url) and not is_loopback(settings.watchdog_url)
        need("watchdog_url", is_elsewhere, settings.watchdog_url, "where the watchdog answers, on another machine")
    return missing


def bots_out_of_place(policy: Policy, settings: GatewaySettings) -> list[str]:
    """KS-08: bots whose policy does not name the mode the desk is to run in, each with the modes it has."""
    return [
        f"{bot}: {', '.join(policy.modes_of(bot)) or 'none'}"
        for bot in settings.bots
        if settings.mode not in policy.modes_of(bot)
    ]


def for_upstream(policy: Policy, settings: GatewaySettings) -> Policy:
    """The limits policy, narrowed to what was armed; unchanged on loopback."""
    if is_loopback(settings.venue_url):
        return policy
    pairs = {pair: figures for pair, figures in policy.instruments.items() if pair in settings.live_pairs}
    by_scope = {scope: dict(figures) for scope, figures in policy.by_scope.items()}
    if settings.live_order_value_quote_max is not None:
        armed_max = settings.live_order_value_quote_max
        for scope, figures in by_scope.items():
            if scope.partition(":")[0] == "desk":  # named too: a named figure replaces the general one
                figures["order_value_quote_max"] = min(figures.get("order_value_quote_max", armed_max), armed_max)
    return policy._replace(instruments=pairs, by_scope=by_scope)
