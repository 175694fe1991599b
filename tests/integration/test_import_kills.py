"""An import that is killed has changed nothing or everything, wherever the kill falls, and can be done again."""

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.storage.faults import FAULT_VARIABLE
from tests.fakes.import_writer import INSTRUMENT
from tests.fakes.importing import open_workshop

MINUTES = Series(InstrumentId.parse(INSTRUMENT), BarSpec.parse("1m"))
ROOT = Path(__file__).resolve().parents[2]
N_ROWS = 300_000
START = np.datetime64("2020-01-01T00:00", "m")


def write_minutes(path, n_rows, *, shift=0.0, first=0):
    """A file of minutes; with ``shift`` it tells other prices."""
    times = np.datetime_as_string(START + first + np.arange(n_rows), unit="m")
    price = 100 + shift
    path.write_text(
        "time,open,high,low,close,volume\n"
        + "".join(f"{t},{price},{price + 1},{price - 1},{price},{i % 7}\n" for i, t in enumerate(times))
    )
    return path


def start_import(home, path, fault=""):
    environment = {**os.environ, FAULT_VARIABLE: fault}
    command = [sys.executable, "-m", "tests.fakes.import_writer", str(home.root), str(path)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


async def look(home):
    """What the store holds: number of bars and the set of their closes, and how many imports the log knows."""
    async with open_workshop(home) as shop:
        bars = await shop.store.load(MINUTES)
        leftovers = [path for path in (home.market / "stages").rglob("*") if path.is_file()]
        assert not leftovers
        return len(bars), set(np.unique(bars.close).tolist()), len(await shop.importer.history())


BEFORE, AFTER = (1000, {100.0}, 1), (N_ROWS, {100.0, 107.0}, 2)


def prepare(home, tmp_path):
    """A home with some minutes, and a larger file that goes on from there and changes one of them."""
    old = write_minutes(tmp_path / "old.csv", 1000)
    new = write_minutes(tmp_path / "new.csv", N_ROWS, shift=7.0)
    text = new.read_text().splitlines(keepends=True)
    new.write_text(text[0] + "".join(old.read_text().splitlines(keepends=True)[1:1000]) + "".join(text[1000:]))
    with start_import(home, old) as process:
        assert process.communicate(timeout=60)[0].split() == ["ready", "done"]
    return new


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("segment.written", BEFORE),
        ("segment.renamed:2", BEFORE),
        ("import.staged", BEFORE),
        ("manifest.committing", BEFORE),
        ("manifest.committed", AFTER),
    ],
)
def test_a_kill_at_a_commit_point_leaves_all_or_nothing(home, tmp_path, point, expected):
    new = prepare(home, tmp_path)
    with start_import(home, new, point) as process:
        said = process.communicate(timeout=60)[0].split()
    assert said == ["ready"]
    assert process.returncode != 0
    assert asyncio.run(look(home)) == expected
    with start_import(home, new) as process:
        assert process.communicate(timeout=60)[0].split() == ["ready", "done"]
    assert asyncio.run(look(home))[:2] == AFTER[:2]


@pytest.mark.parametrize("point", ["segment.moved", "segment.moved:2", "segment.synced:2"])
def test_a_kill_while_finished_segments_take_their_place_leaves_nothing(home, tmp_path, point):
    path = write_minutes(tmp_path / "first.csv", N_ROWS)
    with start_import(home, path, point) as process:
        assert process.communicate(timeout=60)[0].split() == ["ready"]
    assert asyncio.run(look(home)) == (0, set(), 0)
    with start_import(home, path) as process:
        assert process.communicate(timeout=60)[0].split() == ["ready", "done"]
    assert asyncio.run(look(home)) == (N_ROWS, {100.0}, 1)


def seconds_of_an_import(home, tmp_path):
    """How long the import takes here, from when it is ready to when it is done."""
    new = prepare(home, tmp_path)
    with start_import(home, new) as process:
        assert process.stdout.readline() == "ready\n"
        begun_s = time.perf_counter()
        assert process.stdout.read() == "done\n"
    return time.perf_counter() - begun_s


def kill_at_random(home, tmp_path, n_kills, random_, longest_s):
    """Kill imports at random moments; how many were cut off and how many had finished."""
    new = prepare(home, tmp_path)
    n_cut = n_done = 0
    for _ in range(n_kills):
        with start_import(home, new) as process:
            assert process.stdout.readline() == "ready\n"
            timer = threading.Timer(random_.uniform(0.0, longest_s), process.kill)
            timer.start()
            said = process.stdout.read()
            timer.cancel()
            timer.join()
        found = asyncio.run(look(home))
        if found[2] == 1:
            assert found == BEFORE
            assert said == ""
            n_cut += 1
        else:
            assert found[:2] == AFTER[:2]
            n_done += 1
            break  # what is imported already cannot be cut off any more
    return n_cut, n_done


@pytest.mark.timeout(180)
def test_kills_at_random_moments_leave_all_or_nothing(home, tmp_path):
    n_cut, n_done = kill_at_random(home, tmp_path, 6, random.Random(), 0.6)
    assert n_cut + n_done


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_kills_during_imports_leave_all_or_nothing(home, tmp_path, record_property):
    seed = random.randrange(10**6)
    random_ = random.Random(seed)
    first = tmp_path / "first"
    first.mkdir()
    longest_s = 1.3 * seconds_of_an_import(home, first)
    n_cut = n_done = n_homes = 0
    while n_cut + n_done < 200:
        folder = tmp_path / str(n_homes)
        folder.mkdir()
        fresh = type(home)(folder / "home")
        fresh.make()
        cut, done = kill_at_random(fresh, folder, min(20, 200 - n_cut - n_done), random_, longest_s)
        n_cut, n_done, n_homes = n_cut + cut, n_done + done, n_homes + 1
    record_property("kills", f"seed {seed}: {n_cut} cut off, {n_done} had finished")
    assert n_cut >= 20
