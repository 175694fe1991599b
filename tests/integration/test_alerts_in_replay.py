"""Alerts in a replay run through the code of live: the same ticks fire the same alerts, and nothing of it is kept."""

import numpy as np

from backend.alerts.alert import IndicatorCondition, IndicatorRef, Operator, PercentCondition, Repeat, When
from backend.charts.pace import Pace, PaceUnit
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.ticks import TradeArrays
from backend.live.followed import Followed
from backend.live.live_bars import LiveBars
from backend.live.tick_path import TickPath
from backend.market.feeds.feed import TickBatch
from tests.fakes.alerting import ACME, MINUTE, MINUTE_NS, START_NS, alert_on, minutes, open_alerts, price_alert, store_bars
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.waiting import until

DAY_NS = 86_400_000_000_000
FIRST_NS = START_NS - 60 * MINUTE_NS
FIVE = BarSpec.parse("5m")


async def shown(opened):
    """The alerts have looked at what the replay shows now."""
    state = opened.backend.replay.state
    await until(lambda: opened.alerts.replayed_ns == (state.now_ns if state.is_on else None), 10.0)


def trades_at(times, prices):
    n = len(times)
    return TradeArrays(np.array(times, np.int64), np.array(prices, np.float64), np.ones(n), np.zeros(n, np.int8))


def walk(n_trades, seed=3):
    rng = np.random.default_rng(seed)
    event_ns = START_NS + np.cumsum(rng.exponential(7e9, n_trades)).astype(np.int64)
    return trades_at(event_ns, np.round(180 + rng.normal(0, 0.2, n_trades).cumsum(), 2))


async def live_through(opened, trades):
    """Trades come live: they are recorded, made into bars and looked at."""
    backend = opened.backend
    sessions = await backend.history.sessions_of(ACME)
    one = Followed(ACME, ScriptedFeed(opened.clock, name="binance"), LiveBars(sessions))
    one.bars.add_spec(FIVE)
    path = TickPath(backend.store, backend.bars, backend.way)
    path.watchers.append(opened.alerts)
    for row in range(len(trades)):
        opened.clock.advance(int(trades.event_ns[row]) - opened.clock.now_ns())
        await path.on_batch(TickBatch(opened.clock.now_ns(), {ACME: trades[row : row + 1]}), {ACME: one})
    opened.clock.advance(MINUTE_NS - opened.clock.now_ns() % MINUTE_NS)
    path.advance(one, opened.clock.now_ns(), opened.clock.now_ns())
    await backend.store.flush()
    assert await opened.alerts._queue.flush()


def told(events):
    return sorted((event.title, event.event_ns, event.price) for event in events)


async def test_a_replay_of_recorded_trades_fires_what_they_fired_live(home, clock):
    mean = IndicatorCondition(IndicatorRef("sma", {"period": 3}), Operator.CROSSES_ABOVE, is_price=True)
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([180.0] * 60, FIRST_NS))
        alerts = (
            price_alert(180.5, Operator.CROSSES, repeat=Repeat.EVERY_TIME, name="Tick"),
            price_alert(179.8, Operator.CROSSES, repeat=Repeat.ONCE_PER_BAR, spec="5m", name="Five"),
            alert_on(mean, when=When.CLOSE, repeat=Repeat.EVERY_TIME, name="Mean"),
            price_alert(180.2, Operator.ABOVE, when=When.CLOSE, spec="5m", repeat=Repeat.EVERY_TIME, name="Close"),
        )
        for alert in alerts:
            await opened.alerts.add(alert)
        trades = walk(600)
        await live_through(opened, trades)
        live = list(opened.fired)
        assert {event.title for event in live} == {"Tick", "Five", "Mean", "Close"}
        assert not any(event.is_replay for event in live)
        n_kept = len(await opened.alerts.history())
        n_trades = len(await opened.backend.store.load_trades(ACME, "binance"))
        assert n_trades == len(trades)

        opened.fired.clear()
        replay = opened.backend.replay
        await replay.start(Series(ACME, MINUTE), START_NS - MINUTE_NS)
        await shown(opened)
        while not replay.state.is_at_end:
            await replay.step(1)
            await shown(opened)
            assert all(event.event_ns <= replay.state.now_ns for event in opened.fired)
        assert told(opened.fired) == told(live)
        assert all(event.is_replay for event in opened.fired)
        assert len(await opened.alerts.history()) == n_kept
        assert len(await opened.backend.store.load_trades(ACME, "binance")) == n_trades


