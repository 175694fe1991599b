"""Order books gathered by price step, with what is said of them."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from backend.domain.depth import Depth
from backend.domain.instruments import CENT
from tests.fakes.shown_market import BITCOIN, make_depth
from trii_desktop.live.book_rows import book_of, decimals_of_step, imbalance_of, price_step_of


def depth_of(bids, asks):
    columns = [np.array([level[n] for level in side], float) for side in (bids, asks) for n in (0, 1)]
    return Depth(BITCOIN.id, 0, 0, *columns)


SMALL = depth_of([(99.97, 1), (99.96, 2), (99.90, 4)], [(100.01, 3), (100.05, 5), (100.11, 7)])


def test_levels_are_gathered_away_from_the_middle_and_nothing_is_lost():
    book = book_of(SMALL, 0.05, 2)
    assert book.bids.price == pytest.approx([99.95, 99.90])
    assert book.bids.quantity.tolist() == [3, 4]
    assert book.asks.price == pytest.approx([100.05, 100.15])
    assert book.asks.quantity.tolist() == [8, 7]
    assert book.asks.total.tolist() == [8, 15]


def test_a_price_on_a_step_stays_there_whatever_its_last_bit():
    depth = depth_of([(0.1 + 0.2, 1)], [(0.7, 1)])
    book = book_of(depth, 0.1, 1)
    assert book.bids.price == pytest.approx([0.3])
    assert book.asks.price == pytest.approx([0.7])


@pytest.mark.parametrize("factor", [1, 5, 10, 50, 100, 500, 1_000])
def test_gathered_books_hold_as_much_as_the_book_did(factor):
    depth = make_depth(65_000.0)
    book = book_of(depth, 0.01 * factor, 2)
    assert book.bids.total[-1] == pytest.approx(depth.bid_quantity.sum())
    assert book.asks.total[-1] == pytest.approx(depth.ask_quantity.sum())
    assert np.all(np.diff(book.bids.price) < 0)
    assert np.all(np.diff(book.asks.price) > 0)
    assert np.all(book.bids.price <= depth.bid_price[0])
    assert np.all(book.asks.price >= depth.ask_price[0])


def test_spread_and_middle_are_those_of_the_book_however_it_is_gathered():
    book = book_of(SMALL, 5.0, 2)
    assert (book.spread, book.middle) == (pytest.approx(0.04), pytest.approx(99.99))
    assert book.spread_bp == pytest.approx(4.0004)


def test_a_one_sided_book_has_no_spread():
    book = book_of(depth_of([(99.0, 1.0)], []), 1.0, 0)
    assert math.isnan(book.spread)
    assert math.isnan(book.spread_bp)
    assert book.imbalance == 1.0
    assert len(book.asks) == 0


def test_an_empty_book_says_nothing():
    book = book_of(depth_of([], []), 0.0, 2)
    assert math.isnan(book.imbalance)
    assert math.isnan(book.middle)


def test_the_best_ten_levels_weigh_and_no_others():
    far = [(50.0 - n, 1_000.0) for n in range(20)]
    near = [(99.0 - n * 0.1, 1.0) for n in range(10)]
    assert imbalance_of(depth_of(near + far, [(100.0, 30.0)])) == pytest.approx((10 - 30) / 40)


def test_the_smallest_step_is_the_instruments_else_what_prices_are_quoted_with():
    assert price_step_of(SMALL, BITCOIN) == pytest.approx(0.01)
    assert price_step_of(depth_of([(99.5, 1)], [(100.0, 1)]), None) == pytest.approx(0.1)
    assert price_step_of(depth_of([(99.5, 1)], [(100.0, 1)]), replace(BITCOIN, price_steps=CENT)) == 0.01
    assert price_step_of(depth_of([], []), None) == 0.01


@pytest.mark.parametrize(("step", "decimals"), [(0.01, 2), (0.05, 2), (1.0, 0), (50.0, 0), (0.1 * 3, 1), (1e-8, 8), (0.0, 2)])
def test_prices_have_the_digits_of_their_step(step, decimals):
    assert decimals_of_step(step) == decimals
    assert Decimal(1).scaleb(-decimals) <= Decimal(str(step)) or step == 0.0
