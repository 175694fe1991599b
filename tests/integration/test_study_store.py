"""Charts' series on a real backend: bars at once, studies and comparisons after them, live bars, imports, closing."""

import numpy as np

from backend.app import open_backend
from backend.charts.chart_state import Comparison, Study
from backend.charts.study_snapshot import StudySnapshot
from backend.domain.bars import Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.indicators import compute
from backend.market.samples import load_samples
from tests.fakes.waiting import until

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
DAILY = Series(AAPL, BarSpec.parse("1d"))
STUDIES = (Study("mean", "sma", (("period", 50),)), Study("strength", "rsi"), Study("broken", "sma", (("period", 0),)))


def shows(opened, *keys):
    snapshot = opened.snapshot()
    return all(key in snapshot.lines for key in keys)


def check(snapshot: StudySnapshot):
    bars = snapshot.bars.bars
    for key, (name, params) in {"mean": ("sma", {"period": 50}), "strength": ("rsi", {})}.items():
        line = snapshot.lines[key, "value"]
        np.testing.assert_array_equal(line.rows(0, len(line)), compute(name, bars, **params)["value"])


async def test_bars_come_first_then_lines_that_follow_every_change(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        opened = await backend.studies.open(DAILY, studies=STUDIES)
        first = opened.snapshot()
        assert len(first.bars) > 3_000
        await until(lambda: shows(opened, ("mean", "value"), ("strength", "value")))
        check(opened.snapshot())
        assert "cannot be 0" in opened.snapshot().errors["broken"]
        newest = opened.snapshot().bars.event_ns_at(len(first.bars) - 1)
        for close in (431.0, 428.5, 440.0):
            backend.bars.apply(DAILY, BarArrays.of([Bar(newest + 86_400 * 10**9, 430.0, 441.0, 428.0, close, 10.0)]))
            check(opened.snapshot())
        assert len(opened.snapshot().bars) == len(first.bars) + 1
        opened.close()


async def test_a_wake_comes_once_a_look_and_a_closed_chart_is_left_alone(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        opened = await backend.studies.open(DAILY, studies=STUDIES[:1])
        await until(lambda: shows(opened, ("mean", "value")))
        woken = []
        opened.watch(lambda: woken.append(opened.version))
        newest = opened.snapshot().bars.event_ns_at(len(opened.snapshot().bars) - 1)
        bar = BarArrays.of([Bar(newest, 430.0, 441.0, 428.0, 433.0, 10.0)])
        backend.bars.apply(DAILY, bar)
        backend.bars.apply(DAILY, bar)
        assert len(woken) == 1
        opened.snapshot()
        opened.close()
        version = opened.version
        backend.bars.apply(DAILY, bar)
        assert opened.version == version
        await until(lambda: not [name for name in backend.tasks.running if "studies" in name])


async def test_live_bars_between_two_looks_cost_one_computation_and_the_last_is_seen(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        opened = await backend.studies.open(DAILY, studies=STUDIES[:2])
        await until(lambda: shows(opened, ("mean", "value"), ("strength", "value")))
        woken = []
        opened.watch(lambda: woken.append(opened.version))
        before = opened.version
        newest = opened.snapshot().bars.event_ns_at(len(opened.snapshot().bars) - 1)
        for close in (431.0, 428.5, 440.0, 433.0):
            backend.bars.apply(DAILY, BarArrays.of([Bar(newest, 430.0, 441.0, 428.0, close, 10.0)]))
        assert woken == [before + 1]
        assert opened.version == before + 1
        assert opened.snapshot().bars.bars.close[-1] == 431.0
        await until(lambda: opened.snapshot().bars.bars.close[-1] == 433.0)
        check(opened.snapshot())
        assert woken == [before + 1, before + 2]
        opened.close()


async def test_charts_of_one_series_see_every_bar_as_long_as_one_of_them_looks(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        looking, hidden = [await backend.studies.open(DAILY, studies=STUDIES[:2]) for _ in range(2)]
        await until(lambda: shows(looking, ("mean", "value")) and shows(hidden, ("mean", "value")))
        for chart in (looking, hidden):
            chart.watch(lambda: None)
        newest = looking.snapshot().bars.event_ns_at(len(looking.snapshot().bars) - 1)
        for close in (431.0, 428.5, 440.0):
            backend.bars.apply(DAILY, BarArrays.of([Bar(newest, 430.0, 441.0, 428.0, close, 10.0)]))
            assert looking.snapshot().bars.bars.close[-1] == close
            check(looking.snapshot())
        for chart in (looking, hidden):
            chart.close()


async def test_other_studies_replace_those_shown_without_a_gap(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        opened = await backend.studies.open(DAILY, studies=STUDIES[:1])
        await until(lambda: shows(opened, ("mean", "value")))
        await opened.change((Study("mean", "sma", (("period", 10),)),), ())
        assert shows(opened, ("mean", "value"))
        wanted = compute("sma", opened.snapshot().bars.bars, period=10)["value"]
        await until(lambda: np.array_equal(opened.snapshot().lines["mean", "value"].rows(0, len(wanted)), wanted, equal_nan=True))
        await opened.change((), ())
        await until(lambda: not opened.snapshot().lines)
        opened.close()


async def test_a_comparison_is_the_others_close_known_at_each_bar(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        compared = (Comparison("c", str(MSFT)), Comparison("none", "NOSUCH.XNAS"))
        opened = await backend.studies.open(DAILY, comparisons=compared)
        await until(lambda: shows(opened, ("c", "close")))
        snapshot = opened.snapshot()
        other = await backend.history.bars(Series(MSFT, DAILY.spec))
        values = dict(zip(other.event_ns.tolist(), other.close.tolist(), strict=True))
        line = snapshot.lines["c", "close"].rows(0, len(snapshot.bars))
        bars = snapshot.bars.bars
        seen = [(value, values[at]) for value, at in zip(line.tolist(), bars.event_ns.tolist(), strict=True) if at in values]
        assert len(seen) > 3_000
        assert all(one == two for one, two in seen)
        assert "NOSUCH" in snapshot.errors["none"]
        opened.close()


async def test_charts_of_one_series_share_its_lines_and_close_without_a_trace(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        one = await backend.studies.open(DAILY, studies=STUDIES, comparisons=(Comparison("c", str(MSFT)),))
        same = (Study("another id", "sma", (("period", 50),)),)
        two = await backend.studies.open(DAILY, studies=same)
        await until(lambda: shows(one, ("mean", "value"), ("c", "close")) and shows(two, ("another id", "value")))
        assert backend.studies.n_shared == 2  # the series, and the one it is compared with
        shared = one.snapshot().lines["mean", "value"].closed
        assert np.shares_memory(shared, two.snapshot().lines["another id", "value"].closed)
        two.close()
        one.close()
        one.close()
        await until(lambda: backend.studies.n_shared == 0)
        assert not [name for name in backend.tasks.running if "studies" in name]


async def test_a_live_bar_costs_the_tail_and_not_the_series(home):
    async with open_backend(home) as backend:
        await load_samples(backend.importer)
        opened = await backend.studies.open(DAILY, studies=STUDIES, comparisons=(Comparison("c", str(MSFT)),))
        await until(lambda: shows(opened, ("mean", "value"), ("c", "close")))
        before = opened.snapshot()
        newest = before.bars.bar(len(before.bars) - 1)
        for day in range(1, 6):
            bar = Bar(newest.event_ns + day * 86_400 * 10**9, 430.0, 441.0, 428.0, 430.0 + day, 10.0)
            backend.bars.apply(DAILY, BarArrays.of([bar]))
        after = opened.snapshot()
        assert len(after.bars) == len(before.bars) + 5
        for key, line in after.lines.items():
            assert np.shares_memory(line.closed, before.lines[key].closed)  # closed values are the same memory, not a copy
            assert len(line.tail) < 256
        opened.close()
