"""The child process that fills the cache."""

import asyncio
import json
import os

import psutil
import pytest

from backend.app import open_backend
from backend.domain.instruments import Instrument, InstrumentId
from backend.jobs.warm_up import CACHE_VARIABLE, KERNELS, STAMP, warm_up
from tests.fakes.waiting import until

AAPL = Instrument(InstrumentId("AAPL", "XNAS"), "Apple", calendar="XNYS", timezone="America/New_York")


@pytest.mark.timeout(600)  # compiles every kernel there is
async def test_a_program_that_stays_fills_its_cache_in_a_child_once_a_first_chart_is_there(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await backend.catalog.put(AAPL)
        assert not (home.cache / STAMP).exists()
        await backend.begin_background()
        await asyncio.wait_for(backend.background.done(), 500)
    assert list(home.cache.glob("sessions-XNYS-*.npy"))
    for kernel in ("aggregate_sweep", "sma_sweep", "stochastic_step", "peek_all", "candle_sweep", "shape_sweep"):
        assert list((home.cache / KERNELS).rglob(f"*{kernel}*.nbi")), kernel
    assert json.loads((home.cache / STAMP).read_text())["calendars"] == ["XNYS"]
    assert not await warm_up(home, ["XNYS"], clock)

    assert await warm_up(home, ["XNYS", "24/7", "no such calendar"], clock)  # the kernels are there: this child builds tables
    assert json.loads((home.cache / STAMP).read_text())["calendars"] == ["24/7", "XNYS", "no such calendar"]
    assert not await warm_up(home, ["24/7"], clock)
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
