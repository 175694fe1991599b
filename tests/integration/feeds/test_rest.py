"""Asking a REST service on loopback: errors in our words, limits kept, nothing secret said, nothing left open."""

import asyncio

import pytest

from backend.clock import SystemClock
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable
from backend.market.feeds.rest import RestClient, RestRules
from tests.fakes.http_venue import open_http_venue
from tests.fakes.waiting import until

RULES = RestRules(weight_max=100, used_header="x-used", open_s=2.0, read_s=2.0, whole_s=5.0, bytes_max=1 << 20)
SECRET = "hunter2-key"


def client_of(venue, clock, **more) -> RestClient:
    return RestClient(f"{venue.url}/", clock, more.pop("rules", RULES), headers=lambda: {"X-Key": SECRET}, **more)


async def error_of(client, path="/things") -> TriiError:
    with pytest.raises(TriiError) as raised:
        await client.fetch(path, {"symbol": "A&b=c\r\nX-Evil: 1", "n": 5})
    assert SECRET not in str(raised.value)
    return raised.value


async def test_a_question_is_escaped_and_carries_the_key_in_a_header(clock):
    async with open_http_venue() as venue, client_of(venue, clock) as client:
        assert await client.fetch("/things", {"symbol": "A&b=c\r\nX-Evil: 1", "n": 5}) == b"[]"

        assert venue.asked[0].startswith("GET /things?symbol=A%26b%3Dc%0D%0AX-Evil%3A+1&n=5 HTTP/1.1\r\n")
        assert SECRET in venue.asked[0]
        assert "X-Evil" not in venue.asked[0].partition("\r\n")[2]


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (400, InvalidInput, "400"),
        (401, InvalidInput, "key"),
        (403, InvalidInput, "let us in"),
        (404, NotFound, "404"),
        (451, Unavailable, "region"),
        (302, Unavailable, "not followed"),
        (500, Unavailable, "out of order"),
        (599, Unavailable, "unknown"),
    ],
)
async def test_statuses_become_errors_of_ours(clock, status, kind, word):
    async with open_http_venue() as venue, client_of(venue, clock) as client:
        venue.answers = [(status, {"Location": "http://127.0.0.1:9/"}, b"<html>secret page</html>")]
        error = await error_of(client)

        assert type(error) is kind
        assert word in str(error)
        assert "secret page" not in str(error)
        assert len(venue.asked) == 1


@pytest.mark.parametrize("status", [418, 429])
async def test_who_asks_us_to_wait_is_not_asked_before_the_time_is_over(clock, status):
    async with open_http_venue() as venue, client_of(venue, clock) as client:
        venue.answers = [(status, {"Retry-After": "30"}, b"")]
        assert (await error_of(client)).retry_after_s == 30
        clock.advance(29_000_000_000)
        assert (await error_of(client)).retry_after_s == pytest.approx(1.0)
        assert len(venue.asked) == 1
        clock.advance(1_000_000_000)

        assert await client.fetch("/things") == b"[]"


async def test_questions_wait_while_the_weight_of_a_minute_is_used_up(clock):
    slept = []

    async def sleep(duration_s):
        slept.append(duration_s)
        clock.advance(round(duration_s * 1e9))

    async with open_http_venue() as venue, client_of(venue, clock, sleep=sleep) as client:
        for _ in range(4):
            await client.fetch("/things", weight=25)
        assert slept == []
        await client.fetch("/things", weight=25)

        assert sum(slept) == pytest.approx(60.0)


async def test_weight_that_others_on_this_address_used_counts(clock):
    slept = []

    async def sleep(duration_s):
        slept.append(duration_s)
        clock.advance(round(duration_s * 1e9))

    async with open_http_venue() as venue, client_of(venue, clock, sleep=sleep) as client:
        venue.answers = [(200, {"X-Used": "99"}, b"[]"), (200, {"X-Used": "many"}, b"[]")]
        await client.fetch("/things")
        await client.fetch("/things")
        assert slept == []
        await client.fetch("/things")

        assert slept


async def test_an_answer_that_is_too_large_is_cut_off(clock):
    async with open_http_venue() as venue, client_of(venue, clock) as client:
        venue.answers = [(200, {}, b"x" * ((1 << 20) + 1))]

        assert "more than 1 MiB" in str(await error_of(client))


async def test_silence_and_closed_doors_are_told_apart():
    rules = RestRules(open_s=0.2, read_s=0.2, whole_s=0.4)
    async with open_http_venue() as venue:
        venue.is_mute = True
        async with client_of(venue, SystemClock(), rules=rules) as client:
            assert "did not answer in time" in str(await error_of(client))
    async with client_of(venue, SystemClock(), rules=rules) as client:
        assert "does not accept connections" in str(await error_of(client))


async def test_the_venues_own_words_come_before_ours(clock):
    def explain(status, body):
        return NotFound(f"{status} {len(body)}") if status == 400 else None

    async with open_http_venue() as venue, client_of(venue, clock, explain=explain) as client:
        venue.answers = [(400, {}, b"four"), (500, {}, b"")]

        assert str(await error_of(client)) == "400 4"
        assert "out of order" in str(await error_of(client))


async def test_the_last_to_leave_closes_and_a_cancelled_question_leaves_nothing(clock):
    async with open_http_venue() as venue:
        venue.is_mute = True
        client = client_of(venue, clock)
        async with client:
            async with client:
                task = asyncio.create_task(client.fetch("/things"))
                await until(lambda: venue.asked)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            venue.is_mute = False
            assert await client.fetch("/things") == b"[]"
        async with client:
            assert await client.fetch("/things") == b"[]"
