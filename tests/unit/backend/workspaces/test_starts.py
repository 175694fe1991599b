"""Starts that never came through are counted, and forgotten by one that did."""

import pytest

from backend.workspaces.starts import StartNote


def test_starts_that_never_ended_are_counted_one_after_the_other(home):
    assert [StartNote(home).begin() for _ in range(4)] == [0, 1, 2, 3]


def test_a_start_that_came_through_forgets_those_before_it(home):
    StartNote(home).begin()
    note = StartNote(home)
    assert note.begin() == 1
    note.settle()
    assert StartNote(home).begin() == 0


def test_settling_twice_or_without_a_start_is_no_error(home):
    note = StartNote(home)
    note.settle()
    note.settle()
    assert note.begin() == 0


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xff", b"[]", b'{"n_open": "many"}', b'{"n_open": -4}', b'{"n_open": 99999}', b"[" * 9999]
)
def test_a_spoiled_note_counts_nothing(home, text):
    (home.run / "starts.json").write_bytes(text)
    assert StartNote(home).begin() == 0
