"""Tests that pages name as proofs: whether they exist, and how they are shown."""

import ast
from functools import cache
from pathlib import Path

from scripts.desk.places import REPO


def is_there(test: str) -> bool:
    """Whether "tests/….py::test_name" is written in that file."""
    path, _, name = test.partition("::")
    return name in _tests_in(REPO / path)


def shown(test: str) -> str:
    """A test with a link to its file from docs/reference, or the command that proves."""
    path, separator, name = test.partition("::")
    return f"`{name}` in [{Path(path).name}](../../{path})" if separator else f"`{test}`"


@cache
def _tests_in(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, functions)
    )
