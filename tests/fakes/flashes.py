"""Widgets that are shown before they have a parent: on a screen, each flashes as a window of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

MEANT = (  # kinds of windows that somebody asked for
    Qt.WindowType.Dialog, Qt.WindowType.Popup, Qt.WindowType.ToolTip, Qt.WindowType.Tool, Qt.WindowType.SubWindow,
)  # fmt: skip


class _Watcher(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what is shown as a window without being one of those that are meant to be."""
        is_shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow()
        if is_shown and watched.windowType() not in MEANT and not watched.inherits("QMainWindow"):
            self.found.append(f"{type(watched).__name__} {watched.accessibleName()!r}")
        return False


@contextmanager
def watching_flashes() -> Iterator[list[str]]:
    """The widgets that were shown too early while the block ran."""
    watcher = _Watcher()
    app = QApplication.instance()
    app.installEventFilter(watcher)
    try:
        yield watcher.found
    finally:
        app.removeEventFilter(watcher)
