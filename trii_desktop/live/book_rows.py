"""What a ladder shows of an order book, as arrays: levels gathered by price step, sums, spread, middle, imbalance."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from backend.domain.bars import Float64s
from backend.domain.depth import Depth
from backend.domain.instruments import Instrument
from trii_desktop.live.prints import needed_decimals

FACTORS: Final = (1, 5, 10, 50, 100, 500, 1_000)
N_BALANCED: Final = 10  # levels on each side whose quantities are weighed against each other
_BASIS: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class BookSide:
    """Levels of one side, best first.

    price : float64[n]   where the step begins: bids are rounded down, asks up
    quantity, total : float64[n]   of the level; of it and all better ones
    """

    price: Float64s
    quantity: Float64s
    total: Float64s

    def __len__(self) -> int:
        return len(self.price)


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Both sides gathered by ``step`` (0: as they came), and what is said of them.

    decimals : digits after the point of prices as they came
    spread, middle : NaN where a side is empty; imbalance : -1 (asks alone) to 1 (bids alone) of the best ten levels
    """

    bids: BookSide
    asks: BookSide
    step: float
    decimals: int
    spread: float
    middle: float
    imbalance: float

    @property
    def spread_bp(self) -> float:
        """The spread in hundredths of a percent of the middle; NaN where that says nothing."""
        return self.spread / self.middle * _BASIS if self.middle > 0 else float("nan")


def book_of(depth: Depth, step: float, decimals: int) -> Book:
    """Gather ``depth``, whose prices have so many ``decimals``, by price steps of ``step``."""
    has_both = len(depth.bid_price) > 0 and len(depth.ask_price) > 0
    bid, ask = (float(depth.bid_price[0]), float(depth.ask_price[0])) if has_both else (float("nan"), float("nan"))
    return Book(
        _gather(depth.bid_price, depth.bid_quantity, step, is_bid=True),
        _gather(depth.ask_price, depth.ask_quantity, step, is_bid=False),
        step,
        decimals,
        ask - bid,
        (bid + ask) / 2,
        imbalance_of(depth),
    )


def imbalance_of(depth: Depth) -> float:
    """What the best ten bids hold less what the best ten asks do, over both; NaN for an empty book."""
    bids, asks = float(depth.bid_quantity[:N_BALANCED].sum()), float(depth.ask_quantity[:N_BALANCED].sum())
    return (bids - asks) / (bids + asks) if bids + asks else float("nan")


def price_step_of(depth: Depth, instrument: Instrument | None) -> float:
    """The smallest step of these prices: the instrument's, else the last digit that they are quoted with."""
    prices = np.concatenate((depth.bid_price, depth.ask_price))
    if not len(prices):
        return 0.01
    step = instrument.step_at(Decimal(repr(float(prices[0])))) if instrument is not None else None
    return float(step) if step is not None else 10.0 ** -needed_decimals(prices)


def decimals_of_step(step: float) -> int:
    """Digits after the point of prices in steps of ``step``."""
    return max(-int(Decimal(f"{step:.10g}").normalize().as_tuple().exponent), 0) if step > 0 else 2


def _gather(price: Float64s, quantity: Float64s, step: float, *, is_bid: bool) -> BookSide:
    if not len(price):
        return BookSide(price, quantity, quantity)
    if step > 0:
        # A price that lies on a step but for its last bit stays there.
        bins = np.floor(price / step + 1e-6) if is_bid else np.ceil(price / step - 1e-6)
        starts = np.flatnonzero(np.diff(bins, prepend=bins[0] + 1))
        price, quantity = bins[starts] * step, np.add.reduceat(quantity, starts)
    return BookSide(price, quantity, np.cumsum(quantity))
