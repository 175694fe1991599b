"""Live rows on their way to disk: applied to the tail at once, written to the append log in group commits."""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.bars import BarArrays
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, Unavailable
from backend.events import BarsSaved, Event, Level, Notice, notice_of
from backend.storage.log import LogFile
from backend.storage.publishing import finish, in_thread
from backend.storage.segments import Rows, SeriesKey, concat_rows
from backend.storage.stage import check_bars
from backend.storage.tail import Tail

GATHER_S: Final = 0.1
"""How long rows gather before one fsync; with the fsync it stays below a quarter of a second."""
RETRY_S: Final = 1.0
ROTATE_BYTES: Final = 64 * 2**20
PENDING_ROWS_MAX: Final = 5_000_000

_log = logging.getLogger(__name__)


class LiveLog:
    """Owns the tail and the log's newest file. Lives on the engine thread; the disk is touched on the log's own thread.

    What is applied is not yet durable: it is when `BarsSaved.up_to_ns` reaches the stamp that ``append`` gave.
    ``rotated`` is called after a generation was closed, so that somebody cuts it into segments.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        thread: Executor,
        publish: Callable[[Event], None],
        next_generation: int,
    ) -> None:
        self.tail = Tail()
        self.rotated: Callable[[], None] = lambda: None
        self.rotate_bytes = ROTATE_BYTES
        self._folder = folder
        self._clock = clock
        self._thread = thread
        self._publish = publish
        self._next_generation = next_generation
        self._file: LogFile | None = None
        self._pending: list[tuple[SeriesKey, Rows]] = []
        self._n_pending = 0
        self._n_saved_bars = 0
        self._stamp_ns = 0
        self._wake = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._is_failing = False

    @property
    def is_failing(self) -> bool:
        """Whether the last group commit was refused by the disk."""
        return self._is_failing

    def append(self, key: SeriesKey, rows: Rows, *, forming: bool = False) -> int:
        """Apply rows; the stamp up to which `BarsSaved` must come for them to be durable.

        ``forming`` says that the last bar is still under way: it is shown, replaced by the next state of it, and
        logged only when it has closed. Raises InvalidInput for rows that cannot be, Unavailable when too much waits
        for a disk that refuses.
        """
        if self._n_pending + len(rows) > PENDING_ROWS_MAX:
            raise Unavailable(
                f"{self._n_pending} live rows wait for the disk, and no more are taken.",
                hint="Free some space; what waits is saved as soon as the disk takes it.",
                code="log.full",
                retry_after_s=RETRY_S,
            )
        if isinstance(rows, BarArrays):
            rows = self._settle_forming(key, _checked(rows, key), forming=forming)
        else:
            _check_trades(rows, key)
        self._stamp_ns = max(self._clock.now_ns(), self._stamp_ns + 1)
        if len(rows):
            self.tail.add(key, rows)
            self._pending.append((key, rows))
            self._n_pending += len(rows)
            self._wake.set()
        return self._stamp_ns

    async def run(self) -> None:
        """Save what comes, group by group, until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(RETRY_S if self._is_failing else GATHER_S)
            try:
                await self.flush()
            except Unavailable as e:
                self._tell_failure(e)

    async def flush(self, *, rotate: bool = False) -> None:
        """Make everything appended so far durable; with ``rotate`` also close the generation. Raises Unavailable."""
        async with self._flushing:
            await finish(asyncio.ensure_future(self._flush(rotate=rotate)))

    async def close(self) -> None:
        """Save what waits, and close the file. Raises Unavailable when the disk refuses what waits."""
        try:
            if self._pending:
                await self.flush()
        finally:
            if self._file is not None:
                self._file.close()

    def _settle_forming(self, key: SeriesKey, bars: BarArrays, *, forming: bool) -> BarArrays:
        """Rows that are closed now: an earlier forming bar that is followed by a later one is among them."""
        last = bars.bar(-1) if forming and len(bars) else None
        closed = bars[:-1] if last is not None else bars
        if not len(bars):
            return closed
        before = self.tail.set_forming(key, last)
        if before is None or _has(bars, before.event_ns):
            return closed
        if before.event_ns > int(bars.event_ns[-1]):  # a late row for an earlier time; the forming bar goes on
            self.tail.set_forming(key, before)
            return bars
        joined = concat_rows([BarArrays.of([before]), closed])
        assert isinstance(joined, BarArrays)
        return joined

    async def _flush(self, *, rotate: bool) -> None:
        entries, self._pending = self._pending, []
        n_rows, self._n_pending = self._n_pending, 0
        stamp_ns, counts = self._stamp_ns, self.tail.counts()
        try:
            if entries:
                await in_thread(self._thread, self._write, entries)
        except Unavailable:
            self._pending = entries + self._pending
            self._n_pending += n_rows
            raise
        if not self._pending:
            self._wake.clear()
        if entries:
            self._tell_saved(entries, stamp_ns)
        file = self._file
        if file is not None and (rotate or file.n_bytes >= self.rotate_bytes):
            # The next file is made by the next write; until then nothing newer exists.
            file.close()
            self._file = None
            self.tail.freeze(file.generation, counts)
            self.rotated()

    def _write(self, entries: list[tuple[SeriesKey, Rows]]) -> None:
        if self._file is None:
            file = LogFile(self._folder, self._next_generation)
            file.create()
            self._file = file
            self._next_generation += 1
        self._file.append(entries)

    def _tell_saved(self, entries: list[tuple[SeriesKey, Rows]], stamp_ns: int) -> None:
        if self._is_failing:
            self._is_failing = False
            self._publish(Notice(Level.SUCCESS, "Live bars are being saved again."))
        self._n_saved_bars += sum(len(rows) for _, rows in entries)
        self._publish(BarsSaved(stamp_ns, self._n_saved_bars))

    def _tell_failure(self, error: Unavailable) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._publish(notice_of(error, "Live bars are not being saved."))
        _log.warning("Live bars wait in memory: %s", error)


def _has(bars: BarArrays, event_ns: int) -> bool:
    row = bisect_left(bars.event_ns, event_ns)
    return row < len(bars) and int(bars.event_ns[row]) == event_ns


def _checked(bars: BarArrays, key: SeriesKey) -> BarArrays:
    check_bars(bars, key)
    if np.any(bars.event_ns[1:] <= bars.event_ns[:-1]):
        raise InvalidInput(
            f"Live bars of {key.instrument} {key.spec} are not in order of time.",
            hint="Append bars oldest first, each time once.",
            code="bars.unordered",
        )
    return bars


def _check_trades(trades: TradeArrays, key: SeriesKey) -> None:
    fine = np.isfinite(trades.price) & (trades.quantity >= 0)
    if not fine.all() or np.any(trades.event_ns[1:] < trades.event_ns[:-1]):
        raise InvalidInput(
            f"Trades of {key.instrument} have a price or quantity that cannot be, or run back in time.",
            hint="Leave such trades out before appending.",
            code="trades.impossible",
        )
