"""Stub processes in place of the desk's own, for whoever supervises them in a test."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.desk.supervisor import desk as desk_module
from scripts.desk.supervisor.plan import process_plans

STUB = Path(__file__).parents[4] / "fakes" / "stub_process.py"


@pytest.fixture
def stub_processes(tmp_path, monkeypatch) -> Callable[[dict[str, tuple[str, ...]]], None]:
    """Call it with flags of the stub by process name. What they do is noted in <tmp_path>/notes."""

    def use(flags: dict[str, tuple[str, ...]]) -> None:
        def stubs(*arguments):
            return tuple(
                plan._replace(
                    argv=(
                        sys.executable, str(STUB), "--port", str(plan.port), "--name", plan.name,
                        "--touch", str(tmp_path / "notes"), *flags.get(plan.name, ()),
                    ),
                    ready_s=20,
                    stop_s=3,
                )
                for plan in process_plans(*arguments)
            )  # fmt: skip

        monkeypatch.setattr(desk_module, "process_plans", stubs)

    return use
