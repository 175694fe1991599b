"""How the windows are dressed: the fonts, the one style sheet and the icons, in the colours of a palette."""

import itertools
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Final

from PySide6.QtCore import QByteArray, QDir, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from trii_desktop.palettes import Palette

RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"
FONT_FAMILY: Final = "TRII Sans"
_FONT_FILES: Final = ("TriiSans-Regular.otf", "TriiSans-Medium.otf", "TriiSans-SemiBold.otf")
_FONT_SIZES: Final = (11, 12, 13, 14, 15, 16, 18, 20, 26)
_BODY_PX: Final = 13
_ICON_PIXMAPS: Final = tuple(itertools.product((18, 36), (1, 2)))  # logical pixels, and physical ones in each


def style_sheet(palette: Palette, scale: float = 1.0) -> str:
    """The one style sheet, with the palette's tokens and the letters' sizes filled in."""
    template = Template((RESOURCES / "styles" / "trii.qss").read_text(encoding="utf-8"))
    sizes = {f"px{size}": str(max(1, round(size * scale))) for size in _FONT_SIZES}
    return template.substitute({k: str(v) for k, v in asdict(palette).items()} | sizes)


def load_fonts() -> str:
    """Make our own font known to Qt and return its family; the system's where the files are missing."""
    families = [
        family
        for file in _FONT_FILES
        if (number := QFontDatabase.addApplicationFont(str(RESOURCES / "fonts" / file))) >= 0
        for family in QFontDatabase.applicationFontFamilies(number)
    ]
    return FONT_FAMILY if FONT_FAMILY in families else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def dress(app: QApplication) -> None:
    """Set what both themes share: style, fonts, the window icon and where the style sheet finds its images."""
    QDir.setSearchPaths("triiicons", [str(RESOURCES / "icons")])
    app.setStyle("Fusion")
    font = QFont(load_fonts())
    font.setPixelSize(_BODY_PX)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    app.setFont(font)
    app.setWindowIcon(QIcon(str(RESOURCES / "icons" / "trii.svg")))


def apply_theme(app: QApplication, palette: Palette, scale: float = 1.0) -> None:
    """Paint every window of the application in ``palette``, with letters ``scale`` times as large as designed."""
    font = QFont(app.font())
    font.setPixelSize(max(1, round(_BODY_PX * scale)))
    app.setFont(font)
    app.setPalette(_qt_palette(palette))
    sheet = style_sheet(palette, scale)
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def _qt_palette(palette: Palette) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    for what, color in (
        (role.Window, palette.window),
        (role.WindowText, palette.text),
        (role.Base, palette.panel),
        (role.AlternateBase, palette.raised),
        (role.Text, palette.text),
        (role.PlaceholderText, palette.muted),
        (role.Button, palette.raised),
        (role.ButtonText, palette.text),
        (role.BrightText, palette.on_accent),
        (role.Highlight, palette.selection),
        (role.HighlightedText, palette.text),
        (role.ToolTipBase, palette.raised),
        (role.ToolTipText, palette.text),
        (role.Link, palette.accent_text),
        (role.LinkVisited, palette.accent_text),
        (role.Light, palette.hover),
        (role.Mid, palette.border),
        (role.Dark, palette.border),
        (role.Shadow, palette.window),
        (role.Accent, palette.accent),
    ):
        made.setColor(what, QColor(color))
    for what in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(group.Disabled, what, QColor(palette.faint))
    return made


def icon(name: str, palette: Palette, color: str = "") -> QIcon:
    """One of our line icons in the palette's muted colour (or ``color``), greyed where disabled, sharp on any screen."""
    source = (RESOURCES / "icons" / f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(source))  # what it calls the current colour is black
    shapes = {size_px: _shape(renderer, size_px) for size_px in sorted({size * scale for size, scale in _ICON_PIXMAPS})}
    made = QIcon()
    inks = ((QIcon.Mode.Normal, color or palette.muted), (QIcon.Mode.Active, color or palette.text))
    for mode, ink in (*inks, (QIcon.Mode.Disabled, palette.faint)):
        tinted = {size_px: QPixmap.fromImage(_tinted(shape, ink)) for size_px, shape in shapes.items()}
        for size, scale in _ICON_PIXMAPS:
            pixmap = QPixmap(tinted[size * scale])
            pixmap.setDevicePixelRatio(scale)
            made.addPixmap(pixmap, mode)
    return made


def _shape(renderer: QSvgRenderer, size_px: int) -> QImage:
    image = QImage(QSize(size_px, size_px), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return image


def _tinted(shape: QImage, ink: str) -> QImage:
    """The same shape in one colour; an icon is drawn once a size, which takes ten times as long."""
    image = QImage(shape)
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), QColor(ink))
    painter.end()
    return image
