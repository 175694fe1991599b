"""Numbered trades: wrong numbers are not believed, a venue that counts anew is, and what cannot be had is told."""

from backend.market.feeds.trade_sequence import REACH, Missing, Print, TradeSequence

SECOND = 1_000_000_000


def at(number: int, second: int) -> Print:
    return Print(number, second * SECOND, 100.0, 1.0, 1)


def started(number: int = 10, second: int = 1000) -> TradeSequence:
    sequence = TradeSequence()
    assert sequence.take(at(number, second)).prints == (at(number, second),)
    return sequence


def ids(released) -> list[int]:
    return [each.id for each in released.prints]


def test_trades_wait_behind_a_hole_until_the_late_one_comes():
    sequence = started()

    assert ids(sequence.take(at(12, 1002))) == []
    assert ids(sequence.take(at(13, 1003))) == []
    assert sequence.n_missing == 1
    assert ids(sequence.take(at(11, 1001))) == [11, 12, 13]
    assert sequence.n_waiting == 0


def test_fetched_trades_close_a_hole_and_numbers_the_venue_leaves_out_do_not_exist():
    sequence = started()
    sequence.take(at(16, 1002))

    assert [each.id for each in sequence.fill([at(11, 1001), at(13, 1001), at(16, 1002), at(17, 1002)])] == [11, 13]
    assert ids(sequence.resume()) == [16]
    assert sequence.next_id == 17


def test_giving_up_says_between_which_times_trades_are_missing():
    sequence = started()
    sequence.take(at(15, 1005))
    released = sequence.give_up()

    assert ids(released) == [15]
    assert released.missing == Missing(1000 * SECOND, 1005 * SECOND + 1)
    assert sequence.give_up().missing is None


def test_after_drifting_the_next_trade_says_what_is_missing_if_anything_is():
    lost, whole = started(), started()
    lost.drift()
    whole.drift()

    assert lost.take(at(500, 1010)).missing == Missing(1000 * SECOND, 1010 * SECOND + 1)
    assert lost.take(at(501, 1011)) == ((at(501, 1011),), None)
    assert whole.take(at(11, 1010)) == ((at(11, 1010),), None)


def test_one_wrong_number_far_away_changes_nothing():
    sequence = started()

    assert ids(sequence.take(at(10 + 5 * REACH, 1001))) == []
    assert ids(sequence.take(at(3, 5000))) == []
    assert ids(sequence.take(at(11, 1001))) == [11]


def test_a_venue_that_counts_anew_is_followed_after_three_trades():
    sequence = started(1_000_000, 1000)

    assert ids(sequence.take(at(1, 1100))) == []
    assert ids(sequence.take(at(2, 1101))) == []
    released = sequence.take(at(3, 1102))

    assert ids(released) == [1, 2, 3]
    assert released.missing == Missing(1000 * SECOND, 1100 * SECOND + 1)
    assert ids(sequence.take(at(4, 1103))) == [4]


def test_a_leap_too_far_to_fetch_is_followed_after_three_trades_and_told():
    sequence = started()
    sequence.take(at(12, 1001))
    first = 10 + 2 * REACH
    sequence.take(at(first, 2000))
    sequence.take(at(first + 2, 2000))
    released = sequence.take(at(first + 3, 2001))

    assert ids(released) == [12, first]
    assert released.missing == Missing(1000 * SECOND, 2000 * SECOND + 1)
    assert sequence.n_missing == 1


def test_old_trades_that_come_again_are_dropped():
    sequence = started()

    assert ids(sequence.take(at(10, 1000))) == []
    assert ids(sequence.take(at(4, 990))) == []
    assert sequence.next_id == 11
