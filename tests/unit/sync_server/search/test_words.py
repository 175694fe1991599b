"""Words are compared without case, accents and signs; a question is never more than words."""

import hypothesis
import pytest
from hypothesis import strategies as st

from sync_server.search.words import LETTERS_MAX, question_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Grüße, CRÈME brûlée!", ["grusse", "creme", "brulee"]),
        ("AAPL.XNAS up 3.5% (10y)", ["aapl", "xnas", "up", "3", "5", "10y"]),
        ("snake_case e-mail", ["snake", "case", "e", "mail"]),
        ("\uff46\uff55\uff4c\uff4c ﬁne ²", ["full", "fine", "2"]),
        ("Ελλάδα Москва 東京", ["ελλαδα", "москва", "東京"]),
        ("🙂 — …", []),
    ],
)
def test_words_are_plain(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "sqlite", "postgresql"),
    [
        ("rate cut", '"rate" AND "cut" *', "'rate' & 'cut':*"),
        ("rate cut ", '"rate" AND "cut"', "'rate' & 'cut'"),
        ('NEAR("a" *', '"near" AND "a" *', "'near' & 'a':*"),
        ("!!", "", ""),
    ],
)
def test_a_question_asks_for_every_word_and_the_last_ones_beginning(text, sqlite, postgresql):
    assert (question_of(text, "sqlite"), question_of(text, "postgresql")) == (sqlite, postgresql)


@hypothesis.given(st.text(max_size=300))
def test_words_hold_letters_and_digits_alone_and_are_their_own_words(text):
    words = words_of(text)

    assert all(word.isalnum() and 0 < len(word) <= LETTERS_MAX for word in words)
    assert words_of(" ".join(words)) == words
