"""A stage: bars of one series on their way into the store, in any order and of any number, within bounded memory.

Rows that come in order, as most files have them, are written as finished segments at once; publishing them is then a
matter of renaming. Else rows are buffered; a full buffer is sorted and written as a run (Arrow IPC), and reading back
merges the runs in windows.
Nothing here is durable: a stage that was not published before the process ended is gone, and its folder is swept.
"""

import itertools
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa

from backend.domain.bars import BarArrays, Int64s
from backend.errors import CorruptData, InvalidInput
from backend.storage.arrow_columns import column
from backend.storage.durable import explain_os_error
from backend.storage.segments import (
    BAR_COLUMNS,
    SEGMENT_ROWS,
    Rows,
    Segment,
    SeriesKey,
    columns_of,
    concat_rows,
    read_part,
    rows_of,
    write_segment,
)

BUFFER_ROWS: Final = 524_288
BATCH_ROWS: Final = 8_192
WINDOW_ROWS: Final = 65_536
FAN_IN: Final = 32
WRITERS: Final = 2
"""Segments written at once; each holds its rows and their encoded form in memory."""


@dataclass(slots=True)
class Run:
    """One sorted, duplicate-free run on disk: its file and the first and last time of each batch in it."""

    path: Path
    first_ns: list[int]
    last_ns: list[int]


@dataclass(slots=True)
class Cursor:
    """Where reading of a run stands: rows not yet handed out, and the next batch to read."""

    run: Run
    reader: pa.RecordBatchFileReader
    rows: BarArrays
    batch: int


