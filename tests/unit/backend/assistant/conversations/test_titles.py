"""Titles are short, readable lines, whatever was asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.conversations.titles import TITLE_CHARS, UNTITLED, title_of


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("what was the biggest one-day drop of SP500 in 2008?", "What was the biggest one-day drop of SP500 in 2008"),
        ("Hello, please show me the volume. Thanks!", "The volume"),
        ("/analyse AAPL.XNAS now", "AAPL.XNAS now"),
        ("```python\nprint(1)\n```\nwhy does this print", "Why does this print"),
        ("[Apple](https://apple.com) and **Microsoft**", "Apple and Microsoft"),
        ("   \n\t ", UNTITLED),
        ("```", UNTITLED),
        ("a " * 100, "A" + " a" * 28 + "…"),
        ("x" * 200, "X" + "x" * 58 + "…"),
        ("price 3.50 of what", "Price 3.50 of what"),
    ],
)
def test_a_title_is_the_first_sentence_in_plain_words(asked, title):
    assert title_of(asked) == title


@given(st.text(max_size=400))
def test_any_text_gives_one_printable_line_of_bounded_length(asked):
    title = title_of(asked)

    assert title
    assert len(title) <= TITLE_CHARS + 2  # a capital of some scripts is two letters
    assert title.strip() == title
    assert title.isprintable()
