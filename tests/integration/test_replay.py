"""Replay on a real backend: charts show what was complete at the moment, and never what came after."""

import numpy as np
import pytest

from backend.app import open_backend
from backend.charts.chart_state import Comparison, Study
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.events import ReplayMoved
from backend.indicators import compute
from backend.market.samples import load_samples
from tests.fakes.waiting import until

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
DAILY, WEEKLY = Series(AAPL, BarSpec.parse("1d")), Series(AAPL, BarSpec.parse("1w"))
STUDIES = (Study("mean", "sma", (("period", 20),)),)


async def _ready(opened, *keys):
    await until(lambda: all(key in opened.snapshot().lines for key in keys))


async def test_every_chart_shows_what_history_knew_at_that_moment(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        day = await backend.studies.open(DAILY, studies=STUDIES, comparisons=(Comparison("c", str(MSFT)),))
        week = await backend.studies.open(WEEKLY)
        await _ready(day, ("mean", "value"), ("c", "close"))
        whole = day.snapshot()
        state = await backend.replay.start(DAILY, whole.bars.event_ns_at(1_234))
        assert (state.row, state.is_playing) == (1_234, False)
        await until(lambda: len(day.snapshot().bars) == 1_235)
        for _ in range(4):
            state = await backend.replay.step(3)
            shown = day.snapshot()
            asked = await backend.history.bars(DAILY, as_of_ns=state.now_ns)
            np.testing.assert_array_equal(shown.bars.bars.close, asked.close)
            line = shown.lines["mean", "value"]
            np.testing.assert_array_equal(line.rows(0, len(line)), compute("sma", asked, period=20)["value"])
            assert len(shown.lines["c", "close"]) == len(asked)
            newest = asked.event_ns[-1]
            await until(lambda newest=newest: week.snapshot().bars.bars.event_ns[-1] <= newest)
            known = await backend.history.known(WEEKLY, week.snapshot().bars.bars.event_ns)
            assert known[-1] <= state.now_ns
        await backend.replay.stop()
        assert len(day.snapshot().bars) == len(whole.bars)
        day.close()
        week.close()


async def test_it_plays_on_the_programs_clock_and_stops_at_the_end(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        bars = await backend.history.bars(DAILY)
        moved = []
        backend.bus.subscribe(ReplayMoved, moved.append)
        await backend.replay.start(DAILY, int(bars.event_ns[-8]))
        await backend.replay.play(2.0)
        clock.advance(500_000_000)
        await until(lambda: backend.replay.state.row == len(bars) - 7)
        clock.advance(1_500_000_000)
        await until(lambda: backend.replay.state.row == len(bars) - 4)
        await backend.replay.pause()
        clock.advance(10_000_000_000)
        assert backend.replay.state.row == len(bars) - 4
        await backend.replay.play(50.0)
        clock.advance(10_000_000_000)
        await until(lambda: backend.replay.state.is_at_end)
        assert not backend.replay.state.is_playing
        assert [event.now_ns for event in moved] == sorted(event.now_ns for event in moved)


async def test_steps_and_seeks_end_at_the_ends(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        state = await backend.replay.start(DAILY, 0)
        assert state.row == 0
        assert (await backend.replay.step(-5)).row == 0
        assert (await backend.replay.seek(10**9)).is_at_end
        assert (await backend.replay.step(-1)).row == state.n_bars - 2


async def test_what_cannot_be_replayed_says_so(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        for work in (backend.replay.play(), backend.replay.step(1), backend.replay.seek(1), backend.replay.pause()):
            with pytest.raises(InvalidInput):
                await work
        with pytest.raises(NotFound):
            await backend.replay.start(Series(InstrumentId("NONE", "XNAS"), DAILY.spec), 0)
        await backend.replay.start(DAILY, 0)
        with pytest.raises(InvalidInput):
            await backend.replay.play(1_000.0)
