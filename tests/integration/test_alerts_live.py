"""Live alerts over a real ledger: what fires is stored once, then told; a restart neither forgets nor repeats."""

import math

import pytest

from backend.alerts.alert import (
    AllOf,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    When,
)
from backend.alerts.firing import Standing
from backend.charts.drawing_store import DrawingChange
from backend.charts.drawings import Anchor, Drawing, DrawingKind, DrawingStyle
from backend.domain.actions import Split
from backend.domain.bars import BarSpec, Series
from backend.market.feeds.feed import FeedState
from tests.fakes.alerting import ACME, MINUTE_NS, START_NS, alert_on, minutes, open_alerts, price_alert, store_bars
from tests.fakes.live_market import LiveMarket


@pytest.fixture
def market():
    return LiveMarket(START_NS)


async def settled(opened):
    """Everything that fired is stored and told."""
    assert await opened.alerts._queue.flush()


def set_clock(clock, market):
    clock.advance(max(market.now_ns - clock.now_ns(), 0))


async def test_a_crossing_is_stored_then_told_with_its_words(home, clock, market):
    async with open_alerts(home, clock) as opened:
        opened.alerts.live = market.snapshot
        row = await opened.alerts.add(price_alert(180, name="Breakout", message="Look.", channels=("phone",)))
        for price in (179.0, 179.9, 180.02):
            opened.alerts.evaluate(market.trade(price))
        assert opened.fired == []
        await settled(opened)
        (told,) = opened.fired
        (firing,) = await opened.alerts.history()
        after = opened.alerts.snapshot().rows[row.alert.id]

        assert (told.firing, told.title, told.words) == (firing.id, "Breakout", "ACME rose above 180.00 (180.02). Look.")
        assert (firing.event_ns, firing.price, firing.level) == (market.now_ns, 180.02, 180.0)
        assert (after.standing, after.n_fired, after.last_fired_ns) == (Standing.FIRED, 1, market.now_ns)


async def test_deliveries_are_queued_inside_the_firing_and_woken_after_it(home, clock, market):
    async with open_alerts(home, clock) as opened:
        said = []
        opened.alerts.deliver_with(
            lambda db, firing, alert: said.append((db.execute("SELECT count(*) FROM firings").fetchone(), alert.channels)),
            lambda: said.append("wake"),
        )
        await opened.alerts.add(price_alert(180, channels=("phone",)))
        opened.alerts.evaluate(market.trade(179, 181))
        await settled(opened)

        assert said == [((1,), ("phone",)), "wake"]


async def test_an_alert_that_fires_once_rests_until_it_is_armed_again(home, clock, market):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180))
        opened.alerts.evaluate(market.trade(179, 181, 179, 181))
        await settled(opened)
        assert len(opened.fired) == 1
        await opened.alerts.enable(row.alert.id, True)
        opened.alerts.evaluate(market.trade(179, 181))
        await settled(opened)
        assert len(opened.fired) == 2


async def test_wanted_series_follow_the_alerts_and_are_told(home, clock, market):
    async with open_alerts(home, clock) as opened:
        told = []
        opened.alerts.wants_changed.append(lambda: told.append(opened.alerts.wanted))
        row = await opened.alerts.add(price_alert(180, spec="5m"))
        timed = await opened.alerts.add(alert_on(TimeCondition(START_NS + 10**12)))
        five = Series(ACME, BarSpec.parse("5m"))
        assert opened.alerts.wanted == {five}
        await opened.alerts.enable(row.alert.id, False)
        assert opened.alerts.wanted == frozenset()
        assert told == [{five}, frozenset()]
        assert timed.blind_words == ""


async def test_a_restart_neither_fires_again_nor_forgets_what_was_below_the_level(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME, name="fired"))
        await opened.alerts.add(price_alert(190, repeat=Repeat.EVERY_TIME, name="armed"))
        opened.alerts.evaluate(market.trade(179, 181))
        await settled(opened)

    async with open_alerts(home, clock) as again:
        again.alerts.evaluate(market.trade(182))
        await settled(again)
        assert again.fired == []
        again.alerts.evaluate(market.trade(191))
        await settled(again)
        assert [event.title for event in again.fired] == ["armed"]
        assert len(await again.alerts.history()) == 2


