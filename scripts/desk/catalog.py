"""`desk catalog`: the approved strategy bundles, and what bots made of them."""

from pathlib import Path
from typing import Any

import typer

from scripts.desk.options import DataDir, Json
from scripts.desk.output import print_json
from scripts.desk.places import known_bots, places, require_bots
from services.common.errors import ExitCode


def register(app: typer.Typer) -> None:
    catalog = typer.Typer(no_args_is_help=True, help="Approved strategy bundles and the bots that use them.")
    catalog.command("check")(check)
    catalog.command("list")(list_bundles)
    app.add_typer(catalog, name="catalog")


def list_bundles(data_dir: DataDir = None, as_json: Json = False) -> int:
    """List the bundles with maturity and the bots that run them.

    Example: desk catalog list
    """
    where = places(data_dir, None)
    require_bots(where.data_dir)
    rows = _bundles(where.data_dir)
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            print(f"{row['name']:20} {row['maturity']:12} {row['label']:40} bots: {', '.join(row['bots']) or 'none'}")
    return 0


def check(data_dir: DataDir = None, as_json: Json = False) -> int:
    """Find drift from the catalogue: values a bot may not override, unresolved references, values out of the envelope.

    Exit code 6 when something drifted.

    Example: desk catalog check --json
    """
    where = places(data_dir, None)
    require_bots(where.data_dir)
    findings = find_drift(where.data_dir)
    if as_json:
        print_json({"ok": not findings, "findings": findings})
    else:
        for finding in findings:
            print(f"{finding['kind']:10} {finding['where']}: {finding['what']}\nfix        {finding['fix']}")
        if not findings:
            print("ok: every bot runs a bundle of the catalogue as it was approved")
    return int(ExitCode.GATE_FAILED) if findings else 0


def find_drift(data_dir: Path) -> list[dict[str, str]]:
    """One row for each thing that is not as the catalogue has it."""
    from services.bot.catalog import check_catalog

    return [finding._asdict() for finding in check_catalog(data_dir)]


def _bundles(data_dir: Path) -> list[dict[str, Any]]:
    from services.bot.bundle import bundles, read_bundle
    from services.common.yaml_file import read_yaml

    used: dict[str, list[str]] = {}
    for bot in known_bots(data_dir):
        used.setdefault(str(read_yaml(data_dir / bot / "desk.yml").get("bundle")), []).append(bot)
    rows = []
    for name in bundles(data_dir / "catalog"):
        bundle = read_bundle(data_dir / "catalog", name, data_dir / "catalog")
        rows.append(
            {
                "name": name,
                "label": bundle.label,
                "maturity": bundle.maturity,
                "version": bundle.version,
                "bots": used.get(name, []),
            }
        )
    return rows
