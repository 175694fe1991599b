"""A chart on the screen as a picture to keep: pixels as seen, or shapes that can be enlarged; without pointer and focus."""

import re
from collections.abc import Callable
from html import escape
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from backend.errors import Unavailable
from trii_desktop.charts.chart_view import ChartView

SMALL_PX: Final = 1_600  # the longer side
_CSS_DPI: Final = 96
_FAMILY: Final = re.compile(r'font-family="([^"]+)"')
_STAND_INS: Final = "Inter, Helvetica Neue, Arial, sans-serif"  # as wide as our own font, or nearly
_DRAWN: Final = re.compile(r"</defs>(.*)</svg>", re.DOTALL)


def image_of(view: ChartView) -> QImage:
    """The chart with the device pixels it has on the screen. Raises Unavailable."""
    width, height = view.size_px
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    if not painter.isActive():
        raise Unavailable(
            f"There is not enough memory for a picture of {width}x{height} pixels.", hint="Make the window smaller, and try again."
        )
    with view.still() as picture:
        picture.paint(painter)
    painter.end()
    image.setDevicePixelRatio(view.devicePixelRatioF())
    return image


def small_image_of(view: ChartView) -> QImage:
    """The same, no larger than a model that sees has use for. Raises Unavailable."""
    image = image_of(view)
    if image.width() <= SMALL_PX and image.height() <= SMALL_PX:
        return image
    return image.scaled(SMALL_PX, SMALL_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def svg_of(view: ChartView, title: str) -> str:
    """The chart as an SVG document called ``title``; letters are text in the chart's font, or whatever stands in for it.

    Qt writes no clipping into SVG, so each part is drawn into a document of its own and cut at its edges here.
    """
    width, height = view.size_px
    cuts, groups = [], []
    with view.still() as picture:
        background = picture.inks["background"].name()
        for place, item in enumerate(picture.items):
            box = f'width="{item.width_px}" height="{item.height_px}"'
            cuts.append(f'<clipPath id="part{place}"><rect x="0" y="0" {box}/></clipPath>')
            drawn = _drawn((item.width_px, item.height_px), item.paint)
            groups.append(f'<g transform="translate({item.x},{item.y})"><g clip-path="url(#part{place})">{drawn}</g></g>')
        groups.append(_drawn((width, height), picture.paint_edges))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<title>{escape(title)}</title>\n<defs>{''.join(cuts)}</defs>\n"
        f'<rect x="0" y="0" width="{width}" height="{height}" fill="{background}"/>\n' + "\n".join(groups) + "\n</svg>\n"
    )


def _drawn(size_px: tuple[int, int], paint: Callable[[QPainter], None]) -> str:
    """What ``paint`` draws, as the inside of an SVG element."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made = QSvgGenerator()
    made.setOutputDevice(buffer)
    made.setSize(QSize(*size_px))
    made.setViewBox(QRect(0, 0, *size_px))
    made.setResolution(_CSS_DPI)
    painter = QPainter(made)
    paint(painter)
    painter.end()
    found = _DRAWN.search(bytes(buffer.data().data()).decode())
    return _FAMILY.sub(rf'font-family="\1, {_STAND_INS}"', found[1].strip()) if found else ""