async def test_bars_stored_while_nobody_watched_are_looked_at_late_and_once(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await opened.alerts.add(price_alert(180))
        opened.alerts.evaluate(market.trade(178, 179))
        await store_bars(opened.backend, minutes([179, 181, 178], START_NS + MINUTE_NS))

    clock.advance(10 * MINUTE_NS)
    for expected in (1, 0):
        async with open_alerts(home, clock) as again:
            await settled(again)
            assert [event.is_late for event in again.fired] == [True] * expected
            assert [firing.is_late for firing in await again.alerts.history()] == [True]


async def test_the_rest_of_a_bar_seen_half_is_looked_at_after_a_restart(home, clock, market):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(178, 179))
        label = market.now_ns // MINUTE_NS * MINUTE_NS

    spiked = minutes([178.5], label, spread=3)
    clock.advance(5 * MINUTE_NS)
    async with open_alerts(home, clock) as again:
        await again.alerts.evaluate_bars(market.series, spiked)
        (firing,) = await again.alerts.history(row.alert.id)
        assert firing.is_late
        assert firing.price == 181.5


async def test_the_part_of_a_bar_that_fired_before_a_restart_does_not_fire_again(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(178, 181.5, 178.5))
        label = market.now_ns // MINUTE_NS * MINUTE_NS
        await settled(opened)

    clock.advance(5 * MINUTE_NS)
    async with open_alerts(home, clock) as again:
        await again.alerts.evaluate_bars(market.series, minutes([178.5], label, spread=3))
        assert len(await again.alerts.history()) == 1


async def test_indicators_are_primed_with_the_whole_history(home, clock, market):
    closes = [100 + math.sin(i / 3) for i in range(60)]
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes(closes, START_NS - 60 * MINUTE_NS))
        condition = IndicatorCondition(IndicatorRef("rsi"), Operator.BELOW, 30.0)
        row = await opened.alerts.add(alert_on(condition, when=When.CLOSE))
        await opened.alerts.pulse()
        value = opened.alerts.snapshot().rows[row.alert.id].value
        opened.alerts.evaluate(market.trade(90))
        market.to_next_bar()
        opened.alerts.evaluate(market.trade(90))
        await settled(opened)

        assert 0 < value < 100
        assert len(opened.fired) == 1
        assert "RSI 14" in opened.fired[0].words


