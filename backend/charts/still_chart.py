"""A chart as it stands at one moment, bars with everything computed from them: for pictures and files, followed by nobody."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from backend.charts.chart_state import ChartState, Comparison
from backend.charts.comparisons import align
from backend.charts.series_times import session_numbers, session_starts
from backend.charts.study_plan import StudyPlan, plan_of
from backend.charts.study_snapshot import COMPARED, LineKey
from backend.domain.bars import BarArrays, Float64s, Int64s, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.indicators.group import StreamGroup
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.market.resample import known_ns

_NO_LINES: Final[Mapping[LineKey, Float64s]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which bars: from_ns ≤ event_ns < to_ns, the newest ``n_last`` of them, as they were known at ``as_of_ns``; None for no limit.

    source : where they came from; None for any
    """

    from_ns: int | None = None
    to_ns: int | None = None
    n_last: int | None = None
    as_of_ns: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StillChart:
    """Bars, and one value a bar of each line.

    lines : float64[n_bars] by study and output, or by comparison and "close"; NaN where there is none
    breaks : int64[n]   rows at which a session starts, of bars cut by the clock
    errors : why a study or comparison has no lines, by its id
    """

    bars: BarArrays
    lines: Mapping[LineKey, Float64s] = field(default_factory=lambda: _NO_LINES)
    breaks: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    errors: Mapping[str, str] = field(default_factory=dict)


class ChartReader:
    """Reads charts from what is stored. A study starts at the first stored bar, whatever part of it is asked for."""

    def __init__(self, history: History, catalog: Catalog, calendars: Calendars) -> None:
        self._history = history
        self._catalog = catalog
        self._calendars = calendars

    async def read(self, series: Series, state: ChartState, stretch: Stretch) -> StillChart:
        """The bars of ``stretch`` with the lines that ``state`` asks for. Raises what ``History.bars`` raises."""
        bars = await self._bars(series, state, stretch)
        first = 0 if stretch.from_ns is None else int(np.searchsorted(bars.event_ns, stretch.from_ns))
        if stretch.n_last is not None:
            first = max(first, len(bars) - stretch.n_last)
        if first == len(bars):
            return StillChart(bars[first:])
        sessions = await self._sessions_of(series)
        session = session_numbers(series.spec, bars.event_ns, sessions)
        plan = plan_of(state.computed)
        whole_lines = await asyncio.to_thread(_swept, plan, bars, session)
        lines, errors = {key: values[first:] for key, values in whole_lines.items()}, dict(plan.errors)
        for comparison in state.comparisons:
            try:
                whole = await self._compared(series, bars, sessions, (comparison, state, stretch))
            except TriiError as error:
                errors[comparison.id] = str(error)
            else:
                lines[comparison.id, COMPARED] = whole[first:]
        breaks = session_starts(session, np.nan) if series.spec.is_intraday else np.empty(0, np.int64)
        return StillChart(bars[first:], lines, breaks[breaks >= first] - first, errors)

    async def _bars(self, series: Series, state: ChartState, stretch: Stretch) -> BarArrays:
        return await self._history.bars(
            series, to_ns=stretch.to_ns, adjusted=state.is_adjusted, as_of_ns=stretch.as_of_ns, source=stretch.source
        )

    async def _sessions_of(self, series: Series) -> SessionTable:
        instrument = await self._catalog.get(series.instrument)
        return await self._calendars.load(instrument.calendar)

    async def _compared(
        self, series: Series, bars: BarArrays, sessions: SessionTable, asked: tuple[Comparison, ChartState, Stretch]
    ) -> Float64s:
        comparison, state, stretch = asked
        other = Series(InstrumentId.parse(comparison.instrument), series.spec)
        other_sessions = await self._sessions_of(other)
        closes = await self._bars(other, state, Stretch(as_of_ns=stretch.as_of_ns))
        known = known_ns(series.spec, bars.event_ns, sessions)
        return align(known, known_ns(series.spec, closes.event_ns, other_sessions), closes.close)


def _swept(plan: StudyPlan, bars: BarArrays, session: Float64s) -> dict[LineKey, Float64s]:
    """The values of every study over all bars; the first of its kind loads its kernel, which takes a while."""
    made: dict[LineKey, Float64s] = {}
    for study, chain in plan.chains.items():
        swept = StreamGroup(chain).sweep(bars, session)
        made.update({(study, output): values for (link, output), values in swept.items() if link == chain[-1].key})
    return made
