"""The API for scripts over real HTTP, against a real home with a scripted feed."""

import asyncio
import socket
import stat

import httpx
import pytest

from backend.app import open_backend
from backend.clock import ManualClock
from backend.domain.bars import SECOND_NS
from backend.errors import NotFound
from backend.events import Notice
from backend.loopback.quotes import Quotes
from tests.fakes.api_scripts import BTC, ETH, START_NS, client_of, days, followed, live_price, served, trade
from tests.fakes.waiting import until


@pytest.fixture
def clock():
    return ManualClock(START_NS)


# --- the door -----------------------------------------------------------------------------------------------------------


async def test_nothing_is_served_until_it_is_turned_on(home, clock):
    async with open_backend(home, clock=clock, watch=False) as backend:
        await backend.api.begin()

        assert backend.api.address == ""
        assert not (home.run / "api.url").exists()
        assert not (home.run / "api.token").exists()


async def test_turning_it_on_and_off_opens_and_closes_the_door(home, clock):
    async with open_backend(home, clock=clock, watch=False) as backend:
        await backend.api.begin()
        await backend.settings.change("api", enabled=True)
        await until(lambda: backend.api.address)
        address = backend.api.address
        async with client_of(backend) as client:
            assert (await client.get("/api/v1/alerts")).status_code == 200
            assert (home.run / "api.url").read_text() == address

            await backend.settings.change("api", enabled=False)
            await until(lambda: not (home.run / "api.url").exists())

            with pytest.raises(httpx.ConnectError):
                await client.get("/api/v1/alerts")
        assert backend.api.address == ""


async def test_another_port_is_taken_at_once_and_one_that_is_taken_is_told(home, clock):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with served(home, clock) as (backend, _, _client):
            told = []
            backend.bus.subscribe(Notice, told.append)
            await backend.settings.change("api", port=taken.getsockname()[1])
            await until(lambda: told)

            assert told[0].code == "api.port"
            assert backend.api.address == ""

            await backend.settings.change("api", port=0)
            await until(lambda: backend.api.address)
            async with client_of(backend) as client:
                assert (await client.get("/api/v1/alerts")).status_code == 200


async def test_the_token_is_this_users_only_and_stays_the_same(home, clock):
    async with served(home, clock) as (_, _, client):
        first = client.headers["Authorization"]
        assert stat.S_IMODE((home.run / "api.token").stat().st_mode) == 0o600
    async with served(home, clock) as (_, _, client):
        assert client.headers["Authorization"] == first


async def test_a_token_that_others_could_read_is_replaced(home, clock):
    async with served(home, clock) as (_, _, client):
        first = client.headers["Authorization"]
    (home.run / "api.token").chmod(0o644)
    async with served(home, clock) as (_, _, client):
        assert client.headers["Authorization"] != first
        assert stat.S_IMODE((home.run / "api.token").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "said", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer " + "0" * 64}, {"Authorization": "é"}]
)
@pytest.mark.logs("refused")
async def test_a_request_without_the_token_is_refused(home, clock, said):
    async with served(home, clock) as (backend, _, _client), httpx.AsyncClient() as stranger:
        said = {name: value.encode("latin-1") for name, value in said.items()}
        answer = await stranger.get(f"{backend.api.address}/api/v1/alerts", headers=said)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "api.token"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:80", "127.0.0.1:1"])
@pytest.mark.logs("refused")
async def test_a_name_that_was_rebound_to_this_computer_is_refused_even_with_the_token(home, clock, host):
    async with served(home, clock) as (_, _, client):
        answer = await client.get("/api/v1/alerts", headers={"Host": host})

        assert answer.status_code == 421
        assert answer.json()["error"]["code"] == "api.host"


@pytest.mark.logs("refused")
async def test_a_web_page_is_refused_and_gets_no_leave_to_read(home, clock):
    async with served(home, clock) as (_, _, client):
        answer = await client.get("/api/v1/alerts", headers={"Origin": "https://evil.example"})
        asked_first = await client.options("/api/v1/alerts", headers={"Origin": "null"})

        assert (answer.status_code, asked_first.status_code) == (403, 403)
        assert not [name for name in (*answer.headers, *asked_first.headers) if name.startswith("access-control")]


