"""Killed while a feed is recorded: what was acknowledged is there, and the next start goes on as if nothing had been."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from backend.app import open_backend
from backend.clock import ManualClock
from backend.domain.bars import BarSpec, Series
from tests.fakes.live_recorder import BTC, N_TRADES, START_NS, make_trades
from tests.fakes.pandas_bars import bars_by_pandas
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.waiting import until

NAMES = ("open", "high", "low", "close", "volume")


def record(home, seed, *, fault="", kill_after=None):
    """One process; how many trades it acknowledged, and whether it came to its end."""
    command = [sys.executable, "-m", "tests.fakes.live_recorder", str(home.root), str(seed)]
    n_saved, is_done, n_lines = 0, False, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TRII_FAULT": fault}) as process:
        for line in process.stdout:
            word, _, number = line.partition(" ")
            n_lines += 1
            if word == "saved":
                n_saved = max(n_saved, int(number))
            is_done |= word.strip() == "done"
            if kill_after is not None and n_lines >= kill_after:
                process.kill()
    return n_saved, is_done


async def check(home, n_saved):
    """The first trades, at least as many as were acknowledged, each once."""
    sent = make_trades()
    async with open_backend(home, clock=ManualClock(int(sent.event_ns[-1])), watch=False) as backend:
        kept = await backend.store.load_trades(BTC.id, "scripted")
        assert len(kept) >= n_saved, f"{n_saved} trades were acknowledged, {len(kept)} are there"
        for name in ("event_ns", "price", "quantity"):
            assert np.array_equal(getattr(kept, name), getattr(sent, name)[: len(kept)]), name
        # The minute that was under way is made of its stored trades as soon as somebody follows the instrument.
        await backend.live.begin()
        backend.live.runs.run(ScriptedFeed(backend.clock, (BTC,), specs=()))
        await backend.live.follow(BTC.id)
        await until(lambda: backend.live.is_joined(BTC.id))
        return len(kept), {spec: await backend.history.bars(Series(BTC.id, BarSpec.parse(spec))) for spec in ("1m", "1h", "1d")}


async def record_with_kills(home, seeds, *, fault=""):
    for seed in seeds:
        n_saved, _ = record(home, seed, fault=fault, kill_after=None if fault else random.Random(seed).randrange(1, 4))
        await check(home, n_saved)
    n_saved, is_done = record(home, 99)
    assert is_done
    n_kept, bars = await check(home, n_saved)
    assert n_kept == N_TRADES
    for spec, rule in (("1m", "1min"), ("1h", "1h"), ("1d", "1D")):
        wanted = bars_by_pandas(make_trades(), rule)
        for name in ("event_ns", *NAMES):
            # A sum that went on in another process began anew from the trades: it has the same bits all the same.
            assert np.array_equal(getattr(bars[spec], name), getattr(wanted, name)), (spec, name)


async def test_three_kills_lose_no_acknowledged_trade_and_the_bars_are_those_of_one_run(home):
    await record_with_kills(home, [1, 2, 3])


@pytest.mark.parametrize("fault", ["log.written", "log.synced"])
async def test_a_kill_while_the_log_is_written_loses_nothing_acknowledged(home, fault):
    await record_with_kills(home, [4], fault=fault)


@pytest.mark.long
@pytest.mark.timeout(3_600)
async def test_a_hundred_kills_lose_nothing_acknowledged(home):
    for seed in range(25):
        await record_with_kills(home.__class__(home.root / str(seed)), [seed * 4 + i for i in range(4)])


def test_the_trades_of_the_test_cross_midnight():
    assert int(make_trades().event_ns[-1]) // 86_400_000_000_000 > START_NS // 86_400_000_000_000
