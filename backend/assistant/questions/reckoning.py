"""Values and conditions of a plan over whole series: one number a bar, NaN where there is none yet."""

from dataclasses import replace
from typing import Final

import numpy as np

from backend.assistant.questions.frames import Flags, Frame, in_season, rows_beside
from backend.assistant.questions.plan import (
    Change,
    Condition,
    Distance,
    Extreme,
    Gap,
    Indicator,
    Number,
    Op,
    Operand,
    Price,
    Range,
    compares_level,
)
from backend.domain.bars import DAY_NS, BarArrays, Float64s, Int64s
from backend.indicators import compute
from backend.indicators.columns import Columns
from backend.indicators.registry import spec_of

_DAYS_OF: Final = {"day": 1, "week": 7}
_MONTHS_OF: Final = {"month": 1, "year": 12}


def compute_value(value: Operand, frame: Frame) -> Float64s:  # noqa: PLR0911 - one case a kind of value
    """float64[n_bars] of a value, from the first stored bar on; at each bar nothing later counts."""
    bars = frame.bars
    match value:
        case Price(field):
            return Columns(bars)[field]
        case Indicator():
            return _indicator(value, frame)
        case Change(n_bars, unit):
            return _change(bars.close, n_bars, in_percent=unit == "percent")
        case Gap():
            return _percent(bars.open[1:], bars.close[:-1], 1)
        case Range():
            return bars.high - bars.low
        case Extreme():
            return _extreme(value, bars)
        case Distance(inner, base):
            return _percent(compute_value(inner, frame), compute_value(base, frame), 0)
        case Number(number):
            return np.full(len(bars), number)


def seen_by(condition: Condition, frame: Frame) -> Frame:
    """The frame in which the values of a condition are looked at: as it was traded, where prices are compared with a number."""
    if frame.levels is None or not compares_level(condition):
        return frame
    return replace(frame, bars=frame.levels, levels=None, is_adjusted=False)


def holds(conditions: tuple[Condition, ...], frame: Frame) -> tuple[Flags, Flags]:
    """bool[n_bars] twice: where all conditions hold, and where all their values are there to be looked at, in the season alone.

    A condition on another instrument is looked at in the bar of the same time, and known only where there is one.
    """
    n_bars = len(frame.bars)
    is_true, is_known = np.ones(n_bars, np.bool_), in_season(frame)
    for condition in conditions:
        other = frame.of(condition.instrument)
        seen = seen_by(condition, other)
        left, right = compute_value(condition.left, seen), compute_value(condition.right, seen)
        true, known = _compared(condition.op, left, right)
        if other is not frame:
            rows = rows_beside(frame, other)
            true, known = (flags[rows] & (rows >= 0) if len(flags) else np.zeros(n_bars, np.bool_) for flags in (true, known))
        is_true &= true
        is_known &= known
    return is_true & is_known, is_known


def _compared(op: Op, left: Float64s, right: Float64s) -> tuple[Flags, Flags]:
    known: Flags = ~(np.isnan(left) | np.isnan(right))
    simple = {Op.ABOVE: np.greater, Op.BELOW: np.less, Op.AT_LEAST: np.greater_equal, Op.AT_MOST: np.less_equal}
    if op in simple:
        return simple[op](left, right), known
    # A crossing: on one side now, on the other side or level at the bar before.
    above, below = left > right, left < right
    up, down = np.zeros(len(left), np.bool_), np.zeros(len(left), np.bool_)
    both = np.zeros(len(left), np.bool_)
    both[1:] = known[1:] & known[:-1]
    up[1:], down[1:] = above[1:] & ~above[:-1], below[1:] & ~below[:-1]
    crossed = {Op.CROSSES_ABOVE: up, Op.CROSSES_BELOW: down, Op.CROSSES: up | down}[op]
    return crossed & both, both


def _indicator(value: Indicator, frame: Frame) -> Float64s:
    spec = spec_of(value.name)
    params = {p.name: int(n) if p.is_whole else n for p, n in zip(spec.parameters, value.numbers, strict=True)}
    return compute(value.name, frame.bars, source=value.source, sessions=frame.sessions, **params)[value.output]


def _change(close: Float64s, n_bars: int, *, in_percent: bool) -> Float64s:
    if in_percent:
        return _percent(close[n_bars:], close[:-n_bars], min(n_bars, len(close)))
    out = np.full(len(close), np.nan)
    out[n_bars:] = close[n_bars:] - close[:-n_bars]
    return out


def _percent(value: Float64s, base: Float64s, n_before: int) -> Float64s:
    """How far values are above their bases in percent behind ``n_before`` rows of NaN; NaN where the base is not above 0."""
    out = np.full(len(value) + n_before, np.nan)
    is_usable = base > 0
    out[n_before:][is_usable] = (value[is_usable] / base[is_usable] - 1.0) * 100.0
    return out


def _extreme(value: Extreme, bars: BarArrays) -> Float64s:
    best = _newest_extreme(value, bars)
    return np.concatenate((np.full(min(1, len(best)), np.nan), best[:-1])) if value.is_before else best


def _newest_extreme(value: Extreme, bars: BarArrays) -> Float64s:
    column = Columns(bars)[value.field]
    sign = 1.0 if value.side == "highest" else -1.0
    if value.n == 0:
        return sign * np.fmax.accumulate(sign * column)
    rows = np.arange(len(bars))
    if value.unit == "bar":
        start = np.maximum(rows - value.n + 1, 0)
        best = sign * window_max(sign * column, start, rows + 1)
        best[: value.n - 1] = np.nan
        return best
    begins_ns = _earlier(bars.event_ns, value.n, value.unit)
    best = sign * window_max(sign * column, np.searchsorted(bars.event_ns, begins_ns, side="right"), rows + 1)
    best[begins_ns < (bars.event_ns[0] if len(bars) else 0) - 7 * DAY_NS] = np.nan  # a window that is not whole yet
    return best


def window_max(column: Float64s, start: Int64s, stop: Int64s) -> Float64s:
    """float64[n]: the highest of rows [start, stop) for each pair; NaN is passed over.

    By doubling: the highest of 2, 4, 8, … rows from each row on, of which two overlapping ones make any window.
    """
    n = len(column)
    out = np.full(len(start), np.nan)
    length = stop - start
    if not n or not len(start):
        return out
    table, width = np.array(column, np.float64), 1
    while width <= int(length.max()):
        chosen = (length >= width) & (length < 2 * width)
        out[chosen] = np.fmax(table[start[chosen]], table[stop[chosen] - width])
        if 2 * width > n:
            break
        table = np.fmax(table[:-width], table[width:])
        width *= 2
    return out


def _earlier(event_ns: Int64s, n: int, unit: str) -> Int64s:
    """The instants so long before each one, by the calendar for months and years."""
    if unit in _DAYS_OF:
        return event_ns - n * _DAYS_OF[unit] * DAY_NS
    moments = event_ns.view("datetime64[ns]")
    months = moments.astype("datetime64[M]")
    in_month = moments - months
    back = months - np.timedelta64(n * _MONTHS_OF[unit], "M")
    # The 31st of a shorter month is its last day.
    last = (
        (back + np.timedelta64(1, "M")).astype("datetime64[ns]")
        - np.timedelta64(DAY_NS, "ns")
        + in_month % np.timedelta64(DAY_NS, "ns")
    )
    earlier: Int64s = np.minimum(back.astype("datetime64[ns]") + in_month, last).astype("datetime64[ns]").view(np.int64)
    return earlier
