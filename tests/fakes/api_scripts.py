"""A home whose feed and API for scripts run, as a script of the same user finds it."""

import contextlib

import httpx
import numpy as np

from backend.app import open_backend
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, BarArrays
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.domain.ticks import Quote, TradeArrays
from backend.market.feeds.feed import TickBatch
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.waiting import until

BTC = Instrument(InstrumentId("BTCUSDT", "BINANCE"), "Bitcoin", InstrumentKind.CRYPTO, "USDT")
ETH = Instrument(InstrumentId("ETHUSDT", "BINANCE"), "Ether", InstrumentKind.CRYPTO, "USDT")
START_NS = 20_000 * DAY_NS + 13 * HOUR_NS + 58 * MINUTE_NS + 10 * SECOND_NS
N_DAYS = 30


@contextlib.asynccontextmanager
async def served(home, clock):
    """Backend, feed, and a client that knows the token."""
    async with open_backend(home, clock=clock, watch=False) as backend:
        feed = ScriptedFeed(clock, (BTC, ETH))
        feed.bars[(BTC.id, "1d")] = days()
        await backend.catalog.put(BTC, ETH)
        await backend.alerts.begin()
        await backend.jobs.begin()
        await backend.live.begin()
        backend.live.runs.run(feed)
        await backend.settings.change("api", enabled=True)
        await backend.api.begin()
        async with client_of(backend) as client:
            yield backend, feed, client


def token_of(backend):
    """What lies beside the home's other run files."""
    return (backend.home.run / "api.token").read_text()


def client_of(backend):
    """A client that knows the token."""
    headers = {"Authorization": f"Bearer {token_of(backend)}"}
    return httpx.AsyncClient(base_url=backend.api.address, headers=headers, timeout=10)


def days():
    """Days of bitcoin that the feed has: closes from 100 to 129, one more each day, the last of them yesterday."""
    times = START_NS // DAY_NS * DAY_NS - np.arange(N_DAYS, 0, -1, dtype=np.int64) * DAY_NS
    close = 100.0 + np.arange(N_DAYS)
    return BarArrays(times, close - 0.5, close + 1, close - 1, close, np.full(N_DAYS, 10.0))


async def followed(backend, instrument=BTC.id):
    """Bitcoin, followed, and its days read."""
    handle = await backend.live.follow(instrument)
    await history_read(backend, instrument)
    return handle


async def history_read(backend, instrument=BTC.id):
    """Return once the feed's days are stored and trades are taken in at once."""
    await until(lambda: backend.live.is_joined(instrument))
    await until(lambda: "1d" in [str(spec) for spec in backend.store.stored_specs(instrument)])


async def trade(feed, clock, *prices, quote=None):
    """Trades of one coin each, just now, and bid and ask after them."""
    n, now_ns = len(prices), clock.now_ns()
    trades = TradeArrays(np.full(n, now_ns, np.int64), np.array(prices), np.ones(n), np.zeros(n, np.int8))
    quotes = {} if quote is None else {BTC.id: Quote(BTC.id, now_ns, now_ns, *quote)}
    await feed.give(TickBatch(now_ns, {BTC.id: trades} if n else {}, quotes))


async def live_price(backend, price):
    """Return once everybody sees ``price`` as the last one."""
    await until(lambda: BTC.id in backend.live.snapshot().rows and backend.live.snapshot().rows[BTC.id].last == price)
