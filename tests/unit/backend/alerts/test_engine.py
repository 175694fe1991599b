"""What the alert engine promises, rule by rule."""

import math

import numpy as np
import pytest

from backend.alerts.alert import (
    Alert,
    AllOf,
    AnyOf,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    VolumeCondition,
    When,
)
from backend.alerts.compiling import compile_rule
from backend.alerts.engine import AlertEngine
from backend.alerts.level import Level
from backend.domain.bars import MINUTE_NS, SECOND_NS, Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, InvalidInput, NotFound
from backend.indicators import compute
from backend.market.live_change import LiveChange

AAPL = InstrumentId("AAPL", "XNAS")
MINUTE = BarSpec.parse("1m")
SERIES = Series(AAPL, MINUTE)
START_NS = 28_000_000 * MINUTE_NS
ABOVE_100 = PriceCondition(Operator.ABOVE, 100.0)
RISES = PriceCondition(Operator.CROSSES_ABOVE, 100.0)


def alert(condition, **fields):
    fields.setdefault("repeat", Repeat.EVERY_TIME)
    return Alert("it", "AAPL.XNAS", condition, **fields)


def engine_of(condition, *, history=(), **fields):
    engine = AlertEngine()
    engine.put(compile_rule(alert(condition, **fields)))
    engine.prime(SERIES, BarArrays.of(list(history)))
    return engine


def bar(minute, *prices, volume=1.0):
    return Bar(START_NS + minute * MINUTE_NS, prices[0], max(prices), min(prices), prices[-1], volume)


def change(*prices, at_s=0.0, step_s=1.0, closed=(), forming=None, is_late=False):
    """Trades ``step_s`` apart from ``at_s`` after the start on."""
    n = len(prices)
    event_ns = np.array([START_NS + round((at_s + row * step_s) * SECOND_NS) for row in range(n)], np.int64)
    trades = TradeArrays(event_ns, np.array(prices, np.float64), np.ones(n), np.zeros(n, np.int8))
    bars = {MINUTE: BarArrays.of(list(closed))} if closed else {}
    return LiveChange(AAPL, START_NS, trades, bars, {} if forming is None else {MINUTE: forming}, is_late)


def fired_at(engine, *prices, **more):
    """Seconds after the start at which it fires."""
    return [(one.event_ns - START_NS) / SECOND_NS for one in engine.evaluate(change(*prices, **more))]


# --- leaves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (">", [3, 8]),
        (">=", [0, 2, 7]),
        ("<", [1, 6]),
        ("<=", [0, 4]),
        ("==", [0, 2, 4, 7]),
        ("crosses_above", [3, 8]),
        ("crosses_below", [1, 6]),
        ("crosses", [1, 3, 6, 8]),
    ],
)
def test_each_operator_turns_where_it_should_and_touching_is_no_crossing(operator, expected):
    engine = engine_of(PriceCondition(Operator(operator), 100.0))

    assert fired_at(engine, 100.0, 99.0, 100.0, 101.0, 100.0, 100.0, 99.0, 100.0, 101.0, 101.0) == expected


def test_a_crossing_needs_a_price_before_and_takes_it_from_earlier_batches():
    engine = engine_of(RISES)

    assert fired_at(engine, 101.0) == []
    assert fired_at(engine, 100.0, at_s=1) == []
    assert fired_at(engine, 100.5, at_s=2) == [2]


def test_what_is_true_already_fires_at_the_first_look_and_not_again():
    engine = engine_of(ABOVE_100)

    assert fired_at(engine, 101.0, 102.0) == [0]
    assert fired_at(engine, 103.0, at_s=2) == []


def test_a_price_seen_before_the_alert_was_made_counts_as_the_one_before():
    engine = engine_of(PriceCondition(Operator.ABOVE, 500.0))
    engine.evaluate(change(99.0))
    engine.put(compile_rule(Alert("late", "AAPL.XNAS", RISES)))

    assert fired_at(engine, 101.0, at_s=1) == [1]


