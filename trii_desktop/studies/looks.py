"""How the active chart is drawn, one method and one flag each, as the action table wants them: types, scales, zones."""

from backend.charts.chart_state import ChartState, ChartType, ScaleKind
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.studies.study_actions import StudyActions


class ChartLooks:
    """Methods and flags that the action table names."""

    def __init__(self, actions: StudyActions, active: ActiveChart) -> None:
        self._actions = actions
        self._active = active

    @property
    def _state(self) -> ChartState:
        return self._active.current.state

    # --- types --------------------------------------------------------------------------------------------------------

    @property
    def is_auto(self) -> bool:
        """Candles, or a line where there are only closes."""
        return self._actions.is_type(ChartType.AUTO)

    @property
    def is_candles(self) -> bool:
        """Whether candles are drawn."""
        return self._actions.is_type(ChartType.CANDLES)

    @property
    def is_hollow(self) -> bool:
        """Whether hollow candles are drawn."""
        return self._actions.is_type(ChartType.HOLLOW)

    @property
    def is_bars(self) -> bool:
        """Whether bars are drawn."""
        return self._actions.is_type(ChartType.BARS)

    @property
    def is_line(self) -> bool:
        """Whether a line is drawn."""
        return self._actions.is_type(ChartType.LINE)

    @property
    def is_area(self) -> bool:
        """Whether an area is drawn."""
        return self._actions.is_type(ChartType.AREA)

    @property
    def is_heikin_ashi(self) -> bool:
        """Whether Heikin-Ashi bars are drawn."""
        return self._actions.is_type(ChartType.HEIKIN_ASHI)

    def auto(self) -> None:
        """Candles, or a line where there are only closes."""
        self._actions.set_type(ChartType.AUTO)

    def candles(self) -> None:
        """Draw candles."""
        self._actions.set_type(ChartType.CANDLES)

    def hollow(self) -> None:
        """Draw hollow candles."""
        self._actions.set_type(ChartType.HOLLOW)

    def bars(self) -> None:
        """Draw bars."""
        self._actions.set_type(ChartType.BARS)

    def line(self) -> None:
        """Draw a line."""
        self._actions.set_type(ChartType.LINE)

    def area(self) -> None:
        """Draw an area."""
        self._actions.set_type(ChartType.AREA)

    def heikin_ashi(self) -> None:
        """Draw Heikin-Ashi bars."""
        self._actions.set_type(ChartType.HEIKIN_ASHI)

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
        self._actions.set_scale(ScaleKind.LOG)

    def percent(self) -> None:
        """Scale in percent, or in prices."""
        self._actions.set_scale(ScaleKind.PERCENT)

    def invert(self) -> None:
        """Turn the scale upside down."""
        self._actions.invert()

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
    def has_volume(self) -> bool:
        """Whether volumes are drawn."""
        return self._state.is_volume_shown

    @property
    def has_breaks(self) -> bool:
        """Whether session breaks are drawn."""
        return self._state.are_breaks_shown

    def exchange_time(self) -> None:
        """Label times as the exchange has them."""
        self._actions.set_zone("exchange")

    def local_time(self) -> None:
        """Label times as this computer has them."""
        self._actions.set_zone("local")

    def utc(self) -> None:
        """Label times in UTC."""
        self._actions.set_zone("UTC")

    def volume(self) -> None:
        """Draw volumes, or not."""
        self._actions.toggle_volume()

    def breaks(self) -> None:
        """Draw session breaks, or not."""
        self._actions.toggle_breaks()
