"""What pointer, wheel and keys do to a chart; numbers in, changes to the model out, no window needed."""

import enum
import math
from collections.abc import Callable
from typing import Final

from backend.charts.chart_state import MAIN_PANE
from trii_desktop.charts.chart_model import ChartModel

WHEEL_NOTCH: Final = 120.0  # angle units of one click of a wheel
ZOOM_PER_NOTCH: Final = 1.18
BARS_PER_NOTCH_PX: Final = 60.0
KEY_ZOOM: Final = 1.25
FAST_BARS: Final = 10
_STRETCH_PER_PX: Final = 0.006
_FACTOR_MAX: Final = 8.0


class Zone(enum.Enum):
    """A part of the chart that answers to the pointer in its own way."""

    PLOT = "plot"
    PRICE_AXIS = "price axis"
    TIME_AXIS = "time axis"


class Gestures:
    """Turns pointer positions (device pixels from the plot's upper left corner) into pans, zooms and stretches."""

    def __init__(self, model: ChartModel) -> None:
        self._model = model
        self._dragged: Zone | None = None
        self._pane = MAIN_PANE
        self._at = (0.0, 0.0)

    @property
    def is_dragging(self) -> bool:
        """Whether a button went down on the chart and is not up yet."""
        return self._dragged is not None

    def press(self, zone: Zone, x: float, y: float, pane: str = MAIN_PANE) -> None:
        """A drag begins, in ``pane`` or beside it."""
        self._dragged, self._at, self._pane = zone, (x, y), pane

    def move(self, x: float, y: float) -> bool:
        """The pointer is now at (x, y); whether the view moved."""
        if self._dragged is None:
            return False
        dx, dy = x - self._at[0], y - self._at[1]
        self._at = (x, y)
        ratio = self._model.pixel_ratio
        if self._dragged is Zone.PLOT:
            self._model.pan(dx, dy, self._pane)
        elif self._dragged is Zone.PRICE_AXIS:
            self._model.stretch_price(_factor(-dy / ratio), self._pane)
        else:
            self._model.zoom(_factor(-dx / ratio), self._model.time.width_px)
        return True

    def release(self) -> None:
        """The drag ends."""
        self._dragged = None

    def double_click(self, zone: Zone, pane: str = MAIN_PANE) -> None:
        """An axis scales by itself again."""
        if zone is Zone.PRICE_AXIS:
            self._model.reset_price(pane)
        elif zone is Zone.TIME_AXIS:
            self._model.reset_time()

    def wheel(self, zone: Zone, x: float, dx: float, dy: float, *, pans: bool, pane: str = MAIN_PANE) -> None:
        """The wheel turned by angles ``dx``, ``dy`` (120 a notch, up and right positive); ``pans`` while Shift is down."""
        ratio = self._model.pixel_ratio
        if zone is Zone.PRICE_AXIS:
            self._model.stretch_price(_limited(ZOOM_PER_NOTCH ** (dy / WHEEL_NOTCH)), pane)
            return
        if pans:
            dx, dy = dx or dy, 0.0
        if dx:
            self._model.pan(dx / WHEEL_NOTCH * BARS_PER_NOTCH_PX * ratio)
        if dy:
            at = self._model.time.width_px if self._model.zooms_at_right else x
            self._model.zoom(_limited(ZOOM_PER_NOTCH ** (dy / WHEEL_NOTCH)), at)

    def scroll(self, x: float, dx_px: float, dy_px: float) -> None:
        """Two fingers moved on a touch pad, in logical pixels: across pans, along zooms at the pointer."""
        if abs(dx_px) >= abs(dy_px):
            self._model.pan(dx_px * self._model.pixel_ratio)
        else:
            self._model.zoom(_factor(dy_px), x)

    def pinch(self, x: float, factor: float) -> None:
        """Two fingers spread by ``factor``."""
        self._model.zoom(_limited(factor), x)


class KeyCommand(enum.Enum):
    """What keys do to the view."""

    BACK = "one bar back"
    FORWARD = "one bar forward"
    FAST_BACK = "ten bars back"
    FAST_FORWARD = "ten bars forward"
    ZOOM_IN = "wider bars"
    ZOOM_OUT = "narrower bars"
    OLDEST = "to the oldest bar"
    NEWEST = "to the newest bar"
    RESET = "as just opened"


KEY_COMMANDS: Final[dict[KeyCommand, Callable[[ChartModel], None]]] = {
    KeyCommand.BACK: lambda model: model.pan_bars(-1),
    KeyCommand.FORWARD: lambda model: model.pan_bars(1),
    KeyCommand.FAST_BACK: lambda model: model.pan_bars(-FAST_BARS),
    KeyCommand.FAST_FORWARD: lambda model: model.pan_bars(FAST_BARS),
    KeyCommand.ZOOM_IN: lambda model: model.zoom(KEY_ZOOM),
    KeyCommand.ZOOM_OUT: lambda model: model.zoom(1 / KEY_ZOOM),
    KeyCommand.OLDEST: ChartModel.go_oldest,
    KeyCommand.NEWEST: ChartModel.go_newest,
    KeyCommand.RESET: ChartModel.reset,
}


def _factor(by_px: float) -> float:
    return _limited(math.exp(min(max(by_px * _STRETCH_PER_PX, -5.0), 5.0)))


def _limited(factor: float) -> float:
    return min(max(factor, 1 / _FACTOR_MAX), _FACTOR_MAX) if math.isfinite(factor) else 1.0
