"""Workspaces: any arrangement comes back as equal bytes, and no text, however hostile, becomes one that cannot be shown."""

import json
import string

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import ChartState, Pane, Study, VisibleBars
from backend.errors import InvalidInput
from backend.workspaces.chart_grid import N_GROUPS, GridShape, GridState, Links, PlacedChart
from backend.workspaces.docks import PIXELS_MAX, Dock, DockSide, DockTree, FloatingTabs, Rect, Span, Split, check_docks, docks_of
from backend.workspaces.workspace import (
    WindowPlace,
    WindowState,
    Workspace,
    check_workspace,
    format_file,
    load_workspace,
    parse_file,
    save_workspace,
)
from trii_desktop.docks.dock_bytes import read_docks, write_docks

places = st.integers(-PIXELS_MAX, PIXELS_MAX)
lengths = st.integers(1, PIXELS_MAX)
rects = st.builds(Rect, places, places, lengths, lengths)
spans = st.builds(Span, st.integers(-1, PIXELS_MAX), st.integers(-1, PIXELS_MAX), st.integers(0, 500), st.integers(500, 16_777_215))
names = st.lists(st.text(string.ascii_letters + "äß漢😀", min_size=1, max_size=12), min_size=1, max_size=7, unique=True)


@st.composite
def splits(draw, left: list[str], *, may_float: bool, depth: int = 0):
    items = []
    while left and (not items or draw(st.booleans())):
        if depth < 4 and draw(st.integers(0, 3)) == 0:
            items.append(draw(splits(left, may_float=may_float, depth=depth + 1)))
        else:
            rect = draw(st.none() | rects) if may_float else None
            items.append(Dock(left.pop(), draw(st.booleans()), rect, Span() if rect else draw(spans)))
    is_tabbed = draw(st.booleans())
    tab = draw(st.integers(-1, len(items) - 1)) if is_tabbed else -1
    return Split(tuple(items), draw(st.booleans()), is_tabbed, tab, draw(spans) if depth else Span())


@st.composite
def trees(draw):
    left = draw(names)
    sides = []
    for side in draw(st.sets(st.integers(0, 3)).map(sorted)):
        if not left:
            break
        sides.append(DockSide(side, draw(lengths), draw(lengths), draw(splits(left, may_float=True))))
    floating = []
    while left and draw(st.booleans()):
        floating.append(FloatingTabs(draw(rects), draw(splits(left, may_float=False))))
    corners = tuple(draw(st.sampled_from(pair)) for pair in ((1, 4), (2, 4), (1, 8), (2, 8)))
    return DockTree(tuple(sides), tuple(floating), (draw(lengths), draw(lengths)), corners)


charts = st.builds(
    ChartState,
    instrument=st.sampled_from(["AAPL.XNAS", "MSFT.XNAS", ""]),
    interval=st.sampled_from(["1d", "5m", ""]),
    visible=st.builds(VisibleBars, st.floats(0, 1e6), st.none() | st.integers(0, 2**62), st.floats(-1e6, 1e6)),
    panes=st.just((Pane(), Pane("two", share=0.3))),
    studies=st.just((Study("a", "rsi", (("period", 9),), pane="two"),)),
)
shares = st.floats(0.1, 0.9)


@st.composite
def grids(draw):
    shape = draw(st.sampled_from(GridShape))
    placed = st.builds(PlacedChart, charts, st.integers(0, N_GROUPS))
    held = tuple(draw(st.lists(placed, min_size=1, max_size=4)))
    active = draw(st.integers(0, min(len(held), shape.n_charts) - 1))
    return GridState(shape, draw(shares), draw(shares), held, active, draw(st.booleans()), draw(st.builds(Links)))


workspaces = st.builds(
    Workspace,
    window=st.builds(WindowPlace, st.none() | rects, st.sampled_from(WindowState)),
    docks=st.none() | trees(),
    grid=grids(),
)


@given(workspaces)
@settings(max_examples=150, deadline=None)
def test_an_arrangement_is_read_back_as_it_was_and_saved_again_as_equal_bytes(workspace):
    text = save_workspace(workspace)
    assert load_workspace(text) == workspace
    assert save_workspace(load_workspace(text)) == text
    handed = parse_file(format_file("Day", workspace))
    assert (handed.name, handed.workspace) == ("Day", workspace)


@given(trees(), st.integers(0, 99), st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_docks_are_written_for_qt_and_read_back_byte_for_byte(tree, version, rest):
    if rest[:1] == b"\xf9":
        rest = b"\xfc" + rest  # what follows are tool bars, never another group of docks
    state = write_docks(tree, version, rest)
    again, kept = read_docks(state)
    assert kept == rest
    assert write_docks(again, version, kept) == state
    assert [(dock.name, dock.is_shown, dock.rect) for dock in docks_of(again)] == [
        (dock.name, dock.is_shown, dock.rect) for dock in docks_of(tree)
    ]


@given(trees(), st.data())
@settings(max_examples=200, deadline=None)
def test_changed_bytes_are_refused_or_read_as_docks_that_can_be_shown(tree, data):
    state = bytearray(write_docks(tree, 1, b"\xfc\x00"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(state) - 1))
        state[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=5))
        if not state:
            break
    try:
        read, _ = read_docks(bytes(state))
    except InvalidInput:
        return
    check_docks(read)


@given(workspaces, st.data())
@settings(max_examples=150, deadline=None)
def test_changed_text_is_refused_or_read_as_a_arrangement_that_can_be_shown(workspace, data):
    raw = json.loads(save_workspace(workspace))
    paths = list(_paths(raw))
    where = data.draw(st.sampled_from(paths)) if paths else ()
    hostile = st.sampled_from([None, -1, 1e308, 10**400, "../../etc", "<b>x</b>", [], {}, [[]] * 70, True, 2**63, "\x00", -0.0])
    _put(raw, where, data.draw(hostile))
    try:
        made = load_workspace(json.dumps(raw).encode())
    except InvalidInput:
        return
    check_workspace(made)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe\x00",
        b"{",
        b'{"grid": {"charts": []}}',
        b'{"version": 2}',
        b'{"version": 99, "unheard": {"of": 1}}',
        b'{"workspace": {"version": 3}, "name": "x"}',
        b'{"docks": {"sides": [{"side": 9, "width": 1, "height": 1, "root": {"type": "split", "items": []}}]}}',
        b"[" * 100_000,
        b'{"window": ' * 2_000,
        b" " * 1_000_001,
    ],
)
def test_what_is_no_arrangement_is_refused_in_words(text):
    for read in (load_workspace, parse_file):
        with pytest.raises(InvalidInput) as refused:
            read(text)
        assert refused.value.hint


def test_a_tree_without_end_is_refused():
    root = Split((Dock("a"),))
    for _ in range(9):
        root = Split((root,))
    with pytest.raises(InvalidInput):
        check_docks(DockTree((DockSide(0, 1, 1, root),)))
    with pytest.raises(InvalidInput):
        check_docks(DockTree((DockSide(0, 1, 1, Split((Dock("a"), Dock("a")))),)))


def _paths(value, above=()):
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield (*above, key)
        yield from _paths(inner, (*above, key))


def _put(raw, where, value):
    for key in where[:-1]:
        raw = raw[key]
    if where:
        raw[where[-1]] = value


def test_a_file_of_another_kind_is_refused():
    text = msgspec.json.encode({"name": "x", "workspace": {}, "kind": "something.else"})
    with pytest.raises(InvalidInput, match="another kind"):
        parse_file(text)
