"""The market store: bars and trades of every series, from segments and the log's tail, and all that changes them."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from backend.clock import Clock
from backend.domain.bars import Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, InvalidInput
from backend.events import Event
from backend.storage.ledger import Ledger
from backend.storage.live_log import LiveLog
from backend.storage.manifest import Placed, overlapping
from backend.storage.market_changes import Also, MarketChanges, MergeOutcome
from backend.storage.market_opening import Folders, Found, open_folders
from backend.storage.paths import Home
from backend.storage.publishing import Publisher, in_thread
from backend.storage.revisions import BarEdit, Revision, load_edits, load_revisions
from backend.storage.segments import TRADE_SPEC, Rows, SeriesKey, concat_rows, in_order, read_part
from backend.storage.stage import Stage, sort_unique
from backend.storage.upkeep import Upkeep, Verified
from backend.tasks import TaskOwner

__all__ = ["MarketStore", "MergeOutcome", "Stage", "StoredSeries", "open_market_store"]

IMPORT_SOURCE: Final = "import"
SAMPLE_SOURCE: Final = "sample"
_PIECE_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """What is stored of one series from one source; times are event times of the first and the last bar."""

    series: Series
    source: str
    first_ns: int
    last_ns: int
    n_bars: int


class MarketStore:
    """Reads and changes stored market data. Lives on the engine thread; get one from `open_market_store`.

    Reading sees segments, then live rows, each newer value winning. A change is true, for readers and on disk,
    from one commit of the manifest on. Live rows are read at once and durable in group commits (`BarsSaved`).

    Only closed bars are history: the forming bar given with ``append(..., forming=True)`` is read like the others
    and replaced by its next state, but it reaches the disk only once it is closed.
    """

    def __init__(
        self, found: Found, publisher: Publisher, changes: MarketChanges, upkeep: Upkeep, live: LiveLog, reader: Executor
    ) -> None:
        self.notices = tuple(found.notices)
        self.n_torn_bytes = found.n_torn_bytes
        self.n_orphans = found.n_orphans
        self._publisher = publisher
        self._changes = changes
        self._upkeep = upkeep
        self._live = live
        self._reader = reader

    # --- reading

    async def load(
        self, series: Series, *, source: str | None = None, from_ns: int | None = None, to_ns: int | None = None
    ) -> BarArrays:
        """Bars with ``from_ns`` ≤ event_ns < ``to_ns``, oldest first; empty when there are none.

        Without a source, all sources but "sample" together: at equal times "import" counts first, then the others
        by name; "sample" is read only when the series has no other source. A damaged segment is set aside, told as
        a notice, and the rest is read.
        """
        sources = [source] if source is not None else self._sources_to_read(series)
        found = [await self._load_key(SeriesKey.of(series, name), from_ns, to_ns) for name in sources]
        bars = [_bars(rows) for rows in found if len(rows)]
        if not bars:
            return BarArrays.empty()
        # The last of equal times is kept, so the one that counts first goes last.
        return bars[0] if len(bars) == 1 else sort_unique(_bars(concat_rows(bars[::-1])))[0]

    async def load_trades(
        self, instrument: InstrumentId, source: str, *, from_ns: int | None = None, to_ns: int | None = None
    ) -> TradeArrays:
        """Trades with ``from_ns`` ≤ event_ns < ``to_ns``, by event time, equal times as they came."""
        rows = await self._load_key(_trade_key(instrument, source), from_ns, to_ns)
        assert isinstance(rows, TradeArrays)
        return rows

    def trade_sources(self, instrument: InstrumentId) -> list[str]:
        """Sources that recorded trades of an instrument, the one that counts first in front."""
        return sorted((key.source for key in self.series_keys(instrument) if key.is_trades), key=source_rank)

    def trade_pieces(self, instrument: InstrumentId, source: str) -> list[tuple[int, int]]:
        """Where stored trades lie: the first event time and the number of each piece of some ten thousands, by time."""
        key = _trade_key(instrument, source)
        pieces = [(placed.part.first_ns, placed.part.n_rows) for placed in self._publisher.manifest.parts(key)]
        for rows in self._live.tail.pieces(key):
            pieces += [(int(rows.event_ns[at]), min(_PIECE_ROWS, len(rows) - at)) for at in range(0, len(rows), _PIECE_ROWS)]
        return sorted(pieces)

    async def series(self, instrument: InstrumentId | None = None) -> tuple[StoredSeries, ...]:
        """Series and sources with bars, of one instrument or of all, by instrument, spec and source.

        Live rows that fill gaps count once they are cut.
        """
        keys = sorted(self.series_keys(instrument))
        return tuple(found for key in keys if not key.is_trades and (found := self._stored(key)) is not None)

    def sources(self, series: Series) -> list[str]:
        """Sources that have bars of ``series``, the one that counts first in front."""
        spec = str(series.spec)
        return sorted((key.source for key in self.series_keys(series.instrument) if key.spec == spec), key=source_rank)

    def stored_specs(self, instrument: InstrumentId, source: str | None = None) -> list[BarSpec]:
        """Specs of the bars stored of one instrument, from any source or from one; cheap at any number of series."""
        specs = {key.spec for key in self.series_keys(instrument) if source in {None, key.source}}
        return [BarSpec.parse(spec) for spec in sorted(specs - {TRADE_SPEC})]

    def series_keys(self, instrument: InstrumentId | None = None) -> set[SeriesKey]:
        """Every instrument, spec and source with rows, or those of one instrument."""
        manifest, live = self._publisher.manifest, self._live.tail.keys()
        if instrument is None:
            return {*manifest.keys(), *live}
        text = str(instrument)
        return {*manifest.keys_of(text), *(key for key in live if key.instrument == text)}

    @property
    def folder(self) -> Path:
        """Where the segments lie; other programs may read them there."""
        return self._publisher.folder

    def forming(self, series: Series, source: str) -> Bar | None:
        """The bar under way, if one was appended as such."""
        return self._live.tail.forming(SeriesKey.of(series, source))

    @contextmanager
    def files(self) -> Iterator[tuple[list[tuple[Path, str]], dict[SeriesKey, Rows]]]:
        """Listed segments as (path, kind) and the closed live rows by key; the files stay until the end of the block."""
        with self._publisher.lease() as manifest:
            files = [(self._publisher.folder / s.name, s.kind) for s in manifest.segments.values() if s.kind != "revision"]
            tail = self._live.tail
            live = {key: _unique(concat_rows(pieces)) for key in sorted(tail.keys()) if (pieces := tail.pieces(key))}
            yield files, live

    # --- changing

    def stage(self, series: Series, source: str) -> Stage:
        """A new stage for bars of ``series``; publish or drop it."""
        return self._changes.stage(SeriesKey.of(series, _checked_source(source)))

    async def publish(self, stage: Stage, *, also: Also | None = None) -> MergeOutcome:
        """Merge a stage into its series by one commit, and drop the stage; ``also`` writes in the same transaction.

        Equal rows change nothing; different rows replace, and what they replaced is kept as a revision. Values
        that an edit by hand has put away change nothing when they come again. When cancelled, or when the disk is
        full (Unavailable), nothing has changed and the stage is dropped.
        """
        return await self._changes.publish(stage, also)

    def append(self, series: Series, source: str, bars: BarArrays, *, forming: bool = False) -> int:
        """Apply live bars at once; durable when `BarsSaved.up_to_ns` reaches the returned stamp (at most 250 ms later).

        ``forming`` says that the last bar is still under way. Raises InvalidInput, Unavailable (see `LiveLog.append`).
        """
        return self._live.append(SeriesKey.of(series, _checked_source(source)), bars, forming=forming)

    def append_trades(self, instrument: InstrumentId, source: str, trades: TradeArrays) -> int:
        """Apply live trades, never merged nor dropped; durable as for `append`."""
        return self._live.append(_trade_key(instrument, _checked_source(source)), trades)

    def tell_changed(self, series: Series, source: str, from_ns: int) -> None:
        """Say once more that bars from ``from_ns`` on may differ, for what was made of them meanwhile."""
        self._upkeep.tell_bars_changed(SeriesKey.of(series, source), from_ns)

    async def flush(self) -> None:
        """Make everything appended so far durable now. Raises Unavailable."""
        await self._live.flush()

    async def cut(self) -> None:
        """Write all live rows to segments now; happens by itself when the log has grown. Raises Unavailable."""
        await self._upkeep.cut()

    async def pack(self) -> int:
        """Write small segments again as large ones until none is left to do; files replaced."""
        return await self._upkeep.pack()

    async def edit(self, series: Series, source: str, event_ns: int, new: Bar | None) -> int:
        """Replace the bar at ``event_ns`` by ``new``, or delete it; the edit's id. Raises NotFound, InvalidInput."""
        return await self._changes.edit(SeriesKey.of(series, source), event_ns, new)

    async def undo(self, edit_id: int) -> None:
        """Put back the bar that an edit changed. Raises NotFound, Conflict when it was changed again since."""
        await self._changes.undo(edit_id)

    async def edits(self, series: Series) -> tuple[BarEdit, ...]:
        """The log of edits by hand, newest first, undone ones too."""
        return await self._publisher.ledger.read(lambda c: tuple(load_edits(c, str(series.instrument), str(series.spec))))

    async def revisions(self, series: Series) -> tuple[Revision, ...]:
        """Bars that imports or live rows replaced, newest first."""
        return await self._publisher.ledger.read(lambda c: tuple(load_revisions(c, str(series.instrument), str(series.spec))))

    async def restore_revision(self, revision_id: int) -> MergeOutcome:
        """Put back the bars a change replaced; what this replaces becomes a revision itself. Raises NotFound."""
        return await self._changes.restore_revision(revision_id)

    async def verify(self, progress: Callable[[int, int], None] | None = None) -> Verified:
        """Compare every segment with its hash, set bad ones aside; ``progress(n_done, n_all)`` on the engine thread."""
        return await self._upkeep.verify(self._reader, progress)

    # --- inside

    def _sources_to_read(self, series: Series) -> list[str]:
        names = self.sources(series)
        others = [name for name in names if name != SAMPLE_SOURCE]
        return others or names

    async def _load_key(self, key: SeriesKey, from_ns: int | None, to_ns: int | None) -> Rows:
        if not len(key.source):
            raise InvalidInput("A source needs a name.")
        while True:
            with self._publisher.lease() as manifest:
                parts = overlapping(manifest.parts(key), from_ns, to_ns)
                live = self._live_trades(key, from_ns, to_ns) if key.is_trades else [self._live.tail.bars(key)]
                failed, pieces = await in_thread(self._reader, _read_parts, self._publisher.folder, parts)
            if failed is None:
                return _within(_together(pieces, live, key), from_ns, to_ns)
            placed, error = failed
            async with self._publisher.lock:
                await self._upkeep.set_aside(placed.segment, error)

    def _live_trades(self, key: SeriesKey, from_ns: int | None, to_ns: int | None) -> list[Rows]:
        """Of the tail's pieces what lies in between, so that a look at some minutes does not copy all of them."""
        return [_chosen(piece, from_ns, to_ns) for piece in self._live.tail.pieces(key) if isinstance(piece, TradeArrays)]

    def _stored(self, key: SeriesKey) -> StoredSeries | None:
        parts = [placed.part for placed in self._publisher.manifest.parts(key)]
        times = self._live.tail.bars(key).event_ns
        if not parts and not len(times):
            return None
        ends = [(part.first_ns, part.last_ns) for part in parts]
        last_ns = max((last for _, last in ends), default=None)
        n_after = len(times) if last_ns is None else len(times) - int(times.searchsorted(last_ns, side="right"))
        if len(times):
            ends.append((int(times[0]), int(times[-1])))
        n_bars = sum(part.n_rows for part in parts) + n_after
        return StoredSeries(key.series, key.source, min(first for first, _ in ends), max(last for _, last in ends), n_bars)


