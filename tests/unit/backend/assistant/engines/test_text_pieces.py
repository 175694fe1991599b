"""Text comes whole whatever the pieces, and ends where a stop string says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.engines.text_pieces import Characters, StopFinder
from backend.errors import InvalidInput


def cut(whole, places):
    """The pieces between these places."""
    borders = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[first:last] for first, last in itertools.pairwise(borders)]


@given(st.text(), st.lists(st.integers(0, 200)))
def test_text_is_the_same_however_its_bytes_are_cut(text, places):
    pieces = cut(text.encode(), places)
    characters = Characters()
    assert "".join([*map(characters.feed, pieces), characters.end()]) == text


@given(st.binary(), st.lists(st.integers(0, 200)))
def test_bytes_that_are_no_text_are_replaced_as_python_replaces_them(raw, places):
    characters = Characters()
    assert "".join([*map(characters.feed, cut(raw, places)), characters.end()]) == raw.decode("utf-8", "replace")


def test_a_character_waits_for_its_last_byte():
    characters = Characters()
    assert [characters.feed(bytes([byte])) for byte in "€".encode()] == ["", "", "€"]


def up_to_stop(text, stops):
    """A character at a time, as slowly as one likes: the text before the first stop string that is complete."""
    for end in range(1, len(text) + 1):
        done = [stop for stop in stops if text[:end].endswith(stop)]
        if done:
            return text[: end - max(map(len, done))], True
    return text, False


@given(st.text("ab<|>", max_size=40), st.lists(st.text("ab<|>", min_size=1, max_size=5), max_size=4), st.lists(st.integers(0, 60)))
def test_a_stop_string_is_found_however_the_text_is_cut(text, stops, places):
    finder = StopFinder(stops)
    told = "".join([*map(finder.feed, cut(text, places)), finder.end()])
    assert (told, finder.is_found) == up_to_stop(text, stops)


def test_text_that_cannot_begin_a_stop_string_does_not_wait():
    finder = StopFinder(["<|im_end|>"])
    assert [finder.feed(piece) for piece in ("Gold", " rose <", "|im", "_start", "!<|im_end", "|> more")] == [
        "Gold",
        " rose ",
        "",
        "<|im_start",
        "!",
        "",
    ]
    assert finder.is_found
    assert finder.end() == ""


def test_without_stop_strings_nothing_waits():
    finder = StopFinder(())
    assert finder.feed("all of it") == "all of it"
    assert finder.end() == ""


def test_an_empty_stop_string_is_refused():
    with pytest.raises(InvalidInput, match="empty"):
        StopFinder(["\n", ""])
