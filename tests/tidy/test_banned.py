"""Banned calls are not made, and each ban is tried on lines that break it and lines that do not."""

import pytest

from tests.tidy.banned_calls import BANS, Ban
from tests.tidy.source_tree import Source, sources

CASES = pytest.mark.parametrize("ban", BANS, ids=[ban.name for ban in BANS])


@CASES
def test_nothing_banned_is_called(ban: Ban):
    found = [
        f"{source.path}:{getattr(node, 'lineno', 0)}"
        for source in sources()
        if ban.holds_in(source.path)
        for node in ban.find(source)
    ]

    assert not found, f"{ban.name} in {', '.join(found)}. Instead: {ban.instead}."


@CASES
def test_a_ban_finds_its_bad_lines_and_leaves_its_good_ones(ban: Ban):
    missed = [line for line in ban.bad if not list(ban.find(Source("backend/sample.py", line)))]
    false_alarms = [line for line in ban.good if list(ban.find(Source("backend/sample.py", line)))]

    assert ban.bad
    assert not missed
    assert not false_alarms
