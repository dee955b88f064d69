"""Written before answered: what may leave the process waits for its changes to be on disk.

Submissions keep their order. While one commit runs in its thread the next ones gather; it starts when the last has
ended, with everything that has gathered. A submission without changes waits for those before it, because it may show
them.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence

from services.common.clock import stopwatch_ns
from services.simulation.exchange import Change

Write = Callable[[Sequence[Change]], None]
Release = Callable[[], None]


class GroupCommit:
    """``write`` runs in a thread of its own; ``on_commit`` hears how many rows a commit had and how long it took, in
    nanoseconds. A commit costs the event loop one wake-up.
    """

    def __init__(self, write: Write, on_commit: Callable[[int, int], None] = lambda n, ns: None) -> None:
        self._write = write
        self._on_commit = on_commit
        self._changes: dict[tuple[str, str], Change] = {}
        self._releases: list[Release] = []
        self._in_commit: list[Release] = []
        self._to_write: queue.SimpleQueue[list[Change] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: asyncio.Event | None = None  # there is one while a commit is under way
        self.failure: BaseException | None = None

    def submit(self, changes: Sequence[Change], release: Release) -> None:
        """``release`` is called from the event loop once the changes, and all before them, are on disk.

        After a failed commit nothing is released any more: the process has to end and start from what is on disk.
        """
        if self.failure is not None:
            return
        if not changes and self._idle is None:
            release()
            return
        for change in changes:
            self._changes[change.kind, change.key] = change  # the last value of a row is the one that counts
        self._releases.append(release)
        if self._idle is None:
            self._idle = asyncio.Event()
            self._begin()

    async def drain(self) -> None:
        """Until everything submitted so far is on disk and released, or nothing is any more."""
        while self._idle is not None:
            await self._idle.wait()

    async def close(self) -> None:
        await self.drain()
        if self._thread is not None:
            self._to_write.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _begin(self) -> None:
        """The next commit, with everything that has gathered."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._write_until_closed, name="commit", daemon=True)
            self._thread.start()
        changes, self._changes = list(self._changes.values()), {}
        self._in_commit, self._releases = self._releases, []
        self._to_write.put(changes)

    def _write_until_closed(self) -> None:
        assert self._loop is not None
        while (changes := self._to_write.get()) is not None:
            started_ns = stopwatch_ns()
            failure: BaseException | None = None
            try:
                self._write(changes)
            except Exception as error:  # the boundary of the thread: told to the loop, which releases nothing more
                failure = error
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._written, len(changes), stopwatch_ns() - started_ns, failure)

    def _written(self, rows: int, took_ns: int, failure: BaseException | None) -> None:
        self.failure = failure
        try:
            if failure is None:
                self._on_commit(rows, took_ns)
                self._release()
        except Exception as error:  # who waits for the rest must not wait for ever: the process ends by this
            self.failure = error
        if self.failure is None and self._releases:
            self._begin()
        elif self._idle is not None:
            idle, self._idle = self._idle, None
            idle.set()

    def _release(self) -> None:
        """What was on disk with this commit, and reading answers that have waited for it alone."""
        while self._in_commit:
            for release in self._in_commit:
                release()
            self._in_commit = []
            if self._releases and not self._changes:
                self._in_commit, self._releases = self._releases, []
