"""The `desk` command: one module per verb, loaded only when it is asked for, so that `desk` answers at once."""

import importlib
import importlib.util
import sys
from typing import Any

import typer

from scripts.desk import entry
from scripts.desk.output import OutlivesItsReader, print_failure
from services.common.errors import ConfigError, DeskError, ExitCode

HELP = """The market-making desk that one person can trust with money.

Start it with `desk up`, look with `desk status`, and when something is odd begin with `desk doctor`.
Exit codes: 0 ok, 1 error, 2 not found, 3 not running, 4 config, 5 timeout, 6 gate failed, 7 approval needed,
130 Ctrl-C."""

# Verb -> module that has `register(app)`. The order is that of `desk --help`.
VERBS: dict[str, str] = {
    "up": "scripts.desk.up",
    "down": "scripts.desk.down",
    "status": "scripts.desk.status",
    "doctor": "scripts.desk.doctor",
    "pause": "scripts.desk.intent",
    "resume": "scripts.desk.intent",
    "latch": "scripts.desk.latch",
    "override": "scripts.desk.override",
    "kill": "scripts.desk.kill",
    "orders": "scripts.desk.orders",
    "logs": "scripts.desk.logs",
    "explain": "scripts.desk.explain",
    "validate": "scripts.desk.config",
    "show-config": "scripts.desk.config",
    "catalog": "scripts.desk.catalog",
    "events": "scripts.desk.events",
    "report": "scripts.desk.report",
    "bench": "scripts.desk.bench",
    "conformance": "scripts.desk.conformance",
    "drill": "scripts.desk.drill",
    "simulate": "scripts.desk.simulate",
    "docs": "scripts.desk.docs",
}

UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def build_app(verb: str | None = None) -> typer.Typer:
    """The whole command, or only the part that ``verb`` needs."""
    app = typer.Typer(name="desk", help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    app.callback()(_root)
    for module in [VERBS[verb]] if verb in VERBS else modules():
        importlib.import_module(module).register(app)
    return app


def modules() -> list[str]:
    """Modules of all verbs that this release has; a folder without an __init__.py is not one yet."""
    specs = {module: importlib.util.find_spec(module) for module in dict.fromkeys(VERBS.values())}
    return [module for module, spec in specs.items() if spec is not None and spec.origin is not None]


def _root() -> None:
    """Keeps `desk <verb>` a group when only one verb is loaded."""


_root.__doc__ = HELP


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    verb = next((argument for argument in arguments if not argument.startswith("-")), None)
    command = typer.main.get_command(build_app(verb))
    entry.is_ready()
    try:
        result = command.main(args=arguments, prog_name="desk", standalone_mode=False)
    except DeskError as error:
        print_failure(error, "--json" in arguments)
        return int(error.exit_code)
    except UsageError as error:
        # The parser's own exit code is 2, which here means "not found".
        if type(error).__name__ == "NoArgsIsHelpError":  # a group alone: its help is the answer
            error.show()  # type: ignore[attr-defined]
        else:
            print_failure(_usage(error), "--json" in arguments)
        return int(ExitCode.CONFIG)
    except PermissionError as error:
        told = DeskError("PERMISSION_DENIED", str(error), "run it as the user who owns that file: ls -l says who")
        print_failure(told, "--json" in arguments)
        return int(told.exit_code)
    except typer.Abort:
        return int(ExitCode.ERROR)
    return result if isinstance(result, int) else int(ExitCode.OK)


def _usage(error: Any) -> ConfigError:
    """What the parser did not understand, in the form of every other refusal."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "desk"
    return ConfigError("USAGE", error.format_message(), f"{path} --help")


def main() -> None:
    sys.stdout = OutlivesItsReader(sys.stdout)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
