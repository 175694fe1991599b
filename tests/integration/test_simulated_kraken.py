"""The simulated Kraken on the wire: books that match their checksums, trades without a gap, REST that agrees."""

import itertools
import json
import zlib
from decimal import Decimal
from typing import Any

import pytest

from backend.clock import ManualClock, SystemClock
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.conftest import START_NS
from tests.fakes.venue_reader import Reader, fetch, pass_time, reading


def only_kraken(**market: Any) -> VenueConfig:
    return VenueConfig(MarketConfig(**market), binance=(), alpaca=())


async def subscribe(reader: Reader, channel: str, *pairs: str, **params: Any) -> list[Any]:
    """The answers, one a pair; snapshots that come between them are left out."""
    named = {"symbol": list(pairs)} if pairs else {}
    await reader.ask(method="subscribe", params={"channel": channel, **named, **params}, req_id=77)
    answers: list[Any] = []
    while len(answers) < max(len(pairs), 1):
        answers += [each for each in [await reader.next()] if each.get("req_id") == 77]
    return answers


async def rest(venue: SimulatedVenue, name: str, **query: Any) -> Any:
    answer = (await fetch(f"{venue.kraken.rest_url}/0/public/{name}", **query)).json()
    assert answer["error"] == []
    return answer["result"]