@asynccontextmanager
async def open_market_store(
    home: Home, ledger: Ledger, clock: Clock, *, publish: Callable[[Event], None] = lambda _: None
) -> AsyncIterator[MarketStore]:
    """Open the store of a home; events (`BarsSaved`, `BarsChanged`, `Notice`) go to ``publish`` on the engine thread.

    What a kill left behind is cleared: uncommitted files, stages, the torn end of the log. Damaged files are set
    aside; ``notices`` of the store tells them. Raises Unavailable when the disk refuses.
    """
    folders = Folders.of(home)
    found = await open_folders(folders, ledger, clock.now_ns())
    writer, logger, reader = (ThreadPoolExecutor(1, f"market-{name}") for name in ("writer", "log", "reader"))
    publisher = Publisher(folders.segments, ledger, clock, writer, found.manifest)
    live = LiveLog(folders.log, clock, logger, publish, found.next_generation)
    live.tail.frozen.extend(found.frozen)
    upkeep = Upkeep(folders, publisher, live, publish)
    changes = MarketChanges(folders, publisher, live, upkeep)
    if found.frozen:
        upkeep.note_change()
    try:
        async with TaskOwner("market store", publish) as tasks:
            tasks.start("save live bars", live.run())
            tasks.start("tidy segments", upkeep.run())
            yield MarketStore(found, publisher, changes, upkeep, live, reader)
    finally:
        try:
            await live.close()
        finally:
            for thread in (writer, logger, reader):
                thread.shutdown(wait=True)