def test_a_line_that_rises_through_a_resting_price_crosses_it():
    engine = engine_of(DrawingCondition("d", Operator.CROSSES_BELOW))
    engine.set_level("it", 0, Level(((START_NS, 90.0), (START_NS + 20 * SECOND_NS, 110.0))))

    found = engine.evaluate(change(*[100.0] * 15))

    assert [(one.event_ns - START_NS) / SECOND_NS for one in found] == [11]
    assert (found[0].value, found[0].level) == (100.0, 101.0)


def test_where_a_line_ends_the_alert_is_neither_true_nor_turned():
    engine = engine_of(DrawingCondition("d", Operator.ABOVE))
    engine.set_level("it", 0, Level(((START_NS + 2 * SECOND_NS, 100.0), (START_NS + 4 * SECOND_NS, 100.0))))

    assert fired_at(engine, *[101.0] * 10) == [2]


def test_a_level_that_is_moved_through_the_price_is_no_crossing_but_a_state_turns():
    crossing, state = engine_of(DrawingCondition("d", Operator.CROSSES_ABOVE)), engine_of(DrawingCondition("d", Operator.ABOVE))
    for engine in (crossing, state):
        engine.set_level("it", 0, Level.constant(110.0))
        assert fired_at(engine, 100.0) == []
        engine.set_level("it", 0, Level.constant(90.0))

    assert fired_at(crossing, 100.5, at_s=1) == []
    assert fired_at(state, 100.5, at_s=1) == [1]


def test_a_split_moves_price_and_level_together_and_nothing_crosses():
    engine = engine_of(PriceCondition(Operator.CROSSES, 210.0))
    assert fired_at(engine, 200.0) == []
    engine.set_level("it", 0, Level.constant(105.0), keeps_side=True)

    assert fired_at(engine, 101.0, 106.0, at_s=1) == [2]


def test_a_percent_move_is_a_level_of_its_reference():
    condition = PercentCondition(Operator.AT_LEAST, 5.0, since="price", reference=200.0)
    (turned,) = engine_of(condition).evaluate(change(209.0, 210.0))

    assert (turned.value, turned.level) == (210.0, 210.0)


def test_a_percent_move_since_bars_ago_follows_the_bars():
    engine = engine_of(PercentCondition(Operator.ABOVE, 1.0, since="bars", n_bars=1), history=[bar(0, 100.0)])

    assert fired_at(engine, 100.5, at_s=60) == []
    # The first bar's close is 100.5, so that 101.2 at 10 s later is no percent above, 101.6 is.
    assert fired_at(engine, 101.2, 101.6, at_s=121, closed=[bar(1, 100.5)], forming=bar(2, 101.2, 101.6)) == [122]


def test_the_volume_of_a_bar_is_compared_with_the_mean_of_those_before():
    condition = VolumeCondition(Operator.ABOVE, 2.0, average=2)
    engine = engine_of(condition, history=[bar(0, 1.0, volume=10.0), bar(1, 1.0, volume=20.0)], when=When.CLOSE)

    assert engine.evaluate(change(1.0, at_s=180, closed=[bar(2, 1.0, volume=30.0)])) == []
    (turned,) = engine.evaluate(change(1.0, at_s=240, closed=[bar(3, 1.0, volume=51.0)]))
    assert (turned.value, turned.level) == (51.0, 50.0)


def test_an_unknown_volume_neither_fires_nor_turns_a_true_alert_around():
    engine = engine_of(VolumeCondition(Operator.ABOVE, 5.0), when=When.CLOSE)
    volumes = (9.0, math.nan, 9.0, 1.0, math.nan, 9.0)
    fired = [engine.evaluate(change(1.0, at_s=60 * n, closed=[bar(n, 1.0, volume=v)])) for n, v in enumerate(volumes)]

    assert [bool(one) for one in fired] == [True, False, False, False, False, True]


