"""`trii ask`: the mode is chosen unless one is named, and what was chosen is told."""

import pytest

from tests.fakes.trii import Trii


def test_the_mode_is_chosen_unless_one_is_named(stocked: Trii):
    question = ("ask", "what was the highest close of AAPL in 2012", "--json")
    chosen, told = stocked(*question), stocked(*question, "--mode", "fast")
    assert (chosen.code, told.code) == (0, 0), chosen.err + told.err
    assert (chosen.json["mode"], chosen.json["chosen"], told.json["chosen"]) == ("fast", "code can compute it", "")
    assert chosen.json["text"] == told.json["text"]


def test_what_was_chosen_and_why_is_told_beside_the_answer(stocked: Trii):
    said = stocked("ask", "AAPL")
    assert said.code == 0, said.err
    assert "(Mode search: the name of an instrument. Answered by code in " in said.err


def test_a_question_that_cannot_be_answered_as_it_is_asked_fails_as_one(stocked: Trii):
    said = stocked("ask", "Hello", "--mode", "analysis", "--json")
    assert (said.code, said.error["code"]) == (4, "assistant.instrument")


def test_a_terminal_is_told_no_escapes_of_markdown(stocked: Trii):
    said = stocked("ask", "--mode", "search", "where do I find the bars of an instrument in the command line")
    assert said.code == 0, said.err
    assert "`trii bars AAPL.XNAS" in said.out
    assert "\\" not in said.out


def test_a_year_is_called_by_its_name(stocked: Trii):
    said = stocked("ask", "best year of AAPL")
    assert said.code == 0, said.err
    assert "is 201.36%, in 2004: the close went" in said.out


@pytest.mark.parametrize("words", [("-5^2",), ("--", "-5^2"), ("--mode", "fast", "-5^2"), ("-(10", "-", "15)", "*", "-5")])
def test_a_sum_that_begins_with_a_minus_is_no_option(stocked: Trii, words: tuple[str, ...]):
    said = stocked("ask", *words)
    assert said.code == 0, said.err
    assert said.out.splitlines()[0] in {"-5^2 = -25.", "-(10 - 15) * -5 = -25."}


def test_the_signs_of_a_sum_are_no_markup(stocked: Trii):
    assert stocked("ask", "2*3*4").out.splitlines()[0] == "2*3*4 = 24."
    spans = stocked("ask", "2*3*4", "--json").json["spans"]
    assert [span["text"] for span in spans] == [r"2\*3\*4", " = ", "24", "."]
