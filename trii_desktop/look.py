"""The look in force: which palette every window wears, and the signal by which painted parts follow it."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from backend.settings import Appearance
from trii_desktop.palettes import DARK, PALETTES, Palette, ThemeName, directions_of, with_directions
from trii_desktop.theme import apply_theme, icon


class Look(QObject):
    """Owns the palette; ``changed`` comes after the style sheet was applied."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.palette: Palette = DARK
        self._app = app
        self._worn: Appearance | None = None
        self._icons: dict[tuple[str, str, str], QIcon] = {}

    def wear(self, appearance: Appearance) -> None:
        """Show every window as the settings ask: theme, colours of rising and falling, size of the letters."""
        if self._worn == appearance:
            return
        self._worn = appearance
        self.palette = with_directions(PALETTES[ThemeName(appearance.theme)], directions_of(appearance))
        apply_theme(self._app, self.palette, appearance.font_scale)
        self.changed.emit()

    def icon(self, name: str, color: str = "") -> QIcon:
        """An icon in the palette's colours, or in ``color``."""
        key = (name, color, self.palette.name)
        if key not in self._icons:
            self._icons[key] = icon(name, self.palette, color)
        return self._icons[key]
