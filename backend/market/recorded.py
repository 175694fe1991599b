"""Trades that were recorded, of one source or several, as one sequence."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from backend.domain.bars import MINUTE_NS
from backend.domain.ticks import TradeArrays


def by_time(trades: TradeArrays) -> TradeArrays:
    """The same trades by event time, those of equal times as they came: how they are stored."""
    times = trades.event_ns
    if not np.any(times[1:] < times[:-1]):
        return trades
    return picked_trades(trades, np.argsort(times, kind="stable"))


def first_to_tell(found: Sequence[TradeArrays]) -> TradeArrays:
    """Of each minute the trades of the source that told of it first; ``found`` in the order in which sources count."""
    owners: dict[int, tuple[int, int]] = {}
    for rank, trades in enumerate(found):
        minutes, first = np.unique(trades.event_ns // MINUTE_NS, return_index=True)
        for minute, row in zip(minutes.tolist(), first.tolist(), strict=True):
            told = (int(trades.event_ns[row]), rank)
            owners[minute] = min(owners.get(minute, told), told)
    kept = []
    for rank, trades in enumerate(found):
        mine = np.array(sorted(minute for minute, (_, owner) in owners.items() if owner == rank), np.int64)
        kept.append(picked_trades(trades, np.flatnonzero(np.isin(trades.event_ns // MINUTE_NS, mine))))
    joined = joined_trades(kept)
    return picked_trades(joined, np.argsort(joined.event_ns, kind="stable"))


def joined_trades(parts: Sequence[TradeArrays]) -> TradeArrays:
    """Parts, at least one, one after the other."""
    return TradeArrays(
        np.concatenate([one.event_ns for one in parts]),
        np.concatenate([one.price for one in parts]),
        np.concatenate([one.quantity for one in parts]),
        np.concatenate([one.aggressor for one in parts]),
    )


def picked_trades(trades: TradeArrays, rows: npt.NDArray[np.intp]) -> TradeArrays:
    """The trades in these rows."""
    return TradeArrays(trades.event_ns[rows], trades.price[rows], trades.quantity[rows], trades.aggressor[rows])
