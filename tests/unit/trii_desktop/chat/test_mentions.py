"""Completing people after an @."""

from backend.chat.message import MemberRow
from trii_desktop.chat.mentions import begun_at, offer_words, offered
from trii_desktop.team.letters import Names

PEOPLE = (
    MemberRow("1", "Ann Ames", "ann", presence="offline"),
    MemberRow("2", "Ben Annan", "ben", presence="online"),
    MemberRow("3", "Andy Orr", "andy", presence="online"),
    MemberRow("4", "Anton Me", "anton", is_me=True),
)


def test_a_mention_begins_with_an_at_that_follows_no_word():
    assert begun_at("hi @an", 6).text == "an"
    assert begun_at("@", 1).text == ""
    assert begun_at("mail@an", 7) is None
    assert begun_at("hi @an x", 8) is None
    assert begun_at("@@an", 4) is None


def test_people_are_found_by_handle_before_name_and_those_who_are_here_before_others():
    assert [one.handle for one in offered(PEOPLE, "an")] == ["andy", "ann", "ben"]
    assert not offered(PEOPLE, "zoe")


def test_a_line_names_person_and_handle():
    assert offer_words(PEOPLE[0], Names(PEOPLE)) == "Ann Ames   @ann"
