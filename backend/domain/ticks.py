"""Quotes and trades, one by one and in batches."""

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.domain.bars import Float64s, Int64s
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput


class Aggressor(enum.IntEnum):
    """Which side took liquidity in a trade."""

    UNKNOWN = 0
    BUYER = 1
    SELLER = 2


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask of an instrument at ``event_ns`` (source's time) as seen at ``received_ns`` (ours)."""

    instrument: InstrumentId
    event_ns: int
    received_ns: int
    bid: float
    ask: float
    bid_size: float = float("nan")
    ask_size: float = float("nan")

    def __post_init__(self) -> None:
        if not self.bid <= self.ask:
            raise InvalidInput(f"A quote of {self.instrument} is crossed: bid {self.bid}, ask {self.ask}.", hint="Drop it.")


@dataclass(frozen=True, slots=True)
class Trade:
    """A print in the market; ``quantity`` is at least 0."""

    instrument: InstrumentId
    event_ns: int
    received_ns: int
    price: float
    quantity: float
    aggressor: Aggressor = Aggressor.UNKNOWN

    def __post_init__(self) -> None:
        if self.price != self.price or not self.quantity >= 0:
            raise InvalidInput(f"A trade of {self.instrument} has price {self.price}, quantity {self.quantity}.", hint="Drop it.")


@dataclass(frozen=True, slots=True, eq=False)
class TradeArrays:
    """Trades of one instrument as columns, oldest first; equal times are allowed.

    event_ns : int64[n_trades]   never decreasing
    price, quantity : float64[n_trades]   no NaN; quantity at least 0
    aggressor : int8[n_trades]   values of Aggressor
    """

    event_ns: Int64s
    price: Float64s
    quantity: Float64s
    aggressor: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.event_ns)

    def __getitem__(self, rows: slice) -> "TradeArrays":
        return TradeArrays(self.event_ns[rows], self.price[rows], self.quantity[rows], self.aggressor[rows])

    @classmethod
    def empty(cls) -> "TradeArrays":
        """No trades."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.float64), np.empty(0, np.int8))
