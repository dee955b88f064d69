"""What files say about the desk: addresses.json of the supervisor, desk.yml and bundle of each bot. Read defensively:
a file that is absent, half-written or of another shape is a fact that is not known, never a page that does not start.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil

from services.common.addresses import Addresses, read_addresses
from services.common.errors import ConfigError
from services.common.yaml_file import read_yaml
from services.desk_api.logic import DeskFacts
from services.desk_api.readings import Now, Stamp


def addresses_of(run_dir: Path) -> Addresses | None:
    try:
        return read_addresses(run_dir)
    except (msgspec.MsgspecError, OSError):
        return None


def read_facts(data_dir: Path, addresses: Addresses | None, before: DeskFacts, now: Now) -> DeskFacts:
    """The stamp is now while the supervisor that wrote the addresses lives; without it they only grow older."""
    if addresses is None:
        bots = tuple(sorted(path.parent.name for path in data_dir.glob("*/desk.yml")))
        return DeskFacts(bundles=_bundles(data_dir, bots), edge_gate_off=_gates_off(data_dir, bots))
    bots = addresses.desk.bots
    alive = psutil.pid_exists(addresses.desk.pid)
    return DeskFacts(
        mode=addresses.desk.mode,
        bots=bots,
        bundles=_bundles(data_dir, bots),
        edge_gate_off=_gates_off(data_dir, bots),
        processes=tuple(
            (name, process.state, process.restarts) for name, process in sorted(addresses.processes.items())
        ),
        stamp=Stamp(now.wall_ms, now.mono_ms) if alive else before.stamp,
    )


def _bundles(data_dir: Path, bots: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(bot, label) as the catalogue words it, else the bundle's name."""
    found = []
    for bot in bots:
        name = _bundle_name(data_dir, bot)
        if name:
            found.append((bot, str(_mapping(data_dir / "catalog" / f"{name}.yml").get("label") or name)))
    return tuple(found)


def _bundle_name(data_dir: Path, bot: str) -> str:
    name = str(_mapping(data_dir / bot / "desk.yml").get("bundle", ""))
    return name if "/" not in name else ""


def _gates_off(data_dir: Path, bots: tuple[str, ...]) -> tuple[str, ...]:
    """Bots whose own overrides, else whose bundle, switch the edge gate off."""
    off = []
    for bot in bots:
        files = sorted((data_dir / bot / "conf" / "controllers").glob("*.yml"))
        if name := _bundle_name(data_dir, bot):
            files.append(data_dir / "catalog" / f"{name}.yml")
        said = [value for path in files for value in _find(_mapping(path), "edge_gate_enabled")]
        if said and said[0] in (False, "false", "off", "no"):
            off.append(bot)
    return tuple(off)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        return read_yaml(path)
    except (ConfigError, OSError):
        return {}


def _find(value: Any, key: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from _find(inner, key)
