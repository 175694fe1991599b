"""Where a window and its docks stand, read from Qt as a checked value and shown again, also where a monitor has gone."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QByteArray, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from backend.workspaces.docks import DockTree, Rect, docks_of, rects_of, with_rects, without_limits
from backend.workspaces.workspace import WindowPlace, WindowState
from trii_desktop.docks.dock_bytes import read_docks, write_docks

LAYOUT_VERSION: Final = 2
LEAST_PX: Final = 120  # of a floating window
REACH_PX: Final = 40  # of its title that must be on a screen, so that it can be taken hold of


def docks_now(window: QMainWindow) -> DockTree:
    """How the docks stand. Raises InvalidInput should Qt write them in a form that is not known."""
    layout = window.layout()
    assert layout is not None, "A main window has a layout."
    layout.activate()  # sizes that wait for the next turn of the loop
    tree, _ = read_docks(bytes(window.saveState(LAYOUT_VERSION).data()))
    return without_limits(tree)


def show_docks(window: QMainWindow, tree: DockTree) -> bool:
    """Let the docks stand as ``tree`` says; what floats is brought onto a screen that is there. Raises InvalidInput."""
    _, rest = read_docks(bytes(window.saveState(LAYOUT_VERSION).data()))
    screens = _screens()
    fitted = with_rects(tree, {rect: on_screens(rect, screens) for rect in rects_of(tree)})
    is_shown = window.restoreState(QByteArray(write_docks(fitted, LAYOUT_VERSION, rest)), LAYOUT_VERSION)
    rects = {dock.name: dock.rect for dock in docks_of(fitted)}
    for dock in window.findChildren(QDockWidget):
        rect = rects.get(dock.objectName())
        if rect is not None and dock.isFloating():  # Qt brings it whole onto one screen, also where it lay across two
            dock.setGeometry(rect.x, rect.y, rect.width, rect.height)
    return bool(is_shown)


def place_now(window: QWidget) -> WindowPlace:
    """Where the window stands; its own place, also while it fills a screen."""
    own = window.normalGeometry() if window.isMaximized() or window.isFullScreen() else window.geometry()
    rect = Rect(own.x(), own.y(), own.width(), own.height()) if own.isValid() else None
    if window.isFullScreen():
        return WindowPlace(rect, WindowState.FULL_SCREEN)
    return WindowPlace(rect, WindowState.MAXIMISED if window.isMaximized() else WindowState.NORMAL)


def show_place(window: QWidget, place: WindowPlace) -> None:
    """Let the window stand at ``place``, moved onto a screen that is there."""
    if place.rect is not None:
        rect = on_screens(place.rect, _screens())
        window.setGeometry(QRect(rect.x, rect.y, rect.width, rect.height))
    is_visible = window.isVisible()
    if place.state is WindowState.FULL_SCREEN:
        window.setWindowState(window.windowState().WindowFullScreen)
    elif place.state is WindowState.MAXIMISED:
        window.setWindowState(window.windowState().WindowMaximized)
    else:
        window.setWindowState(window.windowState().WindowNoState)
    window.setVisible(is_visible)


def on_screens(rect: Rect, screens: Sequence[Rect]) -> Rect:
    """``rect`` where enough of it can be reached, else moved by as little as need be onto the nearest of ``screens``."""
    width, height = max(rect.width, LEAST_PX), max(rect.height, LEAST_PX)
    sized = Rect(rect.x, rect.y, width, height)
    if not screens or any(_can_be_held(sized, screen) for screen in screens):
        return sized
    nearest = min(screens, key=lambda screen: _distance(sized, screen))
    width, height = min(width, nearest.width), min(height, nearest.height)
    x = min(max(rect.x, nearest.x), nearest.x + nearest.width - width)
    y = min(max(rect.y, nearest.y), nearest.y + nearest.height - height)
    return Rect(x, y, width, height)


def _can_be_held(rect: Rect, screen: Rect) -> bool:
    # Its upper edge on the screen, and some of its width.
    across = min(rect.x + rect.width, screen.x + screen.width) - max(rect.x, screen.x)
    return across >= REACH_PX and screen.y <= rect.y <= screen.y + screen.height - REACH_PX


def _distance(rect: Rect, screen: Rect) -> int:
    x, y = rect.x + rect.width // 2, rect.y + rect.height // 2
    across = max(screen.x - x, 0, x - (screen.x + screen.width))
    down = max(screen.y - y, 0, y - (screen.y + screen.height))
    return across * across + down * down


def _screens() -> list[Rect]:
    rooms = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    return [Rect(room.x(), room.y(), room.width(), room.height()) for room in rooms]
