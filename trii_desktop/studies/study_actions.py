"""What can be done with indicators and comparisons of the active chart, and how its bars and scales are drawn."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from backend.charts import study_edits
from backend.charts.chart_state import ChartState, ChartType, Comparison, ScaleKind, Study, StudySource
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.events import Level, notice_of
from backend.indicators.registry import spec_of
from backend.indicators.spec import IndicatorSpec
from trii_desktop.charts.study_looks import look_of
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.market.search import InstrumentSearch
from trii_desktop.studies.editor import StudyEditor
from trii_desktop.studies.search import IndicatorSearch
from trii_desktop.studies.study_list import StudyList


class StudyActions:
    """Methods and flags that the action table names."""

    def __init__(self, window: QWidget, desk: Desk, grid: ChartGrid) -> None:
        self._window = window
        self._desk = desk
        self._active = grid.active
        self._selected: dict[ChartPanel, str] = {}
        self.search = IndicatorSearch(window, desk.look)
        self.search.chosen.connect(self.add)
        self.instruments = InstrumentSearch(window, desk)
        self.instruments.chosen.connect(self.compare_with)
        for chart in grid.charts:
            self._attach(chart)
        grid.chart_added.connect(self._attach)

    # --- flags --------------------------------------------------------------------------------------------------------

    @property
    def has_studies(self) -> bool:
        """Whether the chart has any indicator."""
        return bool(self._state.studies)

    @property
    def has_selected(self) -> bool:
        """Whether an indicator is selected."""
        return self._study() is not None

    @property
    def has_comparisons(self) -> bool:
        """Whether the chart compares."""
        return bool(self._state.comparisons)

    # --- indicators ---------------------------------------------------------------------------------------------------

    def open_search(self) -> None:
        """Find an indicator to add."""
        self.search.search()

    def add(self, spec: IndicatorSpec) -> None:
        """Put an indicator on the active chart and select it."""
        source = StudySource(spec.default_source)
        pane = study_edits.pane_for(self._state, source, is_overlay=spec.is_overlay)
        study = Study(study_edits.fresh_id(), spec.name, source=source, pane=pane)
        self._change(lambda state: study_edits.added(state, study), f"Add {spec.short}")
        self._selected[self._active.current] = study.id

    def edit_selected(self) -> None:
        """Change the selected indicator, or the newest one."""
        study = self._study() or (self._state.studies[-1] if self._state.studies else None)
        if study is not None:
            self.edit(self._active.current, study.id)

    def edit(self, chart: ChartPanel, study_id: str) -> None:
        """Open the editor of a study."""
        study = chart.state.study(study_id)
        if study is None:
            return
        try:
            spec_of(study.indicator)
        except TriiError as error:
            self._desk.notices.add(notice_of(error, "This indicator is not known here.", level=Level.WARNING))
            return
        StudyEditor(self._window, chart, study).show()

    def duplicate(self) -> None:
        """Put a copy of the selected indicator beside it."""
        study = self._study()
        if study is not None:
            new_id = study_edits.fresh_id()
            self._change(lambda state: study_edits.duplicated(state, study.id, new_id), f"Duplicate {look_of(study).title}")

    def remove_selected(self) -> None:
        """Remove the selected indicator."""
        study = self._study()
        if study is not None:
            self._remove(self._active.current, study.id)

    def remove_all(self) -> None:
        """Remove every indicator."""
        self._change(study_edits.without_studies, "Remove all indicators")

    def toggle_all(self) -> None:
        """Hide every indicator and comparison, or show them all."""
        shown = (*(one.is_shown for one in self._state.studies), *(one.is_shown for one in self._state.comparisons))
        is_any = any(shown)
        self._change(lambda state: study_edits.with_all_shown(state, shown=not is_any), "Show or hide indicators")

    def open_list(self) -> None:
        """List what is on the active chart."""
        made = StudyList(self._window, self._active, self._desk.look)
        made.edit_study = self._edit_listed
        made.show()

    # --- comparisons --------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Find an instrument to lay over the chart."""
        self.instruments.search(purpose="Compare with")

    def compare_with(self, instrument: InstrumentId) -> None:
        """Lay an instrument's closes over the chart."""
        made = Comparison(study_edits.fresh_id(), str(instrument))
        self._change(lambda state: study_edits.with_comparison(state, made), f"Compare with {instrument}")

    def remove_comparisons(self) -> None:
        """Compare no more."""
        self._change(lambda state: replace(state, comparisons=()), "Remove all comparisons")

    # --- how bars and scales are drawn ---------------------------------------------------------------------------------

    def is_type(self, kind: ChartType) -> bool:
        """Whether the chart is drawn so."""
        return self._state.chart_type is kind

    def set_type(self, kind: ChartType) -> None:
        """Draw the chart so."""
        self._change(lambda state: replace(state, chart_type=kind), f"Draw {kind.value.replace('_', '-')}")

    def set_scale(self, kind: ScaleKind) -> None:
        """Scale prices so, or evenly again where they are scaled so already."""
        now = self._state.main.scale
        wanted = ScaleKind.LINEAR if now is kind else kind
        self._change(lambda state: state.with_pane(replace(state.main, scale=wanted, range=None)), f"Scale {wanted.value}")

    def invert(self) -> None:
        """Turn the scale upside down."""
        self._change(lambda state: state.with_pane(replace(state.main, is_inverted=not state.main.is_inverted)), "Invert the scale")

    def set_zone(self, zone: str) -> None:
        """Label times in ``zone``."""
        self._change(lambda state: replace(state, zone=zone), f"Times of {zone}")

    def toggle_volume(self) -> None:
        """Draw volumes, or not."""
        self._change(lambda state: replace(state, is_volume_shown=not state.is_volume_shown), "Show or hide volume")

    def toggle_breaks(self) -> None:
        """Draw lines between sessions, or not."""
        self._change(lambda state: replace(state, are_breaks_shown=not state.are_breaks_shown), "Show or hide session breaks")

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _state(self) -> ChartState:
        return self._active.current.state

    def _study(self) -> Study | None:
        return self._state.study(self._selected.get(self._active.current, ""))

    def _change(self, change: Callable[[ChartState], ChartState], title: str, chart: ChartPanel | None = None) -> None:
        target = chart or self._active.current
        try:
            target.change_now(change(target.state), title)
        except TriiError as error:
            self._desk.notices.add(notice_of(error, f"{title} was not possible.", level=Level.WARNING))

    def _attach(self, chart: ChartPanel) -> None:
        view = chart.view
        view.study_hide_asked.connect(partial(self._hide, chart))
        view.study_settings_asked.connect(partial(self.edit, chart))
        view.study_remove_asked.connect(partial(self._remove, chart))
        view.study_selected.connect(partial(self._select, chart))

    def _select(self, chart: ChartPanel, study_id: str) -> None:
        self._selected = {known: chosen for known, chosen in self._selected.items() if known is not chart}
        self._selected[chart] = study_id
        chart.state_changed.emit()

    def _hide(self, chart: ChartPanel, ident: str) -> None:
        def turned(state: ChartState) -> ChartState:
            study = state.study(ident)
            if study is not None:
                return study_edits.with_study_shown(state, ident, shown=not study.is_shown)
            comparison = study_edits.comparison_of(state, ident)
            return study_edits.with_comparison(state, replace(comparison, is_shown=not comparison.is_shown))

        self._change(turned, "Show or hide", chart)

    def _remove(self, chart: ChartPanel, ident: str) -> None:
        study = chart.state.study(ident)
        title = f"Remove {look_of(study).title}" if study is not None else "Remove a comparison"
        self._change(
            lambda state: state.without_study(ident) if study is not None else study_edits.without_comparison(state, ident),
            title,
            chart,
        )

    def _edit_listed(self, study: Study | Comparison) -> None:
        self.edit(self._active.current, study.id)
