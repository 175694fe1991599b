"""Changing one study: parameters, what it reads, its pane and looks, seen on the chart at once; Cancel brings back what was."""

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QPushButton,
    QSpinBox,
    QWidget,
)

from backend.charts import study_edits
from backend.charts.chart_state import MAIN_PANE, ChartState, Dash, LineStyle, Study, StudySource
from backend.errors import TriiError
from backend.indicators.registry import checked_params, spec_of
from backend.indicators.spec import SOURCES, Output, Parameter
from trii_desktop.charts.study_looks import look_of
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.widgets.layout import button, column, holding, label, row

_FIELD_WORDS: Final = {
    "close": "Close", "open": "Open", "high": "High", "low": "Low", "hl2": "(High + low) / 2", "hlc3": "(High + low + close) / 3",
    "ohlc4": "(Open + high + low + close) / 4", "hlcc4": "(High + low + 2 close) / 4", "volume": "Volume",
}  # fmt: skip
_DASHES: Final = ((Dash.SOLID, "Solid"), (Dash.DASHED, "Dashed"), (Dash.DOTTED, "Dotted"))


class StudyEditor(QDialog):
    """Edits one study of one chart; all it does is one step of undo. It never blocks the chart beside it."""

    def __init__(self, parent: QWidget, chart: ChartPanel, study: Study) -> None:
        super().__init__(parent)
        self._chart = chart
        self._spec = spec_of(study.indicator)
        self._study = study
        self._step = chart.begin_edit(f"Change {self._spec.short}")
        self._params = checked_params(self._spec, dict(study.params))
        self._styles: dict[str, LineStyle] = dict(study.styles)
        self.setWindowTitle(self._spec.title)
        self.setAccessibleName(f"Settings of {self._spec.title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        self.fields: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self.source: QComboBox | None = None
        self.problem = label("", "error", wraps=True)
        self.problem.hide()
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self._add_parameters(form)
        self._add_places(form)
        about = label(f"{self._spec.description} Source: {self._spec.source}.", "caption", wraps=True)
        defaults, cancel, done = button("Defaults"), button("Cancel"), button("Done", primary=True)
        defaults.clicked.connect(self.set_defaults)
        cancel.clicked.connect(self.reject)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        self.setLayout(
            column(form, self._make_looks(), self.problem, about, row(defaults, None, cancel, done), margins=(16,) * 4, gap=14)
        )

    def reject(self) -> None:
        """Bring back what was before."""
        self._step.cancel()
        super().reject()

    def set_defaults(self) -> None:
        """The indicator's own parameters and looks."""
        for parameter in self._spec.parameters:
            self.fields[parameter.name].setValue(parameter.default)  # type: ignore[arg-type]  # the box of its kind
        self._styles = {}
        self._show()

    # --- parameters ---------------------------------------------------------------------------------------------------

    def _add_parameters(self, form: QFormLayout) -> None:
        for parameter in self._spec.parameters:
            field = self._field(parameter)
            field.setAccessibleName(parameter.title)
            field.setToolTip(f"{parameter.low:g} to {parameter.high:g}")
            field.valueChanged.connect(partial(self._set_parameter, parameter.name))
            self.fields[parameter.name] = field
            form.addRow(parameter.title, field)

    def _field(self, parameter: Parameter) -> QSpinBox | QDoubleSpinBox:
        value = self._params[parameter.name]
        if parameter.is_whole:
            whole = QSpinBox()
            whole.setRange(int(parameter.low), int(parameter.high))
            whole.setValue(int(value))
            return whole
        number = QDoubleSpinBox()
        number.setRange(parameter.low, parameter.high)
        number.setDecimals(3)
        number.setSingleStep(parameter.step)
        number.setValue(float(value))
        return number

    def _set_parameter(self, name: str, value: float) -> None:
        self._params[name] = value
        self._show()

    # --- what it reads, where it is drawn ------------------------------------------------------------------------------

    def _add_places(self, form: QFormLayout) -> None:
        state = self._chart.state
        if self._spec.has_source:
            self.source = QComboBox()
            self.source.setAccessibleName("Reads")
            for field in SOURCES:
                self.source.addItem(_FIELD_WORDS[field], StudySource(field))
            for other in study_edits.possible_sources(state, self._study.id):
                for output in look_of(other).outputs:
                    words = f"{look_of(other).title}: {output.title}"
                    self.source.addItem(words, StudySource(output.key[1], other.id))
            self._choose(self.source, self._study.source)
            self.source.currentIndexChanged.connect(self._show)
            form.addRow("Reads", self.source)
        self.pane = QComboBox()
        self.pane.setAccessibleName("Pane")
        self.pane.addItem("Prices", MAIN_PANE)
        for number, pane in enumerate((pane for pane in state.panes if pane.id != MAIN_PANE), 2):
            names = ", ".join(look_of(study).title for study in state.studies if study.pane == pane.id)
            self.pane.addItem(f"Pane {number}: {names}", pane.id)
        self.pane.addItem("A new pane", study_edits.NEW_PANE)
        self._choose(self.pane, self._study.pane)
        self.pane.currentIndexChanged.connect(self._show)
        form.addRow("Pane", self.pane)

    @staticmethod
    def _choose(box: QComboBox, value: object) -> None:
        box.setCurrentIndex(max(next((place for place in range(box.count()) if box.itemData(place) == value), 0), 0))

    # --- looks --------------------------------------------------------------------------------------------------------

    def _make_looks(self) -> QWidget:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for place, output in enumerate(self._spec.outputs):
            style = self._style(output)
            shown = QCheckBox(output.title)
            shown.setChecked(style.is_shown)
            shown.toggled.connect(partial(self._set_style, output, "is_shown"))
            colour = QPushButton(style.colour or "Theme")
            colour.setAccessibleName(f"Colour of {output.title}")
            colour.clicked.connect(partial(self._choose_colour, output, colour))
            width = QSpinBox()
            width.setRange(1, 6)
            width.setSuffix(" px")
            width.setValue(style.width)
            width.setAccessibleName(f"Width of {output.title}")
            width.valueChanged.connect(partial(self._set_style, output, "width"))
            dash = QComboBox()
            dash.setAccessibleName(f"Line of {output.title}")
            for kind, words in _DASHES:
                dash.addItem(words, kind)
            dash.setCurrentIndex([kind for kind, _ in _DASHES].index(style.dash))
            dash.currentIndexChanged.connect(partial(self._set_dash, output))
            for number, widget in enumerate((shown, colour, width, dash)):
                grid.addWidget(widget, place, number)
        return holding(grid)

    def _style(self, output: Output) -> LineStyle:
        return self._styles.get(output.name) or LineStyle(is_shown=output.is_shown)

    def _set_style(self, output: Output, name: str, value: object) -> None:
        self._styles[output.name] = replace(self._style(output), **{name: value})
        self._show()

    def _set_dash(self, output: Output, place: int) -> None:
        self._set_style(output, "dash", _DASHES[place][0])

    def _choose_colour(self, output: Output, sign: QPushButton) -> None:
        dialog = QColorDialog(QColor(self._style(output).colour or "#4c8dff"), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(partial(self._take_colour, output, sign))
        dialog.open()

    def _take_colour(self, output: Output, sign: QPushButton, colour: QColor) -> None:
        sign.setText(colour.name())
        self._set_style(output, "colour", colour.name())

    # --- shown at once ------------------------------------------------------------------------------------------------

    def _show(self, *_: object) -> None:
        def edited(state: ChartState) -> ChartState:
            return study_edits.edited(state, self._edited(study_edits.study_of(state, self._study.id)))

        self._try(edited)

    def _edited(self, study: Study) -> Study:
        defaults = {parameter.name: parameter.default for parameter in self._spec.parameters}
        checked = checked_params(self._spec, self._params)
        params = tuple(sorted((name, value) for name, value in checked.items() if value != defaults[name]))
        source = self.source.currentData() if self.source is not None else study.source
        styles = tuple(sorted(self._styles.items()))
        return replace(study, params=params, source=source, pane=self.pane.currentData(), styles=styles)

    def _try(self, change: Callable[[ChartState], ChartState]) -> None:
        try:
            self._step.show(change(self._chart.state))
        except TriiError as error:
            self.problem.setText(str(error))
            self.problem.show()
        else:
            self.problem.hide()
