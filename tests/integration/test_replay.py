"""Replay on a real backend: charts show what was complete at the moment, and never what came after."""

import dataclasses

import numpy as np
import pytest

from backend.app import open_backend
from backend.charts.chart_state import Comparison, Study
from backend.charts.comparisons import align
from backend.charts.pace import Pace, PaceUnit
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.events import BarsChanged, ReplayMoved
from backend.indicators import compute
from backend.market.resample import resample
from backend.market.samples import load_samples
from backend.storage.market_store import SAMPLE_SOURCE
from tests.fakes.waiting import until

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
DAILY, WEEKLY = Series(AAPL, BarSpec.parse("1d")), Series(AAPL, BarSpec.parse("1w"))
STUDIES = (Study("mean", "sma", (("period", 20),)),)


async def _ready(opened, *keys):
    await until(lambda: all(key in opened.snapshot().lines for key in keys))


async def _seen(backend, opened):
    """What a chart shows once it shows the moment of replay: as many bars as history knew then, the newest of them alike."""
    now_ns = backend.replay.state.now_ns
    asked = await backend.history.bars(opened.series, adjusted=opened.adjusted, as_of_ns=now_ns)

    def is_there():
        bars = opened.snapshot().bars
        return len(bars) == len(asked) and bars.bar(len(bars) - 1) == asked.bar(-1)

    await until(is_there, what=f"{opened.series} at {now_ns}")
    snapshot = opened.snapshot()
    for one, other in zip(snapshot.bars.bars.columns(), asked.columns(), strict=True):
        np.testing.assert_array_equal(one, other)
    return snapshot, asked


