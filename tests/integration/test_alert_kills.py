"""Alerts whose process is killed at any moment: what was told is stored, nothing fires twice, no crossing is missed."""

import os
import random
import subprocess
import sys

import pytest

from backend.clock import ManualClock
from tests.fakes.alert_watcher import crossings_of, event_ns, prices_of
from tests.fakes.alerting import open_alerts

N_TRADES = 1_500


def watch_until_killed(home, seed, n_lines, fault=""):
    """Start the watcher, kill it after some lines or at a fault, and return all that it said whole."""
    command = [sys.executable, "-m", "tests.fakes.alert_watcher", str(home.root), str(N_TRADES), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TRII_FAULT": fault}) as watcher:
        lines = []
        while (n_lines is None or len(lines) < n_lines) and (line := watcher.stdout.readline()):
            lines.append(line)
        if n_lines is not None:
            watcher.kill()
        lines += watcher.stdout.readlines()
    return [line.split() for line in lines if line.endswith("\n")]


async def stored_firings(home):
    async with open_alerts(home, ManualClock(event_ns(N_TRADES)), begin=False) as opened:
        levels = {row.alert.id: row.alert.condition.value for row in await opened.alerts.rows()}
        return [(firing.event_ns, levels[firing.alert_id]) for firing in await opened.alerts.history(n_max=100_000)]


async def kill_again_and_again(home, seed, runs):
    told, n_seen = set(), 0
    for n_lines, fault in runs:
        said = watch_until_killed(home, seed, n_lines, fault)
        told |= {(int(words[1]), float(words[2])) for words in said if words[0] == "told"}
        n_seen = max([n_seen, *(int(words[1]) + 1 for words in said if words[0] == "seen")])
    stored = await stored_firings(home)
    expected = crossings_of(prices_of(seed, N_TRADES))
    assert n_seen == N_TRADES, "the last run goes to the end"
    assert told <= set(stored), f"told and not stored: {sorted(told - set(stored))[:3]}"
    assert len(stored) == len(set(stored)), "a firing is there twice"
    missed, extra = expected - set(stored), set(stored) - expected
    assert not missed, f"missed: {sorted(missed)[:3]} of {len(expected)}"
    assert not extra, f"fired without a crossing: {sorted(extra)[:3]}"
    return len(stored)


async def test_every_crossing_fires_once_through_kills_anywhere(home):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    runs = [(draw.randrange(20, 500), "") for _ in range(3)]
    assert await kill_again_and_again(home, seed, [*runs, (None, "")]) > 20


@pytest.mark.parametrize("point", ["alerts.before_commit", "alerts.after_commit"])
async def test_every_crossing_fires_once_through_a_kill_at_the_commit(home, point):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await kill_again_and_again(home, seed, [(None, f"{point}:3"), (None, f"{point}:2"), (None, "")]) > 20


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_every_crossing_fires_once_through_a_hundred_kills(home):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    runs = [(draw.randrange(5, 40), "") for _ in range(100)]
    assert await kill_again_and_again(home, seed, [*runs, (None, "")]) > 20
