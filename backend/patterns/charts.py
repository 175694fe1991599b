"""Patterns that confirmed swings draw: their corners, lines and measured moves, and what became of them."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.patterns.chart_words import FORMS, Form
from backend.patterns.found import Bias, ChartKind, ChartPattern, Line, LineRole, Outcome, OutcomeKind, Point
from backend.patterns.swings import SwingArrays, average_ranges, zigzag

REVERSALS_ATR: Final = (2.0, 4.0, 8.0)  # sizes of swings that patterns are sought among
SIZE_ATR: Final = 8.0  # a height of so many average true ranges counts as large
LIFE_BARS_MIN: Final = 20
BREAK_PART: Final = 0.05  # of the height, by which a close must lie outside a line to break it
N_REMEMBERED: Final = 16


class _Figures(NamedTuple):
    # What the kernel measured, in the order of its columns.
    near_start: float
    near_end: float
    far_start: float
    far_end: float
    height: float
    move: float
    fit: float
    balance: float


def find_chart_patterns(bars: BarArrays) -> tuple[ChartPattern, ...]:
    """Chart patterns among swings of three sizes, in the order in which they were known.

    A pattern is known when its last swing is confirmed, before it breaks out or fails. A drawing that shares a third or more of
    the longer one's bars with one of its kind that is still open is the same drawing, and only the first is kept.
    outcome : the first close more than 5 % of the height outside a line, or EXPIRED after as many bars as the pattern took, at
        least 20
    strength : the mean of fit (how far corners miss what they should lie on, against what is allowed), balance (the shorter
        part's time against the longer one's) and size (height in average true ranges against 8, at most 1)
    """
    ranges = average_ranges(bars)
    close = np.ascontiguousarray(bars.close)
    found: list[tuple[int, int, ChartPattern]] = []
    for place, reversal in enumerate(REVERSALS_ATR):
        swings = zigzag(bars, reversal, atr=ranges)
        found += [(pattern.known, place, pattern) for pattern in _patterns(bars, close, swings)]
    found.sort(key=lambda each: each[:2])
    return tuple(_without_repeats(pattern for _, _, pattern in found))


def _without_repeats(patterns: Iterator[ChartPattern]) -> Iterator[ChartPattern]:
    # Only what was known by then decides, so that later bars never change what was found.
    kept: dict[ChartKind, deque[ChartPattern]] = {kind: deque(maxlen=N_REMEMBERED) for kind in ChartKind}
    for pattern in patterns:
        before = kept[pattern.kind]
        if not any(_is_same_drawing(other, pattern) for other in before):
            before.append(pattern)
            yield pattern


def _is_same_drawing(other: ChartPattern, pattern: ChartPattern) -> bool:
    fate = other.outcome
    is_open = fate is None or fate.known >= pattern.known or fate.index > pattern.end
    shared = min(other.end, pattern.end) - max(other.start, pattern.start)
    is_over_it = 3 * shared >= max(other.end - other.start, pattern.end - pattern.start)
    return (is_open and is_over_it) or other.corners == pattern.corners


def _patterns(bars: BarArrays, close: Float64s, swings: SwingArrays) -> Iterator[ChartPattern]:
    from backend.kernels import shapes  # noqa: PLC0415 - brings numba, which no start should wait for

    n_most = shapes.N_MOST * len(swings)
    whole, real = np.empty((n_most, shapes.N_WHOLE), np.int64), np.empty((n_most, shapes.N_REAL))
    n_found = shapes.shape_sweep(swings.side, swings.row, swings.price, swings.atr, close, whole, real)
    for place, figures in zip(whole[:n_found].tolist(), real[:n_found].tolist(), strict=True):
        yield _pattern(bars, close, swings, place, _Figures(*figures))


def _pattern(bars: BarArrays, close: Float64s, swings: SwingArrays, place: Sequence[int], figures: _Figures) -> ChartPattern:
    kind, first, last = place
    is_top = bool(swings.side[last] > 0)
    form = FORMS[kind][0 if is_top else 1]
    rows: list[int] = swings.row[first : last + 1].tolist()
    known, begin, stop = int(swings.known[last]), rows[0], rows[-1]
    lines = _lines(bars.event_ns, form, rows, figures, is_top=is_top)
    outcome = _outcome(bars, close, form, lines, (known, figures.move, BREAK_PART * figures.height))
    points = zip(bars.event_ns[rows].tolist(), swings.price[first : last + 1].tolist(), strict=True)
    size = min(figures.height / (SIZE_ATR * float(swings.atr[last])), 1.0)
    target, invalidation = _stakes(form, lines, known, figures.move)
    return ChartPattern(
        kind=form.kind,
        name=form.name,
        bias=form.bias,
        start=begin,
        end=stop,
        start_ns=int(bars.event_ns[begin]),
        end_ns=int(bars.event_ns[stop]),
        known=known,
        known_ns=int(bars.event_ns[known]),
        points=tuple(points),
        strength=(figures.fit + figures.balance + size) / 3.0,
        rule=form.rule,
        corners=tuple(rows),
        lines=tuple(line for line in lines if line.role is not LineRole.LIMIT),
        height=figures.height,
        target=target,
        invalidation=invalidation,
        outcome=outcome,
    )


def _lines(event_ns: Int64s, form: Form, rows: Sequence[int], figures: _Figures, *, is_top: bool) -> tuple[Line, Line]:
    # The upper and the lower line. Of patterns with a neckline the other one is only where they fail.
    begin, stop = rows[0], rows[-1]
    near_role, far_role = (LineRole.LOWER, LineRole.UPPER) if is_top else (LineRole.UPPER, LineRole.LOWER)
    if form.has_neckline:
        near_role, far_role = LineRole.NECKLINE, LineRole.LIMIT

    def line(role: LineRole, start_price: float, end_price: float) -> Line:
        first: Point = (int(event_ns[begin]), start_price)
        return Line(role=role, start=begin, end=stop, points=(first, (int(event_ns[stop]), end_price)))

    near = line(near_role, figures.near_start, figures.near_end)
    far = line(far_role, figures.far_start, figures.far_end)
    if form.has_pole:
        near, far = _without_pole(near, event_ns, rows), _without_pole(far, event_ns, rows)
    return (far, near) if is_top else (near, far)


def _without_pole(line: Line, event_ns: Int64s, rows: Sequence[int]) -> Line:
    # A flag's lines bound what comes after its pole, the move from the first corner to the second.
    start: Point = (int(event_ns[rows[1]]), line.price_at(rows[1]))
    return replace(line, start=rows[1], points=(start, line.points[1]))


def _stakes(form: Form, lines: tuple[Line, Line], known: int, move: float) -> tuple[float, float]:
    # Target and invalidation as both lines stand at the bar that made the pattern known.
    upper, lower = (line.price_at(known) for line in lines)
    if form.bias is Bias.BULLISH:
        return upper + move, lower
    return (lower - move, upper) if form.bias is Bias.BEARISH else (math.nan, math.nan)


def _outcome(
    bars: BarArrays, close: Float64s, form: Form, lines: tuple[Line, Line], measures: tuple[int, float, float]
) -> Outcome | None:
    from backend.kernels.shapes import first_break  # noqa: PLC0415 - brings numba, which no start should wait for

    (known, move, clear), (upper, lower) = measures, lines
    begin, stop = upper.start, upper.end
    until = max(stop + max(stop - begin, LIFE_BARS_MIN), known)
    above, below = ((line.points[0][1] + by, line.points[1][1] + by) for line, by in ((upper, clear), (lower, -clear)))
    side, row = first_break(close, above, below, begin, stop, until)
    if row < 0:
        return None
    is_for = form.bias is (Bias.BULLISH if side > 0 else Bias.BEARISH)
    if side == 0:
        kind, target = OutcomeKind.EXPIRED, math.nan
    elif form.is_one_sided and not is_for:
        kind, target = OutcomeKind.INVALIDATED, math.nan
    elif side > 0:
        kind, target = OutcomeKind.BREAKOUT_UP, upper.price_at(row) + move
    else:
        kind, target = OutcomeKind.BREAKOUT_DOWN, lower.price_at(row) - move
    told = max(row, known)
    return Outcome(
        kind=kind,
        index=row,
        event_ns=int(bars.event_ns[row]),
        price=float(close[row]),
        known=told,
        known_ns=int(bars.event_ns[told]),
        target=target,
    )
