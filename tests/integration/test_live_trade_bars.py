"""Seconds, trades, quantities and ranges of a recorded instrument: on charts, in replay, for alerts, in history."""

import asyncio

import numpy as np
import pytest

from backend.alerts.alert import Alert, IndicatorCondition, IndicatorRef, Operator, When
from backend.clock import ManualClock
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.ticks import TradeArrays
from backend.events import AlertFired
from backend.market.aggregate import TradeAggregator
from backend.market.growing_bars import join
from backend.market.recorded import by_time
from tests.fakes.waiting import until
from tests.integration.test_live import BTC, START_NS, followed, give_all, live_on, same, walk

SPECS = [BarSpec.parse(text) for text in ("5s", "100t", "100v", "0.1r")]
STEP_NS = 10_000_000  # short, so that alerts do not take the passing time for a leap of the clock


@pytest.fixture
def clock():
    return ManualClock(START_NS)


async def of_all(backend, spec):
    """The bars of one sweep over everything that is stored."""
    trades = await backend.store.load_trades(BTC.id, "scripted")
    aggregator = TradeAggregator(spec, await backend.calendars.load(BTC.calendar))
    closed, forming = aggregator.apply(trades), aggregator.forming()
    return join(closed, BarArrays.of([forming]))


async def shown_of_all(backend, opened):
    """Every chart shows the bars of one sweep, in a moment."""
    wanted = {spec: await of_all(backend, spec) for spec in opened}
    await until(lambda: all(same(one.snapshot().bars, wanted[spec]) for spec, one in opened.items()))
    return wanted


async def open_all(backend):
    opened = {spec: await backend.bars.open(Series(BTC.id, spec)) for spec in SPECS}
    live = backend.live._followed[BTC.id].bars
    await until(lambda: set(SPECS) <= live.cuts.keys() and not any(cut.is_waiting for cut in live.cuts.values()))
    return opened


async def test_charts_go_on_from_the_recorded_trades_over_a_restart_with_the_bars_of_one_sweep(home, clock):
    trades = walk(4_000)
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades[:1_500])
        opened = await open_all(backend)
        await give_all(feed, clock, trades[1_500:2_500])
        wanted = await shown_of_all(backend, opened)
        assert min(len(bars) for bars in wanted.values()) > 15
        await backend.store.cut()

    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        opened = await open_all(backend)
        await give_all(feed, clock, trades[2_500:])
        after = await shown_of_all(backend, opened)
        for spec, before in wanted.items():
            assert same(after[spec][: len(before) - 1], before[:-1]), spec
            asked = await backend.history.bars(Series(BTC.id, spec))
            assert same(asked, after[spec])


async def test_a_trade_that_comes_late_corrects_the_bars_of_charts(home, clock):
    trades = walk(1_200)
    early, late, rest = trades[:900], trades[900:950], trades[950:]
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        opened = await open_all(backend)
        await give_all(feed, clock, early)
        await give_all(feed, clock, rest)
        told = {spec: one.snapshot().bars for spec, one in opened.items()}
        clock.jump(clock.now_ns() + MINUTE_NS)
        await feed.give_trades(BTC.id, late, is_late=True)

        wanted = await shown_of_all(backend, opened)
        assert not any(same(told[spec], wanted[spec]) for spec in SPECS)
        assert np.all(np.diff((await backend.store.load_trades(BTC.id, "scripted")).event_ns) >= 0)


async def test_a_chart_that_was_closed_for_a_while_has_no_hole_when_it_is_opened_again(home, clock):
    trades, specs = walk(1_500), [BarSpec.parse("1m"), BarSpec.parse("5s")]
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades[:500])
        for spec in specs:
            opened = await backend.bars.open(Series(BTC.id, spec))
            await until(lambda spec=spec: spec in backend.live._followed[BTC.id].bars.specs)
            opened.close()
        await until(lambda: not backend.bars.open_specs(BTC.id))
        await give_all(feed, clock, trades[500:])
        for spec in specs:
            opened = await backend.bars.open(Series(BTC.id, spec))
            wanted = await backend.history.bars(Series(BTC.id, spec))
            await until(lambda opened=opened, wanted=wanted: same(opened.snapshot().bars, wanted))


async def test_an_alert_on_bars_of_trades_fires_live_as_one_sweep_says(home, clock):
    prices = np.concatenate((np.full(40, 100.0), np.full(40, 90.0), np.full(40, 120.0)))
    trades = TradeArrays(START_NS + np.arange(120) * STEP_NS, prices, np.ones(120), np.zeros(120, np.int8))
    fired = []
    async with live_on(home, clock) as (backend, feed):
        await backend.alerts.begin()
        backend.bus.subscribe(AlertFired, fired.append)
        await followed(backend)
        await give_all(feed, clock, trades[:60])
        condition = IndicatorCondition(IndicatorRef("sma", {"period": 2}), Operator.CROSSES_ABOVE, 100.0)
        await backend.alerts.add(Alert("crossing", str(BTC.id), condition, spec="10t", when=When.CLOSE))
        await until(lambda: BarSpec.parse("10t") in backend.live._followed[BTC.id].bars.cuts)
        await give_all(feed, clock, by_time(trades[60:]))
        await until(lambda: fired)
        assert [(one.event_ns - START_NS) // STEP_NS for one in fired] == [90]


async def test_a_chart_of_trades_is_replayed_as_it_was(home, clock):
    trades, spec = walk(700), BarSpec.parse("100t")
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades)
        series = Series(BTC.id, spec)
        whole = await backend.history.bars(series)
        state = await backend.replay.start(series, int(whole.event_ns[2]))
        then = await backend.history.bars(series, as_of_ns=state.now_ns)
        assert same(then, whole[:3])
        await asyncio.sleep(0)