def test_an_indicator_has_the_bits_of_a_chart_at_closes_and_under_way():
    closes = [100.0, 101.5, 99.25, 103.0, 98.0, 104.0]
    history = [bar(n, price) for n, price in enumerate(closes)]
    condition = IndicatorCondition(IndicatorRef("rsi", {"period": 3}), Operator.AT_LEAST, 0.0)
    engine = engine_of(condition, history=history[:5])
    (turned,) = engine.evaluate(change(104.0, at_s=5 * 60 + 1, forming=history[5]))

    assert turned.value == compute("rsi", BarArrays.of(history), period=3)["value"][-1]


def test_a_warming_indicator_is_unknown_and_fires_at_its_first_value():
    condition = IndicatorCondition(IndicatorRef("sma", {"period": 3}), Operator.ABOVE, 50.0)
    engine = engine_of(condition, when=When.CLOSE)
    fired = [engine.evaluate(change(100.0, at_s=60 * n + 60, closed=[bar(n, 100.0)])) for n in range(4)]

    assert [bool(one) for one in fired] == [False, False, True, False]


def test_an_indicator_is_looked_at_once_a_batch_after_all_its_trades():
    condition = IndicatorCondition(IndicatorRef("sma", {"period": 1}), Operator.CROSSES_ABOVE, 100.0)
    engine = engine_of(condition, history=[bar(0, 99.0)])

    # In between the mean stood above; at the end of the batch it does not.
    assert fired_at(engine, 101.0, 99.5, at_s=60, forming=bar(1, 101.0, 99.5)) == []
    assert fired_at(engine, 99.0, 101.0, at_s=62, forming=bar(1, 101.0, 99.5, 99.0, 101.0)) == [63]


def test_indicators_cross_each_other_and_the_price():
    fast, slow = IndicatorRef("sma", {"period": 1}), IndicatorRef("sma", {"period": 3})
    history = [bar(0, 100.0), bar(1, 99.0), bar(2, 98.0)]
    for left, right in (({"left": fast}, {"other": slow}), ({"left": slow}, {"is_price": True})):
        operator = Operator.CROSSES_ABOVE if "other" in right else Operator.CROSSES_BELOW
        engine = engine_of(IndicatorCondition(**left, operator=operator, **right), history=history, when=When.CLOSE)
        assert fired_at(engine, 101.0, at_s=240, closed=[bar(3, 101.0)]) == [240]


def test_on_close_only_the_closes_count():
    engine = engine_of(RISES, history=[bar(0, 99.0)], when=When.CLOSE)

    assert fired_at(engine, 101.0, 99.0, at_s=60, forming=bar(1, 101.0, 99.0)) == []
    assert fired_at(engine, 99.0, at_s=120, closed=[bar(1, 101.0, 99.5)]) == []
    (turned,) = engine.evaluate(change(99.0, at_s=180, closed=[bar(2, 99.0, 100.25)]))
    assert (turned.event_ns, turned.price, turned.label) == (START_NS + 3 * MINUTE_NS, 100.25, START_NS + 2 * MINUTE_NS)


def test_a_moment_fires_once_whatever_the_clock_does_later():
    engine = engine_of(TimeCondition(START_NS + 5))

    assert engine.tick_time(START_NS + 4) == []
    assert [one.event_ns for one in engine.tick_time(START_NS + 9)] == [START_NS + 5]
    assert engine.tick_time(START_NS) == engine.tick_time(START_NS + 20) == []


# --- trees ------------------------------------------------------------------------------------------------------------


def test_all_fires_when_the_last_part_becomes_true_and_names_it():
    engine = engine_of(AllOf((ABOVE_100, TimeCondition(START_NS + 10 * SECOND_NS))))

    assert fired_at(engine, 101.0) == []
    (turned,) = engine.tick_time(START_NS + 10 * SECOND_NS)
    assert (turned.leaf, turned.price) == (1, 101.0)
    assert fired_at(engine, 99.0, 101.0, at_s=20) == [21]


