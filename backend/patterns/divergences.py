"""Swings of prices and turns of an oscillator that disagree."""

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import BarArrays, Float64s
from backend.errors import InvalidInput
from backend.patterns.found import Bias, Divergence, DivergenceKind, Swing, SwingKind
from backend.patterns.swings import swings_of, zigzag

REACH_BARS: Final = 3  # an oscillator's turn lies at most this far from the price's
APART_BARS_MAX: Final = 100
LEAST_PART: Final = 0.1  # of the oscillator's range between both turns, that they differ by
_RULES: Final = {
    DivergenceKind.REGULAR: "The price's second {0} goes further than the first, the oscillator's does not come as far.",
    DivergenceKind.HIDDEN: "The oscillator's second {0} goes further than the first, the price's does not come as far.",
}


@dataclass(frozen=True, slots=True)
class _Turn:
    # A swing of the price with the oscillator's turn beside it.
    swing: Swing
    row: int
    value: float


def find_divergences(bars: BarArrays, oscillator: Float64s, *, reversal: float = 3.0) -> tuple[Divergence, ...]:
    """Regular and hidden divergences between swings of one kind that follow each other, in the order in which they were known.

    oscillator : float64[n_bars]   such as RSI or MACD's histogram, from the same bars; NaN where it has no value
    reversal : average true ranges that confirm the price's swings. The oscillator's turn is its furthest value within three bars
        of the swing, lower than both neighbours (or higher), all of which had come when the swing was confirmed
    strength : how far both turns of the oscillator differ, as a share of its range between them
    Raises InvalidInput for an oscillator of another length.
    """
    if len(oscillator) != len(bars):
        raise InvalidInput(
            f"The oscillator has {len(oscillator)} values for {len(bars)} bars.",
            hint="Give one value for each bar.",
            code="patterns.oscillator",
        )
    values = np.asarray(oscillator, np.float64)
    swings = swings_of(bars, zigzag(bars, reversal))
    found: list[Divergence] = []
    for kind in SwingKind:
        alike = [swing for swing in swings if swing.kind is kind]
        turns = [_turn_at(values, swing) for swing in alike]
        for first, second in itertools.pairwise(turns):
            if first is not None and second is not None:
                found += _divergences(bars, values, first, second)
    return tuple(sorted(found, key=lambda divergence: divergence.known))


def _turn_at(values: Float64s, swing: Swing) -> _Turn | None:
    # The oscillator's turn beside a swing, from values that were there when it was confirmed.
    side = 1.0 if swing.kind is SwingKind.HIGH else -1.0
    begin, stop = max(swing.index - REACH_BARS, 1), min(swing.index + REACH_BARS, swing.known - 1)
    near = values[begin - 1 : stop + 2] * side
    if len(near) < 3 or np.isnan(near).any():
        return None
    row = int(np.argmax(near[1:-1])) + 1
    is_turn = near[row] >= near[row - 1] and near[row] >= near[row + 1]
    return _Turn(swing, begin - 1 + row, float(values[begin - 1 + row])) if is_turn else None


def _divergences(bars: BarArrays, values: Float64s, first: _Turn, second: _Turn) -> list[Divergence]:
    if second.row - first.row > APART_BARS_MAX or second.row <= first.row:
        return []
    side = 1.0 if second.swing.kind is SwingKind.HIGH else -1.0
    price, swung = side * (second.swing.price - first.swing.price), side * (second.value - first.value)
    between = values[first.row : second.row + 1]
    span = float(np.max(between) - np.min(between))  # NaN where a value is missing, and then nothing is found
    if price * swung >= 0.0 or not abs(swung) >= LEAST_PART * span:
        return []
    kind = DivergenceKind.REGULAR if price > 0.0 else DivergenceKind.HIDDEN
    bias = Bias.BEARISH if side > 0.0 else Bias.BULLISH
    swing = second.swing
    turns = (first, second)
    return [
        Divergence(
            kind=kind,
            name=f"{kind.capitalize()} {bias} divergence",
            bias=bias,
            start=first.swing.index,
            end=swing.index,
            start_ns=first.swing.event_ns,
            end_ns=swing.event_ns,
            known=swing.known,
            known_ns=swing.known_ns,
            points=tuple((turn.swing.event_ns, turn.swing.price) for turn in turns),
            strength=min(abs(swung) / span, 1.0),
            rule=_RULES[kind].format(swing.kind.value),
            oscillator_points=_pair(bars, first, second),
            oscillator_rows=(first.row, second.row),
        )
    ]


def _pair(bars: BarArrays, first: _Turn, second: _Turn) -> tuple[tuple[int, float], tuple[int, float]]:
    return (int(bars.event_ns[first.row]), first.value), (int(bars.event_ns[second.row]), second.value)
