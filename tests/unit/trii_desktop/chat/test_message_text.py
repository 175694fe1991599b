"""A message shows the letters that were typed; addresses, instruments and people in it lead on, and nothing else does."""

import pytest

from trii_desktop.assistant.markdown.blocks import BlockKind, runs_of
from trii_desktop.chat.message_text import N_TEXT_MAX, blocks_of, instrument_of


def text_of(text, handles=()):
    return "".join(run.text for run in runs_of(blocks_of(text, handles)))


def links_of(text):
    return [run.link for run in runs_of(blocks_of(text)) if run.link]


@pytest.mark.parametrize(
    "text",
    [
        "5*3*2 = 30",
        "a_b_c",
        "<b>bold</b> &amp; <script>x</script>",
        "# no heading\n- no list\n1. no number",
        "[x](javascript:y)",
        "~~no~~",
    ],
)
def test_nothing_is_markup(text):
    assert text_of(text) == text
    assert not any(run.is_bold or run.is_italic or run.is_struck or run.link for run in runs_of(blocks_of(text)))


def test_code_in_backticks_is_code():
    blocks = blocks_of("See `rsi(14)`:\n```py\nx = 1\n  y = 2\n```\nDone.")
    assert [block.kind for block in blocks] == [BlockKind.PARAGRAPH, BlockKind.CODE, BlockKind.PARAGRAPH]
    assert blocks[1].runs[0].text == "x = 1\n  y = 2"
    assert [run.text for run in blocks[0].runs if run.is_code] == ["rsi(14)"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("buy AAPL.XNAS.", ["instrument:AAPL.XNAS"]),
        ("EURUSD.FX, BTCUSDT.BINANCE", ["instrument:EURUSD.FX", "instrument:BTCUSDT.BINANCE"]),
        ("README.MD and file.XNAS and a.b", []),
        ("x@AAPL.XNAS", []),
        ("https://a.example/x).", ["https://a.example/x"]),
        ("(https://a.example/x_(y))", ["https://a.example/x_(y)"]),
        ("http:///nothing ftp://a.example javascript:alert(1)", []),
    ],
)
def test_instruments_and_addresses_lead_on(text, links):
    assert links_of(text) == links
    assert text_of(text) == text


def test_an_address_in_foreign_letters_says_what_it_really_is():
    assert text_of("https://\u0440aypal.example") == "https://\u0440aypal.example (xn--aypal-uye.example)"


def test_only_people_who_are_there_are_mentioned():
    runs = [run for run in runs_of(blocks_of("@ann and @ANN and @nobody, mail@ann.example", {"ann"})) if run.is_bold]
    assert [run.text for run in runs] == ["@ann", "@ANN"]


def test_an_endless_message_is_cut():
    assert len(text_of("x" * 3 * N_TEXT_MAX)) == N_TEXT_MAX + 1


@pytest.mark.parametrize("address", ["instrument:", "instrument:x", "https://AAPL.XNAS", "fact:F1", "instrument:../../etc"])
def test_what_is_no_instrument_opens_none(address):
    assert instrument_of(address) is None
