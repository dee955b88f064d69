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
    labels = ((bot, str(_mapping(data_dir / bot / "desk.yml").get("bundle", ""))) for bot in bots)
    return tuple((bot, label) for bot, label in labels if label)


def _gates_off(data_dir: Path, bots: tuple[str, ...]) -> tuple[str, ...]:
    """Bots whose own overrides, else whose bundle, switch the edge gate off."""
    off = []
    for bot in bots:
        bundle = str(_mapping(data_dir / bot / "desk.yml").get("bundle", ""))
        files = [*sorted((data_dir / bot / "conf" / "controllers").glob("*.yml"))]
        if bundle and "/" not in bundle:
            files.append(data_dir / "catalog" / f"{bundle}.yml")
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
