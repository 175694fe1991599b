"""The look in force: which palette every window wears, and the signal by which painted parts follow it."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from trii_desktop.theme import DARK, PALETTES, Palette, ThemeName, apply_theme, icon


class Look(QObject):
    """Owns the palette; ``changed`` comes after the style sheet was applied."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.palette: Palette = DARK
        self._app = app
        self._worn: tuple[str, float] | None = None
        self._icons: dict[tuple[str, str, str], QIcon] = {}

    def wear(self, theme: str, scale: float = 1.0) -> None:
        """Show every window in ``theme`` ("dark" or "light") with letters ``scale`` times as large."""
        if self._worn == (theme, scale):
            return
        self._worn = (theme, scale)
        self.palette = PALETTES[ThemeName(theme)]
        apply_theme(self._app, self.palette, scale)
        self.changed.emit()

    def icon(self, name: str, color: str = "") -> QIcon:
        """An icon in the palette's colours, or in ``color``."""
        key = (name, color, self.palette.name)
        if key not in self._icons:
            self._icons[key] = icon(name, self.palette, color)
        return self._icons[key]
