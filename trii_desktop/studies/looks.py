"""How the active chart is drawn, one method and one flag each, as the action table wants them: types, scales, zones."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from backend.charts.chart_state import ChartState, ChartType, ScaleKind
from trii_desktop.desk import Desk
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.studies.making import change_chart
from trii_desktop.studies.zone_search import ZoneSearch

_TYPE_WORDS: Final = {
    ChartType.AUTO: "what suits the bars",
    ChartType.CANDLES: "candles",
    ChartType.HOLLOW: "hollow candles",
    ChartType.BARS: "bars",
    ChartType.LINE: "a line",
    ChartType.AREA: "an area",
    ChartType.HEIKIN_ASHI: "Heikin-Ashi bars",
}
_SCALE_WORDS: Final = {ScaleKind.LINEAR: "evenly", ScaleKind.LOG: "by logarithm", ScaleKind.PERCENT: "in percent"}


class ChartLooks:
    """Methods and flags that the action table names."""

    def __init__(self, window: QWidget, desk: Desk, active: ActiveChart) -> None:
        self._desk = desk
        self._active = active
        self.zones = ZoneSearch(window, desk.look, desk.backend.clock)
        self.zones.chosen.connect(self.set_zone)

    @property
    def _state(self) -> ChartState:
        return self._active.current.state

    # --- types --------------------------------------------------------------------------------------------------------

    @property
    def is_auto(self) -> bool:
        """Candles, or a line where there are only closes."""
        return self._is_type(ChartType.AUTO)

    @property
    def is_candles(self) -> bool:
        """Whether candles are drawn."""
        return self._is_type(ChartType.CANDLES)

    @property
    def is_hollow(self) -> bool:
        """Whether hollow candles are drawn."""
        return self._is_type(ChartType.HOLLOW)

    @property
    def is_bars(self) -> bool:
        """Whether bars are drawn."""
        return self._is_type(ChartType.BARS)

    @property
    def is_line(self) -> bool:
        """Whether a line is drawn."""
        return self._is_type(ChartType.LINE)

    @property
    def is_area(self) -> bool:
        """Whether an area is drawn."""
        return self._is_type(ChartType.AREA)

    @property
    def is_heikin_ashi(self) -> bool:
        """Whether Heikin-Ashi bars are drawn."""
        return self._is_type(ChartType.HEIKIN_ASHI)

    def auto(self) -> None:
        """Candles, or a line where there are only closes."""
        self._set_type(ChartType.AUTO)

    def candles(self) -> None:
        """Draw candles."""
        self._set_type(ChartType.CANDLES)

    def hollow(self) -> None:
        """Draw hollow candles."""
        self._set_type(ChartType.HOLLOW)

    def bars(self) -> None:
        """Draw bars."""
        self._set_type(ChartType.BARS)

    def line(self) -> None:
        """Draw a line."""
        self._set_type(ChartType.LINE)

    def area(self) -> None:
        """Draw an area."""
        self._set_type(ChartType.AREA)

    def heikin_ashi(self) -> None:
        """Draw Heikin-Ashi bars."""
        self._set_type(ChartType.HEIKIN_ASHI)

    # --- scales -------------------------------------------------------------------------------------------------------

    @property
    def is_log(self) -> bool:
        """Whether prices are scaled by logarithm."""
        return self._state.main.scale is ScaleKind.LOG

    @property
    def is_percent(self) -> bool:
        """Whether prices are shown in percent."""
        return self._state.main.scale is ScaleKind.PERCENT

    @property
    def is_inverted(self) -> bool:
        """Whether the scale is upside down."""
        return self._state.main.is_inverted

    def log(self) -> None:
        """Scale by logarithm, or evenly."""
        self._set_scale(ScaleKind.LOG)

    def percent(self) -> None:
        """Scale in percent, or in prices."""
        self._set_scale(ScaleKind.PERCENT)

    def invert(self) -> None:
        """Turn the scale upside down."""
        self._change(
            lambda state: state.with_pane(replace(state.main, is_inverted=not state.main.is_inverted)), "The scale was turned"
        )

    # --- zones and furniture ------------------------------------------------------------------------------------------

    @property
    def is_exchange_time(self) -> bool:
        """Whether times are the exchange's."""
        return self._state.zone == "exchange"

    @property
    def is_local_time(self) -> bool:
        """Whether times are this computer's."""
        return self._state.zone == "local"

    @property
    def is_utc(self) -> bool:
        """Whether times are UTC."""
        return self._state.zone == "UTC"

    @property
    def is_other_zone(self) -> bool:
        """Whether times are those of another place."""
        return not (self.is_exchange_time or self.is_local_time or self.is_utc)

    @property
    def has_volume(self) -> bool:
        """Whether volumes are drawn."""
        return self._state.is_volume_shown

    @property
    def has_breaks(self) -> bool:
        """Whether session breaks are drawn."""
        return self._state.are_breaks_shown

    def exchange_time(self) -> None:
        """Label times as the exchange has them."""
        self.set_zone("exchange")

    def local_time(self) -> None:
        """Label times as this computer has them."""
        self.set_zone("local")

    def utc(self) -> None:
        """Label times in UTC."""
        self.set_zone("UTC")

    def other_zone(self) -> None:
        """Find another time zone."""
        self.zones.search(self._state.zone)

    def set_zone(self, zone: str) -> None:
        """Label times in ``zone``."""
        words = {"exchange": "of the exchange", "local": "of this computer"}.get(zone, f"of {zone}")
        self._change(lambda state: replace(state, zone=zone), f"Times are those {words}")

    def volume(self) -> None:
        """Draw volumes, or not."""
        words = "Volume was hidden" if self._state.is_volume_shown else "Volume was shown"
        self._change(lambda state: replace(state, is_volume_shown=not state.is_volume_shown), words)

    def breaks(self) -> None:
        """Draw session breaks, or not."""
        words = "Session breaks were hidden" if self._state.are_breaks_shown else "Session breaks were shown"
        self._change(lambda state: replace(state, are_breaks_shown=not state.are_breaks_shown), words)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _is_type(self, kind: ChartType) -> bool:
        return self._state.chart_type is kind

    def _set_type(self, kind: ChartType) -> None:
        self._change(lambda state: replace(state, chart_type=kind), f"The chart was drawn as {_TYPE_WORDS[kind]}")

    def _set_scale(self, kind: ScaleKind) -> None:
        wanted = ScaleKind.LINEAR if self._state.main.scale is kind else kind
        words = f"Prices were scaled {_SCALE_WORDS[wanted]}"
        self._change(lambda state: state.with_pane(replace(state.main, scale=wanted, range=None)), words)

    def _change(self, change: Callable[[ChartState], ChartState], did: str) -> None:
        change_chart(self._desk, self._active.current, change, did)