def _read_parts(folder: Path, parts: Sequence[Placed]) -> tuple[tuple[Placed, CorruptData] | None, list[Rows]]:
    pieces = []
    for placed in parts:
        try:
            pieces.append(read_part(folder, placed.segment, placed.part))
        except CorruptData as e:
            return (placed, e), []
    return None, pieces


def _together(pieces: list[Rows], live: Iterable[Rows], key: SeriesKey) -> Rows:
    rows = [piece for piece in (*pieces, *live) if len(piece)]
    if not rows:
        return TradeArrays.empty() if key.is_trades else BarArrays.empty()
    return _unique(concat_rows(rows))


def _unique(rows: Rows) -> Rows:
    return in_order(rows) if isinstance(rows, TradeArrays) else sort_unique(rows)[0]


def _chosen(trades: TradeArrays, from_ns: int | None, to_ns: int | None) -> TradeArrays:
    times = trades.event_ns  # as they came, so in no order
    is_in = np.ones(len(times), np.bool_) if from_ns is None else times >= from_ns
    if to_ns is not None:
        is_in &= times < to_ns
    if is_in.all():
        return trades
    rows = np.flatnonzero(is_in)
    return TradeArrays(times[rows], trades.price[rows], trades.quantity[rows], trades.aggressor[rows])


def _within(rows: Rows, from_ns: int | None, to_ns: int | None) -> Rows:
    if from_ns is None and to_ns is None:
        return rows
    start = 0 if from_ns is None else int(rows.event_ns.searchsorted(from_ns))
    stop = len(rows) if to_ns is None else int(rows.event_ns.searchsorted(to_ns))
    return rows[start : max(start, stop)]


def source_rank(source: str) -> tuple[int, str]:
    """Sorts sources: the one whose bar counts at equal times first."""
    return {IMPORT_SOURCE: 0, SAMPLE_SOURCE: 2}.get(source, 1), source


def _bars(rows: Rows) -> BarArrays:
    assert isinstance(rows, BarArrays)
    return rows


def _trade_key(instrument: InstrumentId, source: str) -> SeriesKey:
    return SeriesKey(str(instrument), TRADE_SPEC, source)


def _checked_source(source: str) -> str:
    if not source or "\0" in source or len(source) > 64:
        raise InvalidInput(f"{source!r} cannot be the name of a source.", hint="Use 1 to 64 characters.")
    return source
