"""The tracked files of the repository, for the tidy tests."""

import ast
import subprocess
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CODE = ("controllers", "services", "scripts")


@cache
def tracked() -> tuple[Path, ...]:
    """Tracked files, and new ones that are not ignored: what the next commit may hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO, capture_output=True, check=True,
    )  # fmt: skip
    paths = [REPO / name for name in listed.stdout.decode().split("\0") if name]
    return tuple(path for path in paths if path.is_file())


def python_files(*tops: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and name(path).split("/")[0] in (tops or CODE)]


def name(path: Path) -> str:
    return path.relative_to(REPO).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(path: Path) -> list[tuple[str, int]]:
    """Dotted names that are called, with their line: ("time.time", 12)."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            dotted = dotted_name(node.func)
            if dotted:
                found.append((dotted, node.lineno))
    return found


def dotted_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted_name(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""
