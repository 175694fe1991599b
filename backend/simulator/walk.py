"""The random walk behind the market: trades and best prices of many steps at once, the same for the same seed."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import DAY_NS, SECOND_NS, Float64s, Int64s
from backend.simulator.listed import Listed

STEP_NS: Final = 10_000_000  # best prices stand still within a step; trades print at one of them
_NEW_ORDER: Final = 0.7  # chance that a trade is not filled by the same order as the one before
_SPREAD_TICKS: Final = np.array([1, 1, 1, 2, 2, 3])
_FLOOR: Final = 0.05  # of the first price; the walk is held above it


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Trades of some steps, oldest first, and the best prices that stood in each step.

    event_ns, price, lots : int64[n_trades]   price in ticks; times never decreasing
    is_buyer : bool[n_trades]   whether the buyer took liquidity
    is_first : bool[n_trades]   whether it is the first fill of its order
    last_rows : int64[n_steps]   number of trades up to the end of each step
    bid, ask : int64[n_steps]   ticks
    end : where the walk stands after the last step, ticks
    """

    event_ns: Int64s
    price: Int64s
    lots: Int64s
    is_buyer: npt.NDArray[np.bool_]
    is_first: npt.NDArray[np.bool_]
    last_rows: Int64s
    bid: Int64s
    ask: Int64s
    end: float


def stream_of(seed: int, *parts: int) -> np.random.Generator:
    """Random numbers of one place in the market; the same place gives the same numbers."""
    return np.random.Generator(np.random.PCG64((seed, *parts)))


def step_deviation(listed: Listed) -> float:
    """By how many ticks the best price moves in a step, one standard deviation."""
    return float(listed.price_ticks * listed.day_volatility * (STEP_NS / DAY_NS) ** 0.5)


def draw_steps(rng: np.random.Generator, listed: Listed, start: float, begin_ns: int, plan: tuple[int, float]) -> Drawn:
    """Draw ``plan`` = (number of steps, trades a second) from ``begin_ns`` on, the walk standing at ``start`` ticks."""
    n_steps, rate = plan
    moves = rng.normal(0.0, step_deviation(listed), n_steps)
    path: Float64s = np.maximum(start + np.cumsum(moves), listed.price_ticks * _FLOOR)
    bid = np.rint(path).astype(np.int64)
    ask = bid + rng.choice(_SPREAD_TICKS, n_steps)
    counts = rng.poisson(rate * STEP_NS / SECOND_NS, n_steps)
    step = np.repeat(np.arange(n_steps), counts)
    n = len(step)
    event_ns = begin_ns + np.sort(step * STEP_NS + rng.integers(0, STEP_NS, n))
    is_first = rng.random(n) < _NEW_ORDER
    is_first[1:] |= step[1:] != step[:-1]
    is_first[:1] = True
    order = np.maximum.accumulate(np.where(is_first, np.arange(n), 0))
    is_buyer = (rng.random(n) < 0.5)[order]
    return Drawn(
        event_ns[order],
        np.where(is_buyer, ask[step], bid[step]),
        1 + np.floor(rng.exponential(listed.lots_mean, n)).astype(np.int64),
        is_buyer,
        is_first,
        np.cumsum(counts),
        bid,
        ask,
        float(path[-1]),
    )
