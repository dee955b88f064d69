"""`make test`, in three parts that all run even when one fails: code, simulation, real processes.

Simulations are long and arithmetic: under the coverage tracer they would take three times as long and show nothing that
the tests of the parts do not. Real processes wait more than they compute: two files of their tests run side by side.
Their bounds are those of a machine that has time, so what fails there is run again alone, and it is said that it was.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parents[2]
RESULTS = REPO / "data" / "run" / "reports" / "tests"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
IN_PARALLEL = ("-n", "2", "--dist", "loadfile")
SOME_FAILED = 1
NO_TEST_CHOSEN = 5


class Part(NamedTuple):
    name: str  # of its file of results
    title: str
    arguments: tuple[str, ...]
    again: tuple[str, ...] = ()  # how failed tests get a second run, alone; () is not at all


def parts(has_browser: bool) -> tuple[Part, ...]:
    alone = ("-m", "not e2e and not browser", *IN_PARALLEL)
    real = "e2e or browser" if has_browser else "e2e"
    return (
        Part(
            "code",
            "code: tidy, unit, property, port and golden tests, with coverage",
            ("tests", "--ignore", "tests/simulation", *alone, "--cov", "--cov-report", "term:skip-covered"),
        ),
        Part("simulation", "simulation: whole days and many seeds in virtual time", ("tests/simulation", *alone)),
        Part(
            "real",
            "real processes: Hummingbot, Redis, the desk, a browser",
            ("tests", "-m", real, *IN_PARALLEL),
            again=("tests", "-m", real, "--last-failed", "--last-failed-no-failures", "none"),
        ),
    )


def pytest(results: str, *arguments: str) -> int:
    """``results``: the name of the file in RESULTS, which `desk report faults` reads."""
    kept = ("--junit-xml", str(RESULTS / f"{results}.xml"))
    command = [sys.executable, "-m", "pytest", *arguments, "--timeout", "300", "--durations", "8", *kept]
    return subprocess.run(command, cwd=REPO, check=False).returncode


def main() -> None:
    extra = sys.argv[1:]
    has_browser = any(shutil.which(name) for name in BROWSERS)
    codes = []
    for part in parts(has_browser):
        print(f"\n== {part.title}", flush=True)
        results = f"{part.name}-chosen" if extra else part.name  # a few tests do not replace what is known of all
        code = pytest(results, *part.arguments, *extra)
        if code == SOME_FAILED and part.again:
            print("\n== what failed beside another test, again and alone", flush=True)
            code = pytest(f"{results}-again", *part.again, *extra)
        codes.append(code)
    if not has_browser:
        print("no browser on the PATH: tests/browser were left out (on Debian: apt-get install chromium)")
    # With a choice of tests on the command line a part may rightly have none.
    sys.exit(next((code for code in codes if code and not (extra and code == NO_TEST_CHOSEN)), 0))


if __name__ == "__main__":
    main()
