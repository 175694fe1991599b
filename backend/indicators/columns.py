"""What indicators read of whole series: the columns of bars, prices made of them, and sweeps over these."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays, Float64s, Int64s
from backend.indicators.spec import FIELDS, IndicatorSpec

_SURE: Final = frozenset(FIELDS) - {"volume", "session", "given"}  # prices of bars are never NaN; all else may be


class Columns(dict[str, Float64s]):
    """Columns of bars by the name of a field, each float64[n_bars]; made when one asks, for few are needed."""

    def __init__(self, bars: BarArrays, sessions: Float64s | None = None, given: Float64s | None = None) -> None:
        super().__init__()
        self.bars = bars
        self.sessions = sessions
        if given is not None:
            self["given"] = given

    def __missing__(self, name: str) -> Float64s:
        made = self._made(name)
        self[name] = made
        return made

    def is_sure(self, name: str) -> bool:
        """Whether a column cannot hold NaN: prices of bars, what is made of them, and days."""
        return name in _SURE or (name == "session" and self.sessions is None)

    def _made(self, name: str) -> Float64s:
        bars = self.bars
        if name == "session":
            return _days(bars.event_ns) if self.sessions is None else np.ascontiguousarray(self.sessions, np.float64)
        if name == "hl2":
            return _mean(2.0, bars.high, bars.low)
        if name == "hlc3":
            return _mean(3.0, bars.high, bars.low, bars.close)
        if name == "ohlc4":
            return _mean(4.0, bars.open, bars.high, bars.low, bars.close)
        if name == "hlcc4":
            return _mean(4.0, bars.high, bars.low, bars.close, bars.close)
        column: Float64s = getattr(bars, name)
        return np.ascontiguousarray(column)


def _days(event_ns: Int64s) -> Float64s:
    # The UTC day of each bar. Looking up where the few days begin costs less than dividing many times.
    n_bars = len(event_ns)
    first, last = (int(event_ns[0]) // DAY_NS, int(event_ns[-1]) // DAY_NS) if n_bars else (0, 0)
    if last - first > n_bars // 50:
        return (event_ns // DAY_NS).astype(np.float64)
    starts = np.searchsorted(event_ns, np.arange(first + 1, last + 1) * DAY_NS)
    return np.repeat(np.arange(first, last + 1, dtype=np.float64), np.diff(starts, prepend=0, append=n_bars))


def _mean(count: float, one: Float64s, other: Float64s, *more: Float64s) -> Float64s:
    # In this order, which gives the bits of a step, and in place.
    total = np.add(one, other)
    for column in more:
        np.add(total, column, total)
    np.divide(total, count, total)
    return total


def swept(spec: IndicatorSpec, state: Float64s, names: Sequence[str], columns: Columns) -> list[Float64s]:
    """Take the columns called ``names`` into ``state``: float64[n_bars] of each output of ``spec``.

    Where an input is NaN, outputs are, and nothing is remembered.
    """
    inputs = [columns[name] for name in names]
    n_bars = len(columns.bars)
    outs = [np.empty(n_bars) for _ in spec.outputs]
    unsure = [column for name, column in zip(names, inputs, strict=True) if not columns.is_sure(name)]
    # A sum is NaN if a value is: one pass, without an array of answers.
    if not any(np.isnan(np.add.reduce(column)) for column in unsure):
        spec.kernel.sweep(state, *inputs, *outs)
        return outs
    rows = np.flatnonzero(~np.logical_or.reduce([np.isnan(column) for column in unsure]))
    packed = [np.empty(len(rows)) for _ in outs]
    spec.kernel.sweep(state, *(column[rows] for column in inputs), *packed)
    for out, values in zip(outs, packed, strict=True):
        out.fill(np.nan)
        out[rows] = values
    return outs
