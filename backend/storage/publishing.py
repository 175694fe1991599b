"""Publishing: one change of the market store at a time, made true by one commit of the manifest."""

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from backend.clock import Clock
from backend.errors import TriiError, Unavailable
from backend.storage.connection import Connection
from backend.storage.faults import reach
from backend.storage.ledger import Ledger
from backend.storage.manifest import Change, Manifest, save_change
from backend.storage.segments import Segment

T = TypeVar("T")
Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class Stopped(Unavailable):
    """Work on a thread ended early because its caller went away."""


class Publisher:
    """Owns the manifest and the folder of segments; whoever changes them holds ``lock``.

    Files that a commit replaced are deleted when no lease taken before that commit is left.
    """

    def __init__(self, folder: Path, ledger: Ledger, clock: Clock, thread: Executor, manifest: Manifest) -> None:
        self.folder = folder
        self.ledger = ledger
        self.manifest = manifest
        self.lock = asyncio.Lock()
        self._clock = clock
        self._thread = thread
        self._leases: dict[int, int] = {}
        self._next_lease = itertools.count()
        self._epoch = 0
        self._retired: list[tuple[int, str]] = []

    async def work(self, work: Callable[..., T], *args: object, stop: threading.Event | None = None) -> T:
        """Run ``work(*args)`` on the writer's thread to its end; when the caller is cancelled, ``stop`` is set."""
        return await in_thread(self._thread, work, *args, stop=stop)

    def now_ns(self) -> int:
        """UTC now, by the store's clock."""
        return self._clock.now_ns()

    async def commit(
        self,
        change: Change,
        also: Callable[[Connection, Change], T],
        then: Callable[[Change], None] = lambda _: None,
    ) -> T:
        """Make ``change`` true in one ledger transaction with ``also``, then in memory with ``then``; call under ``lock``.

        Runs to its end even when the caller is cancelled meanwhile. Raises what the ledger raises; then nothing has
        changed, and the files of the added segments go now or at the next opening.
        """

        def work(connection: Connection) -> tuple[Change, T]:
            saved = save_change(connection, change, self.now_ns())
            return saved, also(connection, saved)

        async def to_the_end() -> T:
            reach("manifest.committing")
            try:
                saved, result = await self.ledger.write(work)
            except TriiError as e:
                # Only a full disk says for sure that nothing was committed; else the next opening sees what was.
                for segment in change.added if e.code == "disk.full" else ():
                    (self.folder / segment.name).unlink(missing_ok=True)
                raise
            reach("manifest.committed")
            gone = [self.manifest.segments[segment_id] for segment_id in saved.removed]
            self.manifest.apply(saved)
            then(saved)
            self._retire(gone)
            return result

        return await finish(asyncio.ensure_future(to_the_end()))

    @contextmanager
    def lease(self) -> Iterator[Manifest]:
        """Keep the files that are listed now on disk until the end of the block."""
        lease = next(self._next_lease)
        self._leases[lease] = self._epoch
        try:
            yield self.manifest
        finally:
            del self._leases[lease]
            self.sweep()

    def sweep(self) -> None:
        """Delete replaced files that nobody reads any more."""
        oldest = min(self._leases.values(), default=self._epoch)
        kept = []
        for epoch, name in self._retired:
            if epoch > oldest:
                kept.append((epoch, name))
                continue
            reach("segment.deleting")
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as e:  # another program has it open (Windows): it is an orphan now, removed at the next start
                _log.info("A replaced segment could not be deleted yet: %s: %s", name, e)
            reach("segment.deleted")
        self._retired = kept

    def _retire(self, segments: Iterable[Segment]) -> None:
        self._epoch += 1
        self._retired.extend((self._epoch, segment.name) for segment in segments)
        self.sweep()


async def finish(task: "asyncio.Future[T]") -> T:
    """Wait for ``task`` to its end, through cancellation, which is raised afterwards."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
        if not task.cancelled() and task.exception() is not None:
            _log.error("Work that was cancelled had failed.", exc_info=task.exception())
        raise


async def in_thread(executor: Executor, work: Callable[..., T], *args: object, stop: threading.Event | None = None) -> T:
    """Run ``work(*args)`` on a thread to its end; when the caller is cancelled, ``stop`` is set, so that it ends early."""
    future = asyncio.get_running_loop().run_in_executor(executor, work, *args)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if stop is not None:
            stop.set()
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, Stopped):
            _log.error("Work that was cancelled had failed.", exc_info=error)
        raise


def until(items: Iterable[Item], stop: threading.Event) -> Iterator[Item]:
    """Items until ``stop`` is set, then Stopped is raised."""
    for item in items:
        if stop.is_set():
            raise Stopped("The work was stopped before it was done; nothing changed.", code="market.stopped")
        yield item
