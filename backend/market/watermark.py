"""Puts trades that arrive out of order back in order, up to a stated lateness, and says which came too late.

The watermark is the newest event time seen less the lateness: no trade at or below it is waited for any more. Trades
are handed on in order of event time (equal times as they came) once the watermark has passed them. A trade that comes
below the watermark is late: bars that were closed stay closed, so it is counted and given back apart, to be stored as a
trade but never taken into a bar. With a lateness of 0 trades pass straight through and any step back in time is late.
"""

import copy
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import Int64s
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput

BEFORE_ALL_NS: Final = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """What a batch set free: trades in order for bars, and late ones in order of arrival."""

    ready: TradeArrays
    late: TradeArrays


class TradeOrder:
    """Orders the trades of one instrument; ``n_late`` counts those that came below the watermark."""

    def __init__(self, lateness_ns: int) -> None:
        if lateness_ns < 0:
            raise InvalidInput(f"A lateness of {lateness_ns} ns is not possible.", hint="Use 0 or more.")
        self.lateness_ns = lateness_ns
        self.watermark_ns = BEFORE_ALL_NS
        self.n_late = 0
        self._held = TradeArrays.empty()
        self._newest_ns = BEFORE_ALL_NS

    def __len__(self) -> int:
        """Trades held back."""
        return len(self._held)

    def apply(self, trades: TradeArrays) -> Ordered:
        """Take trades in order of arrival; give back what the watermark has passed, and what came too late."""
        if not len(trades):
            return Ordered(TradeArrays.empty(), TradeArrays.empty())
        # Each trade is judged by the watermark as it stood when it came, so batching changes nothing.
        newest = np.maximum(np.maximum.accumulate(trades.event_ns), self._newest_ns)
        before = np.append(self._newest_ns, newest[:-1])
        is_late = trades.event_ns < np.where(before == BEFORE_ALL_NS, BEFORE_ALL_NS, before - self.lateness_ns)
        self._newest_ns = int(newest[-1])
        late, fine = _pick(trades, np.flatnonzero(is_late)), _pick(trades, np.flatnonzero(~is_late))
        self.n_late += len(late)
        self._held = _sorted(_joined(self._held, fine))
        return Ordered(self._release(self._newest_ns - self.lateness_ns), late)

    def advance(self, to_ns: int) -> TradeArrays:
        """Move the watermark to ``to_ns`` by the clock, in a quiet market or at its close; trades set free, in order."""
        self._newest_ns = max(self._newest_ns, to_ns + self.lateness_ns)
        return self._release(to_ns)

    def copy(self) -> "TradeOrder":
        """An order that goes on from the same state on its own."""
        return copy.copy(self)  # what it holds never changes in place

    def _release(self, watermark_ns: int) -> TradeArrays:
        self.watermark_ns = max(self.watermark_ns, watermark_ns)
        n_ready = int(self._held.event_ns.searchsorted(self.watermark_ns, side="right"))
        ready, self._held = self._held[:n_ready], self._held[n_ready:]
        return ready


def _pick(trades: TradeArrays, rows: Int64s) -> TradeArrays:
    return TradeArrays(trades.event_ns[rows], trades.price[rows], trades.quantity[rows], trades.aggressor[rows])


def _joined(first: TradeArrays, second: TradeArrays) -> TradeArrays:
    return TradeArrays(
        np.concatenate((first.event_ns, second.event_ns)),
        np.concatenate((first.price, second.price)),
        np.concatenate((first.quantity, second.quantity)),
        np.concatenate((first.aggressor, second.aggressor)),
    )


def _sorted(trades: TradeArrays) -> TradeArrays:
    if np.all(trades.event_ns[1:] >= trades.event_ns[:-1]):
        return trades
    return _pick(trades, np.argsort(trades.event_ns, kind="stable"))
