"""What a list of prints shows: which of them, which side took them, which stand out."""

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backend.domain.ticks import TradeArrays
from backend.live.tape import Tape
from tests.fakes.shown_market import START_NS, make_trades
from trii_desktop.live.prints import GLANCE, WINDOW, Reel, big_quantity_of, format_print_time, needed_decimals, sides_of


def trades_of(prices, quantities=None, aggressors=None):
    n = len(prices)
    quantities = [1.0] * n if quantities is None else quantities
    return TradeArrays(
        START_NS + np.arange(n), np.array(prices, float), np.array(quantities, float), np.array(aggressors or [0] * n, np.int8)
    )


@pytest.fixture
def tape():
    made = Tape()
    made.add(make_trades(2_000))
    return made


def test_the_venue_says_which_side_took_a_print():
    assert sides_of(trades_of([1, 1, 1], aggressors=[1, 2, 1])).tolist() == [1, -1, 1]


def test_without_the_venues_word_a_print_takes_the_side_of_the_last_change_of_the_price():
    assert sides_of(trades_of([5, 5, 6, 6, 4, 4, 5])).tolist() == [0, 0, 1, 1, -1, -1, 1]


def test_the_venues_word_counts_before_the_change_of_the_price():
    assert sides_of(trades_of([5, 6, 7], aggressors=[0, 2, 0])).tolist() == [0, -1, 1]


def test_no_prints_have_no_sides():
    assert len(sides_of(TradeArrays.empty())) == 0


def test_what_is_new_is_taken_once(tape):
    reel = Reel()
    assert reel.look(tape)
    assert not reel.look(tape)
    tape.add(make_trades(3, seed=1))
    assert reel.is_behind(tape)
    assert reel.look(tape)
    assert reel.n_rows == 2_003
    assert len(reel.trades) == GLANCE


def test_while_paused_what_is_shown_stands_still_and_what_comes_is_counted(tape):
    reel = Reel()
    reel.look(tape)
    reel.pause()
    before = reel.trades
    assert len(before) == 2_000
    tape.add(make_trades(5, seed=1))
    assert reel.look(tape)
    assert reel.trades is before
    assert reel.n_new == 5
    assert reel.resume()
    assert (reel.n_rows, reel.n_new) == (2_005, 0)


def test_pausing_shows_what_came_until_the_last_look_and_nothing_later(tape):
    reel = Reel()
    reel.look(tape)
    last_ns = reel.trades.event_ns[-1]
    tape.add(make_trades(7, seed=1, start_ns=int(last_ns)))
    reel.pause()
    assert reel.trades.event_ns[-1] == last_ns
    reel.look(tape)
    assert reel.n_new == 7


def test_only_prints_that_would_be_shown_are_counted_while_paused(tape):
    reel = Reel()
    reel.look(tape)
    reel.leave_out_below(1.0)
    reel.pause()
    tape.add(trades_of([1, 1, 1], [0.5, 1.0, 3.0]))
    reel.look(tape)
    assert reel.n_new == 2


def test_smaller_prints_are_left_out_and_come_back(tape):
    reel = Reel()
    reel.look(tape)
    reel.leave_out_below(0.1)
    assert 0 < len(reel.trades) < 2_000
    assert reel.trades.quantity.min() >= 0.1
    assert len(reel.sides) == len(reel.late) == len(reel.trades)
    reel.leave_out_below(0.0)
    assert reel.n_rows == 2_000


def test_another_tape_begins_anew_also_while_paused(tape):
    reel, other = Reel(), Tape()
    reel.look(tape)
    reel.pause()
    assert reel.look(other)
    assert (len(reel.trades), reel.is_paused) == (0, False)


def test_a_tape_that_is_gone_leaves_nothing_on_screen(tape):
    reel = Reel()
    reel.look(tape)
    assert reel.look(None)
    assert len(reel.trades) == 0
    assert not reel.look(None)


def test_at_most_a_window_of_prints_is_held():
    tape, reel = Tape(), Reel()
    tape.add(make_trades(WINDOW + 500))
    reel.look(tape)
    reel.pause()
    assert len(reel.trades) == reel.n_rows == WINDOW
    assert reel.trades.event_ns[-1] == tape.newest(1).event_ns[-1]


def test_the_largest_hundredth_stands_out_and_stays_so_while_a_few_more_come(tape):
    reel = Reel()
    reel.look(tape)
    threshold = reel.big_from
    assert np.mean(tape.newest(2_000).quantity >= threshold) == pytest.approx(0.01, abs=0.002)
    tape.add(trades_of([1], [1e9]))
    reel.look(tape)
    assert reel.big_from == threshold
    reel.big_quantity = 5.0
    assert reel.big_from == 5.0


@pytest.mark.parametrize("quantities", [np.ones(500), np.arange(50.0), np.empty(0)])
def test_among_equal_or_few_prints_none_stands_out(quantities):
    assert big_quantity_of(quantities) == float("inf")


@pytest.mark.parametrize(
    ("values", "decimals"), [([1.0, 2.0], 0), ([0.1, 0.25], 2), ([65_000.01], 2), ([0.00000123], 8), ([1 / 3], 8), ([], 0)]
)
def test_as_many_digits_as_are_quoted(values, decimals):
    assert needed_decimals(np.array(values, float)) == decimals


def test_times_of_prints_have_milliseconds_and_are_of_the_zone():
    ns = START_NS + 123_999_999
    assert format_print_time(ns, UTC) == "08:53:20.123"
    assert format_print_time(ns, ZoneInfo("America/New_York")) == "04:53:20.123"
