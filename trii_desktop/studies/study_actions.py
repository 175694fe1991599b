"""What can be done with the indicators and comparisons of the active chart."""

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from backend.charts import study_edits
from backend.charts.chart_state import MAIN_PANE, ChartState, Comparison, Study, StudySource
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.events import Level, notice_of
from backend.indicators.registry import spec_of
from backend.indicators.spec import IndicatorSpec
from trii_desktop.charts.study_looks import look_of
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.market.chart_panel import ChartPanel, chart_colors
from trii_desktop.market.search import InstrumentSearch
from trii_desktop.studies.colouring import comparison_told_apart, told_apart
from trii_desktop.studies.comparison_editor import ComparisonEditor
from trii_desktop.studies.editor import StudyEditor
from trii_desktop.studies.making import change_chart
from trii_desktop.studies.preview import PreviewDialog
from trii_desktop.studies.search import IndicatorSearch
from trii_desktop.studies.study_list import StudyList

N_RECENT: Final = 6


class StudyActions(QObject):
    """Methods and flags that the action table names. ``selection_changed`` comes when another study is selected."""

    selection_changed = Signal()

    def __init__(self, window: QWidget, desk: Desk, grid: ChartGrid) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._active = grid.active
        self._source: StudySource | None = None  # what the next indicator reads, where it was asked for on another one
        self._editors: dict[tuple[ChartPanel, str], PreviewDialog] = {}
        self._used: tuple[str, ...] = ()
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
        """Whether an indicator or a comparison is selected."""
        return self._is_there(self._active.current, self._active.current.view.selected_study)

    @property
    def has_selected_study(self) -> bool:
        """Whether an indicator is selected."""
        return self._study() is not None

    @property
    def can_edit(self) -> bool:
        """Whether something is selected, or there is an indicator that would be meant."""
        return self.has_selected or self.has_studies

    @property
    def has_comparisons(self) -> bool:
        """Whether the chart compares."""
        return bool(self._state.comparisons)

    # --- indicators ---------------------------------------------------------------------------------------------------

    def open_search(self) -> None:
        """Find an indicator to add."""
        self._source = None
        self.search.recent = self._desk.backend.settings.current.workspace.recent_indicators
        self.search.search()

    def open_search_on(self, study_id: str) -> None:
        """Find an indicator that shall read a study."""
        study = self._state.study(study_id)
        outputs = look_of(study).outputs if study is not None else ()
        if study is not None and outputs:
            self._source = StudySource(outputs[0].key[1], study.id)
            self.search.search(on=look_of(study).title)

    def open_search_on_selected(self) -> None:
        """Find an indicator that shall read the selected one."""
        self.open_search_on(self._active.current.view.selected_study)

    def add(self, spec: IndicatorSpec) -> None:
        """Put an indicator on the active chart and select it."""
        is_on_other = self._source is not None and spec.has_source and self._state.study(self._source.study) is not None
        source = self._source if self._source is not None and is_on_other else StudySource(spec.default_source)
        pane = study_edits.pane_for(self._state, source, is_overlay=spec.is_overlay)
        study = told_apart(self._state, Study(study_edits.fresh_id(), spec.name, source=source, pane=pane))
        if self._change(lambda state: study_edits.added(state, study), f"{spec.short} was added"):
            self.select(self._active.current, study.id)
            self._remember(spec.name)

    def add_named(self, name: str) -> None:
        """Put the indicator of this name on the active chart, where one is shown."""
        if self._active.current.shown is not None:
            self.add(spec_of(name))

    def edit_selected(self) -> None:
        """Change what is selected, or the newest indicator."""
        chart = self._active.current
        if self._is_there(chart, chart.view.selected_study):
            self.edit(chart, chart.view.selected_study)
        elif self._state.studies:
            self.edit(chart, self._state.studies[-1].id)

    def edit(self, chart: ChartPanel, ident: str) -> None:
        """Open the editor of a study or comparison, or bring it up."""
        known = self._editors.get((chart, ident))
        if known is not None:
            known.raise_()
            known.activateWindow()
            return
        made = self._editor(chart, ident)
        if made is not None:
            self._editors[chart, ident] = made
            made.finished.connect(partial(self._edited, (chart, ident)))
            made.show()

    def duplicate(self) -> None:
        """Put a copy of the selected indicator beside it, and select it."""
        study, chart = self._study(), self._active.current
        if study is not None:
            new_id = study_edits.fresh_id()
            title = f"{look_of(study).title} was duplicated"
            if self._change(partial(_copied, study_id=study.id, new_id=new_id), title):
                self.select(chart, new_id)

    def remove_selected(self) -> None:
        """Remove what is selected."""
        self.remove(self._active.current, self._active.current.view.selected_study)

    def remove(self, chart: ChartPanel, ident: str) -> None:
        """Remove a study with what reads it, or a comparison."""
        study = chart.state.study(ident)
        if study is not None:
            self._change(lambda state: state.without_study(ident), f"{look_of(study).title} was removed", chart)
        elif self._is_there(chart, ident):
            name = study_edits.comparison_of(chart.state, ident).instrument
            self._change(lambda state: study_edits.without_comparison(state, ident), f"{name} is compared no more", chart)
        if chart.view.selected_study == ident:
            self.select(chart, "")

    def remove_all(self) -> None:
        """Remove every indicator."""
        self._change(study_edits.without_studies, "All indicators were removed")

    def toggle(self, chart: ChartPanel, ident: str) -> None:
        """Hide a study or comparison, or show it."""

        def turned(state: ChartState) -> ChartState:
            study = state.study(ident)
            if study is not None:
                return study_edits.with_study_shown(state, ident, shown=not study.is_shown)
            comparison = study_edits.comparison_of(state, ident)
            return study_edits.with_comparison(state, replace(comparison, is_shown=not comparison.is_shown))

        self._change(turned, "An indicator was shown or hidden", chart)

    def toggle_all(self) -> None:
        """Hide every indicator and comparison, or show them all."""
        shown = (*(one.is_shown for one in self._state.studies), *(one.is_shown for one in self._state.comparisons))
        words = "All indicators were hidden" if any(shown) else "All indicators were shown"
        self._change(lambda state: study_edits.with_all_shown(state, shown=not any(shown)), words)

    def move(self, chart: ChartPanel, ident: str, by: int) -> None:
        """Move a study among those of its pane, or its pane among the panes where it is alone or at the end."""

        def moved(state: ChartState) -> ChartState:
            study = state.study(ident)
            if study is None:
                return state
            made = study_edits.moved_study(state, ident, by)
            return study_edits.moved_pane(state, study.pane, by) if made == state and study.pane != MAIN_PANE else made

        self._change(moved, "The order on the chart was changed", chart)

    def move_to_pane(self, chart: ChartPanel, study_id: str, pane: str) -> None:
        """Draw a study in another pane, or one of its own."""
        self._change(lambda state: study_edits.moved_to_pane(state, study_id, pane), "An indicator was moved", chart)

    def invert_pane(self, chart: ChartPanel, pane_id: str) -> None:
        """Turn the scale of a pane upside down."""

        def turned(state: ChartState) -> ChartState:
            pane = study_edits.pane_of(state, pane_id)
            return state.with_pane(replace(pane, is_inverted=not pane.is_inverted))

        self._change(turned, "The scale was turned", chart)

    def scale_pane(self, chart: ChartPanel, pane_id: str) -> None:
        """Scale a pane to what is visible again."""
        self._change(
            lambda state: state.with_pane(replace(study_edits.pane_of(state, pane_id), range=None)), "A pane was scaled anew", chart
        )

    def select(self, chart: ChartPanel, ident: str) -> None:
        """Mark a study or comparison; nothing for an empty id."""
        chart.view.select_study(ident)
        self.selection_changed.emit()

    def open_list(self) -> None:
        """List what is on the active chart."""
        StudyList(self._window, self._active, self._desk.look, self).show()

    # --- comparisons --------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Find an instrument to lay over the chart."""
        self.instruments.search(purpose="Compare with")

    def compare_with(self, instrument: InstrumentId) -> None:
        """Lay an instrument's closes over the chart."""
        made = comparison_told_apart(self._state, Comparison(study_edits.fresh_id(), str(instrument)))
        self._change(lambda state: study_edits.with_comparison(state, made), f"{instrument} was laid over the chart")

    def remove_comparisons(self) -> None:
        """Compare no more."""
        self._change(lambda state: replace(state, comparisons=()), "All comparisons were removed")

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _state(self) -> ChartState:
        return self._active.current.state

    def _study(self) -> Study | None:
        return self._state.study(self._active.current.view.selected_study)

    @staticmethod
    def _is_there(chart: ChartPanel, ident: str) -> bool:
        state = chart.state
        return state.study(ident) is not None or any(comparison.id == ident for comparison in state.comparisons)

    def _change(self, change: Callable[[ChartState], ChartState], did: str, chart: ChartPanel | None = None) -> bool:
        return change_chart(self._desk, chart or self._active.current, change, did)

    def _editor(self, chart: ChartPanel, ident: str) -> PreviewDialog | None:
        state, colors = chart.state, chart_colors(self._desk)
        study = state.study(ident)
        if study is None:
            comparison = next((c for c in state.comparisons if c.id == ident), None)
            return None if comparison is None else ComparisonEditor(self._window, chart, comparison, colors)
        try:
            spec_of(study.indicator)
        except TriiError as error:
            self._desk.notices.add(notice_of(error, "This indicator is not known here.", level=Level.WARNING))
            return None
        return StudyEditor(self._window, chart, study, colors)

    def _remember(self, name: str) -> None:
        # What was used since the start may still be on its way into the settings.
        settings, self._used = self._desk.backend.settings, tuple(dict.fromkeys((name, *self._used)))
        recent = tuple(dict.fromkeys((*self._used, *settings.current.workspace.recent_indicators)))[:N_RECENT]
        if recent != settings.current.workspace.recent_indicators:
            change = partial(settings.change, "workspace", recent_indicators=recent)
            self._desk.start("Keeping the latest indicators", self._desk.bridge.call(change))

    def _edited(self, which: tuple[ChartPanel, str], _result: int) -> None:
        self._editors.pop(which, None)

    def _attach(self, chart: ChartPanel) -> None:
        view = chart.view
        view.study_hide_asked.connect(partial(self.toggle, chart))
        view.study_settings_asked.connect(partial(self.edit, chart))
        view.study_remove_asked.connect(partial(self.remove, chart))
        view.study_selected.connect(self.selection_changed)


def _copied(state: ChartState, study_id: str, new_id: str) -> ChartState:
    made = study_edits.duplicated(state, study_id, new_id)
    return made.with_study(told_apart(made, study_edits.study_of(made, new_id)))
