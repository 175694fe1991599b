"""What a chart shows, as a value: no window, no colours of a theme; it can be saved, compared and shared."""

import enum
import math
import re
from typing import Final, TypeAlias

import msgspec

from backend.errors import InvalidInput

STATE_VERSION: Final = 2
BARS_VISIBLE_MAX: Final = 1e9
MAIN_PANE: Final = "main"
SHAPE: Final = "shape"  # id of the study whose bars are drawn in the place of the true ones
STUDIES_MAX: Final = 64
COMPARISONS_MAX: Final = 16
_SHARE_MAX: Final = 1e3
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}|study_[0-7]")

ParameterValue: TypeAlias = int | float | str


class ChartType(enum.StrEnum):
    """How the main series is drawn. AUTO is candles, or a line where the series holds single values."""

    AUTO = "auto"
    CANDLES = "candles"
    HOLLOW = "hollow"
    BARS = "bars"
    LINE = "line"
    AREA = "area"
    HEIKIN_ASHI = "heikin_ashi"


class ScaleKind(enum.StrEnum):
    """How values map to heights. PERCENT is the change from the first bar in view."""

    LINEAR = "linear"
    LOG = "log"
    PERCENT = "percent"


class Dash(enum.StrEnum):
    """How a line is broken."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a chart's state."""


class VisibleBars(Value, frozen=True):
    """Which bars are in view.

    n_bars : how many bar widths fit between the left and the right edge, above 0; 0 lets the chart choose
    right_ns : event time of the bar the right edge is anchored to; None follows the newest bar
    beyond : bar widths between that bar's middle and the right edge; negative where the bar is cut off
    """

    n_bars: float = 0.0
    right_ns: int | None = None
    beyond: float = 0.0


class PriceRange(Value, frozen=True):
    """Values at the lower and the upper edge of a pane whose scale was set by hand."""

    low: float
    high: float


class LineStyle(Value, frozen=True):
    """How one line is drawn.

    colour : ``#rrggbb``; ``study_0`` to ``study_7`` for a place in the theme's palette; empty lets the theme choose
    width : logical pixels, 1 to 6
    """

    colour: str = ""
    width: int = 1
    dash: Dash = Dash.SOLID
    is_shown: bool = True


class StudySource(Value, frozen=True):
    """What an indicator reads: a field of the bars (``close``, ``hl2``, …), or an output of another study by its id."""

    field: str = "close"
    study: str = ""


class Study(Value, frozen=True):
    """An indicator placed on a chart.

    id : never changes; unique within the chart
    indicator, params : its name in the registry, and the parameters that differ from its defaults, sorted by name
    pane : id of the pane it is drawn in
    styles : of the outputs whose look was chosen by hand, sorted by output
    """

    id: str
    indicator: str
    params: tuple[tuple[str, ParameterValue], ...] = ()
    source: StudySource = StudySource()
    pane: str = MAIN_PANE
    styles: tuple[tuple[str, LineStyle], ...] = ()
    is_shown: bool = True


class Comparison(Value, frozen=True):
    """Another instrument's closes laid over the main series."""

    id: str
    instrument: str
    style: LineStyle = LineStyle()
    is_shown: bool = True


class Pane(Value, frozen=True):
    """One of the areas stacked above the time axis; the first is ``main``.

    share : its height against those of the other open panes
    range : the values set by hand; None scales to what is visible
    """

    id: str = MAIN_PANE
    share: float = 1.0
    is_collapsed: bool = False
    scale: ScaleKind = ScaleKind.LINEAR
    is_inverted: bool = False
    range: PriceRange | None = None


