"""The encrypted ledger: one writer thread with group commit, one reader thread, and what to do with a damaged file."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from backend.errors import TriiError
from backend.storage.connection import Connection
from backend.storage.integrity import START_DELAY_S, IntegrityCheck, describe_damage
from backend.storage.ledger_file import LedgerFile
from backend.storage.migrations import Migration
from backend.storage.transaction import serve_reads, serve_writes
from backend.storage.worker import Job, Work, Worker

__all__ = ["Connection", "Ledger", "open_ledger"]

T = TypeVar("T")

CLOSE_DEADLINE_S = 10.0
GROUP_JOBS_MAX = 64

Serving = Callable[[Connection, list[Job], Path], TriiError | None]

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Ledger:
    """An open SQLCipher file. Share it freely on one event loop; close it through ``open_ledger``.

    ``notices`` holds what the user must be told: a damaged file set aside, damage found while running.
    ``timers`` are told how many ms each acknowledged write took.
    """

    file: LedgerFile
    _writer: Worker
    _reader: Worker
    notices: list[TriiError] = field(default_factory=list)
    watchers: list[Callable[[TriiError], None]] = field(default_factory=list)
    timers: list[Callable[[float], None]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction; when this returns, what it wrote is on the disk.

        An error raised by ``work`` undoes all it wrote and reaches the caller. Writes that wait together share one
        commit, each behind a savepoint; should that commit fail they run again one by one, so ``work`` may be called
        more than once and must change nothing but the ledger. It must not begin or end transactions, and must not
        keep the connection. A caller cancelled before its turn writes nothing; cancelled in its turn, all or nothing
        is written. Raises Unavailable (disk full, closed), Conflict (a constraint), CorruptData.
        """
        began = time.perf_counter()
        result = await asyncio.wrap_future(self._writer.submit(work))
        for note_ms in self.timers:
            note_ms(1000 * (time.perf_counter() - began))
        return result

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a snapshot that holds every acknowledged write; it must fetch its rows and not write.

        Raises Unavailable (closed, a statement that writes), CorruptData.
        """
        return await asyncio.wrap_future(self._reader.submit(work))

    async def check(self) -> tuple[str, ...]:
        """Look at every page now, while nobody writes; empty when all is well. Damage is also reported as a notice."""
        problems = await self.write(lambda _: self.file.find_problems())
        if problems:
            error = describe_damage(self.path, problems)
            if self.file.mark_suspect(error.message):
                self.report(error)
        return problems

    def report(self, notice: TriiError) -> None:
        """Keep a notice and tell the watchers; called on the loop's thread."""
        self.notices.append(notice)
        for watch in self.watchers:
            watch(notice)


@asynccontextmanager
async def open_ledger(
    path: Path,
    key: bytes,
    migrations: tuple[Migration, ...],
    *,
    backups: Path,
    quarantine: Path,
    check_after_s: float = START_DELAY_S,
) -> AsyncIterator[Ledger]:
    """Open a ledger, bring its tables to this version, and close it in the end; ``check_after_s`` later read it all once.

    A file that is damaged is set aside and a fresh one opens, with a notice. Raises InvalidInput for a key that is
    not this file's and for a file of a newer version, Unavailable where the disk refuses; then no file was touched.
    """
    loop = asyncio.get_running_loop()
    file = LedgerFile(path, key, migrations, backups=backups, quarantine=quarantine)

    def damaged(error: TriiError) -> None:
        if file.mark_suspect(error.message):
            with suppress(RuntimeError):  # the loop ended while its last work was served
                loop.call_soon_threadsafe(ledger.report, error)

    def serve_or_reconnect(serve: Serving, *, read_only: bool) -> Callable[[Connection, list[Job]], Connection]:
        def run(connection: Connection, jobs: list[Job]) -> Connection:
            error = serve(connection, jobs, path)
            if error is None:
                return connection
            damaged(error)
            # SQLCipher refuses everything on a connection that has met a damaged page.
            return file.reconnect(connection, read_only=read_only)

        return run

    writer = Worker(
        f"{path.stem}-writer",
        file.open_for_writing,
        serve_or_reconnect(serve_writes, read_only=False),
        jobs_max=GROUP_JOBS_MAX,
    )
    reader = Worker(f"{path.stem}-reader", file.open_for_reading, serve_or_reconnect(serve_reads, read_only=True), jobs_max=1)
    ledger = Ledger(file, writer, reader)
    check = IntegrityCheck(file, damaged, delay_s=check_after_s)
    try:
        for worker in (writer, reader):
            worker.start()
            await asyncio.shield(asyncio.wrap_future(worker.opened))  # the thread itself cannot be cancelled
        ledger.notices.extend(file.notices)
        check.start()
        yield ledger
    finally:
        check.stop()
        # The writer last: closing a ledger's last connection folds its log into the file, which a reader may not do.
        for worker in (reader, writer):
            await _stop(worker, path)


async def _stop(worker: Worker, path: Path) -> None:
    """Serve what is queued until the deadline, refuse the rest, and wait for the thread to end."""
    if not worker.stop_accepting():
        return
    closed = asyncio.ensure_future(asyncio.wrap_future(worker.closed))
    _, late = await asyncio.wait({closed}, timeout=CLOSE_DEADLINE_S)
    if late:
        n_refused = worker.abandon()
        _log.error("closing %s took more than %g s; %d jobs were refused", path, CLOSE_DEADLINE_S, n_refused)
        await asyncio.wait(late, timeout=CLOSE_DEADLINE_S)