def test_any_fires_once_while_one_of_its_parts_after_the_other_becomes_true():
    engine = engine_of(AnyOf((ABOVE_100, PriceCondition(Operator.ABOVE, 105.0))))

    assert fired_at(engine, 99.0, 101.0, 106.0, 101.0, 99.0, 106.0) == [1, 5]


def test_a_crossing_beside_a_state_fires_only_where_the_state_is_true():
    engine = engine_of(AllOf((PriceCondition(Operator.CROSSES, 100.0), PriceCondition(Operator.BELOW, 100.0))))

    assert fired_at(engine, 99.0, 101.0, 99.0, 101.0, 99.0) == [2, 4]


# --- how often --------------------------------------------------------------------------------------------------------


def test_once_rests_until_it_is_put_again():
    engine = engine_of(RISES, repeat=Repeat.ONCE)

    assert fired_at(engine, 99.0, 101.0, 99.0, 101.0) == [1]
    assert fired_at(engine, 99.0, 101.0, at_s=10) == []
    engine.put(compile_rule(alert(RISES, repeat=Repeat.ONCE)))
    assert fired_at(engine, 99.0, 101.0, at_s=20) == [21]


def test_once_per_bar_fires_once_in_each_bar_of_its_spec():
    engine = engine_of(RISES, repeat=Repeat.ONCE_PER_BAR)

    assert fired_at(engine, 99.0, 101.0, 99.0, 101.0, at_s=10, step_s=10, forming=bar(0, 99.0, 101.0)) == [20]
    closed, forming = [bar(0, 99.0, 101.0)], bar(1, 99.0, 101.0)
    assert fired_at(engine, 99.0, 101.0, 99.0, 101.0, at_s=50, step_s=6, closed=closed, forming=forming) == [68]


def test_within_the_cooldown_edges_are_spent():
    engine = engine_of(ABOVE_100, cooldown_s=5.0)

    assert fired_at(engine, 101.0, 99.0, 101.0, 101.0, 101.0, 101.0, 101.0, 99.0, 101.0) == [0, 8]


def test_after_a_firing_the_price_must_come_back_as_far_as_asked():
    engine = engine_of(ABOVE_100, rearm=1.0)

    assert fired_at(engine, 101.0, 99.5, 101.0, 99.0, 100.0, 101.0) == [0, 5]


def test_coming_back_is_noticed_though_that_crosses_no_level_of_the_alert():
    for condition, prices in (
        (PriceCondition(Operator.BELOW, 100.0), (99.0, 100.5, 101.5, 99.0)),
        (ABOVE_100, (101.0, 99.5, 98.5, 101.0)),
    ):
        engine = engine_of(condition, rearm=1.0)
        fired = [fired_at(engine, price, at_s=n) for n, price in enumerate(prices)]
        assert fired == [[0], [], [], [3]]


def test_an_expired_alert_fires_no_more_but_what_happened_before_still_does():
    engine = engine_of(RISES, expires_ns=START_NS + 3 * SECOND_NS)

    assert fired_at(engine, 99.0, 101.0, 99.0, 101.0) == [1]


def test_what_happened_before_the_alert_was_made_does_nothing():
    engine = AlertEngine()
    engine.put(compile_rule(alert(ABOVE_100), from_ns=START_NS + 2 * SECOND_NS))

    assert fired_at(engine, 101.0, 101.0, 101.0, is_late=True) == [2]


# --- order and repetition -----------------------------------------------------------------------------------------------


def test_firings_come_in_the_order_of_time_and_say_whether_they_are_late():
    engine = engine_of(PriceCondition(Operator.ABOVE, 102.0))
    engine.put(compile_rule(Alert("other", "AAPL.XNAS", RISES, spec="5m")))
    found = engine.evaluate(change(99.0, 101.0, 103.0, is_late=True))

    assert [one.alert_id for one in found] == ["other", "it"]
    assert all(one.is_late for one in found)


