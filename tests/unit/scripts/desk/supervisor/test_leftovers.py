import subprocess
import sys
from pathlib import Path

import pytest

from scripts.desk.supervisor.leftovers import leftovers, module_of, stop_leftovers
from scripts.desk.supervisor.plan import Stage


@pytest.mark.parametrize(
    ("cmdline", "module"),
    [
        (["python", "-m", "services.gateway", "--run-dir", "/r", "--port", "1"], "services.gateway"),
        (["python", "-m", "services.gateway", "--run-dir", "/other"], None),
        (["python", "-m", "services.unknown", "--run-dir", "/r"], None),
        (["vim", "services.gateway", "/r"], None),
        (["python", "-m"], None),
        ([], None),
    ],
)
def test_only_our_services_of_this_run_directory_are_ours(cmdline, module):
    assert module_of(cmdline, Path("/r")) == module


def test_what_a_dead_desk_left_is_stopped_bots_first(tmp_path):
    code = "import time; time.sleep(60)"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, "-m", module, "--run-dir", str(tmp_path)])
        for module in ("services.gateway", "services.bot")
    ]
    try:
        assert [stage for stage, _ in leftovers(tmp_path)] == [Stage.BOT, Stage.GATEWAY]
        lines = stop_leftovers(tmp_path)
        assert [line.split()[0] for line in lines] == ["bot", "gateway"]
        assert all(process.poll() is not None for process in processes)
        assert leftovers(tmp_path) == []
    finally:
        for process in processes:
            process.kill()
            process.wait()
