"""What survives a restart: whole files, one step back when the newest is broken, no start on nothing readable."""

import threading

import pytest

from services.bot.memory import StateFile
from services.common.errors import ConfigError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bots" / "bot1" / "daily_state.json"


def saved(path, *states):
    for state in states:
        StateFile(path).save_and_close(lambda state=state: state)


def test_nothing_saved_is_a_first_life(path):
    assert StateFile(path).load() is None


def test_the_newest_state_is_read_back(path):
    saved(path, {"day": 1}, {"day": 2})
    assert StateFile(path).load() == {"day": 2}


def test_a_broken_file_costs_one_step_not_the_day(path):
    saved(path, {"day": 1}, {"day": 2})
    path.write_text(path.read_text()[:-20])
    assert StateFile(path).load() == {"day": 1}


def test_when_neither_file_can_be_read_the_bot_does_not_start(path):
    saved(path, {"day": 1}, {"day": 2})
    for file in path.parent.iterdir():
        file.write_text("{")
    with pytest.raises(ConfigError, match=r"STATE_UNREADABLE[\s\S]*begin the day anew on purpose"):
        StateFile(path).load()


def test_a_change_during_a_save_is_saved_too(path):
    state, writing, go_on = {"guard": "RUNNING"}, threading.Event(), threading.Event()
    memory = StateFile(path)

    def slow_dump():
        before = dict(state)
        writing.set()
        go_on.wait(5)
        return before

    memory.save(slow_dump)
    writing.wait(5)
    state["guard"] = "HARD_STOP"
    memory.save(lambda: dict(state))
    memory.save(lambda: dict(state))
    go_on.set()
    memory.save_and_close(None)
    assert StateFile(path).load() == {"guard": "HARD_STOP"}


def test_a_full_disk_is_counted_and_the_old_file_stays(path, monkeypatch):
    saved(path, {"day": 1})

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.bot.memory.write_state", full)
    memory = StateFile(path)
    memory.save_and_close(lambda: {"day": 2})
    assert memory.errors == 1
    monkeypatch.undo()
    assert StateFile(path).load() == {"day": 1}
