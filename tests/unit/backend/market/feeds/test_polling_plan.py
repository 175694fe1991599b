"""What a person says of a source is read in plain words, and no option leads an address astray."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.market.feeds.polling_plan import parse_plan
from backend.market.feeds.polling_presets import PRESETS

AAPL = InstrumentId("AAPL", "XNAS")
BASE = {"url": "https://host.example/q?s={symbol}", "price": "last", "instruments": "AAPL.XNAS"}


def nothing(_name):
    return None


def test_options_say_all_there_is_to_a_source():
    plan = parse_plan(
        {
            **BASE,
            "instruments": "AAPL.XNAS, BRK.B.XNYS=BRK-B;\n btcusd.kraken = btc/usd",
            "time": "data.at",
            "time_unit": "ms",
            "interval_s": "2.5",
            "delay_s": "900",
            "headers": "X-Api-Key: {secret:key}\nAccept: text/plain",
        }
    )
    assert plan.symbols == {
        AAPL: "AAPL",
        InstrumentId("BRK.B", "XNYS"): "BRK-B",
        InstrumentId("BTCUSD", "KRAKEN"): "btc/usd",
    }
    assert (plan.interval_s, plan.delay_s, plan.time_unit) == (2.5, 900.0, "ms")
    assert plan.address_of(InstrumentId("BTCUSD", "KRAKEN"), nothing) == "https://host.example/q?s=btc%2Fusd"
    assert plan.headers_for({"key": "K1"}.get) == {"X-Api-Key": "K1", "Accept": "text/plain"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ""}, "needs an address"),
        ({"url": "http://host.example/{symbol}"}, "not one that may be asked"),
        ({"url": "ftp://host.example/"}, "not one that may be asked"),
        ({"url": "file:///etc/passwd"}, "not one that may be asked"),
        ({"url": "https://me:{secret:key}@host.example/"}, "must name its host itself"),
        ({"url": "https://" + "me:pass@host.example/"}, "not one that may be asked"),
        ({"url": "https://{symbol}.example/"}, "must name its host itself"),
        ({"url": "https://host.example/{other}"}, "put in for {other}"),
        ({"url": "https://host.example/{symbol"}, "brace too many"),
        ({"url": "https://host.example/a b"}, "not one that may be asked"),
        ({"url": "https://host.example:99999/"}, "cannot be read"),
        ({"url": "https://[::1/"}, "cannot be read"),
        ({"price": ""}, "where the price stands"),
        ({"price": "a..b"}, "is not a path"),
        ({"interval_s": "0.5"}, "interval_s is '0.5'"),
        ({"interval_s": "nan"}, "interval_s is 'nan'"),
        ({"time_unit": "minutes"}, "time_unit cannot be"),
        ({"format": "xml"}, "format cannot be"),
        ({"instruments": ""}, "0 instruments"),
        ({"instruments": "AAPL"}, "not an instrument id"),
        ({"instruments": "AAPL.XNAS=.."}, "cannot be what a source calls"),
        ({"headers": "Host: other"}, "'Host' cannot be sent"),
        ({"headers": "no colon"}, "cannot be sent"),
        ({"headers": "X: {symbol}"}, "in a header"),
        ({"preset": "none-such"}, "no preset 'none-such'"),
        ({"colour": "red"}, "no option 'colour'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changes, words):
    with pytest.raises(InvalidInput) as caught:
        parse_plan({**BASE, **changes})
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:80"])
def test_plain_http_is_for_this_machine(host):
    assert parse_plan({**BASE, "url": f"http://{host}/x"}).url


def test_a_missing_key_is_named():
    plan = parse_plan({**BASE, "headers": "X-Api-Key: {secret:key}"})
    with pytest.raises(NotFound, match="has no key"):
        plan.headers_for(nothing)


def test_a_key_that_would_end_its_header_is_refused_without_its_letters():
    plan = parse_plan({**BASE, "headers": "X-Api-Key: {secret:key}"})
    with pytest.raises(InvalidInput) as caught:
        plan.headers_for(lambda _: "abc\r\nHost: other")
    assert "abc" not in str(caught.value)


@given(st.text(min_size=1, max_size=30))
def test_no_symbol_leaves_its_place_in_the_address(symbol):
    try:
        plan = parse_plan({**BASE, "url": "https://host.example/p/{symbol}/q?s={symbol}&n=1", "instruments": f"AAPL.XNAS={symbol}"})
    except InvalidInput:
        return
    address = plan.address_of(AAPL, nothing)
    path, _, query = address.removeprefix("https://host.example/").partition("?")
    assert address.isascii()
    assert path.count("/") == 2
    assert path.split("/")[1] not in ("", ".", "..")
    assert query.count("&") == query.count("=") - 1 == 1
    assert "#" not in address


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_needs_instruments_only_and_can_be_changed(preset):
    plan = parse_plan({"preset": preset, "instruments": "BTCUSD.COINBASE=BTC-USD", "interval_s": "7"})
    assert plan.interval_s == 7
    assert plan.address_of(InstrumentId("BTCUSD", "COINBASE"), nothing).startswith("https://")
    with pytest.raises(InvalidInput, match="0 instruments"):
        parse_plan({"preset": preset})
