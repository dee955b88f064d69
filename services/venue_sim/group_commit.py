"""Written before answered: what may leave the process waits for its changes to be on disk.

Submissions keep their order. While one commit runs in its thread the next ones gather; it starts when the last has
ended, with everything that has gathered. A submission without changes waits for those before it, because it may show
them.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from services.simulation.exchange import Change

Write = Callable[[Sequence[Change]], None]
Release = Callable[[], None]


class GroupCommit:
    """``write`` runs in a thread of its own; ``on_commit`` hears how many rows a commit had and how long it took."""

    def __init__(
        self, write: Write, monotonic_ms: Callable[[], int], on_commit: Callable[[int, int], None] = lambda n, ms: None
    ) -> None:
        self._write = write
        self._monotonic_ms = monotonic_ms
        self._on_commit = on_commit
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._changes: dict[tuple[str, str], Change] = {}
        self._releases: list[Release] = []
        self._running: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None

    def submit(self, changes: Sequence[Change], release: Release) -> None:
        """``release`` is called from the event loop once the changes, and all before them, are on disk.

        After a failed commit nothing is released any more: the process has to end and start from what is on disk.
        """
        if self.failure is not None:
            return
        if not changes and self._running is None:
            release()
            return
        for change in changes:
            self._changes[change.kind, change.key] = change  # the last value of a row is the one that counts
        self._releases.append(release)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="group-commit")
            self._running.add_done_callback(self._ended)

    async def drain(self) -> None:
        """Until everything submitted so far is on disk and released."""
        while self._running is not None and self.failure is None:
            await asyncio.wait({self._running})

    async def close(self) -> None:
        await self.drain()
        self._thread.shutdown(wait=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._releases:
            changes, self._changes = list(self._changes.values()), {}
            releases, self._releases = self._releases, []
            if changes:
                started_ms = self._monotonic_ms()
                await loop.run_in_executor(self._thread, self._write, changes)
                self._on_commit(len(changes), self._monotonic_ms() - started_ms)
            for release in releases:
                release()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running = None
        if not task.cancelled():
            self.failure = task.exception()
