"""Which code runs here, as one hash: what a release names, and a host that was left behind does not have (K1)."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("controllers", "services", "scripts")


@cache
def code_hash(root: Path = ROOT) -> str:
    """sha256 over path and content of every Python file of the desk. Read once per process: it tells what was there
    when the process began, not what was put there since."""
    digest = hashlib.sha256()
    for top in TOPS:
        for path in sorted((root / top).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
