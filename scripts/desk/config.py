"""`desk validate` and `desk show-config`: what a bot or a service will run with, before it runs."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json
from scripts.desk.output import print_json, wide_console
from scripts.desk.places import known_bots, places, require_bots
from scripts.desk.supervisor.plan import SERVICE_NAMES
from services.common.errors import ConfigError, DeskError, NotFound

# What the supervisor gives on the command line, in the form it has there.
SUPPLIED = {
    "gateway": ("venue_url=http://127.0.0.1:8123", "bots=bot1"),
    "kill_switch": ("venue_url=http://127.0.0.1:8123", "gateway_url=http://127.0.0.1:8124", "bots=bot1"),
}
OTHER_POLICIES = ("stylised_facts",)  # read by tests


def register(app: typer.Typer) -> None:
    app.command("validate")(validate)
    app.command("show-config")(show_config)


def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files to check; none: every bot, bundle and policy of the data directory."),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Check configuration files: bots, controllers, bundles, policies. Exit code 4 with path, value, range and example.

    Example: desk validate data/catalog/demo_tight.yml
    """
    where = places(data_dir, None)
    checked: list[dict[str, str]] = []
    faults: list[DeskError] = []
    for path in files or _all_files(where.data_dir):
        try:
            checked.append({"file": str(path), "kind": check_file(path)})
        except ConfigError as error:
            faults.append(error)
    if not files:
        faults += [problem for bot in require_bots(where.data_dir) if (problem := bot_problem(where.data_dir, bot))]
    if as_json:
        found = [{"code": fault.code, "text": fault.text, "next": fault.next_step} for fault in faults]
        print_json({"ok": not faults, "checked": checked, "faults": found})
        return int(faults[0].exit_code) if faults else 0
    for row in checked:
        print(f"ok    {row['kind']:12} {row['file']}")
    if faults:
        texts = dict.fromkeys(fault.text for fault in faults)
        raise ConfigError(faults[0].code, "\n".join(texts), faults[0].next_step)
    return 0


def check_file(path: Path) -> str:
    """What kind of file it is when it is right. Raises ConfigError, NotFound."""
    from services.bot.config import validate_file
    from services.common.yaml_file import read_yaml
    from services.gateway.limits.policy import load_policy
    from services.venue_sim.listing import listed_instruments

    if not path.is_file():
        raise NotFound("FILE_UNKNOWN", f"no file at {path}", "desk validate data/bot1/desk.yml")
    if path.parent.name != "policies":
        return validate_file(path)
    if path.stem == "limits":
        load_policy(path)
        return "limits"
    if path.stem in service_settings():
        _load_service_settings(path)
        return "settings"
    if path.stem == "instruments":
        listed_instruments(path)
        return "instruments"
    if path.stem in OTHER_POLICIES:
        read_yaml(path)  # its own reader knows its keys; that it is whole is seen here
        return "policy"
    known = ("limits", "instruments", *service_settings(), *OTHER_POLICIES)
    text = f"{path}: nobody reads a policy of this name; known: {', '.join(known)}"
    raise ConfigError("POLICY_UNKNOWN", text, "rename it to what it is meant for, or remove it")


def bot_problem(data_dir: Path, bot: str) -> DeskError | None:
    """Why a bot would not start on its configuration; None when it would."""
    from services.bot.config import resolve_bot

    try:
        resolve_bot(data_dir, bot)
    except DeskError as error:
        return error
    return None


