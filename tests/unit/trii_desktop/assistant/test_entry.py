"""Entries of a conversation: kept turns, and what is under way in the place where it belongs."""

from backend.assistant.answers import Answer, Mode, Phase, Question
from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.grounding.span import Span
from trii_desktop.assistant.entry import Running, entries_of


def turn(number, parent, text, speaker=Speaker.PERSON):
    return Turn(number, "c", parent, speaker, 0, text, b"")


def answer(name, question, text=""):
    return Answer(name, "c", Question(question, Mode.FAST, "c"), Phase.WRITING, (Span(text),) if text else ())


BRANCH = (
    turn("t1", "", "One?"),
    turn("a1", "t1", "First.", Speaker.ASSISTANT),
    turn("t2", "a1", "Two?"),
    turn("a2", "t2", "Second.", Speaker.ASSISTANT),
)


def texts(entries):
    return [entry.text for entry in entries]


def test_a_kept_branch_is_shown_as_it_is():
    assert texts(entries_of(BRANCH, ())) == ["One?", "First.", "Two?", "Second."]


def test_an_answer_under_way_stands_behind_its_question_even_before_that_is_kept():
    running = (Running(answer("a3", "Three?", "Thi"), "a2"),)
    shown = entries_of(BRANCH, running)
    assert texts(shown) == ["One?", "First.", "Two?", "Second.", "Three?", "Thi"]
    assert [entry.turn is None for entry in shown] == [False] * 4 + [True] * 2
    kept = (*BRANCH, turn("t3", "a2", "Three?"))
    assert texts(entries_of(kept, running)) == texts(shown)
    assert entries_of(kept, running)[-1].id == "a3"


def test_another_answer_takes_the_place_of_what_followed_its_question():
    assert texts(entries_of(BRANCH, (Running(answer("b1", "One?", "Other"), ""),))) == ["One?", "Other"]


def test_an_edited_question_takes_the_place_of_the_one_before():
    assert texts(entries_of(BRANCH, (Running(answer("b2", "Two again?", ""), "a1"),))) == ["One?", "First.", "Two again?", ""]


def test_an_answer_that_is_kept_is_shown_once_under_the_same_id():
    (*_, last) = entries_of(BRANCH, (Running(answer("a2", "Two?", "Second."), "a1"),))
    assert (last.id, last.turn) == ("a2", BRANCH[-1])


def test_the_first_question_of_all_needs_no_branch():
    assert texts(entries_of((), (Running(answer("a1", "One?", ""), ""),))) == ["One?", ""]