async def test_a_body_without_end_is_refused(home, clock):
    async def pieces():
        for _ in range(80):
            yield b" " * 1024

    async with served(home, clock) as (_, _, client):
        answer = await client.post("/api/v1/market/batch-quotes", content=pieces())

        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "api.too_large"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"symbols": 1}', b'{"symbols": []}', b'{"symbols": ["A"], "more": 1}']
)
async def test_a_body_that_says_nothing_we_know_is_refused_in_words(home, clock, body):
    async with served(home, clock) as (_, _, client):
        answer = await client.post("/api/v1/market/batch-quotes", content=body)

        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"code", "message", "hint"}


async def test_unknown_paths_and_methods_are_told_in_the_same_form(home, clock):
    async with served(home, clock) as (_, _, client):
        nowhere, wrong = await client.get("/api/v1/nothing"), await client.put("/api/v1/alerts")

        assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "api.http_404")
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "api.http_405")


@pytest.mark.logs("Exception in ASGI application")
async def test_a_defect_is_answered_without_its_details_and_logged_with_them(home, clock, monkeypatch):
    async def broken(*_):
        raise RuntimeError("with a secret inside")

    async with served(home, clock) as (_, _, client):
        monkeypatch.setattr(Quotes, "get", broken)
        answer = await client.get("/api/v1/quotes/BTCUSDT")

        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "defect")
        assert "secret" not in answer.text


# --- quotes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/market/quote/BTCUSDT.BINANCE", "/api/v1/quotes/btcusdt"])
async def test_a_quote_joins_what_is_stored_and_what_the_feed_brings(home, clock, path):
    async with served(home, clock) as (backend, feed, client):
        handle = await followed(backend)
        await trade(feed, clock, 131.0, 130.5, quote=(130.4, 130.6))
        await live_price(backend, 130.5)

        found = (await client.get(path)).json()

        assert found["symbol"] == "BTCUSDT.BINANCE"
        assert (found["price"], found["bid"], found["ask"]) == (130.5, 130.4, 130.6)
        assert found["change"] == 1.5  # the last day closed at 129
        assert found["changePct"] == pytest.approx(100 * 1.5 / 129)
        assert found["volume"] == 2.0
        assert found["age_s"] == 0.0
        assert found["is_stale"] is False
        assert found["timestamp"].startswith("2024-10-04T13:58:10")
        clock.advance(60 * SECOND_NS)
        old = (await client.get(path)).json()
        assert (old["age_s"], old["is_stale"]) == (60.0, True)
        await handle.close()


async def test_a_quote_without_a_feed_is_the_newest_bar_and_stale(home, clock):
    async with served(home, clock) as (backend, _, client):
        await (await followed(backend)).close()
        await until(lambda: BTC.id not in backend.live.snapshot().rows)

        found = (await client.get("/api/v1/quotes/BTCUSDT")).json()

        assert (found["price"], found["change"], found["is_stale"]) == (129.0, 1.0, True)
        assert (found["bid"], found["ask"], found["age_s"]) == (None, None, None)


async def test_many_quotes_come_at_once_and_each_that_fails_says_why(home, clock):
    async with served(home, clock) as (backend, _, client):
        await (await followed(backend)).close()

        body = {"symbols": ["BTCUSDT", "NOTHING", "ETHUSDT", "BTCUSDT"]}
        answer = await client.post("/api/v1/market/batch-quotes", json=body)

        assert answer.status_code == 200
        assert [quote["symbol"] for quote in answer.json()["quotes"]] == ["BTCUSDT.BINANCE"]
        said = {each["symbol"]: each["error"]["code"] for each in answer.json()["errors"]}
        assert said == {"NOTHING": "instrument.unknown", "ETHUSDT": "quote.none"}
        too_many = await client.post("/api/v1/market/batch-quotes", json={"symbols": [f"S{n}" for n in range(201)]})
        assert too_many.status_code == 400


