"""A bundle of the strategy catalogue: an approved set of values, the envelope they may move in, its maturity."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from services.common.errors import ConfigError
from services.common.yaml_file import read_yaml

MATURITIES = ("demo", "experimental", "paper", "candidate", "approved")
_KEYS = ("name", "label", "description", "strategy", "version", "maturity", "overridable", "envelope", "params")
_REQUIRED = ("name", "label", "strategy", "version", "maturity", "params")
_STRATEGIES = ("epp_v2_4",)


class Bound(NamedTuple):
    least: Decimal | None
    most: Decimal | None


class Bundle(NamedTuple):
    name: str
    label: str  # shown on the page
    description: str
    strategy: str
    version: int
    maturity: str
    overridable: tuple[str, ...]  # names a bot may set for itself without asking; others are refused
    envelope: dict[str, Bound]
    params: dict[str, Any]  # as written
    path: Path


def read_bundle(catalog_dir: Path, name: str, asked_by: Path) -> Bundle:
    """Raises ConfigError: unknown bundle, unknown key, missing key, wrong form."""
    path = catalog_dir / f"{name}.yml"
    if not path.exists():
        known = sorted(file.stem for file in catalog_dir.glob("*.yml"))
        raise ConfigError(
            "BUNDLE_UNKNOWN",
            f"{asked_by}: bundle={name!r}, allowed: {', '.join(known) or 'none'}; example: bundle: demo_tight",
            "desk catalog check",
        )
    raw = read_yaml(path)
    faults = [f"{path}: {key} is not a key; known keys: {', '.join(_KEYS)}" for key in raw if key not in _KEYS]
    faults += [f"{path}: {key} is missing; example: {key}: {_EXAMPLES[key]}" for key in _REQUIRED if key not in raw]
    if not faults:
        faults = _form_faults(path, name, raw)
    if faults:
        raise ConfigError("E_CFG_INVALID", "\n".join(faults), "correct the bundle; desk catalog check")
    return Bundle(
        name=name,
        label=str(raw["label"]),
        description=str(raw.get("description", "")),
        strategy=str(raw["strategy"]),
        version=int(raw["version"]),
        maturity=str(raw["maturity"]),
        overridable=tuple(raw.get("overridable") or ()),
        envelope=_envelope(path, raw.get("envelope") or {}),
        params=dict(raw["params"] or {}),
        path=path,
    )


def bundles(catalog_dir: Path) -> list[str]:
    return sorted(path.stem for path in catalog_dir.glob("*.yml"))


_EXAMPLES = {
    "name": "demo_tight",
    "label": "demo: edge gate off",
    "strategy": "epp_v2_4",
    "version": "1",
    "maturity": "demo",
    "params": "{edge_gate_enabled: false}",
}


def _form_faults(path: Path, name: str, raw: dict[str, Any]) -> list[str]:
    faults = []
    if raw["name"] != name:
        faults.append(f"{path}: name={raw['name']!r}, allowed: the name of the file; example: name: {name}")
    if raw["strategy"] not in _STRATEGIES:
        faults.append(
            f"{path}: strategy={raw['strategy']!r}, allowed: {', '.join(_STRATEGIES)}; example: strategy: epp_v2_4"
        )
    if raw["maturity"] not in MATURITIES:
        faults.append(
            f"{path}: maturity={raw['maturity']!r}, allowed: {', '.join(MATURITIES)}; example: maturity: paper"
        )
    if not isinstance(raw["version"], int) or raw["version"] < 1:
        faults.append(f"{path}: version={raw['version']!r}, allowed: 1, 2, 3 …; example: version: 1")
    for key in ("params", "envelope"):
        if not isinstance(raw.get(key) or {}, dict):
            faults.append(f"{path}: {key}={raw[key]!r}, allowed: name: value lines; example: {key}: {{}}")
    if not isinstance(raw.get("overridable") or [], list):
        faults.append(
            f"{path}: overridable={raw['overridable']!r}, allowed: a list; example: overridable: [max_base_pct]"
        )
    return faults


def _envelope(path: Path, raw: dict[str, Any]) -> dict[str, Bound]:
    from services.bot.fields import fields_by_name

    known = fields_by_name()
    bounds: dict[str, Bound] = {}
    faults = []
    for name, row in raw.items():
        example = "example: max_base_pct: {max: 0.60}"
        if name not in known:
            faults.append(f"{path}: envelope.{name} is not a name of the strategy; {example}")
            continue
        if not isinstance(row, dict) or not row or set(row) - {"min", "max"}:
            faults.append(f"{path}: envelope.{name}={row!r}, allowed: min and max; {example}")
            continue
        try:
            bounds[name] = Bound(*(Decimal(str(row[key])) if key in row else None for key in ("min", "max")))
        except InvalidOperation:
            faults.append(f"{path}: envelope.{name}={row!r} is not a number; {example}")
    if faults:
        raise ConfigError("E_CFG_INVALID", "\n".join(faults), "correct the bundle; desk catalog check")
    return bounds
