"""Running indicators that alerts read: each computed once for all rules of a series, with the bits of the charts."""

import math
from typing import Final

from backend.alerts.rules import Reading
from backend.domain.bars import Bar, BarArrays, Float64s
from backend.indicators.group import Member, StreamGroup

_FEW: Final = 8
_KEY: Final = "it"
_PROBE: Final = Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0)


class RunningReading:
    """An indicator over the bars of one series; every value is NaN until it was primed.

    newest, before : the values at the newest complete bar and at the one before it, by output
    """

    def __init__(self, reading: Reading) -> None:
        self._group = StreamGroup([Member(_KEY, reading.indicator, reading.params, reading.source)])
        self._outputs = [output for _, output in self._group.keys]
        self.newest = self.before = dict.fromkeys(self._outputs, math.nan)
        self.is_primed = False

    def prime(self, bars: BarArrays, sessions: Float64s) -> None:
        """Take the history, the first stored bar first. Kernels are loaded or compiled here, and not later."""
        self._group.peek(_PROBE)
        self.is_primed = True
        self.take(bars, sessions)

    def take(self, bars: BarArrays, sessions: Float64s) -> dict[str, list[float]]:
        """Take complete bars: the values at each, by output."""
        n_bars = len(bars)
        if not self.is_primed:
            return {output: [math.nan] * n_bars for output in self._outputs}
        if n_bars > _FEW:
            found = {output: values.tolist() for (_, output), values in self._group.sweep(bars, sessions).items()}
        else:
            rows = [self._group.update(bars.bar(row), float(sessions[row])).tolist() for row in range(n_bars)]
            found = {output: [row[place] for row in rows] for place, output in enumerate(self._outputs)}
        if n_bars:
            self.before = {output: values[-2] for output, values in found.items()} if n_bars > 1 else self.newest
            self.newest = {output: values[-1] for output, values in found.items()}
        return found

    def peek(self, bar: Bar, session: float) -> dict[str, float]:
        """The values that a bar under way would give."""
        if not self.is_primed:
            return dict.fromkeys(self._outputs, math.nan)
        return dict(zip(self._outputs, self._group.peek(bar, session).tolist(), strict=True))


def mean_volume(n_bars: int) -> Reading:
    """The mean volume of the newest complete bars, as an indicator."""
    return Reading("sma", (("period", n_bars),), "volume", "value")
