import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil

from scripts.desk.supervisor.child import Child, ending, readable
from scripts.desk.supervisor.plan import ProcessPlan, Stage
from scripts.desk.supervisor.ports import free_port
from services.common.clock import SystemClock

STUB = Path(__file__).parents[4] / "fakes" / "stub_process.py"


def child(tmp_path, *flags: str, stop_s: float = 5) -> Child:
    port = free_port()
    argv = (sys.executable, str(STUB), "--port", str(port), *flags)
    return Child(
        ProcessPlan("stub", argv, port, Stage.BOT, 10, stop_s),
        tmp_path / "stub.out",
        tmp_path / "stub.log",
        SystemClock(),
    )


async def started(one: Child) -> Child:
    await one.start()
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", one.plan.port)
            writer.close()
            return one
        except OSError:
            await asyncio.sleep(0.05)
    raise AssertionError(one.last_lines(5))


async def test_a_child_stops_on_sigterm(tmp_path):
    one = await started(child(tmp_path))
    assert psutil.pid_exists(one.pid)
    assert await one.stop() is None
    assert one.pid == 0
    assert one.returncode == 0


async def test_a_child_that_ignores_sigterm_is_killed_and_that_is_said(tmp_path):
    one = await started(child(tmp_path, "--deaf", stop_s=0.3))
    assert "was killed" in (await one.stop() or "")
    assert one.returncode == -signal.SIGKILL


async def test_a_death_is_told_in_words_with_the_last_lines_of_its_output(tmp_path):
    one = child(tmp_path, "--refuse")
    await one.start()
    assert await one.wait() == "exit code 4"
    assert one.last_lines(2)[-1] == "next  correct it"
    assert ending(-9) == "killed by SIGKILL"


def test_a_log_line_is_told_as_a_person_would():
    line = '{"event": "journal.failed", "level": "error", "logger": "x", "process": "gateway", "errno": 28}'
    assert readable(line) == "error: journal.failed errno=28"
    assert readable("half a li") == "half a li"


async def test_output_of_an_earlier_life_is_not_taken_for_that_of_this_one(tmp_path):
    (tmp_path / "stub.out").write_text("an old line\n")
    one = child(tmp_path, "--refuse")
    await one.start()
    await one.wait()
    assert "an old line" not in one.last_lines(10)


def test_children_of_a_killed_desk_get_sigterm_from_the_kernel(tmp_path):
    notes, port = tmp_path / "notes", free_port()
    parent = textwrap.dedent(f"""
        import asyncio, sys
        from pathlib import Path
        from scripts.desk.supervisor.child import Child
        from scripts.desk.supervisor.plan import ProcessPlan, Stage
        from services.common.clock import SystemClock
        argv = ({sys.executable!r}, {str(STUB)!r}, "--port", "{port}", "--touch", {str(notes)!r})
        async def main():
            plan = ProcessPlan("stub", argv, {port}, Stage.BOT, 10, 5)
            one = Child(plan, Path({str(tmp_path)!r}) / "out", Path({str(tmp_path)!r}) / "log", SystemClock())
            await one.start()
            await one.wait()
        asyncio.run(main())
    """)
    desk = subprocess.Popen([sys.executable, "-c", parent])
    try:
        wait_for(lambda: notes.exists() and "start" in notes.read_text())
        pid = int(notes.read_text().split()[3])
        os.kill(desk.pid, signal.SIGKILL)
        wait_for(lambda: "stop" in notes.read_text())
        wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    finally:
        desk.kill()
        desk.wait()


def wait_for(condition, longest_s: float = 10) -> None:
    clock = SystemClock()
    deadline_ms = clock.monotonic_ms() + longest_s * 1000
    while not condition():
        assert clock.monotonic_ms() < deadline_ms, "waited too long"
        signal.sigtimedwait([], 0.02)
