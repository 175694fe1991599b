"""The order book of an instrument as far as it is shown: prices and quantities on both sides."""

from dataclasses import dataclass

import numpy as np

from backend.domain.bars import Float64s
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """Both sides of the book at ``event_ns`` (source's time; 0 where it does not say) as known at ``received_ns``.

    bid_price, bid_quantity : float64[n_bids]   best first: prices strictly falling, quantities above 0
    ask_price, ask_quantity : float64[n_asks]   best first: prices strictly rising, quantities above 0
    """

    instrument: InstrumentId
    event_ns: int
    received_ns: int
    bid_price: Float64s
    bid_quantity: Float64s
    ask_price: Float64s
    ask_quantity: Float64s

    def __post_init__(self) -> None:
        sides = (self.bid_price, -self.ask_price)
        quantities = (self.bid_quantity, self.ask_quantity)
        if any(len(p) != len(q) or np.any(p[1:] >= p[:-1]) for p, q in zip(sides, quantities, strict=True)):
            raise InvalidInput(f"The book of {self.instrument} is not in order.", hint="Ask for a fresh one.")
        if not all(np.all(q > 0) for q in quantities) or not all(np.all(np.isfinite(p)) for p in sides):
            raise InvalidInput(f"The book of {self.instrument} has an impossible level.", hint="Ask for a fresh one.")
        if len(self.bid_price) and len(self.ask_price) and self.bid_price[0] >= self.ask_price[0]:
            raise InvalidInput(f"The book of {self.instrument} is crossed.", hint="Ask for a fresh one.")
        for column in (self.bid_price, self.bid_quantity, self.ask_price, self.ask_quantity):
            column.flags.writeable = False