async def test_an_unknown_symbol_is_not_found(home, clock):
    async with served(home, clock) as (_, _, client):
        answer = await client.get("/api/v1/quotes/NOTHING")

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "instrument.unknown")


async def test_stored_figures_are_read_once_a_second_however_many_ask(home, clock):
    async with served(home, clock) as (backend, _, _client):
        await (await followed(backend)).close()
        counting = CountingBoard(backend.board)
        quotes = Quotes(counting, backend.live, clock)

        await asyncio.gather(*(quotes.get(BTC.id) for _ in range(50)))
        assert counting.n_read == 1
        clock.advance(SECOND_NS - 1)
        await quotes.get(BTC.id)
        assert counting.n_read == 1
        clock.advance(1)
        await asyncio.gather(*(quotes.get(BTC.id) for _ in range(50)))
        assert counting.n_read == 2


async def test_whoever_gives_up_while_figures_are_read_leaves_the_others_served(home, clock):
    async with served(home, clock) as (backend, _, _client):
        await (await followed(backend)).close()
        counting = CountingBoard(backend.board)
        quotes = Quotes(counting, backend.live, clock)
        async with asyncio.TaskGroup() as group:
            first, second = (group.create_task(quotes.get(BTC.id)) for _ in range(2))
            await until(lambda: counting.n_read == 1)
            first.cancel()

        assert second.result().price == 129.0
        with pytest.raises(NotFound):
            await quotes.get(ETH.id)


class CountingBoard:
    """The real board, with a count of how often it read the store."""

    def __init__(self, board):
        self._board = board
        self.n_read = 0

    async def compute_row(self, instrument):
        self.n_read += 1
        await asyncio.sleep(0)
        return await self._board.compute_row(instrument)


# --- history ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/market/history/BTCUSDT", "/api/v1/history/BTCUSDT.BINANCE"])
@pytest.mark.parametrize("span", [{}, {"from": "2024-09-04", "to": "2024-10-04T00:00:00+00:00"}])
async def test_history_comes_in_pages_that_join_without_a_gap_or_a_repeat(home, clock, path, span):
    async with served(home, clock) as (backend, _, client):
        await (await followed(backend)).close()

        pages, cursor = [], None
        while cursor or not pages:
            asked = {"interval": "1d", "limit": 7, **span} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=asked)).json()
            pages.append(page["bars"])
            cursor = page["next_cursor"]

        assert [len(page["close"]) for page in pages] == [7, 7, 7, 7, 2]
        want = days()
        for name in ("open", "high", "low", "close", "volume"):
            assert [value for page in pages for value in page[name]] == getattr(want, name).tolist()
        assert pages[0]["timestamp"][0] == "2024-09-04T00:00:00Z"


async def test_history_of_long_bars_and_of_none(home, clock):
    async with served(home, clock) as (backend, _, client):
        await (await followed(backend)).close()

        months = (await client.get("/api/v1/history/BTCUSDT", params={"interval": "1mo", "adjusted": "true"})).json()
        none = (await client.get("/api/v1/history/BTCUSDT", params={"from": "2001-01-01", "to": "2002-01-01"})).json()

        assert (months["adjusted"], len(months["bars"]["close"])) == (True, 2)
        assert (none["bars"]["close"], none["next_cursor"]) == ([], None)


@pytest.mark.parametrize(
    "asked",
    [
        {"interval": "1x"}, {"limit": "0"}, {"limit": "5001"}, {"limit": "²"}, {"adjusted": "perhaps"}, {"from": "yesterday"},
        {"from": "9999-01-01"}, {"from": "2024-02-01", "to": "2024-01-01"}, {"cursor": "x"}, {"cursor": "WyJhIl0"}, {"form": "x"},
    ],
)  # fmt: skip
async def test_history_asked_for_wrongly_is_refused(home, clock, asked):
    async with served(home, clock) as (_, _, client):
        answer = await client.get("/api/v1/history/BTCUSDT", params=asked)

        assert answer.status_code == 400
        assert answer.json()["error"]["hint"]
