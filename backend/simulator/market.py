"""The seeded market that every simulated venue shows: instruments whose trades, best prices, books and bars agree."""

import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from backend.clock import Clock
from backend.domain.bars import DAY_NS, MINUTE_NS, SECOND_NS, Int64s
from backend.errors import InvalidInput
from backend.simulator.bar_table import BarTable, Cut, VenueBar
from backend.simulator.book import Best, Book, Change
from backend.simulator.listed import Listed
from backend.simulator.tape import Prints, Tape
from backend.simulator.walk import STEP_NS, Drawn, draw_steps, step_deviation, stream_of

BLOCK_STEPS: Final = 10
BLOCK_NS: Final = BLOCK_STEPS * STEP_NS
SLEEP_NS: Final = 10 * MINUTE_NS
_DAYS, _PAST, _LIVE, _BOOK = range(4)


@dataclass(frozen=True, slots=True)
class MarketConfig:
    """How the market is made.

    rate : trades a second of all instruments together
    past_minutes, past_rate_max : trades before the start, and at most so many a second
    bar_days : days of minute bars before those trades; n_kept : trades kept of each instrument, at least
    skew_ns : the venue's clock minus ours
    """

    seed: int = 1
    rate: float = 30.0
    past_minutes: int = 15
    past_rate_max: float = 20.0
    bar_days: int = 5
    n_kept: int = 500_000
    skew_ns: int = 0


class Movement(NamedTuple):
    """What one step did to one instrument: the book moved, then trades ``first_id`` ≤ number < ``next_id`` printed."""

    listing: "Listing"
    begin_ns: int
    end_ns: int
    first_id: int
    next_id: int
    changes: list[Change]
    best: Best
    is_best_new: bool


class VenueClock:
    """The venue's own time: a clock and by how much it is off; ``skew_ns`` may be set while it runs."""

    def __init__(self, clock: Clock, skew_ns: int) -> None:
        self._clock = clock
        self.skew_ns = skew_ns

    def now_ns(self) -> int:
        """UTC time as the venue believes it."""
        return self._clock.now_ns() + self.skew_ns

    def monotonic_ns(self) -> int:
        """Steady time."""
        return self._clock.monotonic_ns()


