"""Tables and numbers as a terminal shows them."""

import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.commands.bar_query import BarQuery
from backend.commands.bar_text import csv_pieces, json_pieces, table_pieces
from backend.commands.failures import exit_code, explain
from backend.commands.json_text import dump_json
from backend.commands.numbers import format_count, format_float, format_floats, format_size
from backend.commands.parser import UsageError
from backend.commands.tables import TextColumn, cut, format_table, printable, text_width
from backend.domain.bars import DAY_NS, Bar, BarArrays, BarSpec, BarUnit
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, PluginFailed, Unavailable

AAPL = Instrument(InstrumentId.parse("AAPL.XNAS"), "Apple", timezone="America/New_York")


def query(spec: str = "1d", **changes) -> BarQuery:
    asked = {"from_ns": None, "to_ns": None, "as_of_ns": None, "adjusted": False, "source": None, "n_last": None, **changes}
    return BarQuery(AAPL, BarSpec.parse(spec), **asked)


BARS = BarArrays.of(
    [Bar(19727 * DAY_NS, 181.99, 182.76, 180.17, 181.18), Bar(19730 * DAY_NS, 182.0, 185.6, 181.5, 185.56, 59144500.0)]
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_the_same_bits_and_have_no_exponent(value: float) -> None:
    text = format_float(value)
    assert float(text) == value
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("value", "text"), [(185.0, "185"), (0.1, "0.1"), (1e-7, "0.0000001"), (-36.98, "-36.98"), (1e22, "1" + "0" * 22)]
)
def test_numbers_are_as_short_as_they_can_be(value: float, text: str) -> None:
    assert format_float(value) == text


@given(st.lists(st.floats(allow_infinity=False) | st.integers(-(10**6), 10**6).map(float), max_size=30))
def test_numbers_written_together_are_written_as_each_alone(values: list[float]) -> None:
    assert format_floats(values) == [format_float(value) for value in values]


def test_an_unknown_number_is_empty() -> None:
    assert format_float(math.nan) == ""


def test_sizes_and_counts_are_written_for_people() -> None:
    assert [format_size(n) for n in (0, 1023, 1536, 200 * 1024, 5 << 40)] == [
        "0 bytes",
        "1023 bytes",
        "1.5 KiB",
        "200 KiB",
        "5.0 TiB",
    ]
    assert [format_count(n, "bar") for n in (0, 1, 2514)] == ["0 bars", "1 bar", "2,514 bars"]
    assert format_count(2, "series", "series") == "2 series"


def test_csv_has_one_heading_and_empty_cells_where_nothing_is_known() -> None:
    assert b"".join(csv_pieces(query(), BARS)).decode() == (
        "time,open,high,low,close,volume\n2024-01-05,181.99,182.76,180.17,181.18,\n2024-01-08,182,185.6,181.5,185.56,59144500\n"
    )


def test_json_is_one_object_whose_numbers_are_numbers() -> None:
    said = json.loads(b"".join(json_pieces(query(adjusted=True), BARS)))
    assert said["instrument"] == "AAPL.XNAS"
    assert (said["interval"], said["adjusted"], said["n_bars"]) == ("1d", True, 2)
    assert said["bars"][0] == {"time": "2024-01-05", "open": 181.99, "high": 182.76, "low": 180.17, "close": 181.18, "volume": None}
    assert said["bars"][1]["volume"] == 59144500


def test_a_table_is_aligned_and_no_wider_than_its_widest_cells() -> None:
    assert b"".join(table_pieces(query(), BARS)).decode().splitlines() == [
        "time          open    high     low   close    volume",
        "2024-01-05  181.99  182.76  180.17  181.18",
        "2024-01-08     182   185.6   181.5  185.56  59144500",
    ]


def test_many_bars_come_in_pieces_that_together_are_the_same_text() -> None:
    n = 2_500
    close = np.linspace(1, 2, n)
    many = BarArrays(np.arange(n) * DAY_NS, close, close, close, close, np.full(n, np.nan))
    pieces = list(csv_pieces(query(), many))
    assert len(pieces) == 4
    assert b"".join(pieces).count(b"\n") == n + 1
    assert len(json.loads(b"".join(json_pieces(query(), many)))["bars"]) == n
    assert len({len(line) for line in b"".join(table_pieces(query(), many)).decode().splitlines()}) <= n


def test_json_text_is_strict_and_takes_our_own_values() -> None:
    value = {"id": AAPL.id, "unit": BarUnit.DAY, "price": Decimal("1.10"), "path": Path("a"), "nan": math.nan, "t": (1, True, None)}
    assert json.loads(dump_json(value)) == {
        "id": "AAPL.XNAS", "unit": "d", "price": "1.10", "path": "a", "nan": None, "t": [1, True, None]
    }  # fmt: skip


def test_a_table_fits_the_terminal_by_cutting_only_what_may_be_cut() -> None:
    columns = (TextColumn("id"), TextColumn("name", may_be_cut=True), TextColumn("bars", is_number=True))
    text = format_table(columns, [("AAPL.XNAS", "A very long name of a company", "1,234")], width=30)
    assert text.splitlines() == ["id         name           bars", "AAPL.XNAS  A very long…  1,234"]
    assert "A very long name of a company" in format_table(columns, [("AAPL.XNAS", "A very long name of a company", "1,234")])


def test_wide_and_combining_characters_keep_columns_aligned() -> None:
    assert text_width("日本") == 4
    assert text_width("e\u0301") == 1
    columns = (TextColumn("name"), TextColumn("x", is_number=True))
    lines = format_table(columns, [("日本", "1"), ("abcd", "2")]).splitlines()
    assert lines[1:] == ["日本  1", "abcd  2"]
    assert cut("日本語", 4) == "日…"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\rb", "\x07", "\x9b31m", "\u202eabc", "\u2066"])
def test_control_characters_from_files_never_reach_the_terminal(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert "\\x" in shown


def test_harmless_text_is_shown_as_it_is() -> None:
    assert printable("Ünïcode 日本 ok\n\tx") == "Ünïcode 日本 ok\n\tx"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("x"), 1),
        (PluginFailed("p", "x"), 1),
        (UsageError("x", "y"), 2),
        (NotFound("x"), 3),
        (InvalidInput("x"), 4),
        (Unavailable("x"), 5),
        (Conflict("x"), 6),
        (CorruptData("x"), 7),
    ],
)
def test_each_family_of_errors_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code(error) == code
    assert json.loads(explain(error, as_json=True))["error"]["exit_code"] == code


def test_errors_are_one_line_with_what_failed_and_what_to_do() -> None:
    error = NotFound("There is no X.", hint="Try Y.", code="x.none")
    assert explain(error, as_json=False) == b"error: There is no X. Try Y.\n"
    assert explain(error, as_json=False, has_colour=True) == b"\x1b[31merror:\x1b[0m There is no X. Try Y.\n"
    assert json.loads(explain(error, as_json=True)) == {
        "error": {"code": "x.none", "message": "There is no X.", "hint": "Try Y.", "exit_code": 3}
    }


def test_a_defect_is_told_as_one_and_hostile_words_in_it_are_harmless() -> None:
    told = explain(KeyError("\x1b[2J"), as_json=False).decode()
    assert told.startswith("error: KeyError: ")
    assert "defect" in told
    assert "\x1b" not in told
