"""The generated reference pages: commands, events, streams, reason codes. Each ``page`` is text from the code alone."""

import typing
from typing import Any

import msgspec
import typer

from scripts.desk.places import REPO
from scripts.desk.reference_capabilities import capabilities_page
from scripts.desk.reference_controls import controls_page
from scripts.desk.reference_epp import epp_page
from scripts.desk.reference_faults import faults_page
from services.common.errors import ExitCode
from services.contracts import streams
from services.contracts.codec import KINDS
from services.dialects.bitget import reference as bitget_dialect

REFERENCE_DIR = REPO / "docs" / "reference"
HEADER = "<!-- Written by `make docs`. Change the code, not this page. -->\n"


def pages() -> dict[str, str]:
    """File name -> content, for every page this module knows."""
    found = {
        "cli.md": cli_page(),
        "events.md": events_page(),
        "streams.md": streams_page(),
        "reasons.md": reasons_page(),
        "bitget_dialect.md": HEADER + "\n" + bitget_dialect.page(),
        "capabilities.md": capabilities_page(HEADER),
        "controls.md": controls_page(HEADER),
        "epp_v2_4.md": epp_page(HEADER),
        "faults.md": faults_page(HEADER),
    }
    found["settings.md"] = settings_page()
    return found


# ---------------------------------------------------------------------------------------------------------- commands


def commands() -> list[tuple[str, Any]]:
    """Every leaf command as ("events tail", its click command), in the order of the help."""
    from scripts.desk.main import build_app

    root: Any = typer.main.get_command(build_app())
    return list(_leaves("", root))


def _leaves(prefix: str, command: Any) -> typing.Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield prefix.strip(), command
        return
    for name, child in children.items():
        yield from _leaves(f"{prefix} {name}", child)


def cli_page() -> str:
    lines = [HEADER, "# The `desk` command\n"]
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    lines.append(f"Exit codes: {codes}.\n")
    for name, command in commands():
        lines.append(f"## desk {name}\n")
        lines.append(_dedent(command.help or "") + "\n")
        lines.append("| flag | default | what |\n| --- | --- | --- |")
        for parameter in command.params:
            if parameter.name == "help":
                continue
            flags = " ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))
            what = _visible(getattr(parameter, "help", "") or "")
            lines.append(f"| {flags} | {_default(parameter)} | {what} |")
        lines.append("")
    return "\n".join(lines)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    return "" if default is None or default == "" or callable(default) else f"`{default}`"


def _dedent(text: str) -> str:
    lines = (line.strip() for line in text.strip().splitlines())
    return "\n".join(
        f"```console\n$ {line[9:]}\n```" if line.startswith("Example: ") else _visible(line) for line in lines
    )


def _visible(text: str) -> str:
    """A page would take "<run-dir>" for a tag and show nothing."""
    return text.replace("<", "&lt;")


# ------------------------------------------------------------------------------------------------------------- events


def events_page() -> str:
    lines = [HEADER, "# Events\n"]
    envelope = [field.name for field in msgspec.structs.fields(next(iter(KINDS.values())))]
    common = [name for name in envelope if all(_has(kind, name) for kind in KINDS.values())]
    lines.append(f"Every event has: {', '.join(f'`{name}`' for name in common)}. Amounts are decimal text.\n")
    for name, kind in sorted(KINDS.items()):
        stream = streams.BY_KIND[kind]
        lines.append(f"## {name}\n")
        lines.append(f"{(kind.__doc__ or '').strip()}\n" if kind.__doc__ else "")
        lines.append(f"Stream `{stream.name}`, written by {', '.join(stream.producers)}.\n")
        lines.append("| field | type | default |\n| --- | --- | --- |")
        for field in msgspec.structs.fields(kind):
            if field.name in common:
                continue
            default = "" if field.default is msgspec.NODEFAULT else f"`{field.default!r}`"
            lines.append(f"| `{field.name}` | {_type_name(field.type)} | {default} |")
        lines.append("")
    return "\n".join(lines)


def _has(kind: type[msgspec.Struct], name: str) -> bool:
    return any(field.name == name for field in msgspec.structs.fields(kind))


def _type_name(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return " \\| ".join(f'"{value}"' for value in typing.get_args(annotation))
    text = annotation.__name__ if isinstance(annotation, type) and not typing.get_args(annotation) else str(annotation)
    return text.replace("decimal.", "").replace("typing.", "").replace("NoneType", "None").replace("|", "\\|")


# ------------------------------------------------------------------------------------------------------------ streams


def streams_page() -> str:
    lines = [HEADER, "# Streams\n", streams_diagram(), ""]
    lines.append("| stream | written by | kinds | kept | what |\n| --- | --- | --- | --- | --- |")
    for stream in streams.ALL:
        kinds = ", ".join(str(kind.__struct_config__.tag) for kind in stream.kinds)
        kept = f"about {stream.maxlen:,}" if stream.maxlen else "until the event store has it on disk"
        lines.append(f"| `{stream.name}` | {', '.join(stream.producers)} | {kinds} | {kept} | {stream.purpose} |")
    return "\n".join(lines) + "\n"


def streams_diagram() -> str:
    """Who writes which stream, as Mermaid; every stream is read by the event store."""
    lines = ["```mermaid", "flowchart LR"]
    for stream in streams.ALL:
        for producer in stream.producers:
            who = "every service" if producer == "*" else producer
            node = "all" if producer == "*" else producer
            lines.append(f'    {node}["{who}"] --> {stream.name.replace(".", "_")}("{stream.name}")')
        lines.append(f"    {stream.name.replace('.', '_')} --> event_store")
    lines.append("```")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------------ reasons


def reasons_page() -> str:
    from services.contracts.reasons import REASONS

    lines = [HEADER, "# Reason codes\n", "| code | who says it | means | next step |\n| --- | --- | --- | --- |"]
    for code, reason in sorted(REASONS.items()):
        lines.append(f"| `{code}` | {reason.family} | {reason.meaning} | {reason.next_step} |")
    return "\n".join(lines) + "\n"


# ----------------------------------------------------------------------------------------------------------- settings


def settings_page() -> str:
    from scripts.desk.config import service_settings
    from services.common.settings import describe

    lines = [HEADER, "# Settings of the services\n"]
    lines.append(
        "Order: default < `data/policies/<service>.yml` < environment `HBOT_<SERVICE>_<KEY>` < `--set`. For one run:\n"
        "`desk up --set <service>.<key>=<value>`. What a bot trades by is in [epp_v2_4.md](epp_v2_4.md), what the\n"
        "gateway limits in `data/policies/limits.yml`.\n"
    )
    for service, settings in service_settings().items():
        lines.append(f"## {service}\n\n| key | allowed | default | what |\n| --- | --- | --- | --- |")
        for row in describe(settings):
            allowed = row.allowed.replace("|", "\\|")
            lines.append(f"| `{row.key}` | {allowed} | {_code(row.default)} | {row.description.replace('|', ' or ')} |")
        lines.append("")
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