def test_a_batch_told_twice_and_older_trades_do_nothing():
    engine = engine_of(RISES)
    first = change(99.0, 101.0)

    assert len(engine.evaluate(first)) == 1
    assert engine.evaluate(first) == []
    assert fired_at(engine, 99.0, at_s=0.5) == []
    assert fired_at(engine, 101.5, at_s=2) == []


def test_trades_of_one_instant_in_two_batches_both_count():
    engine = engine_of(RISES)
    engine.evaluate(change(99.0))

    assert fired_at(engine, 101.0) == [0]


def test_alerts_of_other_instruments_hear_nothing():
    engine = engine_of(ABOVE_100)
    other = change(101.0)

    assert engine.evaluate(LiveChange(InstrumentId("MSFT", "XNAS"), 0, other.trades, {}, {})) == []


def test_a_removed_alert_fires_no_more_and_others_still_do():
    engine = engine_of(ABOVE_100)
    engine.put(compile_rule(Alert("other", "AAPL.XNAS", ABOVE_100)))
    engine.remove("it")
    engine.remove("it")

    assert [one.alert_id for one in engine.evaluate(change(101.0))] == ["other"]
    assert len(engine) == 1


# --- back-filled bars ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "high", "low", "close", "expected"),
    [
        (100.0, 103.0, 90.0, 95.0, [103.0]),  # the high is nearer: up through 102, then down
        (100.0, 110.0, 99.0, 105.0, [110.0]),  # the low is nearer
        (100.0, 101.0, 99.0, 100.0, []),
    ],
)
def test_a_bar_is_walked_by_way_of_the_nearer_extreme(opened, high, low, close, expected):
    engine = engine_of(PriceCondition(Operator.CROSSES_ABOVE, 102.0))
    bars = BarArrays.of([Bar(START_NS, opened, high, low, close, 1.0)])

    assert [one.price for one in engine.evaluate_bars(SERIES, bars)] == expected


