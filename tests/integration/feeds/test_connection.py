"""One connection to a venue, against a real server on loopback: kept, watched, made anew, never hammered, never leaked."""

import asyncio
import contextlib
import random

import pytest

from backend.clock import SystemClock
from backend.errors import InvalidInput, Unavailable
from backend.market.feeds.connection import FRAMES_AT_ONCE, Connection
from backend.market.feeds.feed import FeedState
from backend.market.feeds.line_watch import ConnectionRules
from tests.fakes.stream_venue import open_stream_venue
from tests.fakes.waiting import until

QUICK = ConnectionRules(open_s=2.0, beat_s=0.01, close_s=0.2, ping_s=5.0, idle_s=5.0, frame_bytes_max=2000)


class Ear:
    """Keeps what it hears; ``gate`` holds it up, ``answer`` is raised at the next frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.n_batches = 0
        self.n_opened = 0
        self.losses: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.answer: Exception | None = None

    async def opened(self, link):
        self.n_opened += 1
        await link.send(b'{"hello":1}')

    async def heard(self, frames, received_ns):
        assert received_ns > 0
        self.n_batches += 1
        self.frames += frames
        if self.answer is not None:
            raise self.answer
        await self.gate.wait()

    def lost(self, words):
        self.losses.append(words)


class Waits:
    """Sleeps of the connection: looks at the line are real, waits of a second are only written down."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    async def __call__(self, duration_s):
        if duration_s != QUICK.beat_s:
            self.slept_s.append(duration_s)
        await asyncio.sleep(min(duration_s, 0.01))


@contextlib.asynccontextmanager
async def running(url, ear, rules=QUICK, clock=None):
    waits = Waits()
    connection = Connection(lambda: url, ear, clock or SystemClock(), rules, waiting=(waits, random.Random(1)))
    task = asyncio.create_task(connection.run())
    try:
        yield connection, waits
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert connection.state is FeedState.OFF


async def test_frames_come_in_order_and_those_that_wait_come_in_one_go():
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear) as (connection, _):
        caller = await venue.caller()
        for n in range(5 * FRAMES_AT_ONCE):
            caller.protocol.send_text(str(n).encode())
        caller.send_data()
        await until(lambda: len(ear.frames) == 5 * FRAMES_AT_ONCE)
        assert connection.state is FeedState.LIVE
        assert connection.connected_ns <= connection.received_ns

        assert ear.frames == [str(n).encode() for n in range(5 * FRAMES_AT_ONCE)]
        assert ear.n_batches <= 40
        assert venue.said == ['{"hello":1}']


async def test_a_connection_that_breaks_off_is_made_anew_and_says_why():
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear) as (connection, _):
        (await venue.caller()).transport.abort()
        await (await venue.caller(2)).close(1008, "Too many\nrequests \x07")
        await venue.caller(3)
        await until(lambda: connection.state is FeedState.LIVE)

        assert connection.n_reconnects == 2
        assert ear.n_opened == 3
        assert ear.losses == [
            "The connection to 127.0.0.1 broke off.",
            "127.0.0.1 ended the connection (1008: Too many requests).",
        ]


async def test_a_venue_that_hangs_up_at_once_is_asked_less_and_less_often():
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear) as (_, waits):
        for n in range(1, 7):
            (await venue.caller(n)).transport.abort()
        await venue.caller(7)

    assert 10 <= sum(waits.slept_s) <= 32  # 0.5 s doubled five times, each shortened by up to half


@pytest.mark.parametrize(("status", "word"), [(401, "key"), (403, "let us in"), (451, "region"), (302, "another address")])
async def test_who_turns_us_away_is_left_alone_until_a_person_acts(status, word):
    ear = Ear()
    async with open_stream_venue() as venue:
        venue.refusals = [(status, {"Location": "ws://127.0.0.1:9/"})]
        async with running(venue.url, ear) as (connection, waits):
            await until(lambda: connection.state is FeedState.REFUSED)
            assert word in connection.words
            assert "15 min" in connection.words
            assert venue.n_calls == 1
            connection.hurry()
            await until(lambda: connection.state is FeedState.LIVE)
            assert sum(waits.slept_s) < 890


async def test_a_venue_that_names_a_time_is_not_asked_before():
    ear = Ear()
    async with open_stream_venue() as venue:
        venue.refusals = [(429, {"Retry-After": "17"}), (503, {"Retry-After": "soon"})]
        async with running(venue.url, ear) as (connection, waits):
            await until(lambda: connection.state is FeedState.LIVE)

            assert 17 <= sum(waits.slept_s) <= 20
            assert venue.n_calls == 3


