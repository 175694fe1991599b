"""Changing one study: parameters, what it reads, its pane and looks, seen on the chart at once; Cancel brings back what was."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QGridLayout, QWidget

from backend.charts import study_edits
from backend.charts.chart_state import MAIN_PANE, LineStyle, Study, StudySource
from backend.errors import TriiError
from backend.indicators.registry import checked_params, spec_of
from backend.indicators.spec import SOURCES, Output
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.study_looks import look_of
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.studies.colouring import told_apart
from trii_desktop.studies.number_field import NumberField
from trii_desktop.studies.preview import PreviewDialog
from trii_desktop.studies.style_row import StyleRow, style_grid
from trii_desktop.widgets.layout import button, column, label, line, row

FIELD_WORDS: Final = {
    "close": "Close", "open": "Open", "high": "High", "low": "Low", "hl2": "(High + low) / 2", "hlc3": "(High + low + close) / 3",
    "ohlc4": "(Open + high + low + close) / 4", "hlcc4": "(High + low + twice the close) / 4", "volume": "Volume",
}  # fmt: skip


class StudyEditor(PreviewDialog):
    """Edits one study of one chart."""

    def __init__(self, parent: QWidget, chart: ChartPanel, study: Study, colors: ChartColors) -> None:
        self._spec = spec_of(study.indicator)
        super().__init__(parent, chart, self._spec.title, f"The settings of {look_of(study).title} were changed")
        self._study = study
        self._own_pane = study_edits.fresh_id()  # where "a new pane" is meant
        self.setMinimumWidth(460)
        self.fields = {p.name: NumberField(p, float(p.default)) for p in self._spec.parameters}
        self.source, self.pane = QComboBox(), QComboBox()
        self.rows: dict[str, StyleRow] = {}
        self.problem = label("", "error", wraps=True)
        self.problem.hide()
        about = label(f"{self._spec.description} Source: {self._spec.source}.", "caption", wraps=True)
        defaults, cancel = button("Defaults", quiet=True), button("Cancel")
        defaults.clicked.connect(self.set_defaults)
        cancel.clicked.connect(self.reject)
        self.done_button = button("Done", primary=True)
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.accept)
        foot = row(defaults, None, cancel, self.done_button)
        parts = (self._make_form(), self.problem, line(), self._make_looks(colors), line(), about, foot)
        self.setLayout(column(*parts, margins=(16,) * 4, gap=12))
        self._fill()

    def set_defaults(self) -> None:
        """The indicator's own parameters, source and looks."""
        source = StudySource(self._spec.default_source)
        self._show(told_apart(self.chart.state, replace(self._study, params=(), source=source, styles=())))
        self._fill()

    # --- what there is to choose ----------------------------------------------------------------------------------------

    def _make_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setVerticalSpacing(8)
        for parameter in self._spec.parameters:
            field = self.fields[parameter.name]
            field.chosen.connect(self._chosen)
            form.addRow(parameter.title, field)
        if self._spec.has_source:
            self.source.setAccessibleName("Reads")
            self.source.activated.connect(self._chosen)
            form.addRow("Reads", self.source)
        self.pane.setAccessibleName("Pane")
        self.pane.activated.connect(self._chosen)
        form.addRow("Pane", self.pane)
        return form

    def _make_looks(self, colors: ChartColors) -> QGridLayout:
        grid = style_grid()
        for place, output in enumerate(self._spec.outputs):
            own = colors.up if output.colour == "signs" else colors.studies[output.colour % len(colors.studies)]
            made = StyleRow(output.title, own, colors.studies, self)
            made.changed.connect(partial(self._styled, output))
            made.place(grid, place)
            self.rows[output.name] = made
        return grid

    def _fill(self) -> None:
        """Show the study as it is."""
        for name, value in checked_params(self._spec, dict(self._study.params)).items():
            self.fields[name].show_number(float(value))
        styles = dict(self._study.styles)
        for output in self._spec.outputs:
            self.rows[output.name].show_style(styles.get(output.name) or LineStyle(is_shown=output.is_shown))
        self._fill_places()
        self._say("")

    def _fill_places(self) -> None:
        self._fill_sources()
        self._fill_panes()

    def _fill_sources(self) -> None:
        offered = [(words, StudySource(field)) for field, words in FIELD_WORDS.items() if field in SOURCES]
        for other in study_edits.possible_sources(self.chart.state, self._study.id):
            look = look_of(other)
            for output in look.outputs:
                words = look.title if len(look.outputs) == 1 else f"{look.title}: {output.title}"
                offered.append((words, StudySource(output.key[1], other.id)))
        _offer(self.source, offered, self._study.source)

    def _fill_panes(self) -> None:
        state, offered = self.chart.state, [("Prices", MAIN_PANE)]
        for pane in state.panes:
            names = ", ".join(look_of(study).title for study in state.studies if study.pane == pane.id)
            if pane.id != MAIN_PANE:
                offered.append(("Its own pane" if names == look_of(self._study).title else f"With {names}", pane.id))
        if not study_edits.is_alone(state, self._study):
            offered.append(("A new pane", self._own_pane))
        _offer(self.pane, offered, self._study.pane)

    # --- shown at once ------------------------------------------------------------------------------------------------

    def _chosen(self, *_: object) -> None:
        try:
            params = checked_params(self._spec, self._numbers())
        except TriiError as error:
            self._say(str(error))
            return
        defaults = {parameter.name: parameter.default for parameter in self._spec.parameters}
        own = tuple(sorted((name, value) for name, value in params.items() if value != defaults[name]))
        source = self.source.currentData() if self._spec.has_source else self._study.source
        self._show(replace(self._study, params=own, source=source, pane=self.pane.currentData()))

    def _numbers(self) -> dict[str, float]:
        return {name: field.number for name, field in self.fields.items()}

    def _styled(self, output: Output, style: LineStyle) -> None:
        styles = dict(self._study.styles) | {output.name: style}
        if style == LineStyle(is_shown=output.is_shown):
            del styles[output.name]
        self._show(replace(self._study, styles=tuple(sorted(styles.items(), key=lambda one: one[0]))))

    def _show(self, study: Study) -> None:
        before, self._study = self._study, study
        try:
            self.preview(study_edits.edited(self.chart.state, study))
            checked_params(self._spec, self._numbers())  # another field may still hold what was refused
        except TriiError as error:
            self._study = self.chart.state.study(study.id) or before
            self._say(str(error))
        else:
            self._say("")

    def follow(self) -> None:
        """Show the study as it is now, or leave with it."""
        study = self.chart.state.study(self._study.id)
        if study is None:
            self.leave()
        elif study != self._study:
            self._study = study
            self._fill()
        else:
            self._fill_places()

    def _say(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.done_button.setEnabled(not words)


def _offer(box: QComboBox, offered: Sequence[tuple[str, object]], now: object) -> None:
    """Fill a box again where something else can be chosen, without telling it."""
    with QSignalBlocker(box):
        if [(box.itemText(n), box.itemData(n)) for n in range(box.count())] != list(offered):
            box.clear()
            for words, value in offered:
                box.addItem(words, value)
        box.setCurrentIndex(next((n for n in range(box.count()) if box.itemData(n) == now), 0))
