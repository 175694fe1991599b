"""The fields that say which indicator is meant: its name, parameters, what it reads, and which of its lines."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from backend.alerts.alert import IndicatorRef
from backend.indicators.registry import checked_params, find_indicators, spec_of
from backend.indicators.spec import SOURCES, IndicatorSpec, Value
from trii_desktop.alerts.fields import Choice
from trii_desktop.studies.editor import FIELD_WORDS
from trii_desktop.studies.number_field import NumberField
from trii_desktop.widgets.layout import column, holding, label, row

_NUMBER_PX = 74


class IndicatorFields(QWidget):
    """``changed`` comes with every choice; ``name`` is what screen readers say before each field."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.indicator = Choice(name, [(spec.title, spec.name) for spec in find_indicators("")], n_letters=18)
        self.source = Choice(f"{name}: reads", [(FIELD_WORDS[field], field) for field in SOURCES], n_letters=6)
        self.output = Choice(f"{name}: line", n_letters=6)
        self.numbers: dict[str, NumberField] = {}
        self._numbers = QHBoxLayout()
        self._reads = label("of", "muted")
        self.indicator.currentIndexChanged.connect(self._chosen)
        self.source.currentIndexChanged.connect(self.changed)
        self.output.currentIndexChanged.connect(self.changed)
        self._more = holding(row(self._reads, self.source, self.output, None, gap=6))
        self.setLayout(column(self.indicator, row(self._numbers, None), self._more, gap=6))
        self._show_spec(spec_of(self.indicator.currentData()), {})

    @property
    def ref(self) -> IndicatorRef:
        """What is chosen."""
        spec = spec_of(self.indicator.currentData())
        params: dict[str, float | int | str] = {name: field.number for name, field in self.numbers.items()}
        source = str(self.source.currentData()) if spec.has_source else ""
        output = str(self.output.currentData()) if len(spec.outputs) > 1 else ""
        return IndicatorRef(spec.name, params, "" if source == spec.default_source else source, output)

    def show_ref(self, ref: IndicatorRef) -> None:
        """Show ``ref`` without telling it. Raises what the registry raises for one that it does not know."""
        spec = spec_of(ref.indicator)
        self.indicator.choose(spec.name)
        self._show_spec(spec, checked_params(spec, dict(ref.params)))
        self.source.choose(ref.source or spec.default_source)
        self.output.choose(ref.output or spec.outputs[0].name)

    def _chosen(self) -> None:
        self._show_spec(spec_of(self.indicator.currentData()), {})
        self.changed.emit()

    def _show_spec(self, spec: IndicatorSpec, params: dict[str, Value]) -> None:
        for old in self.numbers.values():
            self._numbers.removeWidget(old)
            old.deleteLater()
        self.numbers = {}
        for parameter in spec.parameters:
            field = NumberField(parameter, float(params.get(parameter.name, parameter.default)))
            field.setFixedWidth(_NUMBER_PX)
            field.setAccessibleName(f"{self._name}: {parameter.title}")
            field.setToolTip(f"{parameter.title}: {field.toolTip()}")
            field.chosen.connect(self.changed)
            self._numbers.addWidget(field)
            self.numbers[parameter.name] = field
        self.source.choose(spec.default_source)
        self.source.setVisible(spec.has_source)
        self._reads.setVisible(spec.has_source)
        self.output.offer([(output.title, output.name) for output in spec.outputs])
        self.output.choose(spec.outputs[0].name)
        self.output.setVisible(len(spec.outputs) > 1)
        self._more.setVisible(spec.has_source or len(spec.outputs) > 1)
