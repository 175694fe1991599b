"""A book of prices and quantities that grows from a snapshot and differences, for feeds that send those."""

import bisect
from collections.abc import Iterable
from typing import Final

import numpy as np

from backend.domain.bars import Float64s
from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId

LEVELS_SHOWN: Final = 100
LEVELS_KEPT: Final = 5000


class BookSide:
    """Prices and quantities of one side; ``is_bid`` says which end is the best."""

    def __init__(self, *, is_bid: bool) -> None:
        self._sign = -1.0 if is_bid else 1.0
        self._keys: list[float] = []  # prices times the sign, rising: the best comes first on both sides
        self._quantities: dict[float, float] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def apply(self, levels: Iterable[tuple[float, float]]) -> None:
        """Set the quantity at each price; 0 takes the price away."""
        keys, quantities = self._keys, self._quantities
        for price, quantity in levels:
            key = self._sign * price
            if quantity > 0:
                if key not in quantities:
                    bisect.insort(keys, key)
                quantities[key] = quantity
            elif quantities.pop(key, None) is not None:
                del keys[bisect.bisect_left(keys, key)]
        if len(keys) > LEVELS_KEPT:
            for key in keys[LEVELS_KEPT:]:
                del quantities[key]
            del keys[LEVELS_KEPT:]

    def cut(self, n_levels: int) -> None:
        """Forget all but the best ``n_levels``."""
        for key in self._keys[n_levels:]:
            del self._quantities[key]
        del self._keys[n_levels:]

    def levels(self, n_levels: int) -> tuple[Float64s, Float64s]:
        """Prices and quantities of the best levels, best first."""
        keys = self._keys[:n_levels]
        prices = np.array(keys, np.float64) * self._sign
        return prices, np.array([self._quantities[key] for key in keys], np.float64)


class OrderBook:
    """Both sides of one instrument's book."""

    def __init__(self) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)

    def depth(self, instrument: InstrumentId, event_ns: int, received_ns: int, n_levels: int = LEVELS_SHOWN) -> Depth:
        """The best levels of both sides. Raises InvalidInput where they are crossed: ask for a fresh book then."""
        return Depth(instrument, event_ns, received_ns, *self.bids.levels(n_levels), *self.asks.levels(n_levels))
