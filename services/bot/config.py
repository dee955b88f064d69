"""A bot's configuration: which bundle it runs and what differs, resolved to one value per name with its origin. Pure
but for reading the files.

    data/<bot>/desk.yml                          which bundle, pair and variant
    data/<bot>/conf/controllers/epp_v2_4.yml     overrides of single values, as Hummingbot finds its controller
    data/catalog/<bundle>.yml                    an approved set of values with the envelope they may move in

Order: default < bundle < bot < flag. What is wrong is refused with path, value, allowed range and example; exit 4.
A bot sets only what its bundle names as ``overridable``. A flag may set anything inside the envelope for one run that
trades with nobody's money; elsewhere no more than the bot.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from controllers.epp.params import SIMULATED_MODES, VARIANT_MODES, EppParams
from services.bot.bundle import Bundle, read_bundle
from services.bot.fields import Fault, fields_by_name, params_from_values, parse_params, parse_value
from services.common.errors import ConfigError
from services.common.files import canonical_json
from services.common.yaml_file import parse_scalar, read_yaml

CONTROLLER_FILE = "epp_v2_4.yml"
CONTROLLER_NAME = "epp_v2_4"
CONTROLLER_TYPE = "market_making"
CONNECTOR_NAMES = {"bitget_perpetual": "bitget_perpetual_desk"}

_DESK_KEYS = (
    "bot_id",
    "bundle",
    "pair",
    "exchange",
    "variant",
    "variant_mode",
    "desk_mode",
    "rearm_token",
    "bundle_hash",
)
FLAG = "flag"
_BUNDLE_FLAG = "bundle="
_DESK_REQUIRED = ("bot_id", "bundle", "pair")
_CONTROLLER_KEYS = ("id", "controller_name", "controller_type", "connector_name", "trading_pair", "overrides")
_IDENTITY = frozenset({"bot_id", "exchange", "variant", "variant_mode", "desk_mode", "rearm_token"})
_FIX = "correct the file; `desk show-config <bot>` prints every value, docs/reference/epp_v2_4.md every name"
_GRANT = "remove the line, or name it under overridable"


class Value(NamedTuple):
    value: Any
    origin: str  # "default", "catalog/demo_tight.yml", "bot1/conf/controllers/epp_v2_4.yml", "flag"


class ResolvedBot(NamedTuple):
    bot_id: str
    pair: str
    connector_name: str
    bundle: Bundle
    values: dict[str, Value]  # by dotted name, e.g. "regimes.up.refresh_s"
    params: EppParams
    overridden: tuple[str, ...]  # names whose value comes from the bot's own file or a flag
    config_hash: str
    data_dir: Path

    @property
    def controllers_conf_dir(self) -> Path:
        return self.data_dir / self.bot_id / "conf" / "controllers"

    @property
    def scripts_conf_dir(self) -> Path:
        return self.data_dir / self.bot_id / "conf" / "scripts"


def resolve_bot(data_dir: Path, bot_id: str, overrides: Sequence[str] = ()) -> ResolvedBot:
    """Everything one bot runs with. ``overrides`` are ``name=value`` from the command line; ``bundle=<name>`` among
    them runs another bundle of the catalogue. Raises ConfigError.
    """
    desk_path = data_dir / bot_id / "desk.yml"
    if not desk_path.exists():
        known = sorted(path.parent.name for path in data_dir.glob("*/desk.yml"))
        raise ConfigError(
            "BOT_UNKNOWN",
            f"path={desk_path} does not exist, bots here: {', '.join(known) or 'none'}",
            "desk up --bots bot1",
        )
    desk = _read_desk(desk_path, bot_id)
    for override in overrides:
        if override.startswith(_BUNDLE_FLAG):
            desk = {**desk, "bundle": override.removeprefix(_BUNDLE_FLAG)}
    overrides = [override for override in overrides if not override.startswith(_BUNDLE_FLAG)]
    bundle = read_bundle(data_dir / "catalog", str(desk["bundle"]), desk_path)
    controller_path = data_dir / bot_id / "conf" / "controllers" / CONTROLLER_FILE
    own = _read_controller(controller_path, bot_id, desk)

    values = {name: Value(field.default, "default") for name, field in fields_by_name().items()}
    faults: list[Fault] = []
    layers = (
        (bundle.params, f"catalog/{bundle.name}.yml", bundle.path),
        (own, f"{bot_id}/conf/controllers/{CONTROLLER_FILE}", controller_path),
        (_from_flags(overrides), FLAG, Path("--set")),
    )
    overridden: dict[str, str] = {}  # by name: who set it last
    for raw, origin, path in layers:
        parsed, found = parse_params(raw, path)
        faults += found
        for name, value in parsed.items():
            values[name] = Value(value, origin)
            if path is not bundle.path:
                overridden[name] = origin
    for name, value in _identity(desk, bot_id).items():
        values[name] = Value(value, f"{bot_id}/desk.yml")
    faults += envelope_faults(bundle, values)
    ungranted = override_faults(bundle, values, overridden)
    if ungranted and not faults:
        raise ConfigError(
            "OVERRIDE_NOT_ALLOWED", _lines(ungranted), f"{_GRANT} of {bundle.path} and have that approved"
        )
    _refuse([*faults, *ungranted])
    params = params_from_values({name: value.value for name, value in values.items()}, desk_path)
    return ResolvedBot(
        bot_id=bot_id,
        pair=str(desk["pair"]),
        connector_name=CONNECTOR_NAMES[str(values["exchange"].value)],
        bundle=bundle,
        values=values,
        params=params,
        overridden=tuple(overridden),
        config_hash=hash_of(values, str(desk["pair"]), bundle.name),
        data_dir=data_dir,
    )


def validate_file(path: Path) -> str:
    """What the file is ("bundle", "bot" or "controller") when it is right. Raises ConfigError with every fault."""
    raw = read_yaml(path)
    if "params" in raw or path.parent.name == "catalog":
        bundle = read_bundle(path.parent, path.stem, path)
        values = {name: Value(field.default, "default") for name, field in fields_by_name().items()}
        parsed, faults = parse_params(bundle.params, path)
        values |= {name: Value(value, path.name) for name, value in parsed.items()}
        _refuse(faults + envelope_faults(bundle, values))
        params_from_values({name: value.value for name, value in values.items()}, path)
        return "bundle"
    if "controller_name" in raw:
        bot_id = str(raw.get("id", ""))
        _, faults = parse_params(_read_controller(path, bot_id, {"pair": raw.get("trading_pair")}), path)
        _refuse(faults)
        return "controller"
    _read_desk(path, path.parent.name)
    return "bot"


def envelope_faults(bundle: Bundle, values: Mapping[str, Value]) -> list[Fault]:
    """Values outside the risk envelope the bundle was approved in."""
    faults = []
    for name, bound in bundle.envelope.items():
        value = values[name].value
        is_below = bound.least is not None and value < bound.least
        is_above = bound.most is not None and value > bound.most
        if is_below or is_above:
            faults.append(
                Fault(
                    f"{values[name].origin}: {name}={value} is outside the envelope of bundle {bundle.name};"
                    f" allowed: {bound.least if bound.least is not None else '…'} to"
                    f" {bound.most if bound.most is not None else '…'}; example: {name}: {bound.most or bound.least}"
                )
            )
    return faults


def override_faults(bundle: Bundle, values: Mapping[str, Value], overridden: Mapping[str, str]) -> list[Fault]:
    """Values that the bundle does not let a bot set: it was approved without them. ``overridden`` is name to origin."""
    is_trial = values["desk_mode"].value in SIMULATED_MODES
    allowed = ", ".join(bundle.overridable) or "nothing"
    return [
        Fault(
            f"{origin}: {name}={values[name].value}, which bundle {bundle.name} does not let a bot set;"
            f" allowed: {allowed}"
        )
        for name, origin in overridden.items()
        if name not in bundle.overridable and not (is_trial and origin == FLAG)
    ]


def hash_of(values: Mapping[str, Value], pair: str, bundle_name: str) -> str:
    """sha256 of the sorted resolved values: what named these decisions. The re-arming token does not change them."""
    plain = {name: str(value.value) for name, value in values.items() if name != "rearm_token"}
    return hashlib.sha256(canonical_json({**plain, "pair": pair, "bundle": bundle_name}).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------------------- private


def _read_desk(path: Path, bot_id: str) -> dict[str, Any]:
    raw = read_yaml(path)
    faults = [_unknown(path, key, _DESK_KEYS) for key in raw if key not in _DESK_KEYS]
    faults += [
        Fault(f"{path}: {key} is missing; example: {key}: {_EXAMPLES[key]}")
        for key in _DESK_REQUIRED
        if not raw.get(key)
    ]
    if raw.get("bot_id") and raw["bot_id"] != bot_id:
        faults.append(
            Fault(f"{path}: bot_id={raw['bot_id']!r}, allowed: the name of its directory; example: bot_id: {bot_id}")
        )
    pair = str(raw.get("pair", ""))
    if pair and (pair.count("-") != 1 or not pair.endswith("-USDT") or pair != pair.upper()):
        faults.append(Fault(f"{path}: pair={pair!r}, allowed: <BASE>-USDT in capitals; example: pair: BTC-USDT"))
    exchange = raw.get("exchange", "bitget_perpetual")
    if exchange not in CONNECTOR_NAMES:
        faults.append(
            Fault(
                f"{path}: exchange={exchange!r}, allowed: {', '.join(CONNECTOR_NAMES)};"
                " example: exchange: bitget_perpetual"
            )
        )
    for key in _IDENTITY & set(raw):
        faults += parse_value(fields_by_name()[key], raw[key], path)[1]
    _refuse(faults)
    return raw


_EXAMPLES = {"bot_id": "bot1", "bundle": "demo_tight", "pair": "BTC-USDT"}


def _identity(desk: Mapping[str, Any], bot_id: str) -> dict[str, Any]:
    variant = str(desk.get("variant", "a"))
    return {
        "bot_id": bot_id,
        "exchange": str(desk.get("exchange", "bitget_perpetual")),
        "variant": variant,
        "variant_mode": str(desk.get("variant_mode", VARIANT_MODES.get(variant, "no_trade"))),
        "desk_mode": str(desk.get("desk_mode", "sim")),
        "rearm_token": str(desk.get("rearm_token", "")),
    }


def _read_controller(path: Path, bot_id: str, desk: Mapping[str, Any]) -> Mapping[str, Any]:
    """The overrides in the file Hummingbot knows the controller by."""
    raw = read_yaml(path)
    faults = [_unknown(path, key, _CONTROLLER_KEYS) for key in raw if key not in _CONTROLLER_KEYS]
    expected = {
        "id": bot_id,
        "controller_name": CONTROLLER_NAME,
        "controller_type": CONTROLLER_TYPE,
        "trading_pair": desk.get("pair"),
    }
    for key, value in expected.items():
        if raw.get(key) != value:
            faults.append(Fault(f"{path}: {key}={raw.get(key)!r}, allowed: {value!r}; example: {key}: {value}"))
    overrides = raw.get("overrides") or {}
    if not isinstance(overrides, dict):
        faults.append(Fault(f"{path}: overrides={overrides!r}, allowed: name: value lines; example: overrides: {{}}"))
    _refuse(faults)
    return overrides


def _from_flags(overrides: Sequence[str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals:
            raise ConfigError("E_CFG_FLAG", f"--set {override!r}, allowed: name=value", "--set max_base_pct=0.5")
        at = nested
        *parents, last = name.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = parse_scalar(text)
    return nested


def _unknown(path: Path, key: str, known: Sequence[str]) -> Fault:
    return Fault(f"{path}: {key} is not a key; known keys: {', '.join(known)}")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise ConfigError("E_CFG_INVALID", _lines(faults), _FIX)


def _lines(faults: Sequence[Fault]) -> str:
    return "\n".join(fault.text for fault in faults)
