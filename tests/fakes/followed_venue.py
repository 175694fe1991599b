"""The Binance feed at work against the simulated venue, and everything that it handed out, to be compared with the venue's tape."""

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from backend.clock import SystemClock
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Aggressor
from backend.market.feeds.binance import BinanceFeed
from backend.market.feeds.binance_heal import HealRules
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Wants
from backend.market.feeds.line_watch import ConnectionRules
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.fakes.waiting import until

BTC, ETH, SOL = (InstrumentId(code, "BINANCE") for code in ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
QUICK = ConnectionRules(beat_s=0.05, close_s=0.2, wait_s=0.01, wait_s_max=0.1, refused_s=0.1)
HEALING = HealRules(reorder_s=0.05, patience_s=2.0, retry_s=0.05, retry_s_max=0.2)


@dataclass
class Taken:
    """What came out of a feed. ``gate`` holds the reader up."""

    batches: list = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def trades(self, instrument):
        """event_ms, price, quantity, aggressor of every trade, in the order they came."""
        parts = [batch.trades[instrument] for batch in self.batches if instrument in batch.trades]
        return [
            row
            for part in parts
            for row in zip(
                (part.event_ns // 1_000_000).tolist(),
                part.price.tolist(),
                part.quantity.tolist(),
                part.aggressor.tolist(),
                strict=True,
            )
        ]

    def n_trades(self, instrument) -> int:
        return sum(len(batch.trades[instrument]) for batch in self.batches if instrument in batch.trades)

    @property
    def gaps(self):
        return [gap for batch in self.batches for gap in batch.gaps]

    @property
    def depths(self):
        return [batch.depths for batch in self.batches if batch.depths]

    @property
    def quotes(self):
        return [batch.quotes for batch in self.batches if batch.quotes]


def tape_of(venue, instrument):
    """The venue's own record in the same form."""
    listing = venue.market.listings[instrument.code]
    prints = listing.tape.between(listing.tape.first_id, listing.tape.next_id)
    price_unit, lot_unit = 10**listing.listed.price_decimals, 10**listing.listed.lot_decimals
    sides = np.where(prints.is_buyer, int(Aggressor.BUYER), int(Aggressor.SELLER))
    return list(
        zip(
            (prints.event_ns // 1_000_000).tolist(),
            (prints.price / price_unit).tolist(),
            (prints.lots / lot_unit).tolist(),
            sides.tolist(),
            strict=True,
        )
    )


def stretch_of(tape, taken) -> int | None:
    """Where ``taken`` lies in ``tape`` as one unbroken stretch; None where it does not."""
    for start in range(len(tape) - len(taken), -1, -1):
        if tape[start] == taken[0] and tape[start : start + len(taken)] == taken:
            return start
    return None


async def up_to_date(venue, taken, instruments) -> None:
    """Wait until all of the venue's tape from the first trade taken is there once, in order, and nothing else is."""

    def is_there() -> bool:
        return all(
            taken.n_trades(each)
            and (start := stretch_of(tape := tape_of(venue, each), taken.trades(each))) is not None
            and start + taken.n_trades(each) == len(tape)
            for each in instruments
        )

    venue.market.rate = 0.0
    await until(is_there, 15.0, what="every trade of the venue's tape, once, in order,")


@contextlib.asynccontextmanager
async def open_venue(rate=200.0, **config):
    made = VenueConfig(MarketConfig(seed=7, rate=rate, past_minutes=2, bar_days=2), **config)
    async with SimulatedVenue(made, SystemClock()) as venue:
        yield venue


@contextlib.asynccontextmanager
async def following(venue, wanted=(BTC, ETH), *, wants=None, rules=QUICK, healing=HEALING, feed=None, **more):
    """A feed and what it hands out."""
    config = FeedConfig("binance", "binance", venue.binance.stream_url, venue.binance.rest_url)
    feed = feed or BinanceFeed(config, SystemClock(), lambda _name: None, rules=rules, healing=healing, **more)
    feed.want(dict.fromkeys(wanted, wants or Wants()))
    taken = Taken()
    taken.gate.set()

    async def read() -> None:
        async with aclosing(feed.batches()) as batches:
            async for batch in batches:
                taken.batches.append(batch)
                await taken.gate.wait()

    task = asyncio.create_task(read())
    try:
        yield feed, taken
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
