"""What lies at a place of a chart, for menus about it."""

from typing import NamedTuple

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QWidget

from trii_desktop.charts.canvas import ChartCanvas
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.gestures import Zone


class Spot(NamedTuple):
    """A place that a menu can be about.

    event_ns : the nearest bar's, None without bars
    x, y : device pixels from the pane's upper left corner
    price : the price at that height, None outside the pane of the prices and its axis
    """

    zone: Zone
    pane_id: str
    study_id: str
    event_ns: int | None
    x: float = 0.0
    y: float = 0.0
    price: float | None = None


class Spots:
    """Finds them on one chart."""

    def __init__(self, model: ChartModel, picture: ChartPicture, canvas: ChartCanvas) -> None:
        self._model = model
        self._picture = picture
        self._canvas = canvas

    @property
    def pointed_price(self) -> float | None:
        """The price below the pointer, None where it is beside the prices."""
        return self._picture.pointed_price

    def at(self, view: QWidget, place: QPoint) -> Spot:
        """What lies at ``place`` of ``view``, in logical pixels."""
        point = self._canvas.device_point(QPointF(self._canvas.viewport().mapFrom(view, place)))
        x, y = point.x(), point.y()
        hit = self._picture.hit_at(x, y)
        study = hit.study_id if hit is not None else self._picture.study_at(x, y)
        bars = self._model.snapshot
        row = min(max(self._model.time.bar_at(x), 0), len(bars) - 1)
        event_ns = bars.event_ns_at(row) if row >= 0 else None
        part, zone = self._picture.part_at(y), self._picture.zone_at(x, y)
        above = y - part.plot.y
        is_priced = part.pane.is_main and part.scale is not None and zone is not Zone.TIME_AXIS
        price = part.scale.price_at(above + 0.5) if is_priced and part.scale is not None else None
        return Spot(zone, part.pane.id, study, event_ns, x, above, price)
