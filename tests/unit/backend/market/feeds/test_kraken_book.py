"""Kraken's book is what the venue says, and a book that is not is noticed at once."""

import random
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import InstrumentId
from backend.market.feeds.kraken_book import KrakenBook, compute_checksum
from backend.market.feeds.kraken_wire import WireBook, WireLevel

BTC = InstrumentId("BTCUSD", "KRAKEN")
# The example of https://docs.kraken.com/api/docs/guides/spot-ws-book-v2, read 2026-11.
BIDS = """45283.5 0.10000000 45283.4 1.54582015 45282.1 0.10000000 45281.0 0.10000000 45280.3 1.54592586
45279.0 0.07990000 45277.6 0.03310103 45277.5 0.30000000 45277.3 1.54602737 45276.6 0.15445238"""
ASKS = """45285.2 0.00100000 45286.4 1.54571953 45286.6 1.54571109 45289.6 1.54560911 45290.2 0.15890660
45291.8 1.54553491 45294.7 0.04454749 45296.1 0.35380000 45297.5 0.09945542 45299.5 0.18772827"""
CHECKSUM = 3310070434


def levels(text):
    words = text.split()
    return [WireLevel(Decimal(price), Decimal(quantity)) for price, quantity in zip(words[::2], words[1::2], strict=True)]


def side_of(text):
    return {level.price: level.qty for level in levels(text)}


def book(bids="", asks="", checksum=0):
    return WireBook("BTC/USD", levels(bids), levels(asks), checksum)


def test_the_published_example_has_its_published_checksum():
    assert compute_checksum(side_of(ASKS), side_of(BIDS)) == CHECKSUM


def test_a_snapshot_that_proves_itself_is_shown_best_first():
    kept = KrakenBook(10)
    assert kept.apply(book(BIDS, ASKS, CHECKSUM), is_snapshot=True)
    depth = kept.depth(BTC, 5, 6)
    assert (depth.bid_price[0], depth.bid_quantity[0]) == (45283.5, 0.1)
    assert (depth.ask_price[-1], depth.ask_quantity[-1]) == (45299.5, 0.18772827)
    assert (depth.event_ns, depth.received_ns) == (5, 6)


def test_digits_that_the_wire_carries_survive_its_json():
    text = b'{"symbol":"BTC/USD","bids":[{"price":45283.50,"qty":0.10000000}],"asks":[],"checksum":0}'
    (level,) = msgspec.json.decode(text, type=WireBook).bids
    assert (str(level.price), str(level.qty)) == ("45283.50", "0.10000000")


def test_a_book_that_does_not_prove_itself_is_shown_no_more_until_a_snapshot():
    kept = KrakenBook(10)
    assert kept.apply(book(BIDS, ASKS, CHECKSUM), is_snapshot=True)
    assert not kept.apply(book("45283.5 0.2", "", CHECKSUM), is_snapshot=False)
    assert kept.depth(BTC, 0, 0) is None
    assert kept.apply(book("45283.5 0.3"), is_snapshot=False)  # nothing is said twice: a snapshot was asked for
    assert kept.depth(BTC, 0, 0) is None
    assert kept.apply(book(BIDS, ASKS, CHECKSUM), is_snapshot=True)
    assert kept.depth(BTC, 0, 0) is not None


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-1", "0", "1E+999999", "1E-999999", "sNaN"])
@pytest.mark.parametrize("quantity", ["1", "NaN"])
def test_impossible_levels_end_the_book(price, quantity):
    kept = KrakenBook(10)
    kept.apply(book(BIDS, ASKS, CHECKSUM), is_snapshot=True)
    bad = WireBook("BTC/USD", [WireLevel(Decimal(price), Decimal(quantity))], [], CHECKSUM)
    assert not kept.apply(bad, is_snapshot=False)


@given(st.integers(0, 2**32), st.sampled_from([10, 25]))
def test_changes_keep_the_book_of_a_naive_keeper(seed, depth):
    chance = random.Random(seed)
    kept, bids, asks = KrakenBook(depth), {}, {}
    for step in range(30):
        changes = [(chance.random() < 0.5, chance.randrange(1, 60), chance.choice([0, 0, 1, 2, 3])) for _ in range(8)]
        told = ([], [])
        for is_bid, place, quantity in changes:
            price = Decimal(1000 - place if is_bid else 1000 + place) / 10
            side = bids if is_bid else asks
            side.pop(price, None)
            if quantity:
                side[price] = Decimal(quantity)
            told[not is_bid].append(WireLevel(price, Decimal(quantity)))
        bids = dict(sorted(bids.items(), reverse=True)[:depth])
        asks = dict(sorted(asks.items())[:depth])
        assert kept.apply(WireBook("BTC/USD", *told, compute_checksum(asks, bids)), is_snapshot=step == 0)
    shown = kept.depth(BTC, 0, 0)
    assert shown.bid_price.tolist() == [float(price) for price in bids]
    assert shown.ask_quantity.tolist() == [float(quantity) for quantity in asks.values()]
