"""Messages as they stand below each other: days, groups, the unread line, and how far one's own have come."""

import time

import pytest

from backend.chat.message import Delivery, MessageRow
from trii_desktop.chat.items import GROUP_MS, items_of, moment_words, spoken
from trii_desktop.team.letters import Names

NOW_MS = 1_704_724_200_000  # 2024-01-08 14:30 UTC, a Monday
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def message(n, author="ann", at_ms=None, **fields):
    return MessageRow(f"m{n}", "r", n, author, author.title(), NOW_MS + n * 1000 if at_ms is None else at_ms, f"Text {n}", **fields)


def items(*rows, **options):
    return items_of(rows, Names(), NOW_MS, **options)


def test_messages_of_one_person_stand_together_for_five_minutes():
    made = items(message(1), message(2), message(3, at_ms=NOW_MS + 2000 + GROUP_MS), message(4, "ben", NOW_MS + 3000 + GROUP_MS))
    assert [item.is_grouped for item in made] == [False, True, False, False]


def test_a_day_begins_with_its_name():
    made = items(message(1, at_ms=NOW_MS - 400 * DAY_MS), message(2, at_ms=NOW_MS - DAY_MS), message(3), message(4))
    assert [item.day for item in made] == ["Sunday, 4 December 2022", "Yesterday", "Today", ""]


def test_the_unread_line_stands_once_above_the_first_that_was_not_read():
    made = items(message(1), message(2, "me", is_mine=True), message(3), message(4), unread_from=2)
    assert [item.is_first_unread for item in made] == [False, False, True, False]
    assert not made[2].is_grouped


def test_replies_are_counted_in_a_room_and_shown_in_a_thread():
    rows = (message(1, n_replies=1), message(2, thread="m1"))
    assert [item.id for item in items(*rows)] == ["m1"]
    assert [item.id for item in items(*rows, is_thread=True)] == ["m1", "m2"]
    assert "1 reply" in spoken(items(*rows)[0])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"delivery": Delivery.UPLOADING}, "Waiting for the upload"),
        ({"delivery": Delivery.QUEUED}, "Waiting to be sent"),
        ({"delivery": Delivery.SENDING}, "Sending\u2026"),
        ({"delivery": Delivery.SENT}, "Sent"),
        ({"delivery": Delivery.READ, "n_readers": 1}, "Read"),
        ({"delivery": Delivery.READ, "n_readers": 3}, "Read by 3"),
        ({"delivery": Delivery.FAILED}, "Not sent"),
        ({"delivery": Delivery.SENT, "pending": True}, "The change waits to be sent"),
        ({"delivery": Delivery.SENT, "is_deleted": True}, ""),
    ],
)
def test_the_way_of_ones_own_message_is_what_was_proved(fields, words):
    assert items(message(1, "me", is_mine=True, **fields))[0].way == words


def test_what_was_sent_is_said_below_the_newest_alone_and_what_waits_everywhere():
    rows = (
        message(1, "me", is_mine=True),
        message(2, "me", is_mine=True, delivery=Delivery.QUEUED),
        message(3, "me", is_mine=True),
    )
    assert [item.way for item in items(*rows)] == ["", "Waiting to be sent", "Sent"]
    assert not items(message(1))[0].way


def test_times_in_lists_are_short():
    assert moment_words(NOW_MS, NOW_MS) == "14:30"
    assert moment_words(NOW_MS - DAY_MS, NOW_MS) == "Yesterday"
    assert moment_words(NOW_MS - 3 * DAY_MS, NOW_MS) == "Fri"
    assert moment_words(NOW_MS - 300 * DAY_MS, NOW_MS) == "14 Mar 2023"
    assert items(message(1, at_ms=NOW_MS + 2 * DAY_MS))[0].day == "Wednesday, 10 January"
