"""Every way of stating a number is found and read; names with digits are none."""

import itertools
import sys
import unicodedata

import pytest

from backend.assistant.grounding.numbers import FoundNumber, Kind, find_numbers
from tests.fakes.said_numbers import GLUED, NAMES, SAID

SIGNS = {
    Kind.PLAIN: "", Kind.PERCENT: "%", Kind.POINTS: "pp", Kind.MONEY: "$", Kind.MULTIPLE: "x", Kind.RATIO: ":1", Kind.FRACTION: "/",
    Kind.ORDINAL: "th",
}  # fmt: skip


def spell(number: FoundNumber) -> str:
    """As ``tests.fakes.said_numbers`` writes what is found."""
    if number.kind is Kind.VAGUE:
        return "?"
    if number.clock:
        return f"{number.clock[0]:02}:{number.clock[1]:02}"
    if number.value is None:
        return "|".join("-".join("?" if part is None else str(part) for part in date) for date in number.dates)
    value = f"{number.value.normalize():f}"
    return (f"{number.value:.4f}" if "." in value and len(value) > 8 else value) + SIGNS[number.kind]


def test_there_are_hundreds_of_hand_written_ways():
    assert len(SAID) >= 340


@pytest.mark.parametrize(("text", "said"), SAID.items(), ids=[ascii(text) for text in SAID])
def test_a_number_is_read_as_it_is_said(text, said):
    assert " ".join(spell(number) for number in find_numbers(text)) == said


# Marks at the beginning of a line, and words that mean something else after others.
APART = ("1. ", "2) ", "- 3.", "12. ", "> ", "point five", "at one point", "the price is one.")
INSIDE = {text: said for text, said in SAID.items() if not text.startswith(APART)}


@pytest.mark.parametrize(("text", "said"), INSIDE.items(), ids=[ascii(text) for text in INSIDE])
def test_a_number_is_read_alike_inside_a_sentence_and_its_place_is_exact(text, said):
    before, after = "Well then ", " and so on"
    found = find_numbers(f"{before}{text}{after}")

    assert " ".join(spell(number) for number in found) == said
    for number in found:
        assert number.text == f"{before}{text}{after}"[number.start : number.end]
        assert len(before) <= number.start < number.end <= len(before) + len(text)


@pytest.mark.parametrize("text", [text for text, said in {**NAMES, **GLUED}.items() if said == ""])
def test_a_name_with_digits_is_no_number_but_next_to_one_the_number_is_found(text):
    assert [spell(number) for number in find_numbers(f"{text} stands at 71.3 today")] == ["71.3"]


@pytest.mark.parametrize("n_digits", [25, 400, 5_000])
def test_a_number_beyond_all_sizes_is_found_and_cannot_be_read(n_digits):
    (number,) = find_numbers("It is " + "9" * n_digits + " today")

    assert number.kind is Kind.VAGUE
    assert number.value is None
    assert len(number.text) == n_digits


def test_no_digit_of_any_script_escapes():
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) == "Nd":
            assert find_numbers(f"It is {char} today"), hex(code)


def test_numbers_neither_overlap_nor_change_places():
    text = "From $1-2 million (3.2%) on March 5, 2024 at 14:30, 2:1 and \u00bd; twenty-three of 1 234,56."
    found = find_numbers(text)

    assert len(found) >= 9
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