class Stage:
    """Collects bars of one series for `MarketStore.publish`. Not for use by two threads at once.

    Of rows with equal event time the one added last counts; ``n_same`` counts dropped rows that were equal to the
    one kept, ``n_overridden`` those that differed from it.
    """

    def __init__(self, folder: Path, key: SeriesKey, *, buffer_rows: int = BUFFER_ROWS) -> None:
        self.folder = folder
        self.key = key
        self.n_added = 0
        self.n_same = 0
        self.n_overridden = 0
        self._buffer_rows = buffer_rows
        self._pieces: list[Rows] = []
        self._n_buffered = 0
        self._runs: list[Run] = []
        self._segments: _SegmentsUnderWay | None = _SegmentsUnderWay(folder, key)
        self._span: tuple[int, int] | None = None
        self._n_files = itertools.count()
        self._counts_before: tuple[int, int] | None = None
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.drop()

    def add(self, bars: BarArrays) -> None:
        """Take bars in any order. Raises InvalidInput for prices that cannot be, Unavailable when the disk is full."""
        if not self._is_open:
            raise InvalidInput(f"The stage of {self.key.instrument} {self.key.spec} is closed.", hint="Open a new stage.")
        if not len(bars):
            return
        check_bars(bars, self.key)
        self.n_added += len(bars)
        if self._segments is not None:
            if self._continues(bars):
                self._add_in_order(bars)
                return
            self._leave_order(self._segments.finish())
        for start in range(0, len(bars), self._buffer_rows):
            piece = bars[start : start + self._buffer_rows]
            self._pieces.append(piece)
            self._n_buffered += len(piece)
            if self._n_buffered >= self._buffer_rows:
                self._spill()

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last time, while all rows came in order, each later than the one before; else None."""
        return self._span if self._segments is not None else None

    def finish_segments(self) -> list[Segment]:
        """Every row as finished segments in the stage's folder, to be moved from there; only while ``span`` is not None.

        Raises Unavailable when the disk is full.
        """
        assert self._segments is not None, "Rows that came in another order make no segments."
        if self._pieces:
            self._segments.write(_joined(self._pieces))
            self._pieces, self._n_buffered = [], 0
        return self._segments.finish()

    def drop(self) -> None:
        """Forget everything; dropping twice does nothing."""
        self._is_open = False
        self._pieces.clear()
        self._runs.clear()
        if self._segments is not None:
            self._segments.drop()
        if self.folder.exists():
            shutil.rmtree(self.folder, ignore_errors=True)  # what stays is swept at the next start

    def windows(self) -> Iterator[BarArrays]:
        """All rows, sorted, each time once, in pieces of bounded size; the same again when called again."""
        if self._segments is not None and (written := self._segments.finish()):
            yield from self._windows_in_order(written)
            return
        if self._runs and self._n_buffered:
            self._spill()
        while len(self._runs) > FAN_IN:
            merged, rest = self._runs[:FAN_IN], self._runs[FAN_IN:]
            # The merged run is older than the rest, so it stays in front: later rows win.
            self._runs = [self._write_run(self._merge(merged)), *rest]
            for run in merged:
                run.path.unlink()
        if self._counts_before is None:
            self._counts_before = (self.n_same, self.n_overridden)
        self.n_same, self.n_overridden = self._counts_before
        if self._runs:
            yield from self._merge(self._runs)
            return
        rows = self._unique(_joined(self._pieces))
        yield from (rows[i : i + WINDOW_ROWS] for i in range(0, len(rows), WINDOW_ROWS))

    # --- rows in order

    def _continues(self, bars: BarArrays) -> bool:
        """Whether ``bars`` run upwards from where the rows so far end."""
        times = bars.event_ns
        return (self._span is None or int(times[0]) > self._span[1]) and bool((times[1:] > times[:-1]).all())

    def _add_in_order(self, bars: BarArrays) -> None:
        assert self._segments is not None
        first_ns = int(bars.event_ns[0]) if self._span is None else self._span[0]
        self._span = (first_ns, int(bars.event_ns[-1]))
        self._pieces.append(bars)
        self._n_buffered += len(bars)
        full = min(self._buffer_rows, SEGMENT_ROWS)
        while self._n_buffered >= full:
            rows = _joined(self._pieces)
            self._segments.write(rows[:full])
            rest = rows[full:]
            self._pieces, self._n_buffered = [rest] if len(rest) else [], len(rest)

    def _read_back(self, segment: Segment) -> BarArrays:
        try:
            return _joined([read_part(self.folder, segment, segment.parts[0])])
        except CorruptData as e:
            raise CorruptData(
                f"{self.folder / segment.name}, rows of an import under way, cannot be read back: {e.message}", hint="Import again."
            ) from e

    def _leave_order(self, segments: list[Segment]) -> None:
        """Go on with runs: what was written as segments becomes runs, which later rows win over."""
        self._segments = None
        for segment in segments:
            rows = self._read_back(segment)
            self._runs.append(self._write_run([rows]))
            (self.folder / segment.name).unlink()

    def _windows_in_order(self, segments: list[Segment]) -> Iterator[BarArrays]:
        for segment in segments:
            rows = self._read_back(segment)
            yield from (rows[i : i + WINDOW_ROWS] for i in range(0, len(rows), WINDOW_ROWS))
        rest = _joined(self._pieces)
        yield from (rest[i : i + WINDOW_ROWS] for i in range(0, len(rest), WINDOW_ROWS))

    # --- rows in any order

    def _unique(self, rows: BarArrays) -> BarArrays:
        rows, n_same, n_overridden = sort_unique(rows)
        self.n_same += n_same
        self.n_overridden += n_overridden
        return rows

    def _spill(self) -> None:
        rows = self._unique(_joined(self._pieces))
        self._pieces, self._n_buffered = [], 0
        self._runs.append(self._write_run([rows]))

    def _write_run(self, pieces: Iterable[BarArrays]) -> Run:
        """Write sorted pieces as one run, in small batches: reading it back among others holds one batch of each."""
        batches = (rows[i : i + BATCH_ROWS] for rows in pieces for i in range(0, len(rows), BATCH_ROWS))
        run = Run(self.folder / f"run-{next(self._n_files):06d}.arrow", [], [])
        schema = pa.schema([("event_ns", pa.int64()), *((c, pa.float64()) for c in BAR_COLUMNS)])
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with pa.OSFile(str(run.path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
                for rows in batches:
                    run.first_ns.append(int(rows.event_ns[0]))
                    run.last_ns.append(int(rows.event_ns[-1]))
                    writer.write_batch(pa.RecordBatch.from_arrays([column(c) for c in columns_of(rows).values()], schema=schema))
        except OSError as e:
            raise explain_os_error(e, "set rows aside for an import", run.path) from e
        return run

    def _merge(self, runs: list[Run]) -> Iterator[BarArrays]:
        """Merge sorted runs; rows of a later run win over equal times in an earlier one."""
        waiting = sorted(enumerate(runs), key=lambda placed: placed[1].first_ns[0], reverse=True)
        cursors: dict[int, Cursor] = {}
        while waiting or cursors:
            # Rows up to the smallest last time among the buffered batches are complete, once no unopened run starts before it.
            limit = min((int(c.rows.event_ns[-1]) for c in cursors.values()), default=None)
            while waiting and (limit is None or waiting[-1][1].first_ns[0] <= limit):
                place, run = waiting.pop()
                cursors[place] = _open(run)
                limit = min(int(c.rows.event_ns[-1]) for c in cursors.values())
            assert limit is not None
            pieces: list[Rows] = [piece for place in sorted(cursors) if len(piece := _take(cursors[place], limit))]
            for place in [place for place, cursor in cursors.items() if not len(cursor.rows)]:
                del cursors[place]
            yield self._unique(_joined(pieces))


class _SegmentsUnderWay:
    """Writes segments on threads of its own, at most a few at a time, and gives them back in order."""

    def __init__(self, folder: Path, key: SeriesKey) -> None:
        self._folder = folder
        self._key = key
        self._threads: ThreadPoolExecutor | None = None
        self._writing: deque[Future[Segment]] = deque()
        self._written: list[Segment] = []

    def write(self, rows: BarArrays) -> None:
        """Begin to write the next segment; waits while too many are being written. Raises Unavailable."""
        if self._threads is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as e:
                raise explain_os_error(e, "set rows aside for an import", self._folder) from e
            self._threads = ThreadPoolExecutor(WRITERS, "stage-write")
        while len(self._writing) >= WRITERS:
            self._written.append(self._writing.popleft().result())
        self._writing.append(self._threads.submit(write_segment, self._folder, "bar", [(self._key, rows)]))

    def finish(self) -> list[Segment]:
        """Every segment, once all are written. Raises Unavailable."""
        while self._writing:
            self._written.append(self._writing.popleft().result())
        self._end()
        return self._written

    def drop(self) -> None:
        """Let what is being written end, whatever becomes of it."""
        self._writing.clear()
        self._end()

    def _end(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None


def sort_unique(rows: BarArrays) -> tuple[BarArrays, int, int]:
    """Rows by time, of equal times the last; how many dropped rows equalled the one kept, and how many did not."""
    times = rows.event_ns
    if len(times) < 2 or bool(np.all(times[1:] > times[:-1])):
        return rows, 0, 0
    order = np.argsort(times, kind="stable")
    ordered = take(rows, order)
    is_last = np.append(ordered.event_ns[1:] != ordered.event_ns[:-1], True)
    kept = np.flatnonzero(is_last)
    winner = kept[np.searchsorted(kept, np.flatnonzero(~is_last))]
    dropped = np.flatnonzero(~is_last)
    n_same = int(np.count_nonzero(same_values(take(ordered, dropped), take(ordered, winner))))
    return take(ordered, kept), n_same, len(dropped) - n_same


def take(rows: BarArrays, places: Int64s) -> BarArrays:
    """Rows at ``places``."""
    return BarArrays(rows.event_ns[places], *(c[places] for c in rows.columns()))


def same_values(left: BarArrays, right: BarArrays) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether rows at equal places have equal prices and volumes; NaN equals NaN."""
    same = np.ones(len(left), np.bool_)
    for a, b in zip(left.columns(), right.columns(), strict=True):
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def check_bars(bars: BarArrays, key: SeriesKey) -> None:
    """Refuse what no bar may be: NaN prices, a high or low that is not one, negative volume. Raises InvalidInput."""
    prices = (bars.open, bars.high, bars.low, bars.close)
    # Comparisons with NaN are false, so that a NaN price fails here too.
    fine = (bars.high >= np.maximum(bars.open, bars.close)) & (bars.low <= np.minimum(bars.open, bars.close))
    fine &= ~(bars.volume < 0)
    for price in prices:
        fine &= np.isfinite(price)
    if not fine.all():
        row = int(np.flatnonzero(~fine)[0])
        values = ", ".join(f"{float(c[row])!r}" for c in bars.columns())
        raise InvalidInput(
            f"A bar of {key.instrument} {key.spec} at {int(bars.event_ns[row])} ns has open, high, low, close, volume {values}.",
            hint="Prices must be finite numbers within low and high; volumes at least 0 or missing.",
            code="bars.impossible",
        )


