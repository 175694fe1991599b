"""Paths into JSON answers find what is there and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.market.feeds.json_path import parse_json_path

NAMES = {"code": "BTCUSD", "symbol": "bitcoin"}
DOCUMENT = {"a": {"b": [{"c": 1}, {"c": 2}]}, "Global Quote": {"05. price": "3"}, "bitcoin": {"usd": 4}, "{symbol}": 5, "t": "text"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[0].c", 1),
        ("a.b[-1].c", 2),
        ('["Global Quote"]["05. price"]', "3"),
        ("{symbol}.usd", 4),
        ("a.b[2].c", None),
        ("a.b.c", None),
        ("a[0]", None),
        ("t[0]", None),
        ("nothing.at.all", None),
    ],
)
def test_a_path_finds_what_is_there(path, found):
    assert parse_json_path(path).find(DOCUMENT, NAMES) == found


def test_a_path_may_begin_with_a_place():
    assert parse_json_path("[1].x").find([{"x": 1}, {"x": 2}], NAMES) == 2


@pytest.mark.parametrize(
    "text", ["", ".", "a.", "a..b", ".a", "a[", "a[x]", "a.[0]", 'a"b', "[0]x", "a]", '["a', ".".join("a" * 21)]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(InvalidInput, match="is not a path"):
        parse_json_path(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.lists(st.sampled_from(["a", "b", "c", "[0]", "[-1]", "[7]"]), min_size=1, max_size=5))
def test_no_document_makes_a_path_fail(document, steps):
    text = "".join(step if step.startswith("[") or not at else f".{step}" for at, step in enumerate(steps))
    parse_json_path(text).find(document, NAMES)
