"""The same engine over history: dry runs keep nothing, and replays fire only over what they uncover."""

import numpy as np
import pytest

from backend.alerts.alert import (
    AllOf,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    When,
)
from backend.alerts.checks import check_alert
from backend.domain.actions import Split
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.errors import InvalidInput
from tests.fakes.alerting import ACME, MINUTE, MINUTE_NS, START_NS, alert_on, minutes, open_alerts, price_alert, store_bars
from tests.fakes.live_market import LiveMarket
from tests.fakes.waiting import until

DAY_NS = 86_400_000_000_000
CLOSES = [178, 179, 181, 179, 182, 178, 183]
FIRST_NS = START_NS - 60 * MINUTE_NS


async def test_a_dry_run_fires_what_live_would_have_and_keeps_nothing(home, clock):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(CLOSES, FIRST_NS))
        firings = await opened.alerts.rehearse(price_alert(180, repeat=Repeat.EVERY_TIME), None, None)

        assert [(f.event_ns - FIRST_NS) // MINUTE_NS for f in firings] == [2, 4, 6]
        assert all(f.is_replay and f.words == f"ACME rose above 180.00 ({f.price:.2f})." for f in firings)
        assert await opened.alerts.history() == ()
        assert opened.fired == []
        assert opened.alerts.snapshot().rows == {}


async def test_a_dry_run_of_a_part_knows_what_came_before_it(home, clock):
    condition = IndicatorCondition(IndicatorRef("sma", {"period": 3}), Operator.CROSSES_BELOW, is_price=True)
    alert = alert_on(condition, when=When.CLOSE, repeat=Repeat.EVERY_TIME)
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(CLOSES, FIRST_NS))
        whole = await opened.alerts.rehearse(alert, None, None)
        part = await opened.alerts.rehearse(alert, FIRST_NS + 4 * MINUTE_NS, FIRST_NS + 6 * MINUTE_NS)

        assert whole
        assert [f.event_ns for f in part] == [
            f.event_ns for f in whole if FIRST_NS + 4 * MINUTE_NS <= f.event_ns <= FIRST_NS + 6 * MINUTE_NS
        ]


async def test_a_dry_run_takes_moments_and_groups_in_their_order(home, clock):
    condition = AllOf((PriceCondition(Operator.ABOVE, 180.0), TimeCondition(FIRST_NS + 3 * MINUTE_NS)))
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(CLOSES, FIRST_NS))
        (first, *_) = await opened.alerts.rehearse(alert_on(condition, repeat=Repeat.EVERY_TIME), None, None)
        assert (first.event_ns - FIRST_NS) // MINUTE_NS >= 3


async def test_a_dry_run_measures_percent_from_each_session_before(home, clock):
    closes = np.array([100.0, 104.0, 110.0, 111.0])
    labels = START_NS // DAY_NS * DAY_NS + np.arange(-4, 0, dtype=np.int64) * DAY_NS
    bars = BarArrays(labels, closes, closes, closes, closes, np.full(4, 1.0))
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, bars, BarSpec.parse("1d"))
        alert = alert_on(PercentCondition(Operator.AT_LEAST, 5.0), spec="1d", repeat=Repeat.EVERY_TIME)
        (only,) = await opened.alerts.rehearse(alert, None, None)
        assert only.level == 5.0
        assert only.event_ns // DAY_NS * DAY_NS == int(bars.event_ns[2])


async def test_a_dry_run_over_a_split_meets_prices_of_today(home, clock):
    day_ns = START_NS // DAY_NS * DAY_NS
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([400.0, 404.0], day_ns - 2 * MINUTE_NS))
        await store_bars(opened.backend, minutes([101.0, 102.5], day_ns))
        await opened.backend.actions.add([Split(ACME, day_ns, 4)])
        (firing,) = await opened.alerts.rehearse(price_alert(102, repeat=Repeat.EVERY_TIME), None, None)
        assert firing.event_ns >= day_ns


async def test_a_dry_run_of_what_cannot_be_is_refused(home, clock):
    async with open_alerts(home, clock) as opened:
        with pytest.raises(InvalidInput, match="parameter"):
            await opened.alerts.rehearse(
                alert_on(IndicatorCondition(IndicatorRef("rsi", {"x": 1}), Operator.ABOVE, 1.0)), None, None
            )
    assert check_alert(price_alert(1)).condition.value == 1.0


async def test_a_replay_fires_over_what_it_uncovers_and_stores_nothing(home, clock):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(CLOSES, FIRST_NS))
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME, name="Up"))
        replay = opened.backend.replay
        await replay.start(Series(ACME, MINUTE), FIRST_NS)
        await shown(opened, replay)
        assert opened.fired == []

        fired_at = []
        for row in range(1, len(CLOSES)):
            await replay.step(1)
            await shown(opened, replay)
            fired_at += [row] * (len(opened.fired) - len(fired_at))
        assert fired_at == [2, 4, 6]
        assert all(event.is_replay and event.title == "Up" and event.event_ns < replay.state.now_ns for event in opened.fired)

        await replay.seek(0)
        await shown(opened, replay)
        assert len(opened.fired) == 3
        await replay.seek(2)
        await shown(opened, replay)
        assert len(opened.fired) == 4
        await replay.stop()
        await shown(opened, replay)
        assert await opened.alerts.history() == ()


async def test_live_alerts_go_on_while_a_replay_runs(home, clock):
    market = LiveMarket(START_NS)
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(CLOSES, FIRST_NS))
        await opened.alerts.add(price_alert(190))
        await opened.backend.replay.start(Series(ACME, MINUTE), FIRST_NS)
        await shown(opened, opened.backend.replay)
        opened.alerts.evaluate(market.trade(189, 191))
        assert await opened.alerts._queue.flush()
        assert [event.is_replay for event in opened.fired] == [False]


async def shown(opened, replay):
    """The alerts have looked at what the replay shows now."""
    state = replay.state
    await until(lambda: opened.alerts.replayed_ns == (state.now_ns if state.is_on else None), 10.0)
