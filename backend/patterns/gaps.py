"""Prices that were jumped over between two bars, and when they were traded again."""

import math
from typing import Final

import numpy as np

from backend.domain.bars import BarArrays, Float64s
from backend.patterns.found import Bias, GapKind, Outcome, OutcomeKind, PriceGap
from backend.patterns.swings import average_ranges

N_BEFORE: Final = 20  # bars whose range a gap is judged by
SIDEWAYS_ATR: Final = 5.0  # a range of at most so many average true ranges is sideways
LARGE_ATR: Final = 2.0
_RULES: Final = {
    GapKind.BREAKAWAY: "It leaves the range of the 20 bars before, which went sideways: at most 5 average true ranges high.",
    GapKind.RUNAWAY: "It goes beyond the range of the 20 bars before, which is more than 5 average true ranges high.",
    GapKind.COMMON: "It lies within the range of the 20 bars before, or there are not as many.",
}


def find_gaps(bars: BarArrays, *, least_atr: float = 0.1) -> tuple[PriceGap, ...]:
    """Gaps of at least ``least_atr`` average true ranges, in their order; none where that range is not known yet.

    strength : the size in average true ranges against 2, at most 1
    """
    from backend.kernels.gaps import gap_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    ranges = average_ranges(bars)
    high, low = np.ascontiguousarray(bars.high), np.ascontiguousarray(bars.low)
    side, row, filled = (np.empty(len(bars), np.int64) for _ in range(3))
    n_found = gap_sweep(high, low, side, row, filled)
    tops, bottoms = _extremes(high, 1.0), _extremes(low, -1.0)
    found = zip(side[:n_found].tolist(), row[:n_found].tolist(), filled[:n_found].tolist(), strict=True)
    gaps = (_gap(bars, each, float(ranges[each[1] - 1]), (float(tops[each[1] - 1]), float(bottoms[each[1] - 1]))) for each in found)
    return tuple(gap for gap in gaps if gap.size_atr >= least_atr)


def _extremes(values: Float64s, sign: float) -> Float64s:
    from backend.kernels.extremes import extreme_state, extreme_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    out = np.empty(len(values))
    extreme_sweep(extreme_state(N_BEFORE), values, sign, out)
    return out


def _gap(bars: BarArrays, found: tuple[int, int, int], atr: float, before: tuple[float, float]) -> PriceGap:
    side, row, filled = found
    is_up = side > 0
    near, far = (bars.low, bars.high) if is_up else (bars.high, bars.low)
    edges = sorted((float(near[row]), float(far[row - 1])))
    kind = _kind(edges, before, atr, is_up=is_up)
    size = edges[1] - edges[0]
    size_atr = size / atr if atr > 0.0 else math.nan
    start_ns, end_ns = int(bars.event_ns[row - 1]), int(bars.event_ns[row])
    edge = float(far[row - 1])
    return PriceGap(
        kind=kind,
        name=f"{kind.capitalize()} gap {'up' if is_up else 'down'}",
        bias=Bias.BULLISH if is_up else Bias.BEARISH,
        start=row - 1,
        end=row,
        start_ns=start_ns,
        end_ns=end_ns,
        known=row,
        known_ns=end_ns,
        points=((start_ns, edge), (end_ns, float(near[row]))),
        strength=min(size_atr / LARGE_ATR, 1.0),
        rule=_RULES[kind],
        low=edges[0],
        high=edges[1],
        size=size,
        size_atr=size_atr,
        filled=_filling(bars, filled, edge) if filled >= 0 else None,
    )


def _filling(bars: BarArrays, row: int, edge: float) -> Outcome:
    event_ns = int(bars.event_ns[row])
    return Outcome(kind=OutcomeKind.FILLED, index=row, event_ns=event_ns, price=edge, known=row, known_ns=event_ns, target=math.nan)


def _kind(edges: list[float], before: tuple[float, float], atr: float, *, is_up: bool) -> GapKind:
    top, bottom = before
    is_beyond = edges[1] > top if is_up else edges[0] < bottom
    if not is_beyond or math.isnan(top):
        return GapKind.COMMON
    return GapKind.BREAKAWAY if top - bottom <= SIDEWAYS_ATR * atr else GapKind.RUNAWAY
