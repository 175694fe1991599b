"""Docks moved at random in a real window stand in another window as they stood in the first, and are recorded as equal bytes."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEventLoop, QRect, Qt, QTimer
from PySide6.QtWidgets import QLabel, QMainWindow, QPlainTextEdit

from backend.workspaces.docks import docks_of
from trii_desktop.docks.arrangement import docks_now, show_docks
from trii_desktop.docks.dock import SIDES, WorkDock
from trii_desktop.look import Look

NAMES = ("one", "two", "three", "four", "five")
which = st.sampled_from(NAMES)
widths, heights = st.integers(280, 700), st.integers(200, 600)  # no one can make a dock smaller than its contents
moves = st.lists(
    st.one_of(
        st.tuples(st.just("side"), which, st.sampled_from([area for area, _ in SIDES])),
        st.tuples(st.just("tab"), which, which),
        st.tuples(st.just("split"), which, which, st.sampled_from(list(Qt.Orientation))),
        st.tuples(st.just("float"), which, st.integers(-300, 900), st.integers(0, 700), widths, heights),
        st.tuples(st.just("hide"), which),
        st.tuples(st.just("show"), which),
    ),
    max_size=12,
)


def settle():
    """Let Qt do what was posted: layouts, shown windows."""
    loop = QEventLoop()
    QTimer.singleShot(0, loop.quit)
    loop.exec()


def make_window(look):
    window = QMainWindow()
    window.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
    window.resize(1100, 760)
    window.setCentralWidget(QLabel("middle"))
    docks = {}
    for name in NAMES:
        docks[name] = WorkDock(name, name.title(), QPlainTextEdit(), window, look)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks[name])
    window.show()
    settle()
    return window, docks


def carry_out(window, docks, move):
    kind, dock, *rest = move[0], docks[move[1]], *move[2:]
    if kind == "side":
        dock.setFloating(False)
        window.addDockWidget(rest[0], dock)
    elif kind in ("tab", "split"):
        other = docks[rest[0]]
        if other is dock or other.isFloating():
            return
        dock.setFloating(False)
        if kind == "tab":
            window.tabifyDockWidget(other, dock)
        else:
            window.splitDockWidget(other, dock, rest[1])
    elif kind == "float":
        dock.setFloating(True)
        dock.setGeometry(QRect(*rest))
    else:
        dock.setVisible(kind == "show")
    settle()


@given(moves)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_docks_stand_in_another_window_as_they_stood_in_the_first(qapp, made):
    look = Look(qapp)
    first, docks = make_window(look)
    second, others = make_window(look)
    try:
        for move in made:
            carry_out(first, docks, move)
        show_docks(first, docks_now(first))  # what floats out of reach is brought back first
        settle()
        tree = docks_now(first)
        assert show_docks(second, tree)
        settle()
        assert msgspec.json.encode(docks_now(second)) == msgspec.json.encode(tree)
        for name in NAMES:
            assert others[name].isVisible() == docks[name].isVisible(), name
            assert others[name].isFloating() == docks[name].isFloating(), name
            if docks[name].isFloating():
                assert others[name].geometry() == docks[name].geometry(), name
        assert {dock.name for dock in docks_of(tree)} == set(NAMES)
    finally:
        for window in (first, second):
            window.close()
            window.deleteLater()
        look.deleteLater()
