"""The names a person may set of the strategy: type, unit, range, group, sentence; and reading text into them. Pure.

Built from ``EppParams`` and its documentation, so a name exists in one place. The five regimes are written as a table,
``regimes: {all: {…}, up: {…}}``; ``all`` is applied first.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from controllers.epp.params import EppParams
from controllers.epp.params_check import ParamsRefused, check_params
from controllers.epp.params_doc import PARAM_DOC_BY_NAME, ParamDoc
from controllers.epp.regime_table import REGIME_NAMES, RegimeSpec
from services.common.errors import ConfigError

_WITH_UNIT = re.compile(
    r"^\s*[-+]?[0-9]*\.?[0-9]+\s*(bps|bp|%|pct|ms|s|sec|min|m|h|x|usdt|quote|base|btc)\s*$", re.IGNORECASE
)
_ALL = "all"


def _doc(name: str, unit: str, low: str, high: str, description: str) -> ParamDoc:
    return ParamDoc(name, "regime", unit, Decimal(low), Decimal(high), description)


REGIME_DOCS = {
    doc.name: doc
    for doc in (
        _doc("spread_min_pct", "fraction", "0.000001", "0.2", "Narrowest total spread of the regime."),
        _doc("spread_max_pct", "fraction", "0.000001", "0.2", "Widest total spread of the regime."),
        _doc("levels_min", "count", "1", "10", "Fewest levels per side."),
        _doc("levels_max", "count", "1", "10", "Most levels per side."),
        _doc("refresh_s", "s", "1", "86400", "How often quotes are thought over."),
        _doc("target_base_pct", "fraction", "-5", "5", "Signed notional over equity that quotes lean to."),
        _doc("size_min_pct", "fraction", "0.000001", "1", "Smallest quote as a fraction of equity."),
        _doc("size_max_pct", "fraction", "0.000001", "1", "Largest quote as a fraction of equity."),
        _doc("one_sided", "count", "-1", "1", "1 buys only, -1 sells only, 0 both sides."),
    )
}


class Fault(NamedTuple):
    """Path, value, allowed range and example in one line."""

    text: str


class Field(NamedTuple):
    name: str  # dotted
    kind: type  # Decimal, int, bool, str
    choices: tuple[str, ...]  # of a str; () is free text
    default: Any
    doc: ParamDoc

    @property
    def allowed(self) -> str:
        if self.kind is bool:
            return "true | false"
        if self.choices:
            return " | ".join(self.choices)
        if self.kind is str:
            return "text"
        return f"{self.doc.low} to {self.doc.high}, {self.doc.unit}"

    @property
    def example(self) -> str:
        return f"{self.name.rpartition('.')[2]}: {text_of(self.default)}"


@cache
def fields_by_name() -> dict[str, Field]:
    """Every settable name, regimes flattened to ``regimes.<regime>.<field>``."""
    fields: dict[str, Field] = {}
    for name, hint in get_type_hints(EppParams).items():
        if name == "regimes":
            fields |= _regime_fields()
        else:
            kind, choices = _kind(hint)
            doc = PARAM_DOC_BY_NAME[name]
            fields[name] = Field(name, kind, doc.choices or choices, EppParams._field_defaults[name], doc)
    return fields


def parse_params(raw: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Values by dotted name, and every fault. A fault leaves its name out."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    known = fields_by_name()
    for name, value in raw.items():
        if name == "regimes":
            parsed, found = _parse_regimes(value, path)
            values |= parsed
            faults += found
        elif name not in known:
            faults.append(_unknown(path, str(name), known))
        else:
            parsed_value, found = parse_value(known[name], value, path)
            faults += found
            if not found:
                values[name] = parsed_value
    return values, faults


def parse_value(field: Field, raw: Any, path: Path) -> tuple[Any, list[Fault]]:
    """The value in the field's type, or the fault."""
    try:
        value = _typed(field, raw)
    except (ValueError, InvalidOperation, TypeError) as error:
        return None, [
            Fault(f"{path}: {field.name}={raw!r}: {error}; allowed: {field.allowed}; example: {field.example}")
        ]
    if field.kind in (int, Decimal) and not isinstance(value, bool):
        low, high = field.doc.low, field.doc.high
        if (low is not None and value < low) or (high is not None and value > high):
            hint = _unit_hint(field)
            return None, [
                Fault(
                    f"{path}: {field.name}={raw}: out of range{hint}; allowed: {field.allowed};"
                    f" example: {field.example}"
                )
            ]
    return value, []


