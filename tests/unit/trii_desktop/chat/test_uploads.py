"""What goes with a message, in words, and what cannot go."""

from backend.chat.message import FoundMessage, LinkRow, MessageRow
from trii_desktop.chat.file_deeds import safe_name
from trii_desktop.chat.found_model import pieces
from trii_desktop.chat.uploads import N_BYTES_MAX, Upload, is_picture, link_words, refusal_of

DAY_NS = 86_400_000_000_000
START_NS = 19_730 * DAY_NS


def test_a_link_says_instrument_interval_and_bars():
    assert link_words(LinkRow("AAPL.XNAS")) == "AAPL.XNAS"
    assert link_words(LinkRow("AAPL.XNAS", "1d", START_NS, START_NS)) == "AAPL.XNAS 1d · 2024-01-08"
    assert link_words(LinkRow("AAPL.XNAS", "1d", START_NS, START_NS + DAY_NS)) == "AAPL.XNAS 1d · 2024-01-08 \u2013 2024-01-09"
    assert link_words(LinkRow("\u202eX", "nonsense", START_NS, 0)).startswith("<U+202E>X nonsense")


def test_what_is_too_large_empty_or_no_file_cannot_go(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert "too large" in refusal_of(Upload("a", "image/png", b"x" * (N_BYTES_MAX + 1)))
    assert "is empty" in refusal_of(empty)
    assert "is not a file" in refusal_of(tmp_path)
    assert not refusal_of(Upload("a", "image/png", b"x"))


def test_vector_graphics_are_never_shown_as_pictures():
    assert is_picture("image/png")
    assert not is_picture("image/svg+xml")
    assert not is_picture("text/html")


def test_a_file_is_saved_under_a_plain_name_whatever_a_message_calls_it():
    assert safe_name("../../.bashrc") == "_.._.bashrc"
    assert "/" not in safe_name("a/b\\c:d")
    assert safe_name("\u202egpj.exe") == "<U+202E>gpj.exe"
    assert safe_name("...") == "file"
    assert len(safe_name("x" * 500 + ".csv")) == 120


def test_a_hit_is_cut_at_its_words_and_begins_shortly_before_them():
    text = "a long time ago somebody said something about gaps in the morning"
    at = text.index("gaps")
    hit = FoundMessage(MessageRow("m", "r", 1, "a", "Ann", 0, text), "macro", text, ((at, at + 4), (9_000, 9_004)))
    made = pieces(hit)
    assert made[0] == ("\u2026", False)
    assert ("gaps", True) in made
    assert "".join(piece for piece, _ in made) == "\u2026" + text[at - 24 :]
