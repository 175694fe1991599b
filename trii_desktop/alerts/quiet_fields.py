"""When a channel keeps still, and how many messages it may carry."""

from typing import Final

from PySide6.QtCore import QTime, QTimeZone
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLineEdit, QSpinBox, QTimeEdit, QWidget

from backend.delivery.channel import Rate
from backend.delivery.quiet_hours import Quiet, QuietHours, QuietRange
from trii_desktop.alerts.fields import Choice, form, titled
from trii_desktop.widgets.layout import column, holding, label, row

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NIGHT: Final = QuietRange(tuple(range(7)), 22 * 60, 7 * 60)
_NUMBER_PX: Final = 108


class QuietFields(QWidget):
    """Quiet hours. Several ranges, as a command can make them, are kept as they are and only counted."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[QuietRange, ...] = ()
        self.is_on = QCheckBox("Quiet from")
        self.first, self.last = _time("Quiet from"), _time("Quiet until")
        self.days = [QCheckBox(day) for day in DAYS]
        for box, name in zip(self.days, _DAY_NAMES, strict=True):
            box.setAccessibleName(f"Quiet from {name} on")
        self.then = Choice("What becomes of messages", (("wait until they end", Quiet.HOLD), ("are left out", Quiet.DROP)))
        self.urgent = QCheckBox("Urgent alerts pass")
        self.zone = QLineEdit()
        self.zone.setAccessibleName("Time zone")
        self.zone.setMaxLength(64)
        self._several = label("", "caption", wraps=True)
        self._several.hide()
        when = row(self.is_on, self.first, label("to"), self.last, None, gap=6)
        self._parts = holding(
            column(row(*self.days, None, gap=4), row(label("Messages then"), self.then, None), self.urgent, gap=6)
        )
        lines = form()
        lines.addRow(titled("Quiet hours"), holding(column(when, self._several, self._parts, gap=6)))
        lines.addRow(titled("Time zone"), self.zone)
        self.setLayout(lines)
        self.is_on.toggled.connect(self._show_parts)

    def show_quiet(self, quiet: QuietHours, zone: str) -> None:
        """Show these quiet hours."""
        self._kept = quiet.ranges if len(quiet.ranges) > 1 else ()
        shown = quiet.ranges[0] if quiet.ranges else _NIGHT
        self.is_on.setChecked(bool(quiet.ranges))
        self.first.setTime(QTime(shown.first // 60, shown.first % 60))
        self.last.setTime(QTime(shown.last // 60, shown.last % 60))
        for number, box in enumerate(self.days):
            box.setChecked(number in shown.days)
        self.then.choose(quiet.then)
        self.urgent.setChecked(quiet.urgent_pass)
        self.zone.setText(zone)
        self._several.setText(f"{len(self._kept)} ranges were set by a command. They stay as they are while this is ticked.")
        self._show_parts()

    @property
    def quiet(self) -> QuietHours:
        """The quiet hours that are chosen."""
        if not self.is_on.isChecked():
            return QuietHours()
        days = tuple(number for number, box in enumerate(self.days) if box.isChecked())
        made = QuietRange(days, _minute(self.first), _minute(self.last))
        return QuietHours(self._kept or (made,), self.then.currentData(), self.urgent.isChecked())

    def _show_parts(self) -> None:
        is_on, is_one = self.is_on.isChecked(), not self._kept
        self._parts.setVisible(is_on)
        self._several.setVisible(is_on and not is_one)
        for part in (self.first, self.last, *self.days):
            part.setEnabled(is_on and is_one)


class RateFields(QWidget):
    """How many messages a channel may carry, and for how long alerts are gathered into one."""

    def __init__(self) -> None:
        super().__init__()
        self.n, self.minutes, self.roll_up = QSpinBox(), QDoubleSpinBox(), QDoubleSpinBox()
        self.n.setRange(1, 10_000)
        self.minutes.setRange(0.1, 10_080)
        self.minutes.setDecimals(1)
        self.minutes.setSuffix(" min")
        self.roll_up.setRange(0, 86_400)
        self.roll_up.setDecimals(0)
        self.roll_up.setSuffix(" s")
        for box, name in ((self.n, "Messages at most"), (self.minutes, "In so many minutes"), (self.roll_up, "Gather for")):
            box.setAccessibleName(name)
            box.setFixedWidth(_NUMBER_PX)
        lines = form()
        lines.addRow(titled("At most"), holding(row(self.n, label("messages in"), self.minutes, None, gap=6)))
        lines.addRow(titled("Gathers"), holding(row(self.roll_up, label("what fires so soon after another goes together"), None)))
        self.setLayout(lines)

    def show_rate(self, rate: Rate, roll_up_s: float) -> None:
        """Show these."""
        self.n.setValue(rate.n)
        self.minutes.setValue(rate.minutes)
        self.roll_up.setValue(roll_up_s)

    @property
    def rate(self) -> Rate:
        """The rate that is chosen."""
        return Rate(self.n.value(), self.minutes.value())


def system_zone() -> str:
    """The IANA name of this computer's time zone; UTC where it does not say."""
    return bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace") or "UTC"


def _time(name: str) -> QTimeEdit:
    made = QTimeEdit()
    made.setDisplayFormat("HH:mm")
    made.setAccessibleName(name)
    made.setFixedWidth(_NUMBER_PX)
    return made


def _minute(edit: QTimeEdit) -> int:
    return edit.time().hour() * 60 + edit.time().minute()
