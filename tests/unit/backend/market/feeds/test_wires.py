"""Messages of Alpaca and Kraken: good rows of a broken message are kept, and no bytes raise."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput, NotFound, Unavailable
from backend.market.feeds import alpaca_wire, kraken_wire
from backend.market.feeds.alpaca_wire import WORDS, WireError, WireQuote, WireTrade, makes_price, parse_frame, trade_key
from backend.market.feeds.kraken_rest import KrakenRest
from backend.market.feeds.kraken_wire import parse_answer, parse_envelope, parse_past_bars, parse_past_trades, parse_rows

TRADE = {
    "T": "t",
    "S": "AAPL",
    "i": 96921,
    "x": "D",
    "p": 126.55,
    "s": 1,
    "t": "2021-02-22T15:51:44.208Z",
    "c": ["@", "I"],
    "z": "C",
}
QUOTE = {"T": "q", "S": "AMD", "bx": "U", "bp": 87.66, "bs": 1, "ax": "Q", "ap": 87.68, "as": 4, "t": "2021-02-22T15:51:45.3Z"}
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("TSptsic"), inner, max_size=4),
    max_leaves=8,
)


def test_rows_of_every_kind_are_read_from_one_message():
    read, n_bad = parse_frame(msgspec.json.encode([TRADE, QUOTE, {"T": "error", "code": 402, "msg": "auth failed"}]))
    assert n_bad == 0
    assert [type(row) for row in read] == [WireTrade, WireQuote, WireError]
    assert (read[0].code, read[0].p, read[0].i) == ("AAPL", 126.55, 96921)
    assert (read[1].bp, read[1].as_) == (87.66, 4)


def test_a_broken_row_costs_itself_only_and_unknown_kinds_nothing():
    rows = [TRADE, {**TRADE, "p": -1}, {"T": "lulds", "S": 5}, {**TRADE, "s": "many"}, {"no": "kind"}, 7, QUOTE]
    read, n_bad = parse_frame(msgspec.json.encode(rows))
    assert [type(row) for row in read] == [WireTrade, WireQuote]
    assert n_bad == 4


@given(VALUE | st.binary(max_size=40))
def test_no_bytes_raise(value):
    content = value if isinstance(value, bytes) else msgspec.json.encode(value)
    for row in parse_frame(content)[0]:
        if isinstance(row, WireTrade):
            try:
                trade_key(row)
            except InvalidInput:
                continue
    message = parse_envelope(content)
    if message is not None:
        for kind in (kraken_wire.WireTrade, kraken_wire.WireTicker, kraken_wire.WireBook, kraken_wire.WireSystem):
            parse_rows(message.data, kind)


@given(st.binary(max_size=60) | VALUE.map(msgspec.json.encode))
def test_any_answer_of_kraken_is_read_or_refused_in_our_words(content):
    for read in (
        lambda: parse_answer(content, dict[str, kraken_wire.WirePair], "its pairs"),
        lambda: parse_past_trades(msgspec.Raw(content)),
        lambda: parse_past_bars(msgspec.Raw(content)),
    ):
        try:
            read()
        except (Unavailable, NotFound):
            continue


@pytest.mark.parametrize(
    ("conditions", "enters"),
    [
        (None, True),
        ([], True),
        (["@"], True),
        ([" ", "F"], True),
        (["@", "T"], True),
        (["@", "I"], False),
        ([" ", "7", "V"], False),
    ],
)
def test_conditions_decide_what_enters_bars(conditions, enters):
    assert makes_price(conditions) is enters


def test_every_code_of_the_stream_has_words():
    assert set(range(400, 411)) <= WORDS.keys()
    assert WORDS.keys() >= alpaca_wire.REFUSING


def test_past_trades_keep_their_digits():
    rows = msgspec.Raw(b'[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]]')
    assert parse_past_trades(rows) == [(61044952, "1688669597.8277369", 30243.4, 0.34507674, "b")]


@pytest.mark.parametrize(
    ("error", "kind", "retry_after_s"),
    [
        ("EQuery:Unknown asset pair", NotFound, None),
        ("EGeneral:Too many requests", Unavailable, 5.0),
        ("EAPI:Rate limit exceeded", Unavailable, 5.0),
        ("EService:Unavailable", Unavailable, None),
    ],
)
def test_krakens_errors_have_words(error, kind, retry_after_s):
    with pytest.raises(kind, match="Kraken") as caught:
        parse_answer(msgspec.json.encode({"error": [error]}), dict, "BTCUSD.KRAKEN")
    assert getattr(caught.value, "retry_after_s", None) == retry_after_s


@pytest.mark.parametrize(
    ("code", "name"), [("BTCUSD", "BTC/USD"), ("XBTUSD", "BTC/USD"), ("XDGUSDT", "DOGE/USDT"), ("ETHBTC", "ETH/BTC"), ("ABC", None)]
)
def test_names_are_guessed_while_the_list_of_pairs_is_not_there(code, name, clock):
    assert KrakenRest(None, clock).stream_name_of(code) == name