class Book:
    """A book kept as Kraken's guide says, from the digits on the wire."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.sides: dict[str, dict[Decimal, tuple[str, str]]] = {"bids": {}, "asks": {}}

    def apply(self, text: str) -> int:
        """Apply a message; the checksum that it claims."""
        message = json.loads(text, parse_float=str, parse_int=str)
        (row,) = message["data"]
        for name, side in self.sides.items():
            if message["type"] == "snapshot":
                side.clear()
            for level in row[name]:
                side.pop(Decimal(level["price"]), None)
                if Decimal(level["qty"]):
                    side[Decimal(level["price"])] = level["price"], level["qty"]
            for price in sorted(side, reverse=name == "bids")[self.depth :]:
                del side[price]
        return int(row["checksum"])

    def checksum(self) -> int:
        asks = [self.sides["asks"][price] for price in sorted(self.sides["asks"])][:10]
        bids = [self.sides["bids"][price] for price in sorted(self.sides["bids"], reverse=True)][:10]
        digits = (text.replace(".", "").lstrip("0") for level in asks + bids for text in level)
        return zlib.crc32("".join(digits).encode())


@pytest.mark.parametrize("depth", [10, 25, 100])
async def test_a_book_kept_from_the_wire_matches_every_checksum(clock: ManualClock, depth: int):
    async with SimulatedVenue(only_kraken(seed=3, rate=100), clock) as venue, reading(venue.kraken.stream_url) as reader:
        await subscribe(reader, "book", "BTC/USD", depth=depth)
        await pass_time(clock, 4_000_000_000)
        await reader.ask(method="ping", req_id=5)
        await reader.until(lambda each: each.get("method") == "pong")
        ours = venue.market.listings["XBTUSD"].book.levels(depth)

    book, n = Book(depth), 0
    for text in reader.raw:
        if '"channel":"book"' in text and '"data"' in text:
            claimed = book.apply(text)
            assert book.checksum() == claimed
            n += 1
    assert n > 200
    assert [int(price * 10) for price in sorted(book.sides["bids"], reverse=True)] == [price for price, _ in ours[0]]
    assert [int(Decimal(q) * 10**8) for _, q in (book.sides["asks"][p] for p in sorted(book.sides["asks"]))] == [
        lots for _, lots in ours[1]
    ]


async def test_two_readers_of_one_book_see_the_same_whenever_they_came(clock: ManualClock):
    async with SimulatedVenue(only_kraken(rate=50), clock) as venue, reading(venue.kraken.stream_url) as early:
        await subscribe(early, "book", "ETH/USD")
        await pass_time(clock, 1_000_000_000)
        async with reading(venue.kraken.stream_url) as late:
            await subscribe(late, "book", "ETH/USD")
            await pass_time(clock, 1_000_000_000)
            for reader in (early, late):
                await reader.ask(method="ping")
                await reader.until(lambda each: each.get("method") == "pong")

    books = []
    for reader in (early, late):
        book = Book(10)
        claims = [(book.apply(text), book.checksum()) for text in reader.raw if '"channel":"book","type"' in text]
        assert all(claimed == own for claimed, own in claims)
        books.append(book.sides)
    assert books[0] == books[1]


async def test_trades_come_without_a_gap_and_rest_gives_the_same_ones_page_by_page():
    async with SimulatedVenue(only_kraken(seed=8, rate=3000), SystemClock()) as venue, reading(venue.kraken.stream_url) as reader:
        await subscribe(reader, "trade", "BTC/USD", snapshot=True)
        rows: list[Any] = []
        while len(rows) < 2500:
            message = await reader.next()
            rows += message["data"] if message.get("channel") == "trade" else []
        since = str(venue.market.listings["XBTUSD"].tape.between(rows[0]["trade_id"], 1 << 40).event_ns[0] - 1)
        again: list[Any] = []
        while len(again) < len(rows):
            page = await rest(venue, "Trades", pair="XBTUSD", since=since)
            again += page["XXBTZUSD"]
            assert since != page["last"]
            since = page["last"]

    assert [each["trade_id"] for each in rows] == list(range(rows[0]["trade_id"], rows[0]["trade_id"] + len(rows)))
    start = next(row for row, each in enumerate(again) if each[6] == rows[0]["trade_id"])
    for live, old in zip(rows, again[start:], strict=False):
        assert (live["trade_id"], live["price"], live["qty"], live["side"][0]) == (old[6], float(old[0]), float(old[1]), old[3])
        assert live["ord_type"][0] == old[4]
    assert [each[6] for each in again] == list(range(again[0][6], again[0][6] + len(again)))


async def test_bars_of_the_stream_and_of_rest_are_the_aggregation_of_the_trades(clock: ManualClock):
    async with SimulatedVenue(only_kraken(seed=5, rate=90), clock) as venue, reading(venue.kraken.stream_url) as reader:
        await subscribe(reader, "trade", "BTC/USD")
        await subscribe(reader, "ohlc", "BTC/USD", interval=1)
        await pass_time(clock, 60_000_000_000, 2_000_000_000)
        await reader.ask(method="ping")
        messages = await reader.until(lambda each: each.get("method") == "pong")
        bars = (await rest(venue, "OHLC", pair="BTC/USD", interval=1))["XXBTZUSD"]

    trades = [row for each in messages if each.get("channel") == "trade" for row in each["data"]]
    last = [each for each in messages if each.get("channel") == "ohlc"][-1]["data"][0]
    prices = [each["price"] for each in trades]
    expected = [prices[0], max(prices), min(prices), prices[-1]]
    assert [last[name] for name in ("open", "high", "low", "close")] == expected
    bar = next(each for each in bars if each[0] * 1_000_000_000 == START_NS)
    assert [float(each) for each in bar[1:5]] == expected
    assert (bar[7], last["trades"]) == (len(trades), len(trades))
    assert float(bar[6]) == last["volume"] == pytest.approx(sum(each["qty"] for each in trades), abs=1e-9)
    assert len(bars) == 719  # the minute that has just begun has no step behind it


async def test_the_ticker_follows_trades_or_best_prices_as_asked(clock: ManualClock):
    async with SimulatedVenue(only_kraken(rate=20), clock) as venue:
        counts = {}
        for trigger in ("trades", "bbo"):
            async with reading(venue.kraken.stream_url) as reader:
                await subscribe(reader, "ticker", "BTC/USD", event_trigger=trigger)
                await pass_time(clock, 1_000_000_000)
                await reader.ask(method="ping")
                rows = [each["data"][0] for each in await reader.until(lambda e: e.get("method") == "pong") if "data" in each]
            counts[trigger] = len(rows)
            assert all(row["bid"] < row["ask"] for row in rows)
        best = venue.market.listings["XBTUSD"].book.best
    assert (rows[-1]["bid"], rows[-1]["ask_qty"]) == (best.bid / 10, best.ask_lots / 10**8)
    assert counts["bbo"] > 2 * counts["trades"] > 0


async def test_requests_are_answered_as_kraken_answers_them(clock: ManualClock):
    async with SimulatedVenue(only_kraken(rate=0), clock) as venue, reading(venue.kraken.stream_url) as reader:
        status = await reader.next()
        assert (status["channel"], status["data"][0]["system"]) == ("status", "online")
        good, bad = await subscribe(reader, "trade", "BTC/USD", "BTC/MOON")
        assert (good["success"], good["result"]) == (True, {"channel": "trade", "snapshot": False, "symbol": "BTC/USD"})
        assert (bad["success"], bad["error"], bad["symbol"]) == (False, "Currency pair not supported BTC/MOON", "BTC/MOON")
        assert good["time_in"] <= good["time_out"]
        assert (await subscribe(reader, "trade", "BTC/USD"))[0]["error"] == "Already subscribed"
        assert (await subscribe(reader, "book", "BTC/USD", depth=11))[0]["error"] == "Subscription depth not supported"
        assert (await subscribe(reader, "gossip", "BTC/USD"))[0]["error"] == "Channel not found"
        assert (await subscribe(reader, "trade"))[0]["error"] == "Symbol(s) not found"
        for _ in range(2):
            await reader.ask(method="unsubscribe", params={"channel": "trade", "symbol": ["BTC/USD"]})
        gone, again = await reader.next(), await reader.next()
        assert (gone["success"], again["error"]) == (True, "Subscription Not Found")
        await reader.socket.send("{nonsense")
        assert (await reader.next())["error"] == "Malformed request"


async def test_a_quiet_conversation_hears_a_heartbeat_every_second(clock: ManualClock):
    async with SimulatedVenue(only_kraken(rate=0), clock) as venue, reading(venue.kraken.stream_url) as reader:
        await subscribe(reader, "trade", "BTC/USD")
        await pass_time(clock, 3_000_000_000)
        await reader.ask(method="ping")
        messages = await reader.until(lambda each: each.get("method") == "pong")

    assert [each.get("channel") for each in messages[:-1]] == ["heartbeat"] * 3


async def test_pairs_are_described_alike_by_the_stream_and_by_rest(clock: ManualClock):
    async with SimulatedVenue(only_kraken(), clock) as venue, reading(venue.kraken.stream_url) as reader:
        await subscribe(reader, "instrument")
        snapshot = (await reader.until(lambda each: each.get("channel") == "instrument"))[-1]["data"]
        pairs = await rest(venue, "AssetPairs")
        served = await rest(venue, "Time")

    by_name = {each["wsname"].replace("XBT", "BTC"): each for each in pairs.values()}
    assert {each["symbol"] for each in snapshot["pairs"]} == set(by_name) == {"BTC/USD", "ETH/USD", "BTC/EUR"}
    for each in snapshot["pairs"]:
        old = by_name[each["symbol"]]
        assert (each["price_precision"], each["qty_precision"]) == (old["pair_decimals"], old["lot_decimals"])
        assert each["tick_size"] == float(old["tick_size"])
    assert served["unixtime"] == START_NS // 1_000_000_000


async def test_rest_takes_every_name_of_a_pair_and_refuses_in_krakens_words(clock: ManualClock):
    async with SimulatedVenue(only_kraken(), clock) as venue:
        depths = [await rest(venue, "Depth", pair=name, count=3) for name in ("XBTUSD", "XXBTZUSD", "XBT/USD", "BTC/USD")]
        ticker = (await rest(venue, "Ticker", pair="XBTUSD"))["XXBTZUSD"]
        url = f"{venue.kraken.rest_url}/0/public"
        unknown = [(await fetch(f"{url}/{name}", **query)) for name, query in (
            ("Ticker", {"pair": "MOON"}), ("OHLC", {"pair": "XBTUSD", "interval": 7}), ("Nothing", {}), ("Trades", {}),
        )]  # fmt: skip

    assert all(each == depths[0] for each in depths)
    asks, bids = depths[0]["XXBTZUSD"]["asks"], depths[0]["XXBTZUSD"]["bids"]
    assert ticker["a"][0] == asks[0][0]
    assert ticker["b"][0] == bids[0][0]
    assert all(float(a[0]) < float(b[0]) for a, b in itertools.pairwise(asks))
    assert [each.status_code for each in unknown] == [200] * 4
    assert [each.json()["error"][0] for each in unknown] == [
        "EQuery:Unknown asset pair", "EGeneral:Invalid arguments:interval", "EGeneral:Unknown method", "EGeneral:Invalid arguments",
    ]  # fmt: skip
