"""The real window on a real backend, offscreen, for one story of a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from backend import __version__
from backend.app import open_backend
from backend.assistant.answers import Mode
from backend.market.samples import load_samples
from backend.storage.ownership import claim
from backend.storage.paths import Home
from tests.fakes.waiting import until
from tests.fakes.warm_home import make_warm
from trii_desktop.app import Desktop, dressed_look, make_application, open_desktop
from trii_desktop.main_window import MainWindow
from trii_desktop.theme import dress


def make_samples_home(root: Path) -> Home:
    """A closed home that holds the samples."""
    home = Home(root)
    home.make()
    asyncio.run(_fill(home))
    return home


@asynccontextmanager
async def open_window(
    home: Home, *, width_px: int = 1280, height_px: int = 800, docks: bool = True, is_safe: bool = False
) -> AsyncIterator[Desktop]:
    """The window as `trii open` composes it, shown with its first chart and its docks; closed in order afterwards."""
    app = make_application()
    dress(app)
    ownership = claim(home, role="window", version=__version__)
    assert ownership is not None, "Another process owns the test's home."
    window = MainWindow(dressed_look(app, home))
    window.resize(width_px, height_px)
    window.show()
    try:
        with ownership:
            async with open_desktop(window, ownership, asks=False, is_safe=is_safe, freezes=False) as desktop:
                await desktop.open_first_chart()
                if docks:
                    await desktop.open_docks()
                yield desktop
                await desktop.save()
    finally:
        window.may_close = True
        window.close()
        window.deleteLater()


async def shown(condition: Callable[[], object], what: str = "") -> None:
    """Wait until ``condition()`` holds."""
    await until(condition, 15.0, what=what)


def point_at(widget: QWidget, place: QPoint, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """Move the pointer to ``place`` of ``widget``.

    ``QTest.mouseMove`` processes events, and with them other tasks inside the one that runs, which asyncio forbids.
    """
    at = QPointF(place)
    no_key = Qt.KeyboardModifier.NoModifier
    moved = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton, held, no_key)
    QApplication.sendEvent(widget, moved)


def visible_dialog(kind: type[QDialog]) -> QDialog | None:
    """The dialog of this kind that is on screen, if any."""
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)


async def _fill(home: Home) -> None:
    async with open_backend(home, watch=False) as backend:
        await load_samples(backend.importer)
        make_warm(home, *{instrument.calendar for instrument in await backend.catalog.all()})
        # The starter model is tried here once, not in every copy.
        await (await backend.assistant.open()).models.card_for(Mode.FAST)
