"""Every command has help with a real example, takes --json, and stands in the generated reference."""

import re
import shlex

import pytest
import typer

from scripts.desk.main import build_app
from scripts.desk.reference import REFERENCE_DIR, commands, pages
from services.contracts.reasons import REASONS
from tests.tidy.sources import REPO, tracked

COMMANDS = commands()
NAMES = [name for name, _ in COMMANDS]


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=NAMES)
def test_a_command_has_help_an_example_and_json(name, command):
    assert command.help, f"desk {name} has no help"
    assert f"Example: desk {name}" in command.help, f"the help of desk {name} shows no example of itself"
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert "--json" in flags, f"desk {name} does not take --json"
    unsaid = [parameter.name for parameter in command.params if not getattr(parameter, "help", "x")]
    assert not unsaid, f"desk {name}: flags without help: {unsaid}"


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=NAMES)
def test_the_example_of_a_command_parses(name, command):
    example = re.search(r"Example: (desk .*)", command.help)
    assert example is not None
    assert_parses(example.group(1))


def test_the_generated_references_are_up_to_date():
    stale = [
        file
        for file, text in pages().items()
        if not (REFERENCE_DIR / file).exists() or (REFERENCE_DIR / file).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"{stale}: make docs"


def runbook_lines() -> list[tuple[str, str]]:
    """Lines to paste from the documents: `desk …` and `make …` inside code blocks."""
    found = []
    for path in tracked():
        if path.suffix != ".md":
            continue
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("```"):
                inside = not inside
                continue
            text = line.strip().removeprefix("$ ")
            if inside and re.match(r"(desk|make) [a-z]", text):
                found.append((path.relative_to(REPO).as_posix(), text.split("  #")[0].strip()))
    return found


@pytest.mark.parametrize(("file", "line"), runbook_lines())
def test_every_command_in_a_document_parses(file, line):
    assert_parses(line)


def reason_commands() -> list[tuple[str, str]]:
    """Commands in the next step of a reason code."""
    return [
        (reason.code, match)
        for reason in REASONS.values()
        for match in re.findall(r"desk [a-z][a-z-]*(?: [a-z-]+(?: [a-z_.0-9]+)?| <[a-z_]+>)*", reason.next_step)
        if match.split()[1] not in ("is", "has")
    ]


@pytest.mark.parametrize(("code", "line"), sorted(set(reason_commands())))
def test_a_reason_code_points_to_commands_that_exist(code, line):
    words = [word for word in line.split()[1:] if not word.startswith(("-", "<"))]
    command = typer.main.get_command(build_app())
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, f"{code}: {line!r}: no such command"
        command = command.commands[words.pop(0)]


def assert_parses(line: str) -> None:
    words = shlex.split(re.sub(r"<[^>]*>", "1", line), comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.M)
        assert words[1] in targets, f"make has no target {words[1]}"
        return
    command = typer.main.get_command(build_app())
    arguments = words[1:]
    while hasattr(command, "commands"):
        assert arguments and arguments[0] in command.commands, f"{line!r}: no such command"
        command = command.commands[arguments.pop(0)]
    command.make_context("desk", list(arguments), resilient_parsing=False)
