import os

import pytest

from scripts.desk.supervisor.lock import holder_pid, take_lock
from services.common.errors import DeskError


def test_a_second_desk_in_the_same_directory_is_refused_with_the_pid_of_the_first(tmp_path):
    lock = tmp_path / "desk.lock"
    with take_lock(lock):
        assert holder_pid(lock) == os.getpid()
        with pytest.raises(DeskError, match=f"DESK_RUNNING.*pid {os.getpid()}"):
            take_lock(lock)
    assert holder_pid(lock) is None


def test_a_lock_file_left_by_a_killed_desk_holds_nothing(tmp_path):
    lock = tmp_path / "desk.lock"
    lock.write_text("4711\n")
    assert holder_pid(lock) is None
    take_lock(lock).close()


def test_no_lock_file_no_holder(tmp_path):
    assert holder_pid(tmp_path / "desk.lock") is None
