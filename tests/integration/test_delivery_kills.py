"""Kills while firings are queued, marked, and sent but not yet settled: nothing is lost, and what may be doubled says so."""

import os
import random
import signal
import subprocess
import sys

import pytest

from backend.delivery.delivery import DeliveryState
from backend.storage.faults import FAULT_VARIABLE
from tests.fakes.delivering import delivering, firing, phone
from tests.fakes.sinks import http_sink

REPEATED = "This message may have been sent before."
N = 3


def run(home, sink, fault=""):
    """Run the process to its end or its death; what it printed."""
    command = [sys.executable, "-m", "tests.fakes.delivery_process", str(home.root), sink.address(), str(N)]
    done = subprocess.run(
        command, env={**os.environ, FAULT_VARIABLE: fault}, capture_output=True, text=True, timeout=60, check=False
    )
    if fault:
        assert done.returncode == -signal.SIGKILL, done.stderr
    else:
        assert done.returncode == 0, done.stderr
    return done.stdout.split()


def kill_after(home, sink, n_lines):
    """Start the process and kill it once it has printed so many lines."""
    command = [sys.executable, "-m", "tests.fakes.delivery_process", str(home.root), sink.address(), str(N)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(n_lines):
            process.stdout.readline()
        process.kill()


def alerts_told(sink):
    """How often each firing's words came, in messages that do not call themselves a repetition."""
    messages = [received.json["message"] for received in sink.received]
    return [sum(f"(180.{n:02})" in text for text in messages if REPEATED not in text) for n in range(N)]


async def states(home, clock):
    async with delivering(home, clock, begins=False) as d:
        return await d.deliveries.list(100)


@pytest.mark.posix
@pytest.mark.parametrize("point", ["test.queued", "delivery.marked", "delivery.marked:2", "delivery.sent", "delivery.sent:2"])
async def test_a_kill_anywhere_loses_no_delivery_and_what_may_be_doubled_says_so(home, clock, point):
    with http_sink() as sink:
        told = run(home, sink, point)
        queued = await states(home, clock)
        acknowledged = {int(word) for word in told if word.isdigit()}
        assert acknowledged <= {int(one.firing[1:]) for one in queued}, "an acknowledged firing has no delivery"
        assert run(home, sink)[-1] == "done"
        settled = await states(home, clock)
        assert {one.firing for one in settled} == {f"f{n}" for n in range(N)}
        assert all(one.state in (DeliveryState.SENT, DeliveryState.ROLLED_UP) for one in settled)
        everything = "\n".join(received.json["message"] for received in sink.received)
        assert all(f"(180.{n:02})" in everything for n in range(N))
        assert all(n <= 1 for n in alerts_told(sink)), "a message came twice and did not say so"
        doubtful = [one for one in settled if one.may_repeat]
        assert bool(doubtful) == point.startswith("delivery.")
        assert all("unknown" in [attempt.outcome for attempt in one.attempts] for one in doubtful)


@pytest.mark.posix
async def test_kills_at_random_moments_lose_nothing(home, clock):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    with http_sink() as sink:
        for _ in range(4):
            kill_after(home, sink, draw.randrange(0, N + 1))
        assert run(home, sink)[-1] == "done"
        settled = await states(home, clock)
        assert len(settled) == N
        assert all(one.state in (DeliveryState.SENT, DeliveryState.ROLLED_UP) for one in settled)
        assert all(n <= 1 for n in alerts_told(sink))


async def test_a_message_that_ends_the_program_every_time_is_given_up(home, clock):
    async with delivering(home, clock, begins=False) as d:
        await d.deliveries.put_channel(phone("json://127.0.0.1:9/hook"))
        await d.fire_all([firing(1, at_ns=clock.now_ns())])
        for _ in range(8):
            assert await d.deliveries._store.begin("phone", clock.now_ns()) is not None
            await d.deliveries._store.recover(clock.now_ns())
            clock.advance(10**12)
        assert await d.deliveries._store.begin("phone", clock.now_ns()) is None
        assert (await d.only()).state is DeliveryState.DEAD
