import asyncio
import sys

import pytest

from services.common.worker import fast_loop


@pytest.fixture
def made():
    loops: list[asyncio.AbstractEventLoop] = []
    yield loops
    for loop in loops:
        loop.close()


def test_the_order_path_runs_on_uvloop(made):
    uvloop = pytest.importorskip("uvloop")
    made.append(fast_loop())
    assert isinstance(made[0], uvloop.Loop)


def test_without_uvloop_it_runs_on_the_loop_that_python_brings(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)  # an import of it fails
    made.append(fast_loop())
    assert type(made[0]).__module__.startswith("asyncio.")
