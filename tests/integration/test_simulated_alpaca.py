"""The simulated Alpaca on the wire: keys, subscriptions, trades and quotes, pages that agree with the stream."""

from typing import Any

import pytest
import websockets

from backend.clock import ManualClock, SystemClock
from backend.simulator.alpaca import AlpacaConfig
from backend.simulator.market import MarketConfig
from backend.simulator.stamps import parse_rfc3339
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.conftest import START_NS
from tests.fakes.venue_reader import Reader, fetch, pass_time, reading

KEYS = {"APCA-API-KEY-ID": "demo-key", "APCA-API-SECRET-KEY": "demo-secret"}
MINUTE_NS = 60_000_000_000


def only_alpaca(account: AlpacaConfig | None = None, **market: Any) -> VenueConfig:
    return VenueConfig(MarketConfig(**market), binance=(), kraken=(), account=account or AlpacaConfig())


def feed(venue: SimulatedVenue, name: str = "iex") -> str:
    return f"{venue.alpaca.stream_url}/v2/{name}"


async def authenticate(reader: Reader, key: str = "demo-key", secret: str = "demo-secret") -> Any:
    await reader.ask(action="auth", key=key, secret=secret)
    (answer,) = (await reader.until(lambda each: each[0].get("msg") != "connected"))[-1]
    return answer.get("code") or answer["msg"]


