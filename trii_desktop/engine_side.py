"""What panels ask of the engine in one crossing: coroutines that run there and give back frozen values only."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from backend.app import Backend
from backend.charts.anchor_map import NO_SESSIONS, AnchorMap
from backend.charts.study_store import OpenStudies
from backend.domain.bars import Bar, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput, NotFound
from backend.live.arrival import await_bars, find_served
from backend.market.history import NO_FACTORS
from backend.market.resample import divides
from backend.market.samples import load_samples
from backend.market.trade_bars import made_of_trades
from backend.storage.market_store import StoredSeries
from backend.storage.revisions import BarEdit
from backend.watchlists.list_text import ReadList, format_list, read_list, read_text_file, write_text_file
from backend.watchlists.watchlist import Watchlist

DAILY: Final = BarSpec.parse("1d")
MINUTE: Final = BarSpec.parse("1m")
N_RESULTS: Final = 50
N_FIRST_LIST: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """One result of a search: the instrument, how many bars of it are stored, and their intervals in words."""

    instrument: Instrument
    n_bars: int
    intervals: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a chart shows: the instrument, its interval, whether adjusted, and which intervals can be chosen."""

    instrument: Instrument
    spec: BarSpec
    is_adjusted: bool
    specs: tuple[BarSpec, ...]

    @property
    def series(self) -> Series:
        """The series on the chart."""
        return Series(self.instrument.id, self.spec)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened for a chart."""

    shown: Shown
    source: OpenStudies


@dataclass(frozen=True, slots=True)
class EngineSide:
    """Call its coroutines through the bridge."""

    backend: Backend

    async def instruments(self) -> tuple[Instrument, ...]:
        """Every instrument, by id."""
        return tuple(await self.backend.catalog.all())

    async def stored(self) -> tuple[StoredSeries, ...]:
        """What is stored of every series from every source."""
        return tuple(await self.backend.store.series())

    async def specs(self, instrument: InstrumentId) -> tuple[BarSpec, ...]:
        """The intervals in which an instrument can be shown, the shortest first."""
        return tuple(await self.backend.history.specs(instrument))

    async def find(self, query: str) -> tuple[Found, ...]:
        """The instruments that match what was typed, best first."""
        counts: dict[InstrumentId, int] = {}
        specs: dict[InstrumentId, dict[str, None]] = {}
        for stored in await self.backend.store.series():
            instrument = stored.series.instrument
            counts[instrument] = counts.get(instrument, 0) + stored.n_bars
            specs.setdefault(instrument, {})[str(stored.series.spec)] = None
        instruments = {one.id: one for one in await self.backend.catalog.find(query, limit=N_RESULTS)}
        for served in await find_served(self.backend.live, query, n_max=N_RESULTS - len(instruments)):
            instruments.setdefault(served.id, served)
        return tuple(Found(i, counts.get(i.id, 0), ", ".join(specs.get(i.id, ()))) for i in instruments.values())

    async def hours(self, instruments: tuple[InstrumentId, ...]) -> Mapping[InstrumentId, tuple[str, SessionTable]]:
        """Calendars and their sessions, of those instruments that are known."""
        found: dict[InstrumentId, tuple[str, SessionTable]] = {}
        for instrument in instruments:
            with suppress(NotFound):
                calendar = (await self.backend.catalog.get(instrument)).calendar
                found[instrument] = (calendar, _frozen(await self.backend.calendars.load(calendar)))
        return MappingProxyType(found)

    async def open_series(self, instrument_id: InstrumentId, wanted: BarSpec | None, adjusted: str, *, is_needed: bool) -> Opened:
        """Open a series for a chart, in ``wanted`` if it can be (must be, when ``is_needed``), else daily, else the longest.

        adjusted : "adjusted" or "raw"
        """
        specs = await self.specs(instrument_id)
        if not specs or (is_needed and wanted is not None and self._may_come(instrument_id, wanted)):
            aim = Series(instrument_id, wanted if wanted is not None and _may_be_live(wanted) else MINUTE)
            await await_bars(self.backend.live, self.backend.history, self.backend.bus, aim)
            specs = await self.specs(instrument_id)
        instrument = await self.backend.catalog.get(instrument_id)
        spec = wanted if wanted is not None and (is_needed or wanted in specs) else DAILY if DAILY in specs else specs[-1]
        is_adjusted = adjusted == "adjusted"
        source = await self.backend.studies.open(Series(instrument_id, spec), adjusted=is_adjusted)
        return Opened(Shown(instrument, spec, is_adjusted, specs), source)

    def _may_come(self, instrument: InstrumentId, spec: BarSpec) -> bool:
        """Whether bars that cannot be made yet can be of what a feed brings."""
        is_served = self.backend.live.feed_of(instrument) is not None
        return is_served and _may_be_live(spec) and not self.backend.history.can_make(instrument, spec)

    async def bring_samples(self) -> None:
        """Import the samples into a home that has no instruments."""
        await load_samples(self.backend.importer)

    async def make_first_list(self, name: str) -> Watchlist:
        """A list of what has bars, up to a screenful."""
        made = await self.backend.watchlists.create(name)
        for instrument in dict.fromkeys(stored.series.instrument for stored in await self.backend.store.series()):
            if len(made.instruments) < N_FIRST_LIST:
                made = await self.backend.watchlists.add(made.id, instrument)
        return made

    async def read_watchlist(self, path: Path) -> ReadList:
        """What the text file ``path`` names. Raises InvalidInput or Unavailable."""
        return await read_list(await asyncio.to_thread(read_text_file, path), self.backend.catalog)

    async def write_watchlist(self, watchlist: Watchlist, path: Path) -> None:
        """Write ``watchlist`` into the text file ``path``. Raises Unavailable."""
        await asyncio.to_thread(write_text_file, path, format_list(watchlist))

    async def anchor_map(self, series: Series, adjusted: str, *, is_needed: bool) -> tuple[AnchorMap, int | None]:
        """Where anchors stand on ``series``, also without sessions that are not at hand; and the moment of a replay, if any.

        adjusted : "adjusted" or "raw"
        """
        factors = await self.backend.history.price_factors(series.instrument) if adjusted == "adjusted" else NO_FACTORS
        studies = self.backend.studies
        sessions = await studies.sessions_of(series, is_needed=is_needed or bool(len(factors.price)))
        return AnchorMap(series.spec, NO_SESSIONS if sessions is None else sessions, factors), studies.now_ns

    async def watch(self, instruments: Iterable[InstrumentId]) -> None:
        """Keep the figures of exactly these instruments fresh."""
        self.backend.board.watch(instruments)

    async def sources(self, series: Series) -> tuple[str, ...]:
        """Sources that hold bars of ``series``, the one that counts first in front."""
        return tuple(self.backend.store.sources(series))

    async def edits(self, series: Series) -> tuple[BarEdit, ...]:
        """The log of edits by hand, newest first."""
        return tuple(await self.backend.store.edits(series))

    async def edit(self, series: Series, event_ns: int, new: Bar | None) -> int:
        """Replace or delete a bar in the source that counts first among those that have it; the edit's id."""
        store = self.backend.store
        for source in store.sources(series):
            if len(await store.load(series, source=source, from_ns=event_ns, to_ns=event_ns + 1)):
                return await store.edit(series, source, event_ns, new)
        raise InvalidInput(
            f"{series} has no stored bar at this time.",
            hint="It is computed from shorter bars: edit one of those.",
            code="bars.computed",
        )


def _may_be_live(spec: BarSpec) -> bool:
    """Whether trades make bars of ``spec``, themselves or by way of minutes."""
    return made_of_trades(spec) or divides(MINUTE, spec)


def _frozen(table: SessionTable) -> SessionTable:
    columns = tuple(column.view() for column in (table.label_ns, table.open_ns, table.close_ns))
    for column in columns:
        column.flags.writeable = False
    return SessionTable(table.calendar, *columns)
