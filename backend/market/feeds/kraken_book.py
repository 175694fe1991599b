"""Kraken's order book, kept from a snapshot and changes, and proved by the checksum of its best ten levels."""

import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Final

import numpy as np

from backend.domain.bars import Float64s
from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.feeds.kraken_wire import WireBook, WireLevel

CHECKED: Final = 10


class KrakenBook:
    """One book of at most ``depth`` levels a side."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._is_begun = False

    def apply(self, change: WireBook, *, is_snapshot: bool) -> bool:
        """Take in a message; False where the book is then not the venue's: ask for a fresh snapshot.

        Changes before the first snapshot are passed over and are no fault.
        """
        if is_snapshot:
            self._bids, self._asks, self._is_begun = {}, {}, True
        if not self._is_begun:
            return True
        if not all(map(_is_possible, (*change.bids, *change.asks))):
            self._is_begun = False
            return False
        self._bids = _changed(self._bids, change.bids, self._depth, is_falling=True)
        self._asks = _changed(self._asks, change.asks, self._depth, is_falling=False)
        self._is_begun = compute_checksum(self._asks, self._bids) == change.checksum & 0xFFFFFFFF
        return self._is_begun

    def depth(self, instrument: InstrumentId, event_ns: int, received_ns: int) -> Depth | None:
        """The book as it is shown; None while there is none, or none that is possible."""
        if not self._is_begun:
            return None
        try:
            return Depth(instrument, event_ns, received_ns, *_columns(self._bids), *_columns(self._asks))
        except InvalidInput:
            return None


def compute_checksum(asks: Mapping[Decimal, Decimal], bids: Mapping[Decimal, Decimal]) -> int:
    """CRC-32 of the best ten asks, then bids, best first: each price and quantity without its point and leading zeros.

    Source: https://docs.kraken.com/api/docs/guides/spot-ws-book-v2, read 2026-11.
    """
    text = "".join(_digits(price) + _digits(quantity) for side in (asks, bids) for price, quantity in islice(side.items(), CHECKED))
    return zlib.crc32(text.encode("ascii"))


def _changed(side: dict[Decimal, Decimal], changes: Iterable[WireLevel], depth: int, *, is_falling: bool) -> dict[Decimal, Decimal]:
    """The side after ``changes``, best first, cut to ``depth``; a quantity of 0 takes a level away."""
    is_sorted = True
    for change in changes:
        if change.qty == 0:
            side.pop(change.price, None)
        else:
            is_sorted = is_sorted and change.price in side
            side[change.price] = change.qty
    return side if is_sorted else dict(islice(sorted(side.items(), reverse=is_falling), depth))


def _is_possible(level: WireLevel) -> bool:
    """Whether both numbers are numbers of a size that a book can hold; others would not sort or would fill memory."""
    numbers = (level.price, level.qty)
    return level.price > 0 <= level.qty if all(n.is_finite() and -20 <= n.adjusted() <= 20 for n in numbers) else False


def _digits(number: Decimal) -> str:
    return format(number, "f").replace(".", "").lstrip("0")


def _columns(side: Mapping[Decimal, Decimal]) -> tuple[Float64s, Float64s]:
    prices = np.fromiter((float(price) for price in side), np.float64, len(side))
    return prices, np.fromiter((float(quantity) for quantity in side.values()), np.float64, len(side))
