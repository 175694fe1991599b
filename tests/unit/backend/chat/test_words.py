"""What is written, searched and named, before it reaches any table."""

import pytest

from backend.chat.asking import excerpt
from backend.chat.checks import checked_name, checked_text, mentions_in
from backend.chat.pictures import picture_size, sniff_mime
from backend.chat.searching import match_of, unmark
from backend.chat.why import words_of
from backend.errors import InvalidInput
from sync_server.protocol.codes import Code
from sync_server.protocol.messages import Person

PEOPLE = (Person("u1", "Ann", "ann"), Person("u2", "Bob", "bob.smith"), Person("u3", "Gone", "gone", is_gone=True))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@ann look", ("u1",)),
        ("Thanks, @Bob.Smith.", ("u2",)),
        ("@ann @ANN @bob.smith", ("u1", "u2")),
        ("ann@ann.example mail@ann", ()),
        ("@gone @nobody @", ()),
        ("(@ann)", ("u1",)),
    ],
)
def test_people_are_named_by_their_handles_and_not_by_addresses(text, named):
    assert mentions_in(text, PEOPLE) == named


def test_text_loses_control_characters_and_blank_ends():
    assert checked_text(" a\x02b\r\nc\rd\x00 ", may_be_empty=False) == "ab\nc\nd"
    assert checked_text("  ", may_be_empty=True) == ""


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 81])
def test_a_room_needs_a_name_of_some_letters(name):
    with pytest.raises(InvalidInput):
        checked_name(name)


def test_nothing_in_a_search_means_anything_but_words():
    assert match_of('crude AND "oil') == '"crude" "AND" """oil" *'
    assert match_of("oil* NEAR(x)") == '"oil*" "NEAR(x)"'
    assert match_of("?! *") == ""


def test_marks_of_an_excerpt_become_places():
    assert unmark("the \x02crude\x03 and \x02oil\x03") == ("the crude and oil", ((4, 9), (14, 17)))


def test_an_excerpt_stands_around_the_first_hit():
    text = "x " * 300 + "copper is up, copperfield too"
    snippet, hits = excerpt(text, ["copper"])

    assert [snippet[begin:end] for begin, end in hits] == ["copper", "copperfield"]
    assert snippet.startswith("…")
    assert len(snippet) <= 202
    assert excerpt("nothing here", ["copper"]) == ("nothing here", ())


@pytest.mark.parametrize(
    ("content", "mime", "size"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\0\x05\0\0\0\x07", "image/png", (5, 7)),
        (b"GIF89a\x03\0\x04\0", "image/gif", (3, 4)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x0a\0\x14" + bytes(20), "image/jpeg", (20, 10)),
        (b"\x89PNG\r\n\x1a\n", "image/png", (0, 0)),
        (b"\xff\xd8\xff", "image/jpeg", (0, 0)),
        (b"%PDF-1.7", "application/pdf", (0, 0)),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", (0, 0)),
        (b"plain", "", (0, 0)),
    ],
)
def test_a_content_says_its_kind_and_a_picture_its_size(content, mime, size):
    assert sniff_mime(content) == mime
    assert picture_size(content) == size


def test_every_refusal_is_said_in_words():
    assert words_of(Code.STALE) == "Somebody changed it meanwhile."
    assert words_of("of_a_later_version") == "The server refused it (of_a_later_version)."
