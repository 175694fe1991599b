"""What a batch of trades changed of one instrument: its bars of every spec that somebody needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.bars import Bar, BarArrays, BarSpec
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays


@dataclass(frozen=True, slots=True, eq=False)
class LiveChange:
    """The trades of one instrument in one batch, and what became of its bars.

    closed : the bars these trades completed, by spec; only specs with any
    forming : the bar under way after them, by spec; of every spec that is followed
    is_late : the trades were fetched afterwards to close a gap
    """

    instrument: InstrumentId
    received_ns: int
    trades: TradeArrays
    closed: Mapping[BarSpec, BarArrays]
    forming: Mapping[BarSpec, Bar]
    is_late: bool = False
