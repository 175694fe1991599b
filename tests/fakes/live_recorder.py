"""A process that records a live feed and prints what has been acknowledged; made to be killed.

Run as ``python -m tests.fakes.live_recorder HOME SEED``. It goes on where the stored trades end, as a venue's healed feed
does. Lines it prints: ``saved N`` once the first N trades are durable, ``done`` at the end.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from backend.app import Backend, open_backend
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.domain.ticks import TradeArrays
from backend.events import BarsSaved
from backend.storage.paths import Home
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.waiting import until

N_TRADES = 6_000
BTC = Instrument(InstrumentId("BTCUSDT", "BINANCE"), "Bitcoin", InstrumentKind.CRYPTO, "USDT")
START_NS = 20_000 * DAY_NS + 20 * HOUR_NS


def make_trades() -> TradeArrays:
    """Some seven hours of trades, over midnight; several share an instant."""
    rng = np.random.default_rng(5)
    event_ns = START_NS + np.cumsum(rng.exponential(4e9, N_TRADES) * rng.integers(0, 3, N_TRADES)).astype(np.int64)
    price = np.round(100 + rng.normal(0, 0.05, N_TRADES).cumsum(), 2)
    return TradeArrays(event_ns, price, rng.integers(1, 90, N_TRADES) / 16, np.zeros(N_TRADES, np.int8))


async def record(backend: Backend, clock: ManualClock, seed: int, n_stored: int) -> None:
    """Give all trades that are not stored yet, in pieces, and say how many are durable."""
    trades, given = make_trades(), [(0, n_stored)]

    def saved(event: BarsSaved) -> None:
        print("saved", max(n for at_ns, n in given if at_ns <= event.up_to_ns), flush=True)

    backend.bus.subscribe(BarsSaved, saved)
    feed = ScriptedFeed(clock, (BTC,), specs=())
    await backend.live.begin()
    backend.live.runs.run(feed)
    await backend.live.follow(BTC.id)
    await until(lambda: backend.live.is_joined(BTC.id))
    rng, at = np.random.default_rng(seed), n_stored
    while at < len(trades):
        piece = trades[at : at + int(rng.integers(1, 60))]
        at += len(piece)
        clock.jump(max(clock.now_ns() + 1, int(piece.event_ns[-1])))
        given.append((clock.now_ns(), at))
        await feed.give_trades(BTC.id, piece)
        await asyncio.sleep(0.008)
    await backend.store.flush()
    print("done", flush=True)


async def main(home: Home, seed: int) -> None:
    """Open, record, close."""
    clock = ManualClock(START_NS)
    async with open_backend(home, clock=clock, watch=False) as backend:
        stored = await backend.store.load_trades(BTC.id, "scripted")
        if len(stored):
            clock.jump(int(stored.event_ns[-1]))
        await record(backend, clock, seed, len(stored))


if __name__ == "__main__":
    asyncio.run(main(Home(Path(sys.argv[1])), int(sys.argv[2])))
