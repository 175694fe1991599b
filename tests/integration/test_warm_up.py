"""The child process that fills the cache."""

import asyncio
import json
import os

import psutil
import pytest

from backend.jobs.warm_up import CACHE_VARIABLE, KERNELS, STAMP, warm_up
from tests.fakes.waiting import until


@pytest.mark.timeout(300)  # compiles every kernel there is
async def test_a_child_builds_session_tables_and_compiles_kernels_once(home, clock):
    assert await warm_up(home, ["XNYS", "24/7", "no such calendar"], clock)
    assert list(home.cache.glob("sessions-XNYS-*.npy"))
    for kernel in ("aggregate_sweep", "sma_sweep", "stochastic_step", "peek_all", "candle_sweep", "shape_sweep"):
        assert list((home.cache / KERNELS).rglob(f"*{kernel}*.nbi")), kernel
    assert json.loads((home.cache / STAMP).read_text())["calendars"] == ["24/7", "XNYS", "no such calendar"]
    assert not await warm_up(home, ["XNYS"], clock)
    assert os.environ.get(CACHE_VARIABLE) is None


async def test_a_new_calendar_or_a_damaged_stamp_warms_again(home, clock):
    (home.cache / STAMP).write_text("{")
    before = set(psutil.Process().children())  # of earlier tests, as a database that serves several
    task = asyncio.create_task(warm_up(home, ["FX"], clock))
    await until(lambda: set(psutil.Process().children()) - before)
    [child] = set(psutil.Process().children()) - before
    task.cancel()
    await asyncio.wait({task})
    await until(lambda: not child.is_running())
    assert (home.cache / STAMP).read_text() == "{"
