"""The order book of an instrument: some fifty levels a side that follow the best prices, one number for every change."""

import random
from typing import Final, NamedTuple

N_LEVELS: Final = 50
_N_SPARE: Final = 10  # levels beyond N_LEVELS before the farthest are withdrawn
FIRST_UPDATE: Final = 5_000_001


class Change(NamedTuple):
    """One level as it stands after a change; no lots means that it is gone."""

    is_bid: bool
    price: int
    lots: int


class Best(NamedTuple):
    """Best prices in ticks and what rests there in lots, as of a book's update."""

    bid: int
    bid_lots: int
    ask: int
    ask_lots: int
    update: int


class Book:
    """Both sides by price in ticks; ``update`` is the number of the newest change.

    bids, asks : price → lots; new levels lie at most ``gap_ticks`` beyond the worst
    """

    def __init__(self, rng: random.Random, lots_mean: int, gap_ticks: int) -> None:
        self._rng = rng
        self._lots_mean = lots_mean
        self._gap_ticks = gap_ticks
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.update = FIRST_UPDATE - 1
        self._changes: list[Change] = []

    @property
    def best(self) -> Best:
        """The top of both sides."""
        bid, ask = max(self.bids), min(self.asks)
        return Best(bid, self.bids[bid], ask, self.asks[ask], self.update)

    def levels(self, n: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(price, lots) of the ``n`` best bids and asks, best first."""
        bids = sorted(self.bids.items(), reverse=True)[:n]
        return bids, sorted(self.asks.items())[:n]

    def follow(self, bid: int, ask: int) -> list[Change]:
        """Let the best prices become ``bid`` and ``ask``, and some orders come and go; what changed, in order."""
        assert bid < ask, "A book is never crossed."
        self._changes = []
        for price in sorted((p for p in self.bids if p > bid), reverse=True):
            self._put(is_bid=True, price=price, lots=0)
        for price in sorted(p for p in self.asks if p < ask):
            self._put(is_bid=False, price=price, lots=0)
        for is_bid, best in ((True, bid), (False, ask)):
            side = self.bids if is_bid else self.asks
            if best not in side:
                self._put(is_bid=is_bid, price=best, lots=self._size())
            self._level_out(is_bid=is_bid)
            self._touch(is_bid=is_bid)
        return self._changes

    def _level_out(self, *, is_bid: bool) -> None:
        """Fill the side up to N_LEVELS beyond its worst, or withdraw the worst when there are too many."""
        side, away = (self.bids, -1) if is_bid else (self.asks, 1)
        while len(side) < N_LEVELS:
            worst = min(side) if is_bid else max(side)
            price = worst + away * self._rng.randint(1, self._gap_ticks)
            if price < 1:
                break
            self._put(is_bid=is_bid, price=price, lots=self._size())
        if len(side) > N_LEVELS + _N_SPARE:
            ordered = sorted(side, reverse=is_bid)
            for price in ordered[N_LEVELS:]:
                self._put(is_bid=is_bid, price=price, lots=0)

    def _touch(self, *, is_bid: bool) -> None:
        """Give one or two levels another size, or take one inside the book away; the best stays."""
        ordered = sorted(self.bids, reverse=True) if is_bid else sorted(self.asks)
        for _ in range(self._rng.randint(0, 2)):
            row = min(int(self._rng.expovariate(0.15)), len(ordered) - 1)
            is_gone = row > 0 and self._rng.random() < 0.1 and len(ordered) > N_LEVELS
            self._put(is_bid=is_bid, price=ordered[row], lots=0 if is_gone else self._size())
            if is_gone:
                del ordered[row]

    def _put(self, *, is_bid: bool, price: int, lots: int) -> None:
        side = self.bids if is_bid else self.asks
        if lots:
            side[price] = lots
        else:
            side.pop(price, None)
        self.update += 1
        self._changes.append(Change(is_bid, price, lots))

    def _size(self) -> int:
        return 1 + int(self._rng.expovariate(1.0 / (5 * self._lots_mean)))