async def test_a_price_is_moved_along_by_a_split_and_the_split_is_no_crossing(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([179.0] * 10, START_NS - 10 * MINUTE_NS))
        row = await opened.alerts.add(price_alert(170, Operator.CROSSES_BELOW, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(180))
        day_ns = (START_NS // 86_400_000_000_000 + 1) * 86_400_000_000_000
        await opened.backend.actions.add([Split(ACME, day_ns, 4)])
        await opened.alerts._work._watch.reload(ACME)
        clock.advance(day_ns - clock.now_ns() + 10**9)
        market.now_ns = clock.now_ns()
        await opened.alerts.pulse()
        opened.alerts.evaluate(market.trade(45.0))
        await settled(opened)
        assert opened.fired == []
        opened.alerts.evaluate(market.trade(42.4))
        await settled(opened)

        (firing,) = await opened.alerts.history(row.alert.id)
        assert firing.level == 42.5


async def test_a_trend_line_moves_its_alert_and_its_end_leaves_it_blind(home, clock, market):
    async with open_alerts(home, clock) as opened:
        opened.alerts.live = market.snapshot
        await store_bars(opened.backend, minutes([100.0] * 30, START_NS - 30 * MINUTE_NS))
        line = horizontal("line-1", 110.0)
        await opened.backend.drawings.change(ACME, DrawingChange(put=(line,)))
        row = await opened.alerts.add(alert_on(DrawingCondition("line-1", Operator.CROSSES_ABOVE), repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(105))
        await opened.backend.drawings.change(ACME, DrawingChange(put=(horizontal("line-1", 120.0),)))
        await opened.alerts.pulse()
        opened.alerts.evaluate(market.trade(115))
        await settled(opened)
        assert opened.fired == []
        opened.alerts.evaluate(market.trade(121))
        await settled(opened)
        assert [event.words for event in opened.fired] == ["ACME rose above the horizontal line at 120.00 (121.00)."]

        await opened.backend.drawings.change(ACME, DrawingChange(removed=("line-1",)))
        await opened.alerts.pulse()
        after = opened.alerts.snapshot().rows[row.alert.id]
        assert (after.standing, after.blind_words) == (Standing.BLIND, "Its drawing is gone.")


async def test_a_sloped_line_is_crossed_where_the_chart_draws_it(home, clock, market):
    first = START_NS - 10 * MINUTE_NS
    anchors = (Anchor(first, 100.0), Anchor(START_NS - MINUTE_NS, 109.0))
    ray = Drawing("ray", DrawingKind.RAY, anchors)
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([90.0] * 10, first))
        await opened.backend.drawings.change(ACME, DrawingChange(put=(ray,)))
        row = await opened.alerts.add(alert_on(DrawingCondition("ray", Operator.CROSSES_ABOVE)))
        opened.alerts.evaluate(market.trade(109.5))
        await opened.alerts.pulse()
        assert opened.alerts.snapshot().rows[row.alert.id].level == pytest.approx(110.0)
        # A minute without a trade has no bar, so the line rises by one bar only.
        market.to_next_bar()
        market.now_ns += 5 * MINUTE_NS
        opened.alerts.evaluate(market.trade(110.5))
        await opened.alerts.pulse()
        assert opened.alerts.snapshot().rows[row.alert.id].level == pytest.approx(111.0)
        opened.alerts.evaluate(market.trade(111.1))
        await settled(opened)
        assert len(opened.fired) == 1


def horizontal(drawing_id, price):
    return Drawing(drawing_id, DrawingKind.HORIZONTAL, (Anchor(START_NS, price),), DrawingStyle())


async def test_a_move_in_percent_is_measured_from_the_close_before(home, clock, market):
    day_ns = 86_400_000_000_000
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([100.0, 200.0], START_NS // day_ns * day_ns - 2 * MINUTE_NS))
        row = await opened.alerts.add(alert_on(PercentCondition(Operator.AT_LEAST, 5.0)))
        opened.alerts.evaluate(market.trade(205, 209.9))
        await settled(opened)
        assert opened.fired == []
        opened.alerts.evaluate(market.trade(210))
        await settled(opened)
        (firing,) = await opened.alerts.history(row.alert.id)
        assert (firing.value, firing.level) == (pytest.approx(5.0), 5.0)
        assert firing.words == "ACME: the move since the previous close is at or above +5% (+5.00%)."


@pytest.mark.logs("clock moved")
async def test_a_moment_fires_in_time_and_silently_after_a_sleep(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await opened.alerts.add(alert_on(TimeCondition(START_NS + 10**10), name="soon"))
        await opened.alerts.add(alert_on(TimeCondition(START_NS + 10**12), name="later"))
        clock.advance(10**10)
        await opened.alerts.pulse()
        clock.jump(START_NS + 10**13)  # the machine slept: only the wall clock went on
        await opened.alerts.pulse()
        await settled(opened)

        assert [(event.title, event.is_late) for event in opened.fired] == [("soon", False), ("later", True)]


async def test_why_an_alert_is_blind_is_said(home, clock, market):
    async with open_alerts(home, clock) as opened:
        opened.alerts.live = market.snapshot
        row = await opened.alerts.add(price_alert(180))
        market.trade(100)

        async def looked():
            clock.advance(2 * 10**9)
            await opened.alerts.pulse()
            found = opened.alerts.snapshot().rows[row.alert.id]
            return found.standing, found.blind_words

        assert await looked() == (Standing.ARMED, "")
        market.is_served = False
        assert await looked() == (Standing.BLIND, "No feed serves ACME.XNAS.")
        market.is_served, market.state = True, FeedState.WAITING
        assert await looked() == (Standing.BLIND, "The feed test is down.")
        market.state = FeedState.LIVE
        clock.advance(60 * 10**9)
        standing, words = await looked()
        assert standing is Standing.BLIND
        assert words.startswith("Nothing has come from the feed test for 6")


@pytest.mark.logs("should have fired")
async def test_the_look_every_five_seconds_fires_what_the_tick_path_missed(home, clock, market):
    async with open_alerts(home, clock) as opened:
        opened.alerts.live = market.snapshot
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(179))
        await opened.alerts.pulse()
        market.trade(181)  # lost on its way
        clock.advance(5 * 10**9)
        await opened.alerts.pulse()
        await settled(opened)
        clock.advance(5 * 10**9)
        await opened.alerts.pulse()
        await settled(opened)

        assert [event.words for event in opened.fired] == ["ACME rose above 180.00 (181.00). Found by the look every five seconds."]
        assert opened.backend.metrics.counter("alerts.swept").value == 1


async def test_the_look_every_five_seconds_finds_nothing_where_nothing_was_missed(home, clock, market):
    async with open_alerts(home, clock) as opened:
        opened.alerts.live = market.snapshot
        both = AllOf((PriceCondition(Operator.ABOVE, 180.0), PriceCondition(Operator.BELOW, 190.0)))
        for condition in (both, PriceCondition(Operator.ABOVE, 180.0), PriceCondition(Operator.CROSSES, 180.0)):
            await opened.alerts.add(alert_on(condition, repeat=Repeat.EVERY_TIME))
        for price in (179, 181, 179, 185, 195, 181, 180, 182):
            opened.alerts.evaluate(market.trade(float(price)))
            clock.advance(5 * 10**9)
            await opened.alerts.pulse()
        await settled(opened)

        assert opened.fired
        assert opened.backend.metrics.counter("alerts.swept").value == 0


async def test_an_import_of_new_bars_is_looked_at_where_no_feed_gives_them(home, clock):
    async with open_alerts(home, clock) as opened:
        await store_bars(opened.backend, minutes([170.0] * 5, START_NS - 10 * MINUTE_NS))
        await opened.alerts.add(price_alert(180))
        clock.advance(10 * MINUTE_NS)
        await store_bars(opened.backend, minutes([179, 182, 179], START_NS + MINUTE_NS))
        await opened.alerts.pulse()
        await settled(opened)

        assert [event.is_late for event in opened.fired] == [True]


async def test_a_gap_that_is_filled_after_live_trades_came_again_fires_late_and_once(home, clock, market):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(178, 179))
        market.to_next_bar()
        gap_ns = market.now_ns
        market.now_ns += 5 * MINUTE_NS
        set_clock(clock, market)
        opened.alerts.evaluate(market.trade(178))
        bars = minutes([179, 183, 178], gap_ns)
        await store_bars(opened.backend, bars)
        for _ in range(2):  # bars may be brought twice
            await opened.alerts.evaluate_bars(market.series, bars)

        (firing,) = await opened.alerts.history(row.alert.id)
        assert firing.is_late
        assert gap_ns <= firing.event_ns < market.now_ns


async def test_a_crossing_told_by_the_first_trade_after_a_gap_is_not_told_again_by_its_bars(home, clock, market):
    async with open_alerts(home, clock) as opened:
        row = await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        opened.alerts.evaluate(market.trade(178, 179))
        market.to_next_bar()
        gap_ns = market.now_ns
        market.now_ns += 5 * MINUTE_NS
        set_clock(clock, market)
        opened.alerts.evaluate(market.trade(184))
        bars = minutes([179, 183, 184], gap_ns)
        await store_bars(opened.backend, bars)
        await opened.alerts.evaluate_bars(market.series, bars)

        (firing,) = await opened.alerts.history(row.alert.id)
        assert not firing.is_late
        assert firing.event_ns == market.now_ns


async def test_an_alert_that_fires_once_fires_once_in_a_gap(home, clock, market):
    async with open_alerts(home, clock) as opened:
        await opened.alerts.add(price_alert(180))
        opened.alerts.evaluate(market.trade(178, 179))
        market.to_next_bar()
        gap_ns = market.now_ns
        market.now_ns += 9 * MINUTE_NS
        set_clock(clock, market)
        opened.alerts.evaluate(market.trade(178))
        bars = minutes([179, 183, 178, 183, 178], gap_ns)
        await store_bars(opened.backend, bars)
        await opened.alerts.evaluate_bars(market.series, bars)
        opened.alerts.evaluate(market.trade(185))
        await settled(opened)

        assert [event.is_late for event in opened.fired] == [True]
        assert len(await opened.alerts.history()) == 1
