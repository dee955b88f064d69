"""`make test`: everything but the real processes in parallel with coverage, then the real processes one by one.

The second part needs the machine to itself: a Hummingbot start is timed there. Both run even when the first fails.
"""

import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=REPO, check=False).returncode


def main() -> None:
    extra = sys.argv[1:]
    fast = pytest(
        "tests", "-m", "not e2e and not browser", "-n", "2", "--dist", "loadfile", "--timeout", "300",
        "--cov", "--cov-report", "term:skip-covered", "--durations", "10", *extra,
    )  # fmt: skip
    marks = "e2e or browser"
    if not any(shutil.which(name) for name in BROWSERS):
        print("no browser on the PATH: tests/browser are left out (on Debian: apt-get install chromium)")
        marks = "e2e"
    real = pytest("tests", "-m", marks, "--timeout", "300", "--durations", "10", *extra)
    sys.exit(fast or real)


if __name__ == "__main__":
    main()