async def test_every_chart_shows_what_history_knew_at_that_moment(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        day = await backend.studies.open(DAILY, studies=STUDIES, comparisons=(Comparison("c", str(MSFT)),))
        week = await backend.studies.open(WEEKLY, studies=STUDIES, comparisons=(Comparison("c", str(MSFT)),))
        await _ready(day, ("mean", "value"), ("c", "close"))
        await _ready(week, ("mean", "value"), ("c", "close"))
        whole = day.snapshot()
        state = await backend.replay.start(DAILY, whole.bars.event_ns_at(1_234))
        assert (state.row, state.is_playing) == (1_234, False)
        under_way = set()
        for by in (0, 3, 1, 1, 1, 1, -2, -400):
            await backend.replay.step(by)
            snapshot, asked = await _seen(backend, day)
            line = snapshot.lines["mean", "value"]
            np.testing.assert_array_equal(line.rows(0, len(line)), compute("sma", asked, period=20)["value"])
            snapshot, asked = await _seen(backend, week)
            line = snapshot.lines["mean", "value"]
            np.testing.assert_array_equal(line.rows(0, len(line)), compute("sma", asked, period=20)["value"])
            assert snapshot.closes_ns is None
            known = await backend.history.known(WEEKLY, asked.event_ns)
            under_way.add(bool(known[-1] > backend.replay.state.now_ns))
            await _compared(backend, snapshot, asked, known)
        assert under_way == {True, False}
        await backend.replay.stop()
        await until(lambda: len(day.snapshot().bars) == len(whole.bars))
        day.close()
        week.close()


async def _compared(backend, snapshot, bars, known):
    other = await backend.history.bars(Series(MSFT, WEEKLY.spec), as_of_ns=backend.replay.state.now_ns)
    other_known = await backend.history.known(Series(MSFT, WEEKLY.spec), other.event_ns)
    line = snapshot.lines["c", "close"]
    np.testing.assert_array_equal(line.rows(0, len(bars)), align(known, other_known, other.close))


async def test_prices_are_adjusted_only_for_what_had_happened(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        chart = await backend.studies.open(DAILY, adjusted=True, studies=STUDIES)
        await _ready(chart, ("mean", "value"))
        edge_ns = await backend.history.next_action_ns(AAPL, chart.snapshot().bars.event_ns_at(1_000))
        rows = chart.snapshot().bars.row_at(edge_ns)
        await backend.replay.start(DAILY, chart.snapshot().bars.event_ns_at(rows - 2))
        for by in (0, 1, 1, 1, 1, -3, 50):
            await backend.replay.step(by)
            snapshot, asked = await _seen(backend, chart)
            line = snapshot.lines["mean", "value"]
            np.testing.assert_array_equal(line.rows(0, len(line)), compute("sma", asked, period=20)["value"])
        chart.close()


async def test_a_chart_opened_during_replay_never_shows_the_future(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        bars = await backend.history.bars(DAILY)
        await backend.replay.start(DAILY, int(bars.event_ns[500]))
        chart = await backend.studies.open(DAILY, studies=STUDIES)
        assert len(chart.snapshot().bars) == 501
        weekly = await backend.studies.open(WEEKLY, adjusted=True)
        assert weekly.snapshot().bars.event_ns_at(len(weekly.snapshot().bars) - 1) <= backend.replay.state.now_ns
        newest = bars.bar(-1)
        backend.bars.apply(DAILY, BarArrays.of([newest]))
        await _ready(chart, ("mean", "value"))
        assert len(chart.snapshot().bars) == 501
        chart.close()
        weekly.close()


async def test_it_plays_on_the_programs_clock_and_stops_at_the_end(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        bars = await backend.history.bars(DAILY)
        moved = []
        backend.bus.subscribe(ReplayMoved, moved.append)
        await backend.replay.start(DAILY, int(bars.event_ns[-8]))
        await backend.replay.set_pace(Pace(2.0))
        assert not backend.replay.state.is_playing
        await backend.replay.play()
        clock.advance(500_000_000)
        await until(lambda: backend.replay.state.row == len(bars) - 7)
        clock.advance(1_500_000_000)
        await until(lambda: backend.replay.state.row == len(bars) - 4)
        await backend.replay.pause()
        clock.advance(10_000_000_000)
        assert backend.replay.state.row == len(bars) - 4
        await backend.replay.set_pace(Pace(50.0))
        await backend.replay.play()
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
        for work in (
            backend.replay.play(),
            backend.replay.step(1),
            backend.replay.seek(1),
            backend.replay.pause(),
            backend.replay.set_pace(Pace(2.0)),
        ):
            with pytest.raises(InvalidInput):
                await work
        with pytest.raises(NotFound):
            await backend.replay.start(Series(InstrumentId("NONE", "XNAS"), DAILY.spec), 0)
        await backend.replay.start(DAILY, 0)


async def test_bars_that_come_meanwhile_can_be_stepped_to_and_the_moment_stays(home, clock):
    async with open_backend(home, clock=clock) as backend:
        await load_samples(backend.importer)
        bars = await backend.history.bars(DAILY)
        before = await backend.replay.start(DAILY, int(bars.event_ns[-5]))
        newest = bars.bar(-1)
        more = BarArrays.of([dataclasses.replace(newest, event_ns=newest.event_ns + day * DAY_NS) for day in (7, 8)])
        backend.store.append(DAILY, SAMPLE_SOURCE, more)
        backend.bus.publish(BarsChanged(DAILY, int(more.event_ns[0]), 1))
        await until(lambda: backend.replay.state.n_bars == len(bars) + 2)
        after = backend.replay.state
        assert (after.now_ns, after.row) == (before.now_ns, before.row)
        assert (await backend.replay.seek(10**9)).row == len(bars) + 1


MINUTE, HOUR = Series(AAPL, BarSpec.parse("1m")), Series(AAPL, BarSpec.parse("1h"))
SECOND_NS = 10**9


async def _store_minutes(backend):
    """Minutes of three sessions of New York, Friday to Tuesday, and the opening of each."""
    await load_samples(backend.importer)
    table = await backend.history.sessions_of(AAPL)
    first = int(table.row_of_label(np.array([19_727 * DAY_NS], np.int64))[0])  # Friday 2024-01-05
    opens = table.open_ns[first : first + 3]
    times = np.concatenate([np.arange(opened, opened + 390 * MINUTE_NS, MINUTE_NS) for opened in opens.tolist()])
    close = np.round(180 + np.sin(np.arange(len(times)) / 9), 2)
    bars = BarArrays(times, close, close + 0.05, close - 0.05, close, np.full(len(times), 10.0))
    with backend.store.stage(MINUTE, "import") as stage:
        stage.add(bars)
        await backend.store.publish(stage)
    return bars, opens.tolist()


async def test_by_time_the_moment_moves_with_the_clock_and_bars_grow(home, clock):
    async with open_backend(home, clock=clock) as backend:
        minutes, _ = await _store_minutes(backend)
        chart = await backend.studies.open(HOUR)
        await backend.replay.start(HOUR, int(minutes.event_ns[0]))
        began_ns = backend.replay.state.now_ns
        await backend.replay.set_pace(Pace(600.0, PaceUnit.TIME))
        await backend.replay.play()
        for n_looks in range(1, 31):
            clock.advance(100_000_000)
            await until(lambda n_looks=n_looks: backend.replay.state.now_ns == began_ns + n_looks * MINUTE_NS)
            snapshot, asked = await _seen(backend, chart)
            assert len(snapshot.bars) == 2
            assert asked.volume[-1] == n_looks * 10.0
            assert backend.replay.state.row == 0
        await backend.replay.step(-1)
        assert backend.replay.state.now_ns == began_ns
        assert not backend.replay.state.is_playing
        chart.close()


async def test_by_time_nights_and_weekends_are_passed_over(home, clock):
    async with open_backend(home, clock=clock) as backend:
        minutes, opens = await _store_minutes(backend)
        await backend.replay.start(MINUTE, int(minutes.event_ns[388]))
        assert backend.replay.state.now_ns == opens[0] + 389 * MINUTE_NS
        await backend.replay.set_pace(Pace(1.0, PaceUnit.TIME))
        await backend.replay.play()
        clock.advance(60 * SECOND_NS)
        await until(lambda: backend.replay.state.now_ns == opens[0] + 390 * MINUTE_NS)
        assert backend.replay.state.row == 389
        clock.advance(60 * SECOND_NS)
        await until(lambda: backend.replay.state.now_ns == opens[1] + MINUTE_NS)
        assert backend.replay.state.row == 390
        await backend.replay.set_pace(Pace(10_000.0, PaceUnit.TIME))
        clock.advance(5 * SECOND_NS)
        await until(lambda: backend.replay.state.is_at_end)
        assert backend.replay.state.now_ns == int(minutes.event_ns[-1]) + MINUTE_NS
        assert not backend.replay.state.is_playing


def test_paces_that_cannot_be_are_refused_in_words():
    for speed, unit in (
        (0.1, PaceUnit.BARS),
        (51.0, PaceUnit.BARS),
        (0.5, PaceUnit.TIME),
        (10_001.0, PaceUnit.TIME),
        (float("nan"), PaceUnit.TIME),
    ):
        with pytest.raises(InvalidInput, match="Replay cannot run at"):
            Pace(speed, unit)


async def test_by_time_a_stored_bar_grows_of_the_shorter_ones_that_are_stored_too(home, clock):
    async with open_backend(home, clock=clock) as backend:
        minutes, opens = await _store_minutes(backend)
        hours = resample(minutes, MINUTE.spec, HOUR.spec, await backend.history.sessions_of(AAPL))
        with backend.store.stage(HOUR, "import") as stage:
            stage.add(hours)
            await backend.store.publish(stage)
        chart = await backend.studies.open(HOUR)
        await backend.replay.start(MINUTE, opens[1])
        for n_minutes in (1, 2, 59, 60, 61, 62):
            await backend.replay.seek(390 + n_minutes - 1)
            n_bars, n_parts = 7 + 1 + (n_minutes > 60), n_minutes - 60 * (n_minutes > 60)
            await until(lambda n=n_bars, v=n_parts: _newest(chart) == (n, v * 10.0), what=f"{n_minutes} minutes")
        chart.close()


def _newest(chart):
    bars = chart.snapshot().bars
    return len(bars), bars.bar(len(bars) - 1).volume