def params_from_values(values: Mapping[str, Any], path: Path) -> EppParams:
    """The strategy's own parameters; its checks between values are asked too. Raises ConfigError."""
    plain = {name: value for name, value in values.items() if not name.startswith("regimes.")}
    regimes = tuple(
        RegimeSpec(*(values[f"regimes.{regime}.{field}"] for field in RegimeSpec._fields)) for regime in REGIME_NAMES
    )
    params = EppParams(**plain, regimes=regimes)
    try:
        return check_params(params)
    except ParamsRefused as refused:
        problems = "\n".join(f"{path}: {error}" for error in refused.errors)
        raise ConfigError("E_CFG_INVALID", problems, "correct the values named above") from refused


def text_of(value: Any) -> str:
    """As a person would write it in YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return '""' if value == "" else str(value)


# ------------------------------------------------------------------------------------------------------------- private


def _regime_fields() -> dict[str, Field]:
    rows = EppParams._field_defaults["regimes"]
    hints = get_type_hints(RegimeSpec)
    return {
        f"regimes.{regime}.{name}": Field(
            f"regimes.{regime}.{name}", _kind(hints[name])[0], (), getattr(row, name), REGIME_DOCS[name]
        )
        for regime, row in zip(REGIME_NAMES, rows, strict=True)
        for name in RegimeSpec._fields
    }


def _parse_regimes(raw: Any, path: Path) -> tuple[dict[str, Any], list[Fault]]:
    if not isinstance(raw, Mapping):
        return {}, [Fault(f"{path}: regimes={raw!r}; allowed: a table; example: regimes: {{all: {{refresh_s: 60}}}}")]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    known = fields_by_name()
    for regime, row in sorted(raw.items(), key=lambda item: item[0] != _ALL):
        if regime != _ALL and regime not in REGIME_NAMES:
            faults.append(
                Fault(f"{path}: regimes.{regime} is not a regime; allowed: {_ALL}, {', '.join(REGIME_NAMES)}")
            )
            continue
        if not isinstance(row, Mapping):
            faults.append(
                Fault(f"{path}: regimes.{regime}={row!r}; allowed: name: value lines; example: refresh_s: 60")
            )
            continue
        for name, value in row.items():
            targets = REGIME_NAMES if regime == _ALL else (regime,)
            for target in targets:
                field = known.get(f"regimes.{target}.{name}")
                if field is None:
                    faults.append(
                        Fault(f"{path}: regimes.{regime}.{name} is not a name; known: {', '.join(RegimeSpec._fields)}")
                    )
                    break
                parsed, found = parse_value(field, value, path)
                faults += found
                if found:
                    break
                values[field.name] = parsed
    return values, faults


def _kind(hint: Any) -> tuple[type, tuple[str, ...]]:
    if get_origin(hint) is Literal:
        return str, get_args(hint)
    assert hint in (Decimal, int, bool, str), f"{hint} has no reader"
    return hint, ()


def _typed(field: Field, raw: Any) -> Any:
    if isinstance(raw, str) and field.kind in (int, Decimal) and _WITH_UNIT.match(raw):
        raise ValueError(f"carries a unit; this name is in {field.doc.unit}, written as a bare number")
    if field.kind is bool:
        if not isinstance(raw, bool):
            raise ValueError("is not true or false")
        return raw
    if field.kind is int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise ValueError("is not a whole number")
        return raw
    if field.kind is Decimal:
        if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
            raise ValueError("is not a number")
        number = Decimal(str(raw).strip()) if _is_number(str(raw)) else None
        if number is None or not number.is_finite():
            raise ValueError("is not a number")
        return number
    text = str(raw)
    if field.choices and text not in field.choices:
        raise ValueError("is not one of the choices")
    return text


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*", text))


def _unit_hint(field: Field) -> str:
    if field.name.endswith("_pct") or "_pct_" in field.name:
        return " (a fraction: 0.05 is 5 %)"
    if "_bps" in field.name:
        return " (basis points: 5 is 0.05 %)"
    return ""


def _unknown(path: Path, name: str, known: Mapping[str, Field]) -> Fault:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "docs/reference/epp_v2_4.md lists every name"
    return Fault(f"{path}: {name} is not a name of epp_v2_4; {hint}")