async def test_an_answer_that_the_feed_cannot_accept_is_told_in_its_words():
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear) as (connection, _):
        ear.answer = InvalidInput("The key is not known.", hint="Enter it again.")
        await (await venue.caller()).send("x")
        await until(lambda: connection.state is FeedState.REFUSED)
        assert connection.words.startswith("The key is not known. Enter it again. ")
        ear.answer = Unavailable("Maintenance.", retry_after_s=3.0)
        connection.hurry()
        await (await venue.caller(2)).send("x")
        await until(lambda: connection.words.startswith("Maintenance. The next attempt is in 3 s."))


async def test_nobody_at_the_address_is_the_venue_not_the_network():
    async with open_stream_venue() as venue:
        url = venue.url
    async with running(url, Ear()) as (connection, _):
        await until(lambda: "does not accept connections" in connection.words)
        assert connection.state is FeedState.WAITING


async def test_an_address_that_is_none_is_refused_in_words():
    async with running("https://127.0.0.1/nothing", Ear()) as (connection, _):
        await until(lambda: connection.state is FeedState.REFUSED)
        assert "cannot be used" in connection.words


async def test_a_message_that_is_too_large_ends_the_connection_and_no_memory():
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear) as (connection, _):
        await (await venue.caller()).send("x" * 2001)
        await venue.caller(2)

        assert ear.frames == []
        assert ear.losses == ["127.0.0.1 sent a message that is too large."]
        assert connection.n_reconnects == 1


async def test_a_silent_venue_that_answers_pings_is_alive_and_one_that_does_not_is_left():
    ear = Ear()
    rules = ConnectionRules(beat_s=0.01, ping_s=0.05, idle_s=0.4, close_s=0.1)
    async with open_stream_venue() as venue, running(venue.url, ear, rules) as (connection, _):
        caller = await venue.caller()
        await until(lambda: connection.state is FeedState.LIVE)
        start_ns = connection.connected_ns
        await until(lambda: connection.received_ns > start_ns + 800_000_000)
        assert ear.n_opened == 1
        caller.transport.pause_reading()
        await venue.caller(2)

        assert ear.losses[0].startswith("Nothing was heard for ")


async def test_a_machine_that_slept_connects_anew_at_once(clock):
    ear = Ear()
    async with open_stream_venue() as venue, running(venue.url, ear, clock=clock) as (connection, waits):
        await venue.caller()
        await until(lambda: connection.state is FeedState.LIVE)
        clock.jump(clock.now_ns() + 3_600_000_000_000)
        await venue.caller(2)

        assert ear.losses == ["This machine slept for 3600 s."]
        assert sum(waits.slept_s) == 0


async def test_a_connection_is_made_anew_before_the_venue_ends_it():
    ear = Ear()
    rules = ConnectionRules(beat_s=0.01, lifetime_s=0.1, close_s=0.2)
    async with open_stream_venue() as venue, running(venue.url, ear, rules):
        caller = await venue.caller()
        await caller.wait_closed()
        await venue.caller(2)

        assert caller.close_code == 1000


async def test_who_does_not_listen_is_felt_by_the_venue_and_loses_nothing():
    ear = Ear()
    rules = ConnectionRules(beat_s=0.01, ping_s=0.05, idle_s=0.3, close_s=0.2)
    n_frames, body = 60_000, b"x" * 900
    async with open_stream_venue() as venue, running(venue.url, ear, rules) as (connection, _):
        caller = await venue.caller()
        ear.gate.clear()
        for n in range(n_frames):
            caller.protocol.send_text(b"%d " % n + body)
            if n % 100 == 0:
                caller.send_data()
        caller.send_data()
        waiting = caller.transport.get_write_buffer_size
        await until(lambda: 0 < len(ear.frames) <= FRAMES_AT_ONCE and waiting() > 10_000_000)
        heard_ns, loop = connection.received_ns, asyncio.get_running_loop()
        silent_until_s = loop.time() + 3 * rules.idle_s
        await until(lambda: loop.time() > silent_until_s)
        assert connection.received_ns == heard_ns  # nothing was read, and the silence was ours
        ear.gate.set()
        await until(lambda: len(ear.frames) == n_frames, 30)

        assert [int(frame.partition(b" ")[0]) for frame in ear.frames] == list(range(n_frames))
        assert ear.n_opened == 1


async def test_ending_is_prompt_even_when_the_venue_does_not_say_goodbye():
    ear = Ear()
    async with open_stream_venue() as venue:
        loop = asyncio.get_running_loop()
        async with running(venue.url, ear):
            caller = await venue.caller()
            await until(lambda: ear.n_opened)
            caller.transport.pause_reading()
            started_s = loop.time()
        assert loop.time() - started_s < 2.0
        caller.transport.abort()
