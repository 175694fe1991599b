"""Answers of plain price services are read as the person said, or refused in words."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.feeds.polling_look import parse_look
from backend.market.feeds.polling_plan import parse_plan

AAPL = InstrumentId("AAPL", "XNAS")
NOW_NS = 1_704_724_200_000_000_000
BASE = {"url": "https://host.example/", "price": "p", "instruments": "AAPL.XNAS", "time": "t", "time_unit": "ms"}
ALL = {"bid": "b", "ask": "a", "bid_size": "bs", "ask_size": "as", "volume": "v"}


def look(answer, **changes):
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return parse_look(parse_plan({**BASE, **changes}), AAPL, content, NOW_NS)


def test_numbers_and_their_texts_are_read():
    found = look({"p": "190.25", "b": 190.2, "a": 190.3, "bs": 3, "as": "4", "v": 1e6, "t": 1_704_724_100_250}, **ALL)
    assert (found.price, found.volume, found.event_ns) == (190.25, 1e6, 1_704_724_100_250_000_000)
    assert (found.quote.bid, found.quote.ask, found.quote.bid_size, found.quote.ask_size) == (190.2, 190.3, 3, 4)


def test_a_table_is_read_from_its_last_row():
    text = b"\xef\xbb\xbfSymbol,Close,Volume\r\nAAPL,1,2\r\n\r\nAAPL, 190.5 ,7\r\n"
    found = look(text, format="csv", price="Close", volume="Volume", time="")
    assert (found.price, found.volume, found.event_ns) == (190.5, 7, NOW_NS)


def test_without_a_price_the_middle_of_the_quote_is_it():
    assert look({"b": 10, "a": 11, "t": 1_704_724_100_250}, bid="b", ask="a").price == 10.5


def test_a_crossed_or_half_quote_is_none():
    assert look({"p": 1, "b": 11, "a": 10}, **ALL).quote is None
    assert look({"p": 1, "b": 11}, **ALL).quote is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "no price"),
        ({"p": None}, "no price"),
        ({"p": True}, "'True' as price"),
        ({"p": "soon"}, "'soon' as price"),
        ({"p": "nan"}, "'nan' as price"),
        ({"p": [1]}, "as price"),
        ({"p": 10**400}, "as price"),
        ({"p": 1, "bs": -1}, "size below 0"),
        ({"p": 1, "t": 1_704_724_100}, "impossible time"),
        ({"p": 1, "t": 1_704_724_100_250_000}, "is not a time"),
        ({"p": 1, "t": "yesterday"}, "is not a time"),
        (b"<html>", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"", "is not JSON"),
    ],
)
def test_what_an_answer_lacks_is_said(answer, words):
    with pytest.raises(InvalidInput, match=words):
        look(answer, **ALL)


@pytest.mark.parametrize("text", [b"", b"Close\n", b"\xff", b'"open', b"Other\n1\n"])
def test_a_table_without_what_is_wanted_is_refused(text):
    with pytest.raises(InvalidInput):
        look(text, format="csv", price="Close")


VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from(["p", "b", "a", "bs", "as", "v", "t"]), VALUE) | st.binary(max_size=60))
def test_any_answer_gives_a_possible_look_or_is_refused(answer):
    try:
        found = look(answer, **ALL)
    except InvalidInput:
        return
    assert math.isfinite(found.price)
    assert found.event_ns > 0
    assert found.quote is None or found.quote.bid <= found.quote.ask


@given(st.binary(max_size=80))
def test_any_table_gives_a_possible_look_or_is_refused(content):
    try:
        assert math.isfinite(look(b"p,t\n" + content, format="csv").price)
    except InvalidInput:
        return
