"""The list of rooms: in which order, under which headings, and what is said of each."""

from dataclasses import replace

from backend.chat.message import Notify, RoomRow
from backend.sync.server import ServerRow, Standing
from trii_desktop.chat.room_book import RoomBook
from trii_desktop.chat.room_model import last_words, lines_of, spoken
from trii_desktop.chat.telling import is_loud, told_words

DESK = ServerRow("s1", "Desk", "https://desk.example", standing=Standing.LIVE)
AWAY = ServerRow("s2", "Away", "https://away.example", standing=Standing.OFFLINE)
OLD, NEW = RoomRow("r1", "s1", "macro", last_ms=1), RoomRow("r2", "s1", "crypto", last_ms=2)


def said(lines):
    return [line.words or line.room.name for line in lines]


def test_rooms_stand_by_server_the_newest_first_and_starred_ones_before_all():
    star = RoomRow("r3", "s2", "ann", is_starred=True)
    assert said(lines_of((OLD, NEW, star), (DESK, AWAY))) == ["Starred", "ann", "Desk", "crypto", "macro", "Away"]


def test_a_server_that_is_not_live_says_so_above_its_rooms():
    lines = lines_of((OLD,), (replace(DESK, standing=Standing.SIGNED_OUT),))
    assert lines[0].about == "Signed out"
    assert not lines_of((OLD,), (DESK,))[0].about


def test_words_of_name_and_topic_find_a_room_and_rooms_that_were_left_only_by_them():
    left = RoomRow("r4", "s1", "former desk", topic="rates", is_left=True)
    assert said(lines_of((OLD, left), (DESK,))) == ["Desk", "macro"]
    assert said(lines_of((OLD, left), (DESK,), "RATES form")) == ["Desk", "former desk"]
    assert not lines_of((OLD,), (DESK,), "zzz")


def test_a_draft_stands_in_the_place_of_what_was_said_last():
    room = replace(OLD, last_text="Hello\nthere", last_author="Ann", draft=" begun ")
    assert last_words(room) == "Draft: begun"
    assert last_words(replace(room, draft="")) == "Ann: Hello there"
    assert last_words(replace(room, draft="", kind="direct")) == "Hello there"


def test_a_screen_reader_hears_what_is_unread():
    room = replace(OLD, n_unread=3, n_mentions=1, is_muted=True, last_text="Hi", last_author="Ann")
    assert spoken(lines_of((room,), (DESK,))[1]) == "macro, 3 unread, 1 mention, muted, Ann: Hi"


def test_rooms_are_stepped_through_as_they_stand():
    lines = lines_of((OLD, NEW), (DESK,))
    assert RoomBook.neighbour(lines, None, 1) == NEW
    assert RoomBook.neighbour(lines, NEW, 1) == OLD
    assert RoomBook.neighbour(lines, OLD, 1) is None
    assert RoomBook.neighbour((), None, 1) is None


def test_a_room_interrupts_as_its_setting_says():
    said_more = replace(OLD, n_unread=2)
    assert is_loud(said_more, n_unread=1, n_mentions=0)
    assert not is_loud(replace(said_more, is_muted=True, n_mentions=1), n_unread=1, n_mentions=0)
    assert not is_loud(replace(said_more, notify=Notify.MENTIONS), n_unread=1, n_mentions=0)
    assert is_loud(replace(said_more, notify=Notify.MENTIONS, n_mentions=1), n_unread=1, n_mentions=0)
    assert not is_loud(replace(said_more, notify=Notify.NOTHING, n_mentions=1), n_unread=1, n_mentions=0)
    assert not is_loud(said_more, n_unread=2, n_mentions=0)


def test_what_is_told_names_who_and_where():
    room = replace(OLD, last_text="<b>Hi</b>\nthere", last_author="Ann")
    assert told_words(room) == ("Ann in macro", "<b>Hi</b> there")
    assert told_words(replace(room, kind="direct"))[0] == "macro"
