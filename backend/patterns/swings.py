"""Confirmed swing highs and lows, each with the row at which it was first known."""

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.errors import InvalidInput
from backend.indicators import compute
from backend.patterns.found import Swing, SwingKind

ATR_PERIOD: Final = 14


class Reversal(enum.StrEnum):
    """What a turn is measured in: average true ranges, or percent of the close that confirms it."""

    ATR = "atr"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, eq=False)
class SwingArrays:
    """Swings as columns of equal length, in the order in which they were known.

    side : int64   1 for a high, -1 for a low; row, known : int64; price, atr : float64, as in Swing
    """

    side: Int64s
    row: Int64s
    price: Float64s
    known: Int64s
    atr: Float64s

    def __len__(self) -> int:
        return len(self.side)


def average_ranges(bars: BarArrays) -> Float64s:
    """float64[n_bars]: the average true range at each bar, NaN for the first 14."""
    return compute("atr", bars, period=ATR_PERIOD)["value"]


def zigzag(bars: BarArrays, reversal: float, unit: Reversal = Reversal.ATR, atr: Float64s | None = None) -> SwingArrays:
    """As ``find_swings``, in columns; ``atr`` from ``average_ranges`` where it is at hand."""
    from backend.kernels.swings import swing_state, swing_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    if not reversal > 0.0:
        raise InvalidInput(f"Prices cannot turn by {reversal}.", hint="Use a number above 0.", code="patterns.reversal")
    ranges = average_ranges(bars) if atr is None else atr
    moves = reversal * ranges if unit is Reversal.ATR else (reversal / 100.0) * np.abs(bars.close)
    columns = _blank(len(bars))
    n_found = swing_sweep(swing_state(), np.ascontiguousarray(bars.high), np.ascontiguousarray(bars.low), moves, *columns)
    return _cut(columns, n_found, ranges)


def find_swings(bars: BarArrays, *, reversal: float = 3.0, unit: Reversal = Reversal.ATR) -> tuple[Swing, ...]:
    """Highs and lows, in turns, from which prices turned by ``reversal`` average true ranges, or percent.

    Raises InvalidInput for a reversal that is not above 0.
    """
    return swings_of(bars, zigzag(bars, reversal, unit))


def find_fractals(bars: BarArrays, *, n_beside: int = 2) -> tuple[Swing, ...]:
    """Highs and lows that exceed ``n_beside`` bars on both sides, known that many bars later; they need not take turns.

    Raises InvalidInput for fewer than one bar.
    """
    from backend.kernels.swings import fractal_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    if n_beside < 1:
        raise InvalidInput(f"A bar cannot exceed {n_beside} neighbours.", hint="Use a number above 0.", code="patterns.beside")
    columns = _blank(2 * len(bars))
    n_found = fractal_sweep(np.ascontiguousarray(bars.high), np.ascontiguousarray(bars.low), n_beside, *columns)
    return swings_of(bars, _cut(columns, n_found, average_ranges(bars)))


def swings_of(bars: BarArrays, swings: SwingArrays) -> tuple[Swing, ...]:
    """The swings of columns as values."""
    times, known_times = bars.event_ns[swings.row].tolist(), bars.event_ns[swings.known].tolist()
    columns = (swings.side, swings.row, swings.price, swings.known, swings.atr)
    rows = zip(*(column.tolist() for column in columns), times, known_times, strict=True)
    return tuple(
        Swing(
            kind=SwingKind.HIGH if side > 0 else SwingKind.LOW,
            index=row,
            event_ns=event_ns,
            price=price,
            known=known,
            known_ns=known_ns,
            atr=atr,
        )
        for side, row, price, known, atr, event_ns, known_ns in rows
    )


def _blank(n_most: int) -> tuple[Int64s, Int64s, Float64s, Int64s]:
    return np.empty(n_most, np.int64), np.empty(n_most, np.int64), np.empty(n_most), np.empty(n_most, np.int64)


def _cut(columns: tuple[Int64s, Int64s, Float64s, Int64s], n_found: int, ranges: Float64s) -> SwingArrays:
    side, row, price, known = columns
    confirmed = known[:n_found].copy()
    return SwingArrays(side[:n_found].copy(), row[:n_found].copy(), price[:n_found].copy(), confirmed, ranges[confirmed])
