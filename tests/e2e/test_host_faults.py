"""The quick rows of `desk drill host` on one desk: the real Hummingbot behind the gateway, judged from outside."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scripts.desk.drill_rows import QUICK
from tests.e2e.desk_run import REPO, desk

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def report():
    """In a short directory of its own, because the path of a unix socket may not be long."""
    with tempfile.TemporaryDirectory(prefix="hf", ignore_cleanup_errors=True) as name:
        run_dir = Path(name)
        argv = [sys.executable, "-m", "scripts.desk", "drill", "host", "--json", "--rows", ",".join(QUICK)]
        try:
            done = subprocess.run(
                [*argv, "--run-dir", str(run_dir)], cwd=REPO, capture_output=True, text=True, timeout=280, check=False
            )
        finally:
            desk("down", "--run-dir", str(run_dir))
        assert done.stdout, done.stderr[-2000:]
        written = json.loads((run_dir / "reports" / "drills" / "host.json").read_text())
        told = json.loads(done.stdout)
        assert told == written
        yield told


@pytest.mark.parametrize("name", QUICK)
def test_the_row_passes(report, name):
    (row,) = (row for row in report["rows"] if row["row"] == name)
    assert row["unknown_after_10s"] == 0, row
    assert row["cancels_not_retried"] == 0, row
    assert row["levels_twice"] == [], row
    assert row["passed"], row


def test_nothing_rests_after_the_stop(report):
    assert report["open_orders"] == 0
