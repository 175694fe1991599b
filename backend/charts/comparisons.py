"""Other instruments laid over a series: of each the last close that was known when the bar was complete."""

import numpy as np

from backend.charts.running_studies import GrowingLine, first_change
from backend.charts.series_times import SeriesTimes
from backend.charts.study_snapshot import StudyLine
from backend.domain.bars import Float64s, Int64s
from backend.market.bar_snapshot import BarSnapshot


class RunningComparison:
    """One instrument over one series, both of them growing; the lines it gives out never change.

    Values at closed bars are kept as long as the other's bars that they came from stay as they are, so a live bar of either
    costs no more than the two tails.
    """

    def __init__(self, times: SeriesTimes, other_times: SeriesTimes) -> None:
        self._times = times
        self._other_times = other_times
        self._line = GrowingLine()
        self._tail = np.empty(0)
        self.bars: BarSnapshot | None = None
        self.other: BarSnapshot | None = None

    def advance(self, bars: BarSnapshot, other: BarSnapshot) -> None:
        """Take newer states of both, each of the lineage it had."""
        assert self.bars is None or self.bars.lineage == bars.lineage, "Another lineage needs another run."
        if self.other is not None and self.other is not other and self._first_affected(bars, other) < len(self._line):
            self._line = GrowingLine()
        first, n_bars = len(self._line), len(bars)
        values = self._values(bars, other, first, n_bars)
        # The newest bar's end may not be known yet, so it is not closed whatever the bars say.
        n_closed = max(min(len(bars.closed), n_bars - 1) - first, 0)
        if n_closed:
            self._line.append(values[:n_closed])
        self._tail = values[n_closed:].copy()
        self._tail.flags.writeable = False
        self.bars, self.other = bars, other

    def line(self) -> StudyLine:
        """The line of the bars taken last."""
        return self._line.shown(self._tail)

    def _first_affected(self, bars: BarSnapshot, other: BarSnapshot) -> int:
        old = self.other
        assert old is not None
        row = 0 if old.lineage != other.lineage else first_change(old, other)
        # The end of a bar cut by trades or range moves when the next one comes.
        row = max(row - (0 if self._other_times.spec.is_time else 1), 0)
        ends = [int(self._other_times.known(state, row, row + 1)[0]) for state in (old, other) if row < len(state)]
        return self._times.n_until(bars, min(ends) - 1) if ends else len(bars)

    def _values(self, bars: BarSnapshot, other: BarSnapshot, first: int, stop: int) -> Float64s:
        if first >= stop or not len(other):
            return np.full(max(stop - first, 0), np.nan)
        known = self._times.known(bars, first, stop)
        low = max(self._other_times.n_until(other, int(known[0])) - 1, 0)
        high = self._other_times.n_until(other, int(known[-1]))
        return align(known, self._other_times.known(other, low, high), other.rows(low, high).close)


def close_known(times: SeriesTimes, bars: BarSnapshot, at_ns: int) -> float:
    """The last close of ``bars`` that was known at ``at_ns``; NaN before the first."""
    n_known = times.n_until(bars, at_ns)
    return bars.bar(n_known - 1).close if n_known else float("nan")


def align(known: Int64s, other_known: Int64s, other_close: Float64s) -> Float64s:
    """float64[n_bars]: the other's last close known when each bar was complete; NaN before its first.

    known : int64[n_bars]   when each bar of the main series is complete, never decreasing
    other_known, other_close : int64, float64[n_other]   the other's
    """
    place = np.searchsorted(other_known, known, side="right") - 1
    if not len(other_close):
        return np.full(len(known), np.nan)
    return np.where(place >= 0, other_close[np.maximum(place, 0)], np.nan)
