"""Drawings in a real ledger: kept, changed, taken back; and nothing else is taken."""

import json
from contextlib import asynccontextmanager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts.chart_state import Dash
from backend.charts.drawing_store import DrawingChange, DrawingStore
from backend.charts.drawings import (
    N_ANCHORS,
    Anchor,
    Drawing,
    DrawingKind,
    DrawingStyle,
    check_drawing,
    load_drawing,
    save_drawing,
)
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.storage import money
from backend.storage.ledger import open_ledger

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
anchors = st.builds(Anchor, st.integers(0, 2**60), st.floats(-1e6, 1e6), st.booleans())
styles = st.builds(
    DrawingStyle, st.sampled_from(["", "#10a0ff"]), st.integers(1, 6), st.sampled_from(Dash), st.booleans(), st.booleans(),
    st.lists(st.floats(-5, 5), max_size=5).map(tuple),
)  # fmt: skip


@st.composite
def drawings(draw):
    kind = draw(st.sampled_from(DrawingKind))
    return Drawing(
        draw(st.uuids()).hex,
        kind,
        tuple(draw(anchors) for _ in range(N_ANCHORS[kind])),
        draw(styles),
        draw(st.sampled_from(["", "Resistance", "zwei\nZeilen €"])),
        draw(st.floats(0, 1e6)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@asynccontextmanager
async def _opened(home, events=None):
    async with open_ledger(
        home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        yield DrawingStore(ledger, (events if events is not None else []).append)


@given(drawings())
def test_what_is_saved_is_read_again(drawing):
    assert load_drawing(save_drawing(drawing)) == drawing


def line(name, price=10.0):
    return Drawing(name, DrawingKind.HORIZONTAL, (Anchor(0, price),))


async def test_every_change_says_what_takes_it_back(home):
    async with _opened(home) as store:
        one, two = line("a"), line("b")
        back = (await store.change(AAPL, DrawingChange((one, two)))).back
        assert set(back.removed) == {"a", "b"}
        moved = one.moved_to((Anchor(5, 11.0),))
        back = (await store.change(AAPL, DrawingChange((moved,), ("b",)))).back
        assert (await store.of(AAPL)).drawings == (moved,)
        await store.change(AAPL, back)
        assert set((await store.of(AAPL)).drawings) == {one, two}


async def test_drawings_belong_to_their_instrument_and_outlive_a_restart(home):
    events = []
    async with _opened(home, events) as store:
        await store.change(AAPL, DrawingChange((line("a"),)))
        await store.change(MSFT, DrawingChange((line("a", 20.0),)))
        assert [event.instrument for event in events] == [AAPL, MSFT]
    async with _opened(home) as store:
        assert (await store.of(AAPL)).drawings == (line("a"),)
        assert (await store.of(MSFT)).drawings == (line("a", 20.0),)


async def test_a_change_that_cannot_be_is_refused_whole(home):
    async with _opened(home) as store:
        with pytest.raises(InvalidInput):
            await store.change(AAPL, DrawingChange((line("a"), line("b", float("nan")))))
        assert (await store.of(AAPL)).drawings == ()
        await store.change(AAPL, DrawingChange(removed=("never there",)))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 9},
        {"id": ""},
        {"anchors": []},
        {"anchors": [{"event_ns": 0, "price": 1e300}]},
        {"style": {"colour": "red"}},
        {"style": {"width": 99}},
        {"style": {"levels": [0.5] * 99}},
        {"text": "x" * 501},
        {"text": "bell\u0007"},
        {"risk": -1},
        {"kind": "pitchfork"},
        {"unknown": 1},
    ],
)
def test_what_no_chart_can_show_is_refused_with_a_way_out(change):
    text = json.dumps({**msgspec.to_builtins(line("a")), **change}).encode()
    with pytest.raises(InvalidInput) as caught:
        load_drawing(text)
    assert caught.value.hint


def test_a_clone_is_free_and_has_an_id_of_its_own():
    locked = msgspec.structs.replace(line("a"), is_locked=True)
    clone = check_drawing(locked.cloned())
    assert clone.id != "a"
    assert not clone.is_locked
    assert clone.anchors == locked.anchors
