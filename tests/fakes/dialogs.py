"""A person with a keyboard and a screen reader: opens things through the palette, walks through them by Tab, leaves by Esc."""

import importlib
import pkgutil
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QDialog, QFileDialog, QScrollArea, QWidget

import trii_desktop
from tests.fakes.window import shown
from trii_desktop.app import Desktop
from trii_desktop.widgets.overlay import Overlay

N_TABS_MAX = 400


def dialog_classes() -> set[str]:
    """The names of every dialog and overlay that the desktop defines; dialogs for files are the system's."""
    for found in pkgutil.walk_packages(trii_desktop.__path__, "trii_desktop."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    todo, names = [QDialog, Overlay], set()
    while todo:
        for made in todo.pop().__subclasses__():
            todo.append(made)
            is_ours = made.__module__.startswith("trii_desktop.") and not issubclass(made, QFileDialog)
            if is_ours and not made.__subclasses__():  # what others stand on is never on screen itself
                names.add(made.__name__)
    return names


async def reach(desktop: Desktop, action_id: str) -> None:
    """Open the palette by its key, type an action's title, move to it, and press Enter."""
    window, work = desktop.window, desktop.workbench
    window.activateWindow()
    await shown(window.isActiveWindow, "The window is not active.")
    keys = work.actions.by_id["view.palette"]
    keys.trigger()
    palette = work.palette
    QTest.keyClicks(palette.field, ">" + work.actions.title(action_id).rstrip("…").partition(":")[0])
    wanted = f"action:{action_id}"
    for _ in range(palette.model.rowCount()):
        if palette.model.rows[palette.view.currentIndex().row()].key == wanted:
            break
        QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.model.rows[palette.view.currentIndex().row()].key == wanted, f"{action_id} is not in the palette."
    QTest.keyClick(palette.field, Qt.Key.Key_Return)


def opened(kind: str) -> QWidget | None:
    """The dialog or overlay of this class that is on screen."""
    return next((w for w in QApplication.allWidgets() if type(w).__name__ == kind and w.isVisible()), None)


def stops_of(dialog: QWidget) -> list[QWidget]:
    """What Tab should reach in it: visible, enabled parts that take the keyboard."""
    return [part for part in dialog.findChildren(QWidget) if _is_stop(part, dialog)]


def nameless(dialog: QWidget) -> list[str]:
    """Parts that take the keyboard and would be silent in a screen reader."""
    return [
        f"{type(part).__name__} {part.objectName()} in {type(part.parentWidget()).__name__}"
        for part in stops_of(dialog)
        if not (part.accessibleName() or (isinstance(part, QAbstractButton) and part.text()))
    ]


def walk(dialog: QWidget, stops: list[QWidget] | None = None) -> list[str]:
    """Press Tab until it comes round; the parts that were never reached."""
    missed = set(stops_of(dialog) if stops is None else stops)
    for _ in range(N_TABS_MAX):
        held = QApplication.focusWidget()
        if held is None:
            break
        missed -= {part for part in missed if part is held or part.isAncestorOf(held)}
        if not missed:
            break
        QTest.keyClick(held, Qt.Key.Key_Tab)
    return [f"{type(part).__name__} {part.accessibleName() or part.objectName()}" for part in missed]


async def leave(dialog: QWidget, is_gone: Callable[[], bool]) -> None:
    """Press Esc where the keyboard is."""
    held = QApplication.focusWidget()
    QTest.keyClick(held if held is not None and dialog.isAncestorOf(held) else dialog, Qt.Key.Key_Escape)
    await shown(is_gone, f"{type(dialog).__name__} stayed after Esc.")


def _is_stop(part: QWidget, dialog: QWidget) -> bool:
    if not (part.isVisible() and part.isEnabled() and part.focusPolicy() & Qt.FocusPolicy.TabFocus) or part.focusProxy():
        return False
    if part.objectName().startswith("qt_") or part.window() is not dialog.window() or not dialog.isAncestorOf(part):
        return False
    holder = part.parentWidget()
    if isinstance(holder, (QAbstractSpinBox, QComboBox)) or isinstance(part, QScrollArea):
        return False  # the box is the stop; an area that scrolls follows what is inside
    if isinstance(part, QAbstractButton) and part.isCheckable() and part.group() is not None and part.group().exclusive():
        return part.isChecked()  # arrows move inside a group
    return True
