"""What alerts read of the bars of one series: closes, volumes, indicators and averages, at complete bars and under way."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from backend.alerts.level import percent_level
from backend.alerts.machine import LONG_AGO
from backend.alerts.readings import RunningReading, mean_volume
from backend.alerts.rows import Side
from backend.alerts.rules import CloseBefore, LastPrice, MeanVolume, Reading
from backend.charts.series_times import session_numbers
from backend.domain.bars import Bar, BarArrays, BarSpec, Int64s
from backend.domain.sessions import SessionTable
from backend.market.resample import known_ns

_NO_NS: Final = np.empty(0, np.int64)
_ALWAYS_OPEN: Final = SessionTable("", _NO_NS, _NO_NS, _NO_NS)


class BarValues:
    """The newest complete bar of a series, and whatever is computed over its bars for somebody.

    label, end_ns : of the newest complete bar, LONG_AGO before any; n_taken : bars that came since it was made
    """

    def __init__(self, spec: BarSpec) -> None:
        self.label = self.end_ns = LONG_AGO
        self.n_taken = 0
        self._spec = spec
        self._sessions: SessionTable | None = None
        self._close = self._volume = math.nan
        self._readings: dict[Reading, RunningReading] = {}
        self._sides: set[Side] = set()
        self._closes: list[float] = []
        self._n_closes = 0

    # --- what is needed -----------------------------------------------------------------------------------------------

    def need(self, sides: Iterable[Side]) -> None:
        """Compute these as well from now on; indicators begin when they are primed."""
        for side in sides:
            self._sides.add(side)
            reading = _computed(side)
            if reading is not None and reading not in self._readings:
                self._readings[reading] = RunningReading(reading)
            if isinstance(side, CloseBefore):
                self._n_closes = max(self._n_closes, side.n_bars + 1)

    def keep(self, sides: Iterable[Side]) -> None:
        """Compute nothing else any longer."""
        self._sides = set(sides)
        kept = {_computed(side) for side in self._sides}
        self._readings = {reading: running for reading, running in self._readings.items() if reading in kept}
        self._n_closes = max((side.n_bars + 1 for side in self._sides if isinstance(side, CloseBefore)), default=0)
        self._closes = self._closes[-self._n_closes :] if self._n_closes else []

    def prime(self, bars: BarArrays, sessions: SessionTable | None) -> list[Side]:
        """Take history up to the newest bar seen live, if one was, into what has not begun: the sides that begin."""
        self._sessions = sessions or self._sessions
        if self.label != LONG_AGO:
            bars = bars[: int(np.searchsorted(bars.event_ns, self.label, side="right"))]
        waiting = {reading: running for reading, running in self._readings.items() if not running.is_primed}
        begun = [side for side in self._sides if _computed(side) in waiting or isinstance(side, CloseBefore)]
        numbers = session_numbers(self._spec, bars.event_ns, self._sessions) if waiting else np.empty(0)
        for running in waiting.values():
            running.prime(bars, numbers)
        if self._n_closes > len(self._closes):
            self._closes = bars.close[-self._n_closes :].tolist()
        if self.label == LONG_AGO and len(bars):
            self._remember(bars, self.ends(bars[-1:], None))
        return begun

    # --- bars ---------------------------------------------------------------------------------------------------------

    def unseen(self, closed: BarArrays) -> BarArrays:
        """Those newer than the newest that was taken."""
        if not len(closed) or closed.event_ns[0] > self.label:
            return closed
        return closed[int(np.searchsorted(closed.event_ns, self.label, side="right")) :]

    def ends(self, closed: BarArrays, forming: Bar | None) -> Int64s:
        """int64[n_closed]: when each bar was complete; where its spec does not tell, when the next one began."""
        labels = closed.event_ns
        if not len(labels):
            return _NO_NS
        if self._spec.is_time:
            return known_ns(self._spec, labels, self._sessions or _ALWAYS_OPEN)
        last_ns = labels[-1] if forming is None else max(forming.event_ns, labels[-1])
        return np.append(labels[1:], last_ns).astype(np.int64)

    def take(self, closed: BarArrays, ends_ns: Int64s, sides: Iterable[Side]) -> dict[Side, list[float]]:
        """Take complete bars: every side's value at each of them."""
        if not len(closed):
            return {side: [] for side in sides}
        numbers = session_numbers(self._spec, closed.event_ns, self._sessions)
        means = {reading: running.newest for reading, running in self._readings.items()}
        taken = {reading: running.take(closed, numbers) for reading, running in self._readings.items()}
        found: dict[Side, list[float]] = {}
        closes, n_before = [*self._closes, *closed.close.tolist()], len(self._closes)
        for side in sides:
            if isinstance(side, Reading):
                found[side] = taken[_whole(side)][side.output]
            elif isinstance(side, MeanVolume):
                mean = mean_volume(side.n_bars)
                found[side] = [side.times * one for one in (means[mean]["value"], *taken[mean]["value"][:-1])]
            elif isinstance(side, CloseBefore):
                found[side] = [_close_before(side, closes, n_before + row) for row in range(len(closed))]
            else:
                found[side] = (closed.close if isinstance(side, LastPrice) else closed.volume).tolist()
        if self._n_closes:
            self._closes = closes[-self._n_closes :]
        self.n_taken += len(closed)
        self._remember(closed, ends_ns)
        return found

    def under_way(self, bar: Bar, sides: Iterable[Side]) -> dict[Side, float]:
        """Every side's value at the bar under way, after the newest complete one."""
        found: dict[Side, float] = {}
        peeked: dict[Reading, Mapping[str, float]] = {}
        for side in sides:
            if isinstance(side, Reading):
                whole = _whole(side)
                if whole not in peeked:
                    peeked[whole] = self._readings[whole].peek(bar, self._session_of(bar))
                found[side] = peeked[whole][side.output]
            elif isinstance(side, MeanVolume):
                found[side] = side.times * self._readings[mean_volume(side.n_bars)].newest["value"]
            elif isinstance(side, CloseBefore):
                found[side] = self.close_before(side)
            else:
                found[side] = bar.close if isinstance(side, LastPrice) else bar.volume
        return found

    def newest(self, side: Side) -> float:
        """A side's value at the newest complete bar, NaN before any."""
        if isinstance(side, Reading):
            return self._readings[_whole(side)].newest[side.output]
        if isinstance(side, MeanVolume):
            return side.times * self._readings[mean_volume(side.n_bars)].before["value"]
        if isinstance(side, CloseBefore):
            return _close_before(side, self._closes, len(self._closes) - 1)
        return self._close if isinstance(side, LastPrice) else self._volume

    def close_before(self, side: CloseBefore) -> float:
        """What a tick after the newest complete bar is compared with."""
        return _close_before(side, self._closes, len(self._closes))

    def closes_before(self, side: CloseBefore, closed: BarArrays) -> list[float]:
        """float[n_closed + 1]: the same after none, one and more of bars that were not taken yet."""
        closes, n_before = [*self._closes, *closed.close.tolist()], len(self._closes)
        return [_close_before(side, closes, n_before + n_ended) for n_ended in range(len(closed) + 1)]

    def _session_of(self, bar: Bar) -> float:
        return float(session_numbers(self._spec, np.array([bar.event_ns], np.int64), self._sessions)[0])

    def _remember(self, bars: BarArrays, ends_ns: Int64s) -> None:
        self.label, self.end_ns = int(bars.event_ns[-1]), int(ends_ns[-1])
        self._close, self._volume = float(bars.close[-1]), float(bars.volume[-1])


def _computed(side: Side) -> Reading | None:
    if isinstance(side, Reading):
        return _whole(side)
    return mean_volume(side.n_bars) if isinstance(side, MeanVolume) else None


def _whole(reading: Reading) -> Reading:
    # All outputs of an indicator are computed together.
    return Reading(reading.indicator, reading.params, reading.source, "")


def _close_before(side: CloseBefore, closes: list[float], row: int) -> float:
    place = row - side.n_bars
    return percent_level(closes[place], side.percent) if place >= 0 else math.nan
