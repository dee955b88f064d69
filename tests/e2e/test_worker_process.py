"""A service as a real process: it drains on SIGTERM, says what is wrong, and gives the exit codes of the desk."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
REPO = Path(__file__).resolve().parents[2]


def start(tmp_path: Path, *flags: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.event_store", "--run-dir", str(tmp_path), *flags],
        cwd=REPO,
        stderr=subprocess.PIPE,
        text=True,
    )


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def wait_ready(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 30
    while get(port, "/readyz")[0] != 200:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_serves_health_and_drains_on_sigterm(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, "--port", str(port))
    try:
        wait_ready(process, port)
        assert get(port, "/healthz")[0] == 200
        assert 'hbot_up{service="event_store"} 1.0' in get(port, "/metrics")[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in (tmp_path / "logs" / "event_store.log").read_text().splitlines()]
    assert lines[0]["event"] == "service.settings"
    assert lines[-1]["event"] == "service.stopped"
    assert json.loads((tmp_path / "status" / "event_store.json").read_text())["state"] == "stopped"


def test_ctrl_c_drains_too(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, "--port", str(port))
    try:
        wait_ready(process, port)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_a_bad_setting_ends_with_4_and_says_how_to_mend_it(tmp_path: Path) -> None:
    process = start(tmp_path, "--set", "chunk_max=0")
    _, error = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "chunk_max=0" in error
    assert ">= 1" in error
    assert "example" in error


def test_a_taken_port_is_told_with_its_holder(tmp_path: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start(tmp_path, "--port", str(port))
        _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"PORT_TAKEN: port={port}, held by pid" in error