def _joined(pieces: Sequence[Rows]) -> BarArrays:
    rows = concat_rows(pieces) if pieces else BarArrays.empty()
    assert isinstance(rows, BarArrays)
    return rows


def _open(run: Run) -> Cursor:
    try:
        reader = pa.ipc.open_file(pa.OSFile(str(run.path)))
        return Cursor(run, reader, _batch(reader, 0), 1)
    except (OSError, pa.ArrowException) as e:
        raise CorruptData(f"{run.path}, rows of an import under way, cannot be read back: {e}.", hint="Import again.") from e


def _batch(reader: pa.RecordBatchFileReader, place: int) -> BarArrays:
    rows = rows_of(pa.Table.from_batches([reader.get_batch(place)]), is_trades=False)
    assert isinstance(rows, BarArrays)
    return rows


def _take(cursor: Cursor, limit: int) -> BarArrays:
    """Rows up to ``limit``; the cursor moves on to its next batch when one is used up."""
    n = int(np.searchsorted(cursor.rows.event_ns, limit, side="right"))
    taken, cursor.rows = cursor.rows[:n], cursor.rows[n:]
    if not len(cursor.rows) and cursor.batch < len(cursor.run.first_ns):
        cursor.rows = _batch(cursor.reader, cursor.batch)
        cursor.batch += 1
    return taken
