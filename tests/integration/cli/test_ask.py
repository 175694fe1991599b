"""`trii ask`: the mode is chosen unless one is named, and what was chosen is told."""

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
    assert "(search, chosen for the name of an instrument, code" in said.err


def test_a_question_that_cannot_be_answered_as_it_is_asked_fails_as_one(stocked: Trii):
    said = stocked("ask", "Hello", "--mode", "analysis", "--json")
    assert (said.code, said.error["code"]) == (4, "assistant.instrument")
