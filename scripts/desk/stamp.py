"""Which code and when: what every report says of itself."""

import subprocess
from datetime import UTC, datetime

from scripts.desk.places import REPO


def commit() -> str:
    """The checked-out commit, with "+" when the tree differs from it; "unknown" outside a checkout."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPO, capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "status", "--porcelain"], cwd=REPO, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip()[:12] + ("+" if dirty.stdout.strip() else "")


def utc(ts_ms: int) -> str:
    """ "2026-11-20 18:58:17 UTC"."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
