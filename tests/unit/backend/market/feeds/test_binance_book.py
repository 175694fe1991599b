"""A book joined from a snapshot and differences is the venue's book, whatever is lost, late or wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.feeds.binance_book import BinanceBook
from backend.market.feeds.binance_messages import DepthAnswer, DepthMessage
from backend.market.feeds.order_book import LEVELS_KEPT, BookSide

BTC = InstrumentId("BTCUSDT", "BINANCE")


def difference(first: int, last: int, bids=(), asks=()) -> DepthMessage:
    return DepthMessage(1000 + last, first, last, [*bids], [*asks])


def snapshot(update: int, bids=(("99", "1"),), asks=(("101", "1"),)) -> DepthAnswer:
    return DepthAnswer(update, [*bids], [*asks])


def test_a_snapshot_is_asked_for_once_differences_wait_and_older_ones_are_left_out():
    book = BinanceBook()
    assert not book.needs_snapshot
    book.take(difference(8, 9, bids=[("98", "7")]))
    book.take(difference(10, 12, bids=[("99", "5")]))
    assert book.needs_snapshot
    assert book.load(snapshot(10))
    depth = book.depth(BTC, 5)

    assert depth.bid_price.tolist() == [99.0]
    assert depth.bid_quantity.tolist() == [5.0]
    assert depth.event_ns == 1012 * 1_000_000
    assert not book.needs_snapshot


def test_a_snapshot_older_than_the_differences_is_not_used():
    book = BinanceBook()
    book.take(difference(20, 22))

    assert not book.load(snapshot(18))
    assert book.load(snapshot(19))


def test_a_lost_difference_is_seen_and_a_doubled_one_is_nothing():
    book = BinanceBook()
    book.take(difference(1, 1))
    book.load(snapshot(1))

    assert book.take(difference(2, 3, asks=[("101", "2")]))
    assert not book.take(difference(2, 3, asks=[("101", "9")]))
    assert book.depth(BTC, 1).ask_quantity.tolist() == [2.0]
    assert not book.take(difference(5, 6))
    assert book.needs_snapshot
    assert book.depth(BTC, 1) is None


@pytest.mark.parametrize("level", [("nan", "1"), ("1", "-1"), ("-1", "1"), ("x", "1"), ("1", "inf")])
def test_a_bad_level_is_refused_and_the_book_begun_anew(level):
    book = BinanceBook()
    book.take(difference(1, 1))
    book.load(snapshot(1))

    with pytest.raises(ValueError):
        book.take(difference(2, 2, bids=[level]))
    assert book.depth(BTC, 1) is None


def test_a_crossed_book_is_refused_and_begun_anew():
    book = BinanceBook()
    book.take(difference(1, 1))
    book.load(snapshot(1, bids=[("102", "1")]))

    with pytest.raises(InvalidInput, match="crossed"):
        book.depth(BTC, 1)
    assert book.depth(BTC, 1) is None


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), max_size=200), st.booleans(), st.integers(1, 60))
def test_a_side_is_what_a_dictionary_sorted_would_be(changes, is_bid, n_levels):
    side, naive = BookSide(is_bid=is_bid), {}
    for price, quantity in changes:
        side.apply([(float(price), float(quantity))])
        naive[price] = quantity
    left = sorted(((p, q) for p, q in naive.items() if q), reverse=is_bid)[:n_levels]
    prices, quantities = side.levels(n_levels)

    assert list(zip(prices.tolist(), quantities.tolist(), strict=True)) == [(float(p), float(q)) for p, q in left]


def test_a_side_keeps_its_best_levels_when_there_are_too_many():
    side = BookSide(is_bid=True)
    side.apply([(float(price), 1.0) for price in range(1, LEVELS_KEPT + 11)])

    assert len(side) == LEVELS_KEPT
    assert np.min(side.levels(LEVELS_KEPT)[0]) == 11.0
    side.cut(3)
    assert side.levels(10)[0].tolist() == [LEVELS_KEPT + 10.0, LEVELS_KEPT + 9.0, LEVELS_KEPT + 8.0]