def show_config(
    what: Annotated[str, typer.Argument(help="A bot (bot1) or a service (gateway, venue_sim, kill_switch …).")],
    origin: Annotated[
        str | None, typer.Option("--origin", help="Only values that come from here: default, catalog, bot, file, env.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Print every resolved value with where it came from; for a bot also the required spread by regime and fee tier.

    Example: desk show-config bot1 --json
    """
    where = places(data_dir, None)
    if what in known_bots(where.data_dir):
        report = _bot_report(where.data_dir, what)
    elif what in service_settings():
        report = _service_report(where.data_dir, what)
    else:
        known = ", ".join((*known_bots(where.data_dir), *service_settings()))
        raise NotFound("CONFIG_UNKNOWN", f"{what} is no bot and no service; known: {known}", "desk show-config bot1")
    if origin is not None:
        chosen = {k: v for k, v in report["values"].items() if v["origin"].startswith(origin)}
        if not chosen:
            origins = ", ".join(sorted({value["origin"] for value in report["values"].values()}))
            raise NotFound(
                "ORIGIN_UNKNOWN",
                f"no value of {what} comes from {origin}; there are: {origins}",
                f"desk show-config {what}",
            )
        report["values"] = chosen
    if as_json:
        print_json(report)
    else:
        _print(report)
    return 0


def service_settings() -> dict[str, Any]:
    """Service name -> its settings class, for every service that has one."""
    import importlib

    from services.common.settings import Settings

    found: dict[str, Any] = {}
    for service in SERVICE_NAMES:
        try:
            module = importlib.import_module(f"services.{service}.settings")
        except ModuleNotFoundError:
            continue
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__
        ]
        if classes:
            # The service's own settings are the class that no other setting of the module contains.
            found[service] = next(
                (one for one in classes if one.__name__.lower().startswith(service.replace("_", ""))), classes[-1]
            )
    return found


def _load_service_settings(path: Path) -> None:
    from services.common.settings import load_settings

    load_settings(
        service_settings()[path.stem], service=path.stem, path=path, environ={}, overrides=SUPPLIED.get(path.stem, ())
    )


def _all_files(data_dir: Path) -> list[Path]:
    return sorted([*data_dir.glob("catalog/*.yml"), *data_dir.glob("policies/*.yml"), *data_dir.glob("*/desk.yml")])


def _bot_report(data_dir: Path, bot: str) -> dict[str, Any]:
    from controllers.epp.required_table import required_table
    from services.bot.config import resolve_bot
    from services.bot.fields import text_of

    resolved = resolve_bot(data_dir, bot)
    return {
        "bot": bot,
        "pair": resolved.pair,
        "bundle": resolved.bundle.name,
        "label": resolved.bundle.label,
        "maturity": resolved.bundle.maturity,
        "config_hash": resolved.config_hash,
        "values": {
            name: {"value": text_of(value.value), "origin": value.origin}
            for name, value in sorted(resolved.values.items())
        },
        "required_spread": [cell._asdict() for cell in required_table(resolved.params)],
    }


def _service_report(data_dir: Path, service: str) -> dict[str, Any]:
    from services.common.settings import load_settings, masked

    supplied = SUPPLIED.get(service, ())
    loaded = load_settings(service_settings()[service], service=service, data_dir=data_dir, overrides=supplied)
    values = masked(loaded.settings)
    return {
        "service": service,
        "config_hash": loaded.config_hash,
        "values": {
            name: {"value": str(value), "origin": loaded.origins.get(name, "default")} for name, value in values.items()
        },
    }


def _print(report: dict[str, Any]) -> None:
    from rich.table import Table

    console = wide_console()
    for key in ("bot", "service", "pair", "bundle", "label", "maturity", "config_hash"):
        if key in report:
            console.print(f"{key:12} {report[key]}", highlight=False, markup=False)
    table = Table("name", "value", "origin", pad_edge=False)
    for name, row in report["values"].items():
        table.add_row(name, row["value"], row["origin"])
    console.print(table)
    origins = Counter(row["origin"] for row in report["values"].values())
    console.print("from  " + ", ".join(f"{name}: {count}" for name, count in origins.most_common()))
    if "required_spread" in report:
        _print_required(console, report["required_spread"])


def _print_required(console: Any, cells: list[dict[str, Any]]) -> None:
    """Rows are regimes, columns maker fees; a cell that the regime's maximum cannot reach is marked."""
    from rich.table import Table

    fees: list[Decimal] = sorted({cell["maker_fee_bps"] for cell in cells})
    table = Table("regime", "range bps", *[f"fee {fee} bps" for fee in fees], pad_edge=False)
    table.title, table.title_justify = (
        "required spread in bps; – means above the regime's maximum: never quoted",
        "left",
    )
    for regime in dict.fromkeys(cell["regime"] for cell in cells):
        row = {cell["maker_fee_bps"]: cell for cell in cells if cell["regime"] == regime}
        first = next(iter(row.values()))
        table.add_row(
            regime,
            f"{first['spread_min_bps']:.1f} … {first['spread_max_bps']:.1f}",
            *[f"{row[fee]['required_bps']:.1f}" + ("" if row[fee]["is_reachable"] else " –") for fee in fees],
        )
    console.print(table)
