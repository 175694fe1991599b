"""What a chart shows, as a value: no window, no colours; it can be saved, restored and compared."""

import enum
from typing import Any, Final

import msgspec

from backend.errors import InvalidInput

STATE_VERSION: Final = 1
BARS_VISIBLE_MAX: Final = 1e9


class ChartType(enum.StrEnum):
    """How the main series is drawn. AUTO is candles, or a line where the series holds single values."""

    AUTO = "auto"
    CANDLES = "candles"
    LINE = "line"


class ScaleKind(enum.StrEnum):
    """How prices map to heights."""

    LINEAR = "linear"


class VisibleBars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bars are in view.

    n_bars : how many bar widths fit between the left and the right edge, above 0; 0 lets the chart choose
    right_ns : event time of the bar the right edge is anchored to; None follows the newest bar
    beyond : bar widths between that bar's middle and the right edge; negative where the bar is cut off
    """

    n_bars: float = 0.0
    right_ns: int | None = None
    beyond: float = 0.0


class PriceRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices at the lower and the upper edge of a pane whose scale was set by hand."""

    low: float
    high: float


class ChartState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of a chart that a person has chosen.

    instrument, interval : as their parsers read them; empty where nothing is open
    price : the price range set by hand; None scales to what is visible
    """

    version: int = STATE_VERSION
    instrument: str = ""
    interval: str = ""
    chart_type: ChartType = ChartType.AUTO
    scale: ScaleKind = ScaleKind.LINEAR
    is_adjusted: bool = False
    is_volume_shown: bool = True
    visible: VisibleBars = VisibleBars()
    price: PriceRange | None = None

    def changes(self, newer: "ChartState") -> dict[str, tuple[Any, Any]]:
        """Fields that differ: name to (value here, value in ``newer``)."""
        pairs = ((name, getattr(self, name), getattr(newer, name)) for name in self.__struct_fields__)
        return {name: (old, new) for name, old, new in pairs if old != new}


def save_state(state: ChartState) -> bytes:
    """The state as JSON text."""
    return msgspec.json.encode(state)


def load_state(text: bytes) -> ChartState:
    """Read what ``save_state`` wrote. Raises InvalidInput for anything else, also for values that no chart can show."""
    try:
        state = msgspec.json.decode(text, type=ChartState)
    except msgspec.MsgspecError as e:
        raise InvalidInput(f"A saved chart cannot be read: {e}.", hint="Open the instrument anew.", code="chart.state") from e
    check_state(state)
    return state


def check_state(state: ChartState) -> None:
    """Refuse states that no chart can show. Raises InvalidInput."""
    if state.version != STATE_VERSION:
        raise InvalidInput(
            f"A saved chart has version {state.version}; this program reads version {STATE_VERSION}.",
            hint="Open the instrument anew.",
            code="chart.state",
        )
    if not 0 <= state.visible.n_bars <= BARS_VISIBLE_MAX or not abs(state.visible.beyond) <= BARS_VISIBLE_MAX:
        raise InvalidInput(
            f"A saved chart shows {state.visible.n_bars} bars, {state.visible.beyond} of them beyond the newest.",
            hint="Open the instrument anew.",
            code="chart.state",
        )
    if state.price is not None and not -1e300 < state.price.low < state.price.high < 1e300:
        raise InvalidInput(
            f"A saved chart's prices run from {state.price.low} to {state.price.high}.",
            hint="Open the instrument anew.",
            code="chart.state",
        )
