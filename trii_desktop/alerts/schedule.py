"""When an alert is looked at and how often it fires: interval, repeat, pause, way back and end."""

from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QWidget

from backend.alerts.alert import Alert, Repeat, When
from backend.domain.bars import DAY_NS, BarSpec
from trii_desktop.alerts.fields import FIELD_PX, Choice, MomentBox, Problem, form, titled
from trii_desktop.widgets.layout import holding, label, row

WHENS: Final = (("at once, with every tick", When.TICK), ("when a bar is complete", When.CLOSE))
REPEATS: Final = (
    ("once, then rest", Repeat.ONCE),
    ("once in each bar", Repeat.ONCE_PER_BAR),
    ("every time it becomes true", Repeat.EVERY_TIME),
)
SPECS: Final = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w")
_MONTH: Final = 30 * DAY_NS
_MINUTE_S: Final = 60.0


class ScheduleFields(QWidget):
    """``changed`` comes with every choice; ``problems`` say beside a field why it was refused."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.when = Choice("Looks", WHENS)
        self.spec = Choice("Bars")
        self.repeat = Choice("Fires", REPEATS)
        self.cooldown = _number("Pause after firing", " min", 1_000_000.0, 0)
        self.rearm = _number("Way back", " %", 50.0, 2)
        self.expires = QCheckBox("until")
        self.expires.setAccessibleName("Ends at a time")
        self.end = MomentBox("End")
        self.problems = {
            "spec": Problem(self.spec),
            "cooldown": Problem(holding(row(self.cooldown, label("nothing is told for so long", "caption"), None))),
            "rearm": Problem(holding(row(self.rearm, label("once the price has come back by so much", "caption"), None))),
            "expires": Problem(holding(row(self.expires, self.end, None))),
        }
        lines = form()
        lines.addRow(titled("Looks"), self.when)
        lines.addRow(titled("At bars of"), self.problems["spec"])
        lines.addRow(titled("Fires"), self.repeat)
        lines.addRow(titled("Then pauses"), self.problems["cooldown"])
        lines.addRow(titled("Fires again"), self.problems["rearm"])
        lines.addRow(titled("Lasts"), self.problems["expires"])
        self.setLayout(lines)
        for box in (self.when, self.spec, self.repeat):
            box.currentIndexChanged.connect(self._chosen)
        for number in (self.cooldown, self.rearm):
            number.valueChanged.connect(self.changed)
        self.expires.toggled.connect(self._chosen)
        self.end.dateTimeChanged.connect(self.changed)

    def show_alert(self, alert: Alert, now_ns: int) -> None:
        """Show what ``alert`` says, without telling it."""
        self.when.choose(alert.when)
        self.spec.offer([(spec, spec) for spec in _specs_with(alert.spec)])
        self.spec.choose(alert.spec)
        self.repeat.choose(alert.repeat)
        self.cooldown.setValue(alert.cooldown_s / _MINUTE_S)
        self.rearm.setValue(alert.rearm)
        self.end.show_moment(alert.expires_ns or now_ns + _MONTH)
        self.expires.setChecked(alert.expires_ns > 0)
        self._show_parts()

    def applied(self, alert: Alert) -> Alert:
        """``alert`` as these fields now say."""
        return replace(
            alert,
            when=self.when.currentData(),
            spec=str(self.spec.currentData()),
            repeat=self.repeat.currentData(),
            cooldown_s=self.cooldown.value() * _MINUTE_S,
            rearm=self.rearm.value(),
            expires_ns=self.end.at_ns if self.expires.isChecked() else 0,
        )

    def _chosen(self) -> None:
        self._show_parts()
        self.changed.emit()

    def _show_parts(self) -> None:
        is_once = self.repeat.currentData() is Repeat.ONCE
        self.cooldown.setEnabled(not is_once)
        self.rearm.setEnabled(not is_once)
        self.end.setEnabled(self.expires.isChecked())


def _specs_with(own: str) -> list[str]:
    specs = [BarSpec.parse(text) for text in SPECS]
    if own not in SPECS:
        specs.append(BarSpec.parse(own))
    return [str(spec) for spec in specs]


def _number(name: str, unit: str, highest: float, decimals: int) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setRange(0.0, highest)
    made.setDecimals(decimals)
    made.setSuffix(unit)
    made.setFixedWidth(FIELD_PX)
    made.setAccessibleName(name)
    return made
