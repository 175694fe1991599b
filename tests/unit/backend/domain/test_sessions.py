"""Finding the session of an instant or a date."""

import numpy as np
import pytest

from backend.domain.bars import DAY_NS, HOUR_NS
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput

LABELS = np.array([0, 1, 4], np.int64) * DAY_NS
TABLE = SessionTable("TEST", LABELS, LABELS + 9 * HOUR_NS, LABELS + 17 * HOUR_NS)


def test_an_instant_belongs_to_the_session_that_is_open_then():
    asked = np.array([8, 9, 16, 17, 33, 57, 9 + 96], np.int64) * HOUR_NS
    assert TABLE.row_at(asked).tolist() == [-1, 0, 0, -1, 1, -1, 2]


def test_a_date_without_a_session_has_no_row():
    assert TABLE.row_of_label(np.array([0, 2, 4, 9], np.int64) * DAY_NS).tolist() == [0, -1, 2, -1]


def test_the_next_opening_is_that_of_the_next_session():
    assert [TABLE.next_open_ns(hour * HOUR_NS) for hour in (8, 9, 34)] == [9 * HOUR_NS, 33 * HOUR_NS, (9 + 96) * HOUR_NS]
    assert TABLE.next_open_ns(200 * HOUR_NS) is None


def test_a_market_that_never_shuts_does_not_open():
    days = np.arange(3, dtype=np.int64) * DAY_NS
    assert SessionTable("24/7", days, days, days + DAY_NS).next_open_ns(HOUR_NS) is None


def test_an_empty_calendar_knows_no_session():
    none = np.empty(0, np.int64)
    table = SessionTable("NONE", none, none, none)
    assert table.row_at(np.array([5], np.int64)).tolist() == [-1]
    assert table.row_of_label(np.array([5], np.int64)).tolist() == [-1]


def test_overlapping_or_empty_sessions_are_refused():
    with pytest.raises(InvalidInput, match="overlap"):
        SessionTable("BAD", LABELS, LABELS, LABELS + 30 * HOUR_NS)
    with pytest.raises(InvalidInput, match="overlap"):
        SessionTable("BAD", LABELS, LABELS, LABELS)
    with pytest.raises(InvalidInput, match="unequal"):
        SessionTable("BAD", LABELS, LABELS[:2], LABELS)
