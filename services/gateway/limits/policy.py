"""The limits policy file: read, checked against the registry, refused with path, value, range and an example.

For one scope the tightest of what applies holds: an order of bot1 must fit under bot, account, venue and desk at
once. A named override ("bot:bot2") replaces the general figure of its scope.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from services.common import venue
from services.common.errors import ConfigError
from services.common.yaml_file import read_yaml
from services.gateway.governor import Budget
from services.gateway.limits.registry import BY_NAME, LIMITS, SCOPES

_SECTIONS = {
    "version",
    "limits",
    "overrides",
    "instruments",
    "bots",
    "account",
    "first_connect",
    "maintenance",
    "venue_budget",
}


MODES = ("sim", "paper", "shadow", "testnet", "live")
MODES_WITHOUT_MONEY = MODES[:3]
_OF_A_BOT = {"instruments": "ETH-USDT", "modes": "sim"}  # key -> an example of its list


class PolicyError(ConfigError):
    """The policy file cannot be used. Says path, value, allowed range and an example; the process ends with code 4."""

    def __init__(self, text: str) -> None:
        code, _, rest = text.partition(": ")
        super().__init__(code, rest, "correct the file; data/policies/limits.yml in the repository is complete")


class InstrumentPolicy(NamedTuple):
    order_qty_base_max: Decimal


class AccountPolicy(NamedTuple):
    """What bots are told about their account, whatever they ask for."""

    capital_quote: Decimal
    leverage: int
    margin_mode: venue.MarginMode
    position_mode: venue.PositionMode


MAINTENANCE_CLEAR_MS = 60_000  # the desk is clear of orders so long before the venue stops


class MaintenanceWindow(NamedTuple):
    start_ms: int
    end_ms: int
    note: str

    def covers(self, now_ms: int) -> bool:
        """Whether nothing that could open may rest now."""
        return self.start_ms - MAINTENANCE_CLEAR_MS <= now_ms < self.end_ms


class Policy(NamedTuple):
    by_scope: Mapping[str, Mapping[str, Decimal]]  # "bot" or "bot:bot2" -> limit name -> value
    instruments: Mapping[str, InstrumentPolicy]
    account: AccountPolicy
    first_connect: str  # "adopt", "ignore", "refuse": what to do with orders and positions found at the first connect
    maintenance: tuple[MaintenanceWindow, ...] = ()
    budget: Budget = Budget()
    pairs_by_bot: Mapping[str, tuple[str, ...]] = {}  # a bot that is not in it may trade every pair of the policy
    modes_by_bot: Mapping[str, tuple[str, ...]] = {}  # a bot that is not in it may run where money is not real

    def modes_of(self, bot_id: str) -> tuple[str, ...]:
        """The modes of the desk in which this bot may run. On an exchange only by name."""
        return self.modes_by_bot.get(bot_id, MODES_WITHOUT_MONEY)

    def may_trade(self, bot_id: str, symbol: str) -> bool:
        return symbol in self.instruments and symbol in self.pairs_by_bot.get(bot_id, self.instruments)

    def pairs_of(self, bot_id: str) -> tuple[str, ...]:
        """The pairs this bot may trade, sorted."""
        return tuple(sorted(set(self.pairs_by_bot.get(bot_id, self.instruments)) & set(self.instruments)))

    def limit(self, name: str, scope: str, member: str) -> Decimal | None:
        """The figure for one scope and member, None when that scope does not set it."""
        named = self.by_scope.get(f"{scope}:{member}", {})
        if name in named:
            return named[name]
        return self.by_scope.get(scope, {}).get(name)

    def tightest(self, name: str, members: Mapping[str, str]) -> Decimal:
        """The smallest figure over all scopes of an order. members: scope -> member id."""
        values = [self.limit(name, scope, member) for scope, member in members.items()]
        return min(value for value in values if value is not None)


def load_policy(path: Path) -> Policy:
    """Raises ConfigError."""
    return parse_policy(read_yaml(path), str(path))


def parse_policy(tree: Mapping[str, Any], path: str = "limits.yml") -> Policy:
    """Raises PolicyError naming the first thing that is wrong."""
    for section in tree:
        if section not in _SECTIONS:
            raise PolicyError(f"POLICY_UNKNOWN_KEY: {path}: {section}; allowed: {', '.join(sorted(_SECTIONS))}")
    by_scope: dict[str, dict[str, Decimal]] = {}
    for scope, figures in _mapping(tree, "limits", path).items():
        if scope not in SCOPES:
            raise PolicyError(f"POLICY_UNKNOWN_SCOPE: {path}: limits.{scope}; allowed: {', '.join(SCOPES)}")
        by_scope[scope] = _figures(figures, f"{path}: limits.{scope}")
    for limit in LIMITS:
        for scope in limit.required_in:
            if limit.name not in by_scope.get(scope, {}):
                raise PolicyError(
                    f"POLICY_LIMIT_MISSING: {path}: limits.{scope}.{limit.name}; {limit.meaning};"
                    f" allowed {limit.low}..{limit.high} {limit.unit}, e.g. {limit.name}: {limit.example}"
                )
    for member, figures in (tree.get("overrides") or {}).items():
        scope, _, name = str(member).partition(":")
        if scope not in SCOPES or not name:  # a bare scope would replace all its figures
            raise PolicyError(f"POLICY_UNKNOWN_SCOPE: {path}: overrides.{member}; e.g. 'bot:bot2'")
        by_scope[member] = _figures(figures, f"{path}: overrides.{member}")
    return Policy(
        by_scope=by_scope,
        instruments=_instruments(tree, path),
        account=_account(tree, path),
        first_connect=_choice(tree, "first_connect", ("adopt", "ignore", "refuse"), path),
        maintenance=_maintenance(tree, path),
        budget=_budget(tree, path),
        pairs_by_bot=_of_bots(tree, "instruments", tree["instruments"], path),
        modes_by_bot=_of_bots(tree, "modes", MODES, path),
    )


def _figures(figures: object, where: str) -> dict[str, Decimal]:
    if not isinstance(figures, dict):
        raise PolicyError(f"POLICY_BAD_VALUE: {where} is {figures!r}; expected a mapping of limits")
    result = {}
    for name, raw in figures.items():
        limit = BY_NAME.get(name)
        if limit is None:
            raise PolicyError(f"POLICY_UNKNOWN_KEY: {where}.{name}; allowed: {', '.join(sorted(BY_NAME))}")
        value = _decimal(raw, f"{where}.{name}", limit.example)
        if not limit.low <= value <= limit.high:
            raise PolicyError(
                f"POLICY_OUT_OF_RANGE: {where}.{name}={value}; allowed {limit.low}..{limit.high} {limit.unit},"
                f" e.g. {name}: {limit.example}"
            )
        result[name] = value
    return result


def _instruments(tree: Mapping[str, Any], path: str) -> dict[str, InstrumentPolicy]:
    result = {}
    for symbol, figures in _mapping(tree, "instruments", path).items():
        where = f"{path}: instruments.{symbol}"
        if not isinstance(figures, dict) or set(figures) != {"order_qty_base_max"}:
            raise PolicyError(f"POLICY_BAD_VALUE: {where}; expected exactly order_qty_base_max, e.g. 0.1")
        qty = _decimal(figures["order_qty_base_max"], f"{where}.order_qty_base_max", "0.1")
        if qty <= 0:
            raise PolicyError(f"POLICY_OUT_OF_RANGE: {where}.order_qty_base_max={qty}; must be above 0, e.g. 0.1")
        result[symbol] = InstrumentPolicy(order_qty_base_max=qty)
    return result


def _of_bots(tree: Mapping[str, Any], key: str, allowed: Collection[str], path: str) -> dict[str, tuple[str, ...]]:
    """Optional lists of a bot: {bot2: {instruments: [ETH-USDT], modes: [sim, paper]}}."""
    result = {}
    for bot_id, raw in (tree.get("bots") or {}).items():
        where = f"{path}: bots.{bot_id}"
        if not isinstance(raw, dict) or not raw or not set(raw) <= set(_OF_A_BOT):
            raise PolicyError(f"POLICY_BAD_VALUE: {where}; expected lists of {' and '.join(_OF_A_BOT)}")
        if key not in raw:
            continue
        named = raw[key]
        if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
            raise PolicyError(f"POLICY_BAD_VALUE: {where}.{key}; expected a list, e.g. [{_OF_A_BOT[key]}]")
        unknown = sorted(set(named) - set(allowed))
        if unknown:
            raise PolicyError(
                f"POLICY_UNKNOWN_KEY: {where}.{key}: {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}"
            )
        result[str(bot_id)] = tuple(named)
    return result


def _account(tree: Mapping[str, Any], path: str) -> AccountPolicy:
    raw = _mapping(tree, "account", path)
    expected = set(AccountPolicy._fields)
    if set(raw) != expected:
        raise PolicyError(f"POLICY_BAD_VALUE: {path}: account has {sorted(raw)}; expected exactly {sorted(expected)}")
    leverage = raw["leverage"]
    if not isinstance(leverage, int) or not 1 <= leverage <= 125:
        raise PolicyError(f"POLICY_OUT_OF_RANGE: {path}: account.leverage={leverage!r}; allowed 1..125, e.g. 5")
    capital = _decimal(raw["capital_quote"], f"{path}: account.capital_quote", "100000")
    if capital <= 0:
        raise PolicyError(f"POLICY_OUT_OF_RANGE: {path}: account.capital_quote={capital}; above 0, e.g. 100000")
    margin_mode: venue.MarginMode = _choice(raw, "margin_mode", ("crossed", "isolated"), f"{path}: account")
    position_mode: venue.PositionMode = _choice(raw, "position_mode", ("one_way_mode",), f"{path}: account")
    return AccountPolicy(capital, leverage, margin_mode, position_mode)


def _maintenance(tree: Mapping[str, Any], path: str) -> tuple[MaintenanceWindow, ...]:
    windows = []
    for index, raw in enumerate(tree.get("maintenance") or ()):
        where = f"{path}: maintenance[{index}]"
        if not isinstance(raw, dict) or not {"start_ms", "end_ms"} <= set(raw):
            raise PolicyError(f"POLICY_BAD_VALUE: {where}; expected start_ms, end_ms (UTC), note")
        start_ms, end_ms = (_decimal(raw[name], f"{where}.{name}", "1760000000000") for name in ("start_ms", "end_ms"))
        window = MaintenanceWindow(int(start_ms), int(end_ms), str(raw.get("note", "")))
        if window.end_ms <= window.start_ms:
            raise PolicyError(f"POLICY_OUT_OF_RANGE: {where}: end_ms must be after start_ms")
        windows.append(window)
    return tuple(windows)


def _budget(tree: Mapping[str, Any], path: str) -> Budget:
    raw = _mapping(tree, "venue_budget", path)
    expected = set(Budget._fields)
    if set(raw) != expected:
        raise PolicyError(f"POLICY_BAD_VALUE: {path}: venue_budget: {sorted(raw)}; expected exactly {sorted(expected)}")
    figures = {name: _decimal(raw[name], f"{path}: venue_budget.{name}", "20") for name in expected}
    for name, value in figures.items():
        top = 1 if name.endswith("_pct") else 10_000
        is_whole = value == value.to_integral_value()
        if not 0 < value <= top or is_whole == (top == 1):
            allowed = "above 0, below 1" if top == 1 else f"whole, 1..{top}"
            raise PolicyError(f"POLICY_OUT_OF_RANGE: {path}: venue_budget.{name}={value}; allowed {allowed}")
    return Budget(
        orders_per_second=int(figures["orders_per_second"]),
        requests_per_second=int(figures["requests_per_second"]),
        cancel_reserve_pct=float(figures["cancel_reserve_pct"]),
        kill_reserve_pct=float(figures["kill_reserve_pct"]),
    )


def _mapping(tree: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
    value = tree.get(key)
    if not isinstance(value, dict) or not value:
        raise PolicyError(f"POLICY_SECTION_MISSING: {path}: {key}; see data/policies/limits.yml in the repository")
    return value


def _choice(tree: Mapping[str, Any], key: str, allowed: tuple[str, ...], path: str) -> Any:
    value = tree.get(key)
    if value not in allowed:
        raise PolicyError(f"POLICY_BAD_VALUE: {path}: {key}={value!r}; allowed: {', '.join(allowed)}")
    return value


def _decimal(raw: object, where: str, example: str) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        raise PolicyError(f"POLICY_BAD_VALUE: {where}={raw!r}; expected a number, e.g. {example}")
    try:
        value = Decimal(raw)
    except InvalidOperation as error:
        raise PolicyError(f"POLICY_BAD_VALUE: {where}={raw!r}; expected a number, e.g. {example}") from error
    if not value.is_finite():
        raise PolicyError(f"POLICY_BAD_VALUE: {where}={raw!r}; expected a finite number, e.g. {example}")
    return value
