"""Other instruments laid over a series: of each the last close that was known when the bar was complete."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from backend.charts.chart_state import Comparison
from backend.charts.study_snapshot import COMPARED, LineKey, StudyLine, line_of
from backend.domain.bars import BarSpec, Float64s, Int64s, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.market.bar_snapshot import BarSnapshot
from backend.market.bar_store import OpenSeries
from backend.market.resample import known_ns

if TYPE_CHECKING:
    from backend.charts.study_store import StudyStore


class RunningComparisons:
    """The comparisons of one chart, each an open series of the same interval; lives on the engine thread."""

    def __init__(self, spec: BarSpec, sessions: SessionTable | None, changed: Callable[[], None]) -> None:
        self._spec = spec
        self._sessions = sessions
        self._changed = changed
        self._others: dict[str, _Other] = {}
        self._known: tuple[BarSnapshot, Int64s] | None = None
        self.errors: dict[str, str] = {}

    async def open(self, store: "StudyStore", comparison: Comparison, main: Series, *, adjusted: bool) -> None:
        """Begin to follow one; why it cannot be is kept in ``errors``."""
        try:
            series = Series(InstrumentId.parse(comparison.instrument), main.spec)
            sessions = await store.sessions_of(series)
            source = await store.bars.open(series, adjusted=adjusted)
        except TriiError as error:
            self.errors[comparison.id] = str(error)
            return
        source.follower = self._on_other
        self._others[comparison.id] = _Other(source, sessions)

    def lines(self, bars: BarSnapshot) -> dict[LineKey, StudyLine]:
        """The lines that belong to ``bars``."""
        if not self._others:
            return {}
        known = self._known_of(bars)
        return {(key, COMPARED): other.line(bars, known) for key, other in self._others.items()}

    def close(self) -> None:
        """Follow no more."""
        for other in self._others.values():
            other.source.close()
        self._others.clear()

    def _on_other(self, _bars: BarSnapshot) -> None:
        self._changed()

    def _known_of(self, bars: BarSnapshot) -> Int64s:
        if self._known is None or self._known[0] is not bars:
            self._known = (bars, _known(self._spec, bars, self._sessions))
        return self._known[1]


class _Other:
    """One compared instrument, and its line for the bars it was last asked for."""

    def __init__(self, source: OpenSeries, sessions: SessionTable) -> None:
        self.source = source
        self._sessions = sessions
        self._made: tuple[BarSnapshot, BarSnapshot, StudyLine] | None = None

    def line(self, bars: BarSnapshot, known: Int64s) -> StudyLine:
        own = self.source.snapshot()
        if self._made is None or self._made[0] is not bars or self._made[1] is not own:
            aligned = align(known, _known(self.source.series.spec, own, self._sessions), own.bars.close)
            self._made = (bars, own, line_of(aligned))
        return self._made[2]


def align(known: Int64s, other_known: Int64s, other_close: Float64s) -> Float64s:
    """float64[n_bars]: the other's last close known when each bar was complete; NaN before its first.

    known : int64[n_bars]   when each bar of the main series is complete, never decreasing
    other_known, other_close : int64, float64[n_other]   the other's
    """
    place = np.searchsorted(other_known, known, side="right") - 1
    if not len(other_close):
        return np.full(len(known), np.nan)
    return np.where(place >= 0, other_close[np.maximum(place, 0)], np.nan)


def _known(spec: BarSpec, bars: BarSnapshot, sessions: SessionTable | None) -> Int64s:
    event_ns = bars.bars.event_ns
    return event_ns if sessions is None else known_ns(spec, event_ns, sessions)