def test_the_order_of_extremes_decides_what_crosses():
    engine = engine_of(AllOf((PriceCondition(Operator.CROSSES_BELOW, 98.0),)), cooldown_s=1000.0)
    (turned,) = engine.evaluate_bars(SERIES, BarArrays.of([Bar(START_NS, 100.0, 101.0, 90.0, 95.0, 1.0)]))

    assert (turned.event_ns, turned.is_late) == (START_NS + 2 * (MINUTE_NS // 3), True)


def test_of_a_bar_that_was_seen_in_part_only_the_close_is_walked():
    engine = engine_of(RISES)
    engine.evaluate(change(99.0, 101.0, 99.0))

    assert engine.evaluate_bars(SERIES, BarArrays.of([bar(0, 99.0, 101.0, 99.0)])) == []
    assert len(engine.evaluate_bars(SERIES, BarArrays.of([bar(1, 99.0, 101.0, 99.0)]))) == 1


def test_bars_that_were_evaluated_do_nothing_again():
    engine = engine_of(ABOVE_100, when=When.CLOSE)
    bars = BarArrays.of([bar(0, 101.0), bar(1, 99.0)])

    assert len(engine.evaluate_bars(SERIES, bars)) == 1
    assert engine.evaluate_bars(SERIES, bars) == []


# --- a restart ----------------------------------------------------------------------------------------------------------


def restarted(engine, condition, *, history=(), **fields):
    again = engine_of(condition, **fields)
    assert again.restore("it", engine.state("it"))
    again.prime(SERIES, BarArrays.of(list(history)))
    return again


def test_a_restart_neither_fires_again_nor_forgets_the_side():
    engine = engine_of(ABOVE_100)
    assert fired_at(engine, 101.0) == [0]
    engine = restarted(engine, ABOVE_100)

    assert fired_at(engine, 102.0, 99.0, 101.0, at_s=1) == [3]


def test_a_crossing_over_a_restart_is_found():
    engine = engine_of(RISES)
    engine.evaluate(change(*[99.0 + n / 100 for n in range(20)]))

    assert fired_at(restarted(engine, RISES), 101.0, at_s=100) == [100]


def test_a_level_given_again_after_a_restart_keeps_the_crossing():
    condition = DrawingCondition("d", Operator.CROSSES_ABOVE)
    engine = engine_of(condition)
    engine.set_level("it", 0, Level.constant(100.0))
    engine.evaluate(change(98.0, 99.0))
    engine = restarted(engine, condition)
    engine.set_level("it", 0, Level.constant(100.0))

    assert fired_at(engine, 101.0, at_s=5) == [5]


def test_trades_and_bars_seen_before_a_restart_do_nothing_when_they_come_again():
    engine = engine_of(RISES)
    engine.evaluate(change(99.0, 101.0, 99.0, 98.0))
    engine = restarted(engine, RISES)

    assert fired_at(engine, 99.0, 101.0, 99.0, 98.0, 101.0, is_late=True) == [4]


def test_bars_missed_while_nobody_watched_are_found_late():
    engine = engine_of(RISES, when=When.CLOSE)
    engine.evaluate(change(99.0, at_s=60, closed=[bar(0, 99.0)]))
    again = engine_of(RISES, when=When.CLOSE)
    assert again.unseen_from(SERIES) is None
    assert again.restore("it", engine.state("it"))
    assert again.unseen_from(SERIES) == START_NS
    again.prime(SERIES, BarArrays.of([bar(0, 99.0)]))
    missed = BarArrays.of([bar(0, 99.0), bar(1, 101.0), bar(2, 99.0)])

    assert [one.event_ns for one in again.evaluate_bars(SERIES, missed)] == [START_NS + 2 * MINUTE_NS]


def test_cooldown_rest_and_bar_survive_a_restart():
    for fields in ({"cooldown_s": 60.0}, {"repeat": Repeat.ONCE}, {"repeat": Repeat.ONCE_PER_BAR}, {"rearm": 3.0}):
        engine = engine_of(RISES, **fields)
        assert fired_at(engine, 99.0, 101.0) == [1]
        assert fired_at(restarted(engine, RISES, **fields), 99.0, 101.0, at_s=5) == []


def test_a_moment_that_came_before_a_restart_does_not_come_again():
    condition = AllOf((TimeCondition(START_NS), ABOVE_100))
    engine = engine_of(condition)
    engine.tick_time(START_NS)
    again = restarted(engine, condition)

    assert fired_at(again, 101.0) == [0]
    assert again.tick_time(START_NS + 5) == []


def test_a_level_moved_after_a_restart_lies_where_the_newest_price_was_though_that_touched_nothing():
    condition = DrawingCondition("d", Operator.CROSSES_BELOW)
    engine = engine_of(condition)
    engine.set_level("it", 0, Level.constant(100.0))
    for n, price in enumerate((90.0, 96.0, 99.0)):
        engine.evaluate(change(price, at_s=n))
    engine = restarted(engine, condition)
    engine.set_level("it", 0, Level.constant(95.0))

    assert fired_at(engine, 94.0, at_s=9) == [9]


def test_restored_in_the_engine_that_kept_it_it_hears_the_next_trade_of_the_same_instant():
    engine = engine_of(RISES)
    engine.evaluate(change(99.0))
    kept = engine.state("it")
    engine.put(compile_rule(alert(RISES)))
    assert engine.restore("it", kept)

    assert fired_at(engine, 101.0) == [0]


def test_a_moment_that_came_after_the_state_was_kept_comes_again():
    engine = engine_of(TimeCondition(START_NS))
    kept = engine.state("it")
    assert len(engine.tick_time(START_NS)) == 1
    assert engine.restore("it", kept)

    assert len(engine.tick_time(START_NS)) == 1


def test_an_alert_put_again_reads_on_from_where_its_indicator_stood():
    condition = IndicatorCondition(IndicatorRef("sma", {"period": 2}), Operator.ABOVE, 100.5)
    engine = engine_of(condition, history=[bar(0, 101.0)], when=When.CLOSE)
    engine.put(compile_rule(alert(condition, when=When.CLOSE)))

    assert fired_at(engine, 101.0, at_s=120, closed=[bar(1, 101.0)]) == [120]


def test_closes_before_are_those_of_now_after_nobody_asked_for_a_while():
    condition = PercentCondition(Operator.ABOVE, 0.0, since="bars", n_bars=1)
    engine = engine_of(condition, history=[bar(-1, 500.0), bar(0, 500.0)], when=When.CLOSE)
    engine.put(compile_rule(Alert("other", "AAPL.XNAS", ABOVE_100, when=When.CLOSE)))
    engine.remove("it")
    engine.evaluate(change(99.0, at_s=120, closed=[bar(1, 99.0)]))
    engine.put(compile_rule(alert(condition, when=When.CLOSE)))
    engine.prime(SERIES, BarArrays.of([bar(-1, 500.0), bar(0, 500.0), bar(1, 99.0)]))

    assert fired_at(engine, 99.5, at_s=180, closed=[bar(2, 99.5)]) == [180]


def test_the_bar_under_way_of_a_batch_told_again_is_not_taken_for_a_new_one():
    condition = VolumeCondition(Operator.AT_LEAST, 9.0)
    engine = engine_of(condition)
    old = change(1.0, at_s=59, forming=bar(0, 1.0, volume=9.0))
    assert len(engine.evaluate(old)) == 1
    closed, forming = [bar(0, 1.0, volume=9.0)], bar(1, 1.0, volume=1.0)
    assert engine.evaluate(change(1.0, at_s=59, closed=closed, forming=forming)) == []

    assert engine.evaluate(old) == []


def test_a_state_of_another_expression_is_not_taken_and_one_that_is_broken_is_refused():
    engine, other = engine_of(ABOVE_100), engine_of(RISES)
    assert not other.restore("it", engine.state("it"))
    with pytest.raises(CorruptData):
        other.restore("it", b"\x93\x01")


# --- figures and refusals -------------------------------------------------------------------------------------------------


def test_figures_are_both_sides_as_they_stand_though_nothing_was_touched():
    engine = engine_of(PriceCondition(Operator.ABOVE, 500.0))
    assert all(map(math.isnan, engine.figures("it")[:1]))
    for n in range(20):
        engine.evaluate(change(100.0 + n, at_s=n))

    assert engine.figures("it") == (119.0, 500.0)


def test_figures_of_an_indicator_are_those_of_the_newest_look():
    condition = IndicatorCondition(IndicatorRef("sma", {"period": 2}), Operator.ABOVE, 500.0)
    engine = engine_of(condition, history=[bar(0, 100.0), bar(1, 102.0)])
    assert engine.figures("it") == (101.0, 500.0)
    engine.evaluate(change(104.0, at_s=121, forming=bar(2, 104.0)))

    assert engine.figures("it") == (103.0, 500.0)


def test_a_moment_alone_has_no_figures():
    assert all(map(math.isnan, engine_of(TimeCondition(5)).figures("it")))


def test_what_is_not_there_is_said():
    engine = engine_of(TimeCondition(5))
    for call in (engine.state, engine.figures):
        with pytest.raises(NotFound):
            call("other")
    with pytest.raises(InvalidInput):
        engine.set_level("it", 0, Level.constant(1.0))
    with pytest.raises(InvalidInput):
        engine.set_level("it", 1, Level.constant(1.0))