class ChartState(Value, frozen=True):
    """All of a chart that a person has chosen; drawings belong to the instrument and are kept apart.

    instrument, interval : as their parsers read them; empty where nothing is open
    maximised : id of the pane that is shown alone; empty shows all
    panes : from top to bottom, at least ``main``; every other one holds a study
    zone : time zone of the labels, ``exchange`` (the instrument's), ``local``, or an IANA name
    """

    version: int = STATE_VERSION
    instrument: str = ""
    interval: str = ""
    chart_type: ChartType = ChartType.AUTO
    is_adjusted: bool = False
    is_volume_shown: bool = True
    are_breaks_shown: bool = True
    are_drawings_shown: bool = True
    zone: str = "exchange"
    visible: VisibleBars = VisibleBars()
    maximised: str = ""
    panes: tuple[Pane, ...] = (Pane(),)
    studies: tuple[Study, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @property
    def main(self) -> Pane:
        """The pane of the prices."""
        return next(pane for pane in self.panes if pane.id == MAIN_PANE)

    @property
    def computed(self) -> tuple[Study, ...]:
        """What has to be computed for it: the studies without their looks, and the bars that the chart type draws."""
        shape = (Study(SHAPE, "heikin_ashi"),) if self.chart_type is ChartType.HEIKIN_ASHI else ()
        return (*(Study(study.id, study.indicator, study.params, study.source) for study in self.studies), *shape)

    @property
    def compared(self) -> tuple[Comparison, ...]:
        """The comparisons without their looks."""
        return tuple(Comparison(comparison.id, comparison.instrument) for comparison in self.comparisons)

    def pane(self, pane_id: str) -> Pane | None:
        """The pane ``pane_id``."""
        return next((pane for pane in self.panes if pane.id == pane_id), None)

    def study(self, study_id: str) -> Study | None:
        """The study ``study_id``."""
        return next((study for study in self.studies if study.id == study_id), None)

    def with_pane(self, pane: Pane) -> "ChartState":
        """The same with ``pane`` in the place of the one that has its id."""
        return msgspec.structs.replace(self, panes=tuple(pane if old.id == pane.id else old for old in self.panes))

    def with_study(self, study: Study) -> "ChartState":
        """The same with ``study`` in the place of the one that has its id, else behind all others; its pane is made if need be."""
        known = self.study(study.id) is not None
        studies = tuple(study if old.id == study.id else old for old in self.studies) if known else (*self.studies, study)
        panes = self.panes if self.pane(study.pane) is not None else (*self.panes, Pane(study.pane, share=0.3))
        return msgspec.structs.replace(self, studies=studies, panes=panes).tidied()

    def without_study(self, study_id: str) -> "ChartState":
        """The same without a study, what reads it, and panes that are then empty."""
        gone = {study_id}
        while more := {study.id for study in self.studies if study.source.study in gone} - gone:
            gone |= more
        studies = tuple(study for study in self.studies if study.id not in gone)
        return msgspec.structs.replace(self, studies=studies).tidied()

    def tidied(self) -> "ChartState":
        """The same without panes that hold nothing."""
        used = {MAIN_PANE, *(study.pane for study in self.studies)}
        return msgspec.structs.replace(self, panes=tuple(pane for pane in self.panes if pane.id in used))


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
        _refuse(f"has version {state.version}; this program reads version {STATE_VERSION}")
    if not 0 <= state.visible.n_bars <= BARS_VISIBLE_MAX or not abs(state.visible.beyond) <= BARS_VISIBLE_MAX:
        _refuse(f"shows {state.visible.n_bars} bars, {state.visible.beyond} of them beyond the newest")
    _check_panes(state)
    _check_studies(state)
    if len(state.comparisons) > COMPARISONS_MAX:
        _refuse(f"compares {len(state.comparisons)} instruments, more than {COMPARISONS_MAX}")
    _check_unique([c.id for c in state.comparisons], "comparison")
    for style in (*(style for study in state.studies for _, style in study.styles), *(c.style for c in state.comparisons)):
        if (style.colour and not _COLOUR.fullmatch(style.colour)) or not 1 <= style.width <= 6:
            _refuse(f"draws a line in the colour {style.colour!r}, {style.width} pixels wide")


def _check_panes(state: ChartState) -> None:
    _check_unique([pane.id for pane in state.panes], "pane")
    if MAIN_PANE not in {pane.id for pane in state.panes}:
        _refuse("has no main pane")
    for pane in state.panes:
        if not 0 < pane.share <= _SHARE_MAX:
            _refuse(f"has a pane that takes {pane.share} of the height")
        if pane.range is not None and not -1e300 < pane.range.low < pane.range.high < 1e300:
            _refuse(f"has values from {pane.range.low} to {pane.range.high}")


def _check_studies(state: ChartState) -> None:
    if len(state.studies) > STUDIES_MAX:
        _refuse(f"has {len(state.studies)} indicators, more than {STUDIES_MAX}")
    _check_unique([study.id for study in state.studies], "study")
    before: set[str] = set()
    for study in state.studies:
        if state.pane(study.pane) is None:
            _refuse(f"draws {study.indicator} in a pane {study.pane!r} that it does not have")
        if study.source.study and study.source.study not in before:
            _refuse(f"has {study.indicator} read {study.source.study!r}, which does not come before it")
        if not all(math.isfinite(value) for _, value in study.params if isinstance(value, float)):
            _refuse(f"has {study.indicator} with a parameter that is not a number")
        before.add(study.id)


def _check_unique(ids: list[str], what: str) -> None:
    if not all(ids) or len(set(ids)) != len(ids):
        _refuse(f"has a {what} without an id of its own: {ids}")


def _refuse(what: str) -> None:
    raise InvalidInput(f"A saved chart {what}.", hint="Open the instrument anew.", code="chart.state")
