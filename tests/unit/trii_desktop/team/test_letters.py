"""Words of other people: nothing in them turns letters around, hides them, or passes for somebody else's name."""

import pytest

from backend.chat.message import MemberRow
from trii_desktop.team.letters import DOUBT, Names, is_doubtful, shown_line, shown_name, shown_text, skeleton

CYRILLIC_ANN = "\u0410nn"


def test_letters_that_turn_others_around_are_written_out_in_messages():
    assert shown_text("pay \u202e001\u202c now") == "pay <U+202E>001<U+202C> now"


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u0000", "\U000e0041", "\u3164", "\x1b"])
def test_letters_without_a_shape_go(hidden):
    assert shown_text(f"A{hidden}B") == "AB"
    assert shown_name(f"A{hidden}B") == "AB"


def test_lines_stay_lines_and_emojis_stay_whole():
    family = "\U0001f469\u200d\U0001f4bb"
    assert shown_text(f"a\r\nb\rc\u2028{family}") == f"a\nb\nc\n{family}"
    assert shown_line("a\n  b\tc") == "a b c"


def test_a_name_is_one_short_line():
    assert shown_name("Ann\nsays: wire the money") == "Ann says: wire the money"
    assert len(shown_name("x" * 500)) == 40
    assert shown_name(" \u200b ") == "(no name)"


def test_a_name_that_mixes_alphabets_or_turns_letters_around_is_marked():
    assert shown_name(CYRILLIC_ANN).endswith(DOUBT)
    assert shown_name("\u202eAnn").endswith(DOUBT)
    assert not is_doubtful("Анна Петрова")
    assert not is_doubtful("Ann (Анна)")
    assert not is_doubtful("José Ångström")


@pytest.mark.parametrize("other", [CYRILLIC_ANN, "ann", "Änn", "A nn", "\uff21nn"])
def test_names_that_are_easily_taken_for_each_other_look_alike_to_the_program_too(other):
    assert skeleton(other) == skeleton("Ann")


def test_people_who_could_be_taken_for_each_other_show_their_handles():
    names = Names((MemberRow("1", "Ann", "ann"), MemberRow("2", CYRILLIC_ANN, "ann2"), MemberRow("3", "Ben", "ben")))
    assert names.of("1", "") == "Ann @ann"
    assert names.of("2", "").endswith("@ann2")
    assert names.of("3", "") == "Ben"
    assert names.of("9", "Cid") == "Cid"
    assert names.of("9", "") == "Somebody"
