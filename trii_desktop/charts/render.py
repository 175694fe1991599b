"""Charts as PNG files, without a window: for the command line, reports and the tour."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from backend.charts.chart_state import VisibleBars
from backend.charts.study_snapshot import fixed_snapshot
from backend.commands.picture import ChartRequest
from backend.errors import Unavailable
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.colors import colors_of
from trii_desktop.charts.layers import ChartLayer
from trii_desktop.palettes import PAIRS

OnUiThread: TypeAlias = Callable[[Callable[[], bytes]], Awaitable[bytes]]


class PictureRenderer:
    """Draws what commands ask for; a ``ChartRenderer``.

    on_ui_thread : runs a plain function on the thread that may paint and gives back what it returns
    """

    def __init__(self, on_ui_thread: OnUiThread, family: str) -> None:
        self._on_ui_thread = on_ui_thread
        self._family = family

    async def render(self, request: ChartRequest) -> bytes:
        """The finished PNG file. Raises Unavailable where nothing can be painted."""
        return await self._on_ui_thread(partial(render_chart, request, self._family))


def render_chart(request: ChartRequest, family: str) -> bytes:
    """Draw a chart of all bars of ``request`` as a PNG file; on a thread that may paint. Raises Unavailable."""
    return png_of(draw_chart(request, family))


def draw_chart(request: ChartRequest, family: str, layers: Sequence[ChartLayer] = ()) -> QImage:
    """The picture itself with ``layers`` over it, one device pixel a pixel. Raises Unavailable."""
    if QGuiApplication.instance() is None:
        raise Unavailable("A chart cannot be drawn before Qt is started.", hint="Start the desktop's application first.")
    model = ChartModel()
    picture = ChartPicture(model, colors_of(request.theme, PAIRS.get(request.directions)), family)
    picture.layers.extend(layers)
    model.restore(msgspec.structs.replace(request.state, visible=VisibleBars()))
    shown = fixed_snapshot(request.bars, request.lines, breaks=request.breaks)
    model.open(request.instrument, request.spec, shown, is_adjusted=request.adjusted)
    picture.start_series()
    picture.prepare(request.width_px, request.height_px, 1.0)
    model.show_all()
    picture.is_stale = True
    picture.prepare(request.width_px, request.height_px, 1.0)
    image = QImage(request.width_px, request.height_px, QImage.Format.Format_RGB32)
    if image.isNull():
        raise Unavailable(
            f"There is not enough memory for a picture of {request.width_px}x{request.height_px} pixels.",
            hint="Ask for a smaller one.",
        )
    painter = QPainter(image)
    picture.paint(painter)
    painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """An image as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # the stubs know str only, Qt says bytes or str
        raise Unavailable("A picture could not be written as PNG.", hint="Check that Qt's image formats are installed.")
    return bytes(buffer.data().data())