async def rest(venue: SimulatedVenue, path: str, **query: Any) -> Any:
    answer = await fetch(f"{venue.alpaca.rest_url}/v2/stocks/{path}", KEYS, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def heard(reader: Reader, until_id: int) -> list[dict[str, Any]]:
    """Everything up to the trade of this number."""
    rows: list[dict[str, Any]] = []
    while not any(row.get("i") == until_id for row in rows):
        rows += await reader.next()
    return rows


async def test_trades_and_quotes_of_the_stream_are_those_of_rest_page_by_page(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(seed=6, rate=200), clock) as venue, reading(feed(venue)) as reader:
        assert await authenticate(reader) == "authenticated"
        await reader.ask(action="subscribe", trades=["AAPL"], quotes=["AAPL"])
        await reader.until(lambda each: each[0]["T"] == "subscription")
        await pass_time(clock, 6_000_000_000)
        tape = venue.market.listings["AAPL"].tape
        rows = await heard(reader, tape.next_id - 1)
        pages: dict[str, list[Any]] = {"trades": [], "quotes": []}
        for kind in pages:
            token: str | None = ""
            while token is not None:
                following = {"page_token": token} if token else {}
                page = await rest(venue, f"AAPL/{kind}", start="2024-01-08T14:30:00Z", limit=100, **following)
                assert len(page[kind]) <= 100
                pages[kind] += page[kind]
                token = page["next_page_token"]

    for kind, found in (("t", pages["trades"]), ("q", pages["quotes"])):
        streamed = [{name: value for name, value in row.items() if name not in ("T", "S")} for row in rows if row["T"] == kind]
        assert len(streamed) > 200
        assert streamed == found[: len(streamed)]
    trades = [row for row in rows if row["T"] == "t"]
    assert [row["i"] for row in trades] == list(range(trades[0]["i"], trades[0]["i"] + len(trades)))
    assert parse_rfc3339(trades[-1]["t"]) == tape.between(tape.next_id - 1, tape.next_id).event_ns[0]


async def test_every_trade_prints_at_the_quote_before_it(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(seed=6, rate=300), clock) as venue, reading(feed(venue)) as reader:
        await authenticate(reader)
        await reader.ask(action="subscribe", trades=["*"], quotes=["*"])
        await pass_time(clock, 3_000_000_000)
        rows = await heard(reader, max(each.tape.next_id for each in venue.market.listings.values()) - 1)

    quotes: dict[str, Any] = {}
    n = 0
    for row in rows:
        if row["T"] == "q":
            quotes[row["S"]] = row
        elif row["T"] == "t" and row["S"] in quotes:
            assert row["p"] in (quotes[row["S"]]["bp"], quotes[row["S"]]["ap"])
            n += 1
    assert n > 500
    assert "FAKEPACA" not in quotes


async def test_bars_close_with_their_minute_and_are_those_of_rest(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(seed=2, rate=60), clock) as venue, reading(feed(venue)) as reader:
        await authenticate(reader)
        await reader.ask(action="subscribe", bars=["AAPL", "SPY"], dailyBars=["AAPL"])
        await reader.until(lambda each: each[0]["T"] == "subscription")
        await pass_time(clock, 61_000_000_000, 1_000_000_000)
        rows = [row for _ in range(3) for row in await reader.next()]
        minute = await rest(
            venue, "bars", symbols="AAPL,SPY", timeframe="1Min", start="2024-01-08T14:30:00Z", end="2024-01-08T14:30:59Z"
        )
        trades = (
            await rest(venue, "AAPL/trades", start="2024-01-08T14:30:00Z", end="2024-01-08T14:30:59.999999999Z", limit=10_000)
        )["trades"]
        snapshot = await rest(venue, "AAPL/snapshot")

    plain = {(row["T"], row["S"]): {name: value for name, value in row.items() if name not in ("T", "S")} for row in rows}
    assert set(plain) == {("b", "AAPL"), ("b", "SPY"), ("d", "AAPL")}
    assert [plain["b", "AAPL"]] == minute["bars"]["AAPL"]
    assert [plain["b", "SPY"]] == minute["bars"]["SPY"]
    bar, prices = plain["b", "AAPL"], [each["p"] for each in trades]
    assert (bar["o"], bar["h"], bar["l"], bar["c"]) == (prices[0], max(prices), min(prices), prices[-1])
    assert (bar["v"], bar["n"]) == (sum(each["s"] for each in trades), len(trades))
    assert bar["vw"] == pytest.approx(sum(each["p"] * each["s"] for each in trades) / bar["v"], abs=1e-6)
    assert snapshot["dailyBar"]["t"] == plain["d", "AAPL"]["t"] == "2024-01-08T05:00:00Z"


async def test_keys_are_asked_for_and_wrong_ones_refused():
    async with SimulatedVenue(only_alpaca(AlpacaConfig(feeds=("iex", "test")), rate=0), SystemClock()) as venue:
        async with reading(feed(venue)) as reader:
            assert (await reader.next()) == [{"T": "success", "msg": "connected"}]
            await reader.ask(action="subscribe", trades=["AAPL"])
            assert (await reader.next())[0] == {"T": "error", "code": 401, "msg": "not authenticated"}
            assert await authenticate(reader, "demo-key", "wrong") == 402
            assert await authenticate(reader) == "authenticated"
            assert await authenticate(reader) == 403
            await reader.ask(action="dance")
            assert (await reader.next())[0]["code"] == 400
            await reader.ask(action="subscribe", trades="AAPL")
            assert (await reader.next())[0]["code"] == 400
            await reader.ask(action="subscribe", quotes=[f"A{n}" for n in range(31)])
            assert (await reader.next())[0]["code"] == 405
            async with reading(feed(venue)) as second:
                assert await authenticate(second) == 406
                with pytest.raises(websockets.ConnectionClosed):
                    await second.next()
        async with reading(feed(venue, "sip")) as other:
            assert await authenticate(other) == 409
        for headers in (None, KEYS | {"APCA-API-KEY-ID": "x"}):
            answer = await fetch(f"{venue.alpaca.rest_url}/v2/stocks/AAPL/trades", headers)
            assert (answer.status_code, answer.json()) == (403, {"message": "forbidden."})


async def test_keys_may_come_with_the_handshake():
    async with SimulatedVenue(only_alpaca(), SystemClock()) as venue, reading(feed(venue), additional_headers=KEYS) as reader:
        assert [(await reader.next())[0]["msg"] for _ in range(2)] == ["connected", "authenticated"]


async def test_who_says_nothing_is_asked_to_leave():
    config = only_alpaca(AlpacaConfig(auth_s=0.05))
    async with SimulatedVenue(config, SystemClock()) as venue, reading(feed(venue)) as reader:
        assert (await reader.until(lambda each: each[0]["T"] == "error"))[-1][0]["code"] == 404
        with pytest.raises(websockets.ConnectionClosed):
            await reader.next()


async def test_subscriptions_are_told_whole_after_each_change(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(), clock) as venue, reading(feed(venue)) as reader:
        await authenticate(reader)
        await reader.ask(action="subscribe", trades=["AAPL", "MSFT"], quotes=["*"], bars=["SPY"])
        (first,) = (await reader.until(lambda each: each[0]["T"] == "subscription"))[-1]
        await reader.ask(action="unsubscribe", trades=["MSFT"], quotes=["*"])
        (second,) = (await reader.until(lambda each: each[0]["T"] == "subscription"))[-1]

    assert (first["trades"], first["quotes"], first["bars"], first["corrections"]) == (
        ["AAPL", "MSFT"],
        ["*"],
        ["SPY"],
        ["AAPL", "MSFT"],
    )
    assert (second["trades"], second["quotes"], second["bars"], second["cancelErrors"]) == (["AAPL"], [], ["SPY"], ["AAPL"])


async def test_the_test_stream_has_its_own_instrument_alone(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(rate=500), clock) as venue, reading(feed(venue, "test")) as reader:
        await authenticate(reader)
        await reader.ask(action="subscribe", trades=["*"])
        await reader.until(lambda each: each[0]["T"] == "subscription")
        await pass_time(clock, 2_000_000_000)
        rows = await heard(reader, venue.market.listings["FAKEPACA"].tape.next_id - 1)

    assert {row["S"] for row in rows} == {"FAKEPACA"}


async def test_pages_go_through_several_instruments_from_either_end(clock: ManualClock):
    start_ns = START_NS // MINUTE_NS * MINUTE_NS - 10 * MINUTE_NS
    query = {"symbols": "AAPL,NOSUCH,MSFT", "timeframe": "1Min", "start": "2024-01-08T14:20:00Z", "limit": 4}
    async with SimulatedVenue(only_alpaca(seed=3), clock) as venue:
        by_order: dict[str, dict[str, list[str]]] = {}
        for order in ("asc", "desc"):
            found: dict[str, list[str]] = {}
            token: str | None = ""
            while token is not None:
                page = await rest(venue, "bars", sort=order, **query, **({"page_token": token} if token else {}))
                assert sum(len(rows) for rows in page["bars"].values()) <= 4
                for code, rows in page["bars"].items():
                    found.setdefault(code, []).extend(row["t"] for row in rows)
                token = page["next_page_token"]
            by_order[order] = found

    assert set(by_order["asc"]) == {"AAPL", "MSFT"}
    assert len(by_order["asc"]["AAPL"]) == 10
    assert parse_rfc3339(by_order["asc"]["AAPL"][0]) == start_ns
    assert {code: rows[::-1] for code, rows in by_order["desc"].items()} == by_order["asc"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("AAPL/bars", {"timeframe": "7Foo"}, 400),
        ("AAPL/trades", {"limit": 0}, 400),
        ("AAPL/trades", {"limit": 10_001}, 400),
        ("AAPL/trades", {"start": "yesterday"}, 400),
        ("AAPL/trades", {"page_token": "!"}, 400),
        ("AAPL/trades", {"start": "2024-01-08T12:00:00Z", "end": "2024-01-08T11:00:00Z"}, 400),
        ("AAPL/trades", {"feed": "moon"}, 400),
        ("bars", {"timeframe": "1Min"}, 400),
        ("NOSUCH/snapshot", {}, 404),
        ("AAPL/gossip", {}, 404),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_a_message(clock: ManualClock, path: str, query: dict[str, Any], status: int):
    async with SimulatedVenue(only_alpaca(), clock) as venue:
        answer = await fetch(f"{venue.alpaca.rest_url}/v2/stocks/{path}", KEYS, **query)
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_too_many_calls_in_a_minute_are_refused(clock: ManualClock):
    async with SimulatedVenue(only_alpaca(), clock) as venue:
        venue.alpaca.rest.calls_max = 3
        answers = [await fetch(f"{venue.alpaca.rest_url}/v2/stocks/AAPL/trades/latest", KEYS) for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[3].json() == {"message": "too many requests."}
