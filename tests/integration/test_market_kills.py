"""Killed anywhere, the market store opens with the state before or after, and keeps every bar it reported as saved."""

import os
import random
import subprocess
import sys

import pytest

from backend.storage.segments import SeriesKey
from tests.fakes.bars import make_bars
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, open_store, same
from tests.fakes.market_writer import N_LIVE, OTHER_DAYS, days_of

PUBLISH_POINTS = ["segment.written", "segment.synced", "segment.renamed", "manifest.committing", "manifest.committed"]
OTHER_POINTS = ["segment.moved", "segment.deleting", "segment.deleted"]
CUT_POINTS = ["log.cutting", *PUBLISH_POINTS, "log.cut", "log.deleted"]
APPEND_POINTS = ["log.created", "log.written", "log.synced"]


def start(home, what, *, fault="", seed=0):
    command = [sys.executable, "-m", "tests.fakes.market_writer", str(home.root), what, str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TRII_FAULT": fault})


def run(home, what, *, fault=""):
    """Run to the end or to the fault; what it acknowledged, by word, and whether it was killed."""
    with start(home, what, fault=fault) as process:
        lines = process.stdout.read().splitlines()
    return acknowledged(lines), process.returncode


def acknowledged(lines):
    said = {"saved": 0, "published": 0, "done": False}
    for line in lines:
        word, _, number = line.partition(" ")
        if word in {"saved", "published"}:
            said[word] = max(said[word], int(number))
        elif word == "done":
            said["done"] = True
        else:
            assert word == "open", line
    return said


async def check(home, said):
    """The store opens without loss and holds what was acknowledged, and nothing half done."""
    async with open_store(home) as store:
        assert [notice for notice in store.notices if notice.code != "market.torn_log"] == []
        live = await store.load(APPLE_MINUTES)
        assert len(live) >= said["saved"], f"{said['saved']} bars were reported as saved, {len(live)} are there"
        assert same(live, make_bars(N_LIVE)[: len(live)])
        days = await store.load(APPLE_DAYS)
        version = int(days.volume[0]) if len(days) else 0
        assert version >= said["published"]
        assert version == 0 or same(days, days_of(version))
        revisions = await store.revisions(APPLE_DAYS)
        assert [revision.n_bars for revision in revisions] == [len(days_of(n)) for n in range(version - 1, 0, -1)]
        for series in OTHER_DAYS:
            found = await store.load(series)
            assert len(found) == 0 or same(found, days_of(1))
        await store.cut()
        verified = await store.verify()
        assert verified.damaged == ()
        assert verified.n_segments == len(list(store.folder.iterdir()))
        assert same(await store.load(APPLE_MINUTES), live)
    assert list(home.quarantine.iterdir()) == []
    return len(live), version


@pytest.mark.parametrize("fault", [f"{point}:{n}" for point in PUBLISH_POINTS for n in (1, 2)] + OTHER_POINTS)
async def test_killed_while_publishing_the_version_before_or_after_is_there(home, fault):
    said, code = run(home, "publish", fault=fault)
    assert code == -9, "the fault was not reached"
    _, version = await check(home, said)
    assert version - said["published"] in {0, 1}
    again, code = run(home, "publish")
    assert code == 0
    assert again["published"] == version + 3
    await check(home, again)


@pytest.mark.parametrize("fault", CUT_POINTS)
async def test_killed_while_cutting_the_log_every_saved_bar_is_there_once(home, fault):
    said, code = run(home, "cut", fault=fault)
    assert code == -9, "the fault was not reached"
    assert said["saved"] == 500
    assert (await check(home, said))[0] == 500


@pytest.mark.parametrize("fault", [*APPEND_POINTS, "log.written:3", "log.synced:3"])
async def test_killed_while_appending_what_was_reported_is_there(home, fault):
    said, code = run(home, "live", fault=fault)
    assert code == -9, "the fault was not reached"
    await check(home, said)


@pytest.mark.parametrize("fault", ["segment.renamed:11", "manifest.committing:11", "manifest.committed:11", "segment.deleting:5"])
async def test_killed_while_packing_every_series_is_there(home, fault):
    _, code = run(home, "pack", fault=fault)
    assert code == -9, "the fault was not reached"
    async with open_store(home) as store:
        for series in OTHER_DAYS:
            assert same(await store.load(series), days_of(1))
        assert SeriesKey.of(OTHER_DAYS[0], "import") in store.series_keys()
    await check(home, acknowledged([]))


async def kill_again_and_again(home, n_kills, draw):
    """Kill a process that appends live bars, or publishes, at a random moment; the same home goes through all kills.

    Returns how many kills the store has survived.
    """
    n_live = n_survived = 0
    for _ in range(n_kills):
        what = draw.choice(["live", "live", "publish", "cut"])
        if n_live > N_LIVE - 3000:
            what = "publish"
        with start(home, what, seed=draw.randrange(2**32)) as process:
            lines = [process.stdout.readline() for _ in range(draw.randrange(0, 12))]
            process.kill()
            lines += process.stdout.read().splitlines(keepends=True)
        said = acknowledged([line.strip() for line in lines if line.endswith("\n")])
        n_before, n_live = n_live, (await check(home, said))[0]
        assert n_live >= n_before, "bars that an earlier start had read are gone"
        n_survived += 1
    return n_survived


@pytest.mark.timeout(300)
async def test_every_saved_bar_survives_six_kills_at_random_moments(home):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await kill_again_and_again(home, 6, random.Random(seed)) == 6


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_every_saved_bar_survives_two_hundred_kills_at_random_moments(home):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await kill_again_and_again(home, 200, random.Random(seed)) == 200
