"""Cursors, ranges of bytes and problems: what the edge gives and takes as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.actor import Actor, Role
from sync_server.edge.file_routes import parse_range
from sync_server.edge.paging import Pages
from sync_server.edge.problem import problem_of
from sync_server.errors import Refused
from sync_server.protocol.codes import Code

ANN = Actor("ann", "org", Role.MEMBER, "laptop", "s")
BOB = Actor("bob", "org", Role.MEMBER, "laptop", "s")
PAGES = Pages(b"k" * 32)


@given(st.text(min_size=1, max_size=60))
def test_a_cursor_leads_back_to_its_place_and_tells_nothing_else(place):
    assert PAGES.read(ANN, "rooms", PAGES.sign(ANN, "rooms", place)) == place


def test_no_place_has_no_cursor():
    assert PAGES.sign(ANN, "rooms", "") == PAGES.read(ANN, "rooms", "") == ""


@given(st.binary(min_size=1, max_size=40), st.integers(0, 200))
def test_a_changed_or_invented_cursor_is_refused(noise, at):
    cursor = PAGES.sign(ANN, "rooms", "place")
    changed = cursor[: at % len(cursor)] + ("A" if cursor[at % len(cursor)] != "A" else "B") + cursor[at % len(cursor) + 1 :]
    for wrong in (changed, noise.hex(), cursor + "=", cursor[:10]):
        with pytest.raises(Refused):
            PAGES.read(ANN, "rooms", wrong)


def test_a_cursor_of_somebody_else_another_list_or_another_server_is_refused():
    cursor = PAGES.sign(ANN, "rooms", "place")
    for pages, actor, what in ((PAGES, BOB, "rooms"), (PAGES, ANN, "people"), (Pages(b"l" * 32), ANN, "rooms")):
        with pytest.raises(Refused):
            pages.read(actor, what, cursor)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-999", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=1-2", None),
        ("bytes=-", None),
    ],
)
def test_a_range_is_understood_or_passed_over(header, found):
    assert parse_range(header, 100) == found


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_that_the_file_does_not_have_is_refused(header):
    with pytest.raises(Refused) as refused:
        parse_range(header, 100)
    assert refused.value.status == 416


def test_of_what_nobody_foresaw_nothing_is_told():
    problem = problem_of(KeyError("the password is 1234"))

    assert (problem.status, problem.code) == (500, "failed")
    assert "1234" not in problem.detail + problem.hint + problem.title


def test_a_refusal_is_told_whole():
    problem = problem_of(Refused(Code.LIMITED, "Too often.", status=429, hint="Wait.", after_ms=700))

    assert (problem.status, problem.code, problem.detail, problem.hint, problem.retry_after_ms) == (
        429,
        "limited",
        "Too often.",
        "Wait.",
        700,
    )
