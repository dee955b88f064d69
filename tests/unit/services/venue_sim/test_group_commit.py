"""Nothing leaves before it is on disk, in order, and one commit takes all that has gathered."""

import asyncio
import threading

import pytest

from services.simulation.exchange import Change
from services.venue_sim.group_commit import GroupCommit


class Disk:
    """Commits that wait until they are let go; counts what each took."""

    def __init__(self) -> None:
        self.commits: list[list[Change]] = []
        self.gate = threading.Event()
        self.fails = False

    def write(self, changes) -> None:
        self.gate.wait(5)
        if self.fails:
            raise OSError("disk full")
        self.commits.append(list(changes))


def change(key: str, value: str | None = "1") -> Change:
    return Change("order", key, value)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def commits(disk):
    commits = GroupCommit(disk.write)
    yield commits
    disk.gate.set()
    await commits.close()


async def test_nothing_is_released_before_its_commit(disk, commits):
    released = []
    commits.submit([change("1")], lambda: released.append("1"))
    await asyncio.sleep(0.02)
    assert released == []
    disk.gate.set()
    await commits.drain()
    assert released == ["1"]


async def test_what_gathers_while_a_commit_runs_goes_in_the_next_one_with_the_last_value_of_each_row(disk, commits):
    released = []
    commits.submit([change("1")], lambda: released.append("a"))
    await asyncio.sleep(0.02)
    commits.submit([change("2", "old")], lambda: released.append("b"))
    commits.submit([change("2", "new"), change("3", None)], lambda: released.append("c"))
    disk.gate.set()
    await commits.drain()
    assert released == ["a", "b", "c"]
    assert disk.commits == [[change("1")], [change("2", "new"), change("3", None)]]


async def test_a_reading_answer_waits_for_the_commits_before_it_and_only_for_those(disk, commits):
    released = []
    commits.submit([], lambda: released.append("nothing pending"))
    assert released == ["nothing pending"]
    commits.submit([change("1")], lambda: released.append("write"))
    commits.submit([], lambda: released.append("read"))
    assert released == ["nothing pending"]
    disk.gate.set()
    await commits.drain()
    assert released == ["nothing pending", "write", "read"]


async def test_after_a_failed_commit_nothing_is_released_any_more(disk, commits):
    released = []
    disk.fails = True
    disk.gate.set()
    commits.submit([change("1")], lambda: released.append("1"))
    await commits.drain()
    assert isinstance(commits.failure, OSError)
    commits.submit([], lambda: released.append("2"))
    assert released == []


async def test_a_release_that_raises_ends_it_and_nobody_waits_for_ever(disk, commits):
    disk.gate.set()
    commits.submit([change("1")], lambda: 1 / 0)
    await asyncio.wait_for(commits.drain(), 5)
    assert isinstance(commits.failure, ZeroDivisionError)


async def test_what_is_submitted_while_others_are_released_comes_after_them(disk, commits):
    released = []

    def first() -> None:
        commits.submit([], lambda: released.append("third"))
        released.append("first")

    commits.submit([change("1")], first)
    commits.submit([change("2")], lambda: released.append("second"))
    disk.gate.set()
    await commits.drain()
    assert released == ["first", "second", "third"]
