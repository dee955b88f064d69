"""`desk conformance` as the release gate runs it: clients nobody has changed play every card on a real venue_sim."""

import json
import subprocess
import sys

import pytest

from tests.e2e.venue_process import REPO

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("client", ["ccxt", "hummingbot"])
def test_every_card_passes_with_an_unmodified_client(tmp_path, client):
    argv = [sys.executable, "-m", "scripts.desk", "conformance", "bitget", "--client", client, "--json"]
    done = subprocess.run([*argv, "--run-dir", str(tmp_path)], cwd=REPO, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    report = json.loads(done.stdout)
    failed = [f"{c['number']} {c['title']}: {c['seen']}" for c in report["cards"] if c["result"] != "passed"]
    assert (report["failed"], failed) == (0, [])
    assert report["passed"] == len(report["cards"]) >= 40
    (page,) = (tmp_path / "reports" / "conformance").glob(f"bitget-{client}-*.html")
    assert "proven on the real venue: no" in page.read_text()