class Listing:
    """One instrument of the market: its trades, book and bars up to the same moment."""

    def __init__(self, listed: Listed, config: MarketConfig, now_ns: int, rate: float) -> None:
        self.listed = listed
        self.tape = Tape(config.n_kept)
        self._seed = (config.seed, zlib.crc32(listed.code.encode()))
        rng = random.Random(repr(self._seed))  # noqa: S311 - a simulated market, no secret
        self.book = Book(rng, listed.lots_mean, 3 + round(step_deviation(listed)))
        self._walk = float(listed.price_ticks)
        self._block: Drawn | None = None
        self._block_ns = 0
        self.minutes, self.seconds = self._make_past(config, now_ns, min(rate, config.past_rate_max))

    def bars(self, cut: Cut, from_ns: int, to_ns: int) -> list[VenueBar]:
        """Bars that open in [from_ns, to_ns); those of less than a minute reach back to the first trade only."""
        is_short = 0 < cut.period_ns < MINUTE_NS
        return (self.seconds if is_short else self.minutes).bars(cut, from_ns, to_ns)

    def step(self, begin_ns: int, rate: float) -> Movement:
        """Let one step pass, at ``rate`` trades a second as of the block it lies in."""
        block_ns = begin_ns - begin_ns % BLOCK_NS
        if self._block is None or self._block_ns != block_ns:
            rng = stream_of(*self._seed, _LIVE, block_ns // BLOCK_NS)
            self._block = draw_steps(rng, self.listed, self._walk, block_ns, (BLOCK_STEPS, rate))
            self._block_ns, self._walk = block_ns, self._block.end
        row = (begin_ns - block_ns) // STEP_NS
        low = int(self._block.last_rows[row - 1]) if row else 0
        before = self.book.best
        changes = self.book.follow(int(self._block.bid[row]), int(self._block.ask[row]))
        first_id = self.tape.next_id
        self._print(self._block, low, int(self._block.last_rows[row]))
        best, end_ns = self.book.best, begin_ns + STEP_NS
        self.minutes.reach(end_ns - 1)
        self.seconds.reach(end_ns - 1)
        return Movement(self, begin_ns, end_ns, first_id, self.tape.next_id, changes, best, best[:4] != before[:4])

    def _print(self, drawn: Drawn, low: int, high: int) -> None:
        if low == high:
            return
        rows = slice(low, high)
        columns = drawn.event_ns[rows], drawn.price[rows], drawn.lots[rows], drawn.is_buyer[rows]
        self.tape.append(*columns, drawn.is_first[rows].astype(np.int64))
        self.minutes.add(*columns)
        self.seconds.add(*columns)

    def _make_past(self, config: MarketConfig, now_ns: int, rate: float) -> tuple[BarTable, BarTable]:
        past_ns = now_ns - now_ns % MINUTE_NS - config.past_minutes * MINUTE_NS
        days_ns = past_ns - past_ns % DAY_NS - config.bar_days * DAY_NS
        first = round(self._walk)
        self.minutes = BarTable(MINUTE_NS, days_ns, first)
        self.minutes.extend(_draw_days(self.listed, (*self._seed, _DAYS), (past_ns - days_ns) // MINUTE_NS, rate))
        self.seconds = BarTable(SECOND_NS, past_ns, first)
        n_steps = (now_ns - past_ns) // STEP_NS
        if n_steps:
            drawn = draw_steps(stream_of(*self._seed, _PAST), self.listed, self._walk, past_ns, (n_steps, rate))
            self._walk = drawn.end
            self._print(drawn, 0, len(drawn.event_ns))
        self.minutes.reach(now_ns)
        self.seconds.reach(now_ns)
        bid = max(round(self._walk), 1)
        self.book.bids[bid] = self.book.asks[bid + 1] = self.listed.lots_mean
        self.book.follow(bid, bid + 1)
        return self.minutes, self.seconds


class Market:
    """Instruments that move together with a clock: ``advance`` lets every step happen that is over by now."""

    def __init__(self, listed: tuple[Listed, ...], config: MarketConfig, clock: Clock) -> None:
        if config.rate < 0 or not 0 <= config.past_minutes <= 24 * 60 or not 0 <= config.bar_days <= 3660:
            raise InvalidInput("The simulated market cannot be made that way.", hint="Rates and lengths are 0 or more.")
        self.config = config
        self.clock = VenueClock(clock, config.skew_ns)
        self.rate = config.rate
        self._burst: tuple[float, int] | None = None
        self._shares = sum(each.share for each in listed) or 1.0
        self._at_ns = self.clock.now_ns() // BLOCK_NS * BLOCK_NS
        self.listings: Mapping[str, Listing] = {
            each.code: Listing(each, config, self._at_ns, config.rate * each.share / self._shares) for each in listed
        }

    @property
    def at_ns(self) -> int:
        """The venue's time up to which everything has happened."""
        return self._at_ns

    def burst(self, rate: float, duration_s: float) -> None:
        """Trade ``rate`` times a second for a while, from the next tenth of a second on."""
        self._burst = (rate, self._at_ns + round(duration_s * SECOND_NS))

    def advance(self) -> Iterator[Movement]:
        """Everything that happened since the last call, step by step; after a long silence the market has slept instead."""
        now_ns = self.clock.now_ns()
        if now_ns - self._at_ns > SLEEP_NS:
            self._at_ns = now_ns // BLOCK_NS * BLOCK_NS
            for listing in self.listings.values():
                listing.minutes.reach(self._at_ns)
                listing.seconds.reach(self._at_ns)
        while self._at_ns + STEP_NS <= now_ns:
            begin_ns, rate = self._at_ns, self._rate_now()
            self._at_ns += STEP_NS
            for listing in self.listings.values():
                yield listing.step(begin_ns, rate * listing.listed.share / self._shares)

    def _rate_now(self) -> float:
        if self._burst is not None and self._at_ns >= self._burst[1]:
            self._burst = None
        return self.rate if self._burst is None else self._burst[0]


def _draw_days(listed: Listed, place: tuple[int, ...], n_minutes: int, rate: float) -> Int64s:
    """Minute bars that end at the first price, int64[n_minutes, 9] in the order of BarTable's columns."""
    rng = stream_of(*place)
    deviation = listed.day_volatility * (MINUTE_NS / DAY_NS) ** 0.5
    back = np.cumsum(rng.normal(0.0, deviation, n_minutes + 1))[::-1]
    marks = np.maximum(np.rint(listed.price_ticks * np.exp(back - back[-1])), 10).astype(np.int64)
    first, last = marks[:-1], marks[1:]
    wick = np.rint(np.abs(rng.normal(0.0, deviation, (2, n_minutes))) * listed.price_ticks / 2).astype(np.int64)
    count = 1 + rng.poisson(rate * 60, n_minutes)
    lots = count * rng.integers(listed.lots_mean // 2 + 1, listed.lots_mean * 2, n_minutes)
    taken = (lots * rng.uniform(0.3, 0.7, n_minutes)).astype(np.int64)
    middle = (first + last) // 2
    high, low = np.maximum(first, last) + wick[0], np.maximum(np.minimum(first, last) - wick[1], 1)
    return np.column_stack((first, high, low, last, lots, middle * lots, count, taken, middle * taken))


def prints_of(movement: Movement) -> Prints:
    """The trades of a movement."""
    return movement.listing.tape.between(movement.first_id, movement.next_id)
