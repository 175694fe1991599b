"""The palette's order: how well something matches, how lately it was used, how it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trii_desktop.palette.entry import Kind, PaletteEntry
from trii_desktop.palette.ranking import closeness, ranked, read_query


def entry(title, kind=Kind.ACTION, key="", **more):
    return PaletteEntry(key or f"{kind.value}:{title}", kind, title, lambda: None, **more)


ZOOM_IN, ZOOM_OUT = entry("Zoom in", detail="Chart"), entry("Zoom out", detail="Chart")
IMPORT = entry("Import files", detail="File", words="prices csv load")
THEME = entry("Theme", Kind.SETTING, detail="Appearance: Dark", words="appearance settings")
APPLE = entry("AAPL", Kind.INSTRUMENT, name="Apple", code="AAPL.XNAS", detail="Apple · XNAS")
MOVERS = entry("ZO", Kind.INSTRUMENT, name="Zoned Holdings", code="ZO.XNAS")
ALL = (ZOOM_IN, ZOOM_OUT, IMPORT, THEME, APPLE, MOVERS)


@pytest.mark.parametrize(
    ("query", "found", "how"),
    [
        ("zoom in", ZOOM_IN, 0),
        ("aapl.xnas", APPLE, 0),
        ("apple", APPLE, 0),
        ("zoo", ZOOM_IN, 1),
        ("in zo", ZOOM_IN, 2),
        ("zi", ZOOM_IN, 3),
        ("csv", IMPORT, 4),
        ("chart zoom", ZOOM_OUT, 4),
        ("mport", IMPORT, 5),
        ("zebra", ZOOM_IN, None),
    ],
)
def test_closeness_goes_from_exact_over_beginnings_to_parts(query, found, how):
    assert closeness(found, query) == how


def test_what_matches_better_stands_in_front_of_what_was_used_lately():
    assert ranked(ALL, "zo", recent=(ZOOM_OUT.key,)) == (MOVERS, ZOOM_OUT, ZOOM_IN)


def test_an_instruments_name_counts_as_much_as_a_title():
    assert ranked(ALL, "app") == (APPLE, THEME)


def test_without_words_what_was_used_lately_comes_first_in_that_order():
    assert ranked(ALL, "  ", recent=(THEME.key, "gone", IMPORT.key))[:3] == (THEME, IMPORT, ZOOM_IN)


def test_what_is_not_possible_now_comes_after_its_equals():
    shut = entry("Zoom at once", is_possible=False)

    assert ranked((shut, *ALL), "zoom") == (ZOOM_IN, ZOOM_OUT, shut)


def test_a_mark_in_front_asks_for_one_kind():
    assert ranked(ALL, "@zo") == (MOVERS,)
    assert ranked(ALL, ">zo") == (ZOOM_IN, ZOOM_OUT)
    assert ranked(ALL, "#") == (THEME,)
    assert read_query(" @ aapl ") == (Kind.INSTRUMENT, "aapl")


@given(st.text(max_size=12), st.permutations(ALL), st.lists(st.sampled_from([e.key for e in ALL]), max_size=6))
def test_whatever_is_typed_every_result_matches_and_the_order_is_by_closeness(text, entries, recent):
    found = ranked(entries, text, tuple(recent))
    kind, query = read_query(text)

    assert len(set(found)) == len(found)
    if kind is None and query.isascii() and query:
        how = [closeness(one, query.casefold()) for one in found]
        assert None not in how
        assert how == sorted(how)
        assert not [one for one in entries if one not in found and closeness(one, query.casefold()) is not None]
