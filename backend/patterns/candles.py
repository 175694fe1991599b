"""Patterns of one to three bars, as TA-Lib defines them, known at the close of their last bar."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import BarArrays
from backend.patterns.found import Bias, CandleKind, CandlePattern


@dataclass(frozen=True, slots=True)
class _Words:
    # Names where the pattern speaks for a rise and for a fall, how many bars it has, and its rule.
    rising: str
    falling: str
    n_bars: int
    rule: str


_SHORT: Final = "a body shorter than the mean of ten"
_WORDS: Final = {
    CandleKind.DOJI: _Words("Doji", "Doji", 1, "The body is at most a tenth of the mean range of the ten bars before."),
    CandleKind.HAMMER: _Words(
        "Hammer", "", 1, f"At or below the low before: {_SHORT}, a lower shadow longer than it, and next to no upper one."
    ),
    CandleKind.HANGING_MAN: _Words(
        "", "Hanging man", 1, f"At or above the high before: {_SHORT}, a lower shadow longer than it, and next to no upper one."
    ),
    CandleKind.INVERTED_HAMMER: _Words(
        "Inverted hammer", "", 1, f"Wholly below the body before: {_SHORT}, an upper shadow longer than it, next to no lower one."
    ),
    CandleKind.SHOOTING_STAR: _Words(
        "", "Shooting star", 1, f"Wholly above the body before: {_SHORT}, an upper shadow longer than it, next to no lower one."
    ),
    CandleKind.MARUBOZU: _Words(
        "Rising marubozu", "Falling marubozu", 1, "A body longer than the mean of ten, with next to no shadow on either side."
    ),
    CandleKind.ENGULFING: _Words(
        "Bullish engulfing", "Bearish engulfing", 2, "The body holds the whole body before it, which has the other colour."
    ),
    CandleKind.HARAMI: _Words(
        "Bullish harami", "Bearish harami", 2, "A short body lies inside the long one before; it speaks against that one's colour."
    ),
    CandleKind.PIERCING_LINE: _Words(
        "Piercing line", "", 2, "After a long falling bar a long rising one opens below its low and closes above its middle."
    ),
    CandleKind.DARK_CLOUD_COVER: _Words(
        "", "Dark cloud cover", 2, "After a long rising bar a falling one opens above its high and closes below its middle."
    ),
    CandleKind.TWEEZERS: _Words(
        "Tweezer bottom",
        "Tweezer top",
        2,
        "A long bar and one of the other colour end at the same extreme, the furthest of seven bars.",
    ),
    CandleKind.MORNING_STAR: _Words(
        "Morning star", "", 3, "A long falling bar, a short body wholly below it, and a rising bar back over 30 % of the first."
    ),
    CandleKind.EVENING_STAR: _Words(
        "", "Evening star", 3, "A long rising bar, a short body wholly above it, and a falling bar back over 30 % of the first."
    ),
    CandleKind.THREE_WHITE_SOLDIERS: _Words(
        "Three white soldiers", "", 3, "Three rising bars close near their highs, each opening within or near the body before."
    ),
    CandleKind.THREE_BLACK_CROWS: _Words(
        "", "Three black crows", 3, "Three falling bars close near their lows, each opening within the body before, after a rise."
    ),
}
# In the order of the kernel's rows.
KINDS: Final = (
    CandleKind.DOJI,
    CandleKind.HAMMER,
    CandleKind.HANGING_MAN,
    CandleKind.INVERTED_HAMMER,
    CandleKind.SHOOTING_STAR,
    CandleKind.MARUBOZU,
    CandleKind.ENGULFING,
    CandleKind.HARAMI,
    CandleKind.PIERCING_LINE,
    CandleKind.DARK_CLOUD_COVER,
    CandleKind.TWEEZERS,
    CandleKind.MORNING_STAR,
    CandleKind.EVENING_STAR,
    CandleKind.THREE_WHITE_SOLDIERS,
    CandleKind.THREE_BLACK_CROWS,
)


def find_candle_patterns(bars: BarArrays, *, since: int = 0) -> tuple[CandlePattern, ...]:
    """Candle patterns in the order in which they were known, at one bar in the order of ``KINDS``.

    since : only patterns known at this row or later
    Whether a pattern means anything depends on the trend before it, which its form alone does not tell.
    strength : 1, or 0.8 where two bodies share an end, as TA-Lib's 100 and 80
    """
    from backend.kernels.candles import candle_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    values = np.empty((len(KINDS), len(bars)), np.int8)
    opened, high, low, close = (np.ascontiguousarray(column) for column in bars.columns()[:4])
    candle_sweep(opened, high, low, close, values)
    rows, kinds = np.nonzero(values.T[since:])
    rows += since
    found = zip(rows.tolist(), kinds.tolist(), values[kinds, rows].tolist(), strict=True)
    times, closes = bars.event_ns.tolist(), bars.close.tolist()
    return tuple(_pattern(KINDS[kind], row, value, times, closes) for row, kind, value in found)


def _pattern(kind: CandleKind, row: int, value: int, times: list[int], closes: list[float]) -> CandlePattern:
    words = _WORDS[kind]
    start = row - words.n_bars + 1
    lean = Bias.BULLISH if value > 0 else Bias.BEARISH
    return CandlePattern(
        kind=kind,
        name=words.rising if value > 0 else words.falling,
        bias=Bias.NEUTRAL if kind is CandleKind.DOJI else lean,
        start=start,
        end=row,
        start_ns=times[start],
        end_ns=times[row],
        known=row,
        known_ns=times[row],
        points=((times[row], closes[row]),),
        strength=abs(value) / 100.0,
        rule=words.rule,
    )
