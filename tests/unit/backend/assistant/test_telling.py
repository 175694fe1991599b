"""Where nothing can be struck through, words say what code does not stand behind."""

from backend.assistant.grounding.span import COMPUTED, Mark, Span
from backend.assistant.telling import told_text


def test_every_mark_that_is_no_fact_is_told_in_words():
    spans = (
        Span("You hold "),
        Span("250", Mark.QUOTED, why="quoted: 250"),
        Span(", RSI is "),
        Span("33.4", Mark.NUMBER, "F3"),
        Span(", not "),
        Span("15", Mark.UNVERIFIED),
        Span("."),
    )
    assert told_text(spans) == "You hold 250 (your number), RSI is 33.4, not ~~15~~ (unverified)."


def test_arithmetic_that_code_repeated_stands_for_itself():
    spans = (Span("2", Mark.QUOTED), Span(" + 2 = "), Span("4", Mark.QUOTED, why=f"{COMPUTED}: 2 + 2"))
    assert told_text(spans) == "2 (your number) + 2 = 4"


def test_words_are_told_as_what_code_found_of_them():
    spans = (
        Span("It is "),
        Span("above", Mark.UNTRUE, why="The price is lower."),
        Span(" it, "),
        Span("below", Mark.JUDGED, "F1", "The price is lower."),
        Span(" that, and the answer is "),
        Span("no", Mark.UNCHECKED),
        Span("."),
    )
    assert told_text(spans) == "It is ~~above~~ (untrue) it, below that, and the answer is no (not checked)."
