"""What of a series an alert has looked at, kept with its state, so that a restart can tell what is new in a bar half seen."""

import math
from typing import Final

import msgspec
import numpy as np

from backend.domain.bars import Bar
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData
from backend.market.live_change import LiveChange


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What an alert has seen.

    armed_ns : when it began to watch, UTC ns
    last_ns : event time of the last trade it saw, 0 for none
    label : event_ns of the bar that was under way then; high, low : of that bar as far as it was seen
    """

    armed_ns: int = 0
    last_ns: int = 0
    label: int = 0
    high: float = -math.inf
    low: float = math.inf

    def after(self, bar: Bar, last_ns: int) -> "Seen":
        """With what is seen of the bar under way, after the trade of ``last_ns``."""
        return Seen(self.armed_ns, max(last_ns, self.last_ns), bar.event_ns, bar.high, bar.low)

    def after_trades(self, last_ns: int, label: int, high: float, low: float) -> "Seen":
        """With what is seen of the bar ``label``, whose newest trades made ``high`` and ``low``."""
        is_same = label == self.label
        return Seen(
            self.armed_ns, last_ns, label, max(high, self.high) if is_same else high, min(low, self.low) if is_same else low
        )


_DECODER: Final = msgspec.msgpack.Decoder(Seen)


def save_seen(seen: Seen) -> bytes:
    """As bytes, for ``load_seen``."""
    return msgspec.msgpack.encode(seen)


def load_seen(kept: bytes) -> Seen:
    """Read what ``save_seen`` wrote; nothing seen where it is empty. Raises CorruptData."""
    if not kept:
        return Seen()
    try:
        return _DECODER.decode(kept)
    except msgspec.MsgspecError as e:
        raise CorruptData(f"What an alert has seen cannot be read: {e}.", hint="It is armed afresh.") from e


def unseen_walk(instrument: InstrumentId, seen: Seen, bar: Bar, received_ns: int) -> LiveChange | None:
    """The extremes that a bar made after it was seen half, as trades; None where it made none.

    They come in the order that leads most directly to its close: which came first, a bar does not say.
    """
    if bar.event_ns != seen.label or not seen.last_ns:
        return None
    prices = [price for price, is_new in ((bar.low, bar.low < seen.low), (bar.high, bar.high > seen.high)) if is_new]
    if not prices:
        return None
    if len(prices) > 1 and bar.close < (bar.high + bar.low) / 2:
        prices.reverse()
    n_trades = len(prices)
    times = seen.last_ns + 1 + np.arange(n_trades, dtype=np.int64)
    trades = TradeArrays(times, np.array(prices), np.zeros(n_trades), np.zeros(n_trades, np.int8))
    return LiveChange(instrument, received_ns, trades, {}, {}, is_late=True)