async def test_by_time_an_alert_fires_within_the_bar_under_way(home, clock):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([179.0] * 70, FIRST_NS))
        trades = trades_at([START_NS + s * 10**9 for s in (1, 20, 40, 61)], [179.0, 181.0, 179.0, 179.0])
        opened.backend.store.append_trades(ACME, "binance", trades)
        await opened.backend.store.flush()
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        replay = opened.backend.replay
        await replay.start(Series(ACME, MINUTE), START_NS - MINUTE_NS)
        await shown(opened)
        await replay.set_pace(Pace(1.0, PaceUnit.TIME))
        await replay.play()
        clock.advance(19 * 10**9)
        await until(lambda: replay.state.now_ns == START_NS + 19 * 10**9)
        await shown(opened)
        assert opened.fired == []
        clock.advance(10**9)
        await until(lambda: replay.state.now_ns == START_NS + 20 * 10**9)
        await shown(opened)
        assert [(event.event_ns, event.price) for event in opened.fired] == [(START_NS + 20 * 10**9, 181.0)]
        await replay.stop()


async def test_from_within_a_bar_the_newest_tick_is_what_the_next_is_compared_with(home, clock):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([179.0] * 60 + [181.0] * 30, FIRST_NS))
        await opened.alerts.add(price_alert(180, spec="1d", repeat=Repeat.EVERY_TIME))
        replay = opened.backend.replay
        await replay.start(Series(ACME, MINUTE), START_NS + 2 * MINUTE_NS)
        await shown(opened)
        for _ in range(10):
            await replay.step(1)
        await shown(opened)
        assert opened.fired == []
        await replay.seek(50)
        await replay.seek(62)
        await shown(opened)
        await replay.seek(50)
        await shown(opened)
        await replay.seek(62)
        await shown(opened)
        assert {event.price for event in opened.fired} == {181.0}


async def test_a_jump_over_weeks_is_looked_at_as_bars_and_goes_on_as_ticks(home, clock):
    start_ns = START_NS // DAY_NS * DAY_NS - 40 * DAY_NS
    closes = np.full(40, 179.0)
    closes[[10, 39]] = 181.0
    times = start_ns + np.arange(40, dtype=np.int64) * DAY_NS
    opens = np.concatenate([closes[:1], closes[:-1]])
    bars = BarArrays(times, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(40))
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, bars, BarSpec.parse("1d"))
        await opened.alerts.add(price_alert(180, spec="1d", repeat=Repeat.EVERY_TIME, name="Every"))
        await opened.alerts.add(price_alert(180, spec="1d", repeat=Repeat.ONCE, name="Once"))
        replay = opened.backend.replay
        await replay.start(Series(ACME, BarSpec.parse("1d")), start_ns)
        await shown(opened)
        await replay.seek(37)
        await shown(opened)
        assert sorted((event.title, event.event_ns // DAY_NS * DAY_NS) for event in opened.fired) == [
            ("Every", int(times[10])),
            ("Once", int(times[10])),
        ]
        await replay.step(1)
        await replay.step(1)
        await shown(opened)
        assert [event.title for event in opened.fired[2:]] == ["Every"]


async def test_a_level_from_each_session_before_moves_on_with_the_sessions(home, clock):
    closes = np.array([100.0, 101.0, 107.0, 108.0, 114.0])
    labels = START_NS // DAY_NS * DAY_NS + np.arange(-5, 0, dtype=np.int64) * DAY_NS
    bars = BarArrays(labels, closes, closes, closes, closes, np.ones(5))
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, bars, BarSpec.parse("1d"))
        await opened.alerts.add(alert_on(PercentCondition(Operator.AT_LEAST, 5.0), spec="1d", repeat=Repeat.EVERY_TIME))
        replay = opened.backend.replay
        await replay.start(Series(ACME, BarSpec.parse("1d")), int(labels[0]))
        for _ in range(4):
            await replay.step(1)
            await shown(opened)
        assert [event.event_ns // DAY_NS * DAY_NS for event in opened.fired] == [int(labels[2]), int(labels[4])]
