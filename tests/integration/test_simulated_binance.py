"""The simulated Binance as an outside client reads it: python-binance on its REST API and its streams."""

import asyncio

from backend.clock import ManualClock, SystemClock
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.fakes.outside_binance import DepthCacheManager, outside_client
from tests.fakes.waiting import until


async def test_an_outside_client_reads_every_trade_of_a_stream_and_rest_gives_the_same_ones():
    config = VenueConfig(MarketConfig(seed=7, rate=2000))
    async with (
        SimulatedVenue(config, SystemClock()) as venue,
        outside_client(venue.binance.rest_url, venue.binance.stream_url) as (client, sockets),
    ):
        async with sockets.trade_socket("BTCUSDT") as stream:
            streamed = [await stream.recv() for _ in range(1500)]
        ids = [each["t"] for each in streamed]
        again = []
        while len(again) < len(ids):
            again += await client.get_historical_trades(symbol="BTCUSDT", fromId=ids[0] + len(again), limit=1000)

    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert [(e["t"], e["p"], e["q"], e["T"], e["m"]) for e in streamed] == [
        (e["id"], e["price"], e["qty"], e["time"], e["isBuyerMaker"]) for e in again[: len(ids)]
    ]


async def test_an_outside_client_keeps_the_same_book_as_the_venue():
    config = VenueConfig(MarketConfig(seed=3, rate=500))
    clock = ManualClock(1_704_724_200_000_000_000)
    async with (
        SimulatedVenue(config, clock) as venue,
        outside_client(venue.binance.rest_url, venue.binance.stream_url) as (_, sockets),
    ):
        depth = DepthCacheManager(sockets._client, "BTCUSDT", bm=sockets, limit=5000, ws_interval=100)
        async with depth:
            await until(lambda: venue.binance.clients, what="the stream's conversation")
            for _ in range(30):
                clock.advance(100_000_000)
                await asyncio.sleep(0.02)
            book = venue.market.listings["BTCUSDT"].book
            cache = await depth.recv()
            while depth._last_update_id < book.update:
                cache = await depth.recv()
            ours = venue.binance.rest._words["BTCUSDT"].depth(venue.market.listings["BTCUSDT"], 5000)

    assert len(cache.get_bids()) >= 50
    assert cache.get_bids() == [[float(p), float(q)] for p, q in ours["bids"]]
    assert cache.get_asks() == [[float(p), float(q)] for p, q in ours["asks"]]
