"""Support and resistance: prices at which the market turned more than once, and round ones."""

import bisect
import math
from typing import Final

from backend.domain.bars import BarArrays
from backend.patterns.found import Bias, Level, LevelKind, Role, Swing
from backend.patterns.pivots import role_of
from backend.patterns.regimes import checked_row
from backend.patterns.swings import swings_of, zigzag

TOLERANCE_ATR: Final = 0.5
MEMORY_BARS: Final = 500
N_TOUCHES_STRONG: Final = 5
_RULE: Final = (
    "Two or more confirmed swings within half an average true range of the first, "
    "no two that follow each other confirmed more than 500 bars apart."
)


def find_levels(bars: BarArrays, *, reversal: float = 3.0, as_of: int | None = None) -> tuple[Level, ...]:
    """Levels at which two or more confirmed swings turned, as known at row ``as_of``, lowest first.

    reversal : average true ranges that confirm a swing
    price : the mean of the touches. Levels that nothing has touched for 500 bars are no longer current, and end there
    strength : the mean of touches against 5 (at most 1) and of how recently the last was confirmed, from 1 down to 0 at 500 bars
    """
    row = checked_row(bars, as_of)
    close = float(bars.close[row])
    clusters = _clusters(swings_of(bars, zigzag(bars, reversal)))
    seen = ([touch for touch in cluster if touch.known <= row] for cluster in clusters)
    levels = [_level(touches, row, close) for touches in seen if len(touches) >= 2]
    return tuple(sorted(levels, key=lambda level: (level.price, level.known)))


def _clusters(swings: tuple[Swing, ...]) -> list[list[Swing]]:
    # Each swing joins the nearest level whose first swing lies close enough, or begins one. Later swings change no earlier choice.
    done: list[list[Swing]] = []
    prices: list[float] = []
    living: list[list[Swing]] = []  # in the order of ``prices``, their first swings'
    for swing in swings:
        if math.isnan(swing.atr):
            continue
        place = _nearest(prices, living, swing)
        while place is not None and swing.known - living[place][-1].known > MEMORY_BARS:
            del prices[place], living[place]
            place = _nearest(prices, living, swing)
        if place is None:
            place = bisect.bisect_right(prices, swing.price)
            prices.insert(place, swing.price)
            living.insert(place, [])
            done.append(living[place])
        living[place].append(swing)
    return done


def _nearest(prices: list[float], living: list[list[Swing]], swing: Swing) -> int | None:
    # Of two that are as near, the older one.
    right = bisect.bisect_right(prices, swing.price)
    near = [
        (abs(prices[place] - swing.price), living[place][0].known, place)
        for place in (right - 1, right)
        if 0 <= place < len(prices) and abs(prices[place] - swing.price) <= TOLERANCE_ATR * swing.atr
    ]
    return min(near)[2] if near else None


def _level(touches: list[Swing], as_of: int, close: float) -> Level:
    prices = [touch.price for touch in touches]
    price = math.fsum(prices) / len(prices)
    age = as_of - touches[-1].known
    role = role_of(price, close)
    recency = max(1.0 - age / MEMORY_BARS, 0.0)
    return Level(
        name="Support" if role is Role.SUPPORT else "Resistance",
        bias=Bias.BULLISH if role is Role.SUPPORT else Bias.BEARISH,
        start=touches[0].index,
        end=touches[-1].index,
        start_ns=touches[0].event_ns,
        end_ns=touches[-1].event_ns,
        known=touches[1].known,
        known_ns=touches[1].known_ns,
        points=tuple((touch.event_ns, touch.price) for touch in touches),
        strength=(min(len(touches) / N_TOUCHES_STRONG, 1.0) + recency) / 2.0,
        rule=_RULE,
        kind=LevelKind.SWINGS,
        price=price,
        low=min(prices),
        high=max(prices),
        role=role,
        touches=tuple(touches),
        as_of=as_of,
        is_current=age <= MEMORY_BARS,
    )


def find_round_levels(bars: BarArrays, *, as_of: int | None = None) -> tuple[Level, ...]:
    """The round prices below and above the close of row ``as_of``: whole tens of its first two digits, as 180 and 190 for 187.

    None for closes at or below 0. A close on a round price has that one as its support.
    strength : 0, for nothing was observed: that they are round is all that is said
    """
    row = checked_row(bars, as_of)
    close = float(bars.close[row])
    if not close > 0.0:
        return ()
    power = math.floor(math.log10(close)) - 1
    step = 10.0**power
    around = math.floor(close / step)
    prices = [round(n * step, max(-power, 0)) for n in range(around - 1, around + 3)]  # one more each way, for rounding
    below, above = max(price for price in prices if price <= close), min(price for price in prices if price > close)
    return _round_level(bars, below, row), _round_level(bars, above, row)


def _round_level(bars: BarArrays, price: float, row: int) -> Level:
    now_ns = int(bars.event_ns[row])
    role = role_of(price, float(bars.close[row]))
    return Level(
        name=f"Round {role}",
        bias=Bias.BULLISH if role is Role.SUPPORT else Bias.BEARISH,
        start=row,
        end=row,
        start_ns=now_ns,
        end_ns=now_ns,
        known=row,
        known_ns=now_ns,
        points=((now_ns, price),),
        strength=0.0,
        rule="A price with one digit less than the close tells, next to it.",
        kind=LevelKind.ROUND,
        price=price,
        low=price,
        high=price,
        role=role,
        touches=(),
        as_of=row,
        is_current=True,
    )
