"""Numbers are read in every way files write them, and nothing that is no number passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.market.importers.numbers import PLAIN, NotANumber, NumberForm, guess_form, looks_like_number, parse_number

POINT, COMMA, SWISS = NumberForm(".", ","), NumberForm(",", "."), NumberForm(".", "'")


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("12.5", PLAIN, 12.5),
        ("-.5", PLAIN, -0.5),
        ("+3.", PLAIN, 3.0),
        (" 1e3 ", PLAIN, 1000.0),
        ("1,234,567.25", POINT, 1234567.25),
        ("12,34,567.5", POINT, 1234567.5),
        ("1.234,5", COMMA, 1234.5),
        ("0,5", NumberForm(","), 0.5),
        ("1'234.50", SWISS, 1234.5),
        ("1 234,5", NumberForm(",", " "), 1234.5),
        ("1\u202f234,5", NumberForm(",", "\u00a0"), 1234.5),
        ("$1,234.50", POINT, 1234.5),
        ("(5.25)", PLAIN, -5.25),
        ("1.25M", PLAIN, 1_250_000.0),
        ("980.5K", PLAIN, 980_500.0),
        ("2bn", PLAIN, 2e9),
        ("1.5%", PLAIN, 1.5),
        ("null", PLAIN, None),
        ("#N/A", PLAIN, None),
        ("", PLAIN, None),
        (".", PLAIN, None),
    ],
)
def test_a_cell_has_the_value_it_writes(text, form, value):
    assert parse_number(text, form) == value


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-Infinity", "1e400", "9" * 401, "1_000", "٣", "0x1F", "1.2.3", "abc", "--1", "1,5", "="]
)
def test_what_is_no_finite_number_is_refused_with_the_cell_in_its_words(text):
    with pytest.raises(NotANumber) as caught:
        parse_number(text)
    assert text[:10] in str(caught.value)


@pytest.mark.parametrize("text", ["12,3", "1,2345", ",123", "1,23,45", "1234,567"])
def test_digits_that_are_not_grouped_alike_are_refused(text):
    with pytest.raises(NotANumber):
        parse_number(text, POINT)


@pytest.mark.parametrize(
    ("cells", "expects_comma", "form", "is_sure"),
    [
        (["12.5", "13"], False, PLAIN, True),
        (["12,5", "13,25"], True, NumberForm(","), True),
        (["1,234", "12.5"], False, POINT, True),
        (["1,234,567"], False, POINT, True),
        (["1.234,5"], True, COMMA, True),
        (["1.234.567"], True, COMMA, True),
        (["0,123"], False, NumberForm(","), True),
        (["1,234"], True, NumberForm(","), False),
        (["1,234"], False, POINT, False),
        (["1'234.5"], False, SWISS, True),
    ],
)
def test_marks_are_told_from_the_cells_or_are_not_sure(cells, expects_comma, form, is_sure):
    guess = guess_form(cells, expects_comma=expects_comma)
    assert (guess.form, guess.is_sure) == (form, is_sure)
    assert guess.reason


@given(st.decimals(-(10**12), 10**12, places=4), st.sampled_from([PLAIN, POINT, COMMA, SWISS, NumberForm(",", " ")]))
def test_a_number_written_with_marks_is_read_back(number, form):
    text = f"{number:,f}" if form.thousands else f"{number:f}"
    written = text.translate(str.maketrans({",": form.thousands, ".": form.decimal}))
    assert parse_number(written, form) == float(number)
    assert looks_like_number(written)
