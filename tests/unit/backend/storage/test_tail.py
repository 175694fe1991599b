"""The tail keeps rows in order of arrival, shows the newest state, and gives away exactly what a mark says."""

import numpy as np

from backend.domain.bars import Bar
from backend.storage.segments import SeriesKey, concat_rows
from backend.storage.tail import Pile, Tail
from tests.fakes.bars import make_bars
from tests.fakes.market import same

ONE, TWO = SeriesKey("ONE.XNAS", "1m", "feed"), SeriesKey("TWO.XNAS", "1m", "feed")


def test_a_pile_of_single_rows_stays_in_order_and_in_few_pieces():
    bars, pile = make_bars(1000), Pile()
    for row in range(1000):
        pile.add(bars[row : row + 1])
    assert same(concat_rows(pile.pieces), bars)
    assert len(pile.pieces) <= 10


def test_cutting_takes_the_first_rows_and_leaves_the_rest():
    bars, pile = make_bars(100), Pile()
    pile.add(bars)
    assert same(pile.cut(30), bars[:30])
    assert same(concat_rows(pile.pieces), bars[30:])
    assert same(pile.cut(70), bars[30:])
    assert (pile.pieces, pile.n_rows) == ([], 0)


def test_the_latest_row_of_a_time_is_shown_and_late_rows_find_their_place():
    bars, tail = make_bars(10), Tail()
    tail.add(ONE, bars[5:])
    tail.add(ONE, bars[:5])
    newer = make_bars(10, seed=9)
    tail.add(ONE, newer[2:4])
    found = tail.bars(ONE)
    assert found.event_ns.tolist() == bars.event_ns.tolist()
    assert found.close[2:4].tolist() == newer.close[2:4].tolist()


def test_frozen_rows_are_read_until_they_are_thawed_and_later_ones_stay():
    bars, tail = make_bars(10), Tail()
    tail.add(ONE, bars[:4])
    mark = tail.counts()
    tail.add(ONE, bars[4:6])
    tail.add(TWO, bars[:1])
    tail.freeze(1, mark)
    assert same(tail.bars(ONE), bars[:6])
    assert {key: len(rows) for key, rows in tail.frozen[0].rows.items()} == {ONE: 4}
    tail.thaw(tail.frozen)
    assert same(tail.bars(ONE), bars[4:6])
    assert tail.has_closed(ONE)
    assert tail.keys() == {ONE, TWO}


def test_a_forming_bar_is_shown_last_and_is_never_frozen():
    bars, tail = make_bars(3), Tail()
    tail.add(ONE, bars[:2])
    assert tail.set_forming(ONE, bars.bar(2)) is None
    assert same(tail.bars(ONE), bars)
    tail.freeze(1, tail.counts())
    tail.thaw(tail.frozen)
    assert len(tail.bars(ONE)) == 1
    assert not tail.has_closed(ONE)
    newer = Bar(int(bars.event_ns[2]), 1.0, 1.0, 1.0, 1.0)
    assert tail.set_forming(ONE, newer) == bars.bar(2)
    assert np.isnan(tail.bars(ONE).volume[0])
