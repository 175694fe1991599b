"""Making and changing an alert: what it watches, when it fires, whom it tells, in a sentence, and tested on history."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QDialog, QLineEdit, QScrollArea, QWidget

from backend.alerts.alert import Alert, Condition
from backend.alerts.compiling import leaves_of
from backend.alerts.words import Wording, tell_condition
from backend.charts.drawings import Drawing
from backend.domain.instruments import Instrument
from backend.errors import TriiError
from backend.events import DrawingsChanged
from trii_desktop.alerts.condition_fields import Subject, drawing_words, lines_of
from trii_desktop.alerts.conditions import ConditionList
from trii_desktop.alerts.edits import AlertEdits
from trii_desktop.alerts.fields import Problem
from trii_desktop.alerts.rehearsal import Rehearsal
from trii_desktop.alerts.schedule import ScheduleFields
from trii_desktop.alerts.telling_fields import TellingFields
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import button, column, frame, holding, label, line, row
from trii_desktop.widgets.numbers import decimals_of

SIZE_PX: Final = (640, 760)
# Which field a refusal of the backend is about, by the second word of its code; others are told below the sentence.
_PLACES: Final = {"spec": "spec", "cooldown": "cooldown", "rearm": "rearm", "expires": "expires", "channels": "channels"}


class AlertEditor(QDialog):
    """Not modal. ``wants_channels`` asks for the dialog of channels.

    alert : what is shown at first; is_new : whether it is kept as another one, or in place of itself
    last : the newest price of the instrument on the chart, for what is proposed
    """

    wants_channels = Signal()

    def __init__(self, parent: QWidget, desk: Desk, edits: AlertEdits, alert: Alert, play: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._desk = desk
        self._edits = edits
        self._alert = alert
        self._is_new = edits.row(alert.id) is None
        self._is_gone = False
        self._instruments: dict[str, Instrument] = {}
        self._subject = Subject(decimals=_decimals(alert.condition), now_ns=desk.backend.clock.now_ns())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add alert" if self._is_new else "Change alert")
        self.setAccessibleName(self.windowTitle())
        self.resize(*SIZE_PX)
        self.setMinimumWidth(600)
        self.instrument = QLineEdit(alert.instrument)
        self.instrument.setAccessibleName("Instrument")
        self.instrument.setMaxLength(64)
        self.instrument.setPlaceholderText("As in AAPL.XNAS")
        self.conditions = ConditionList(desk.look, self._subject)
        self.sentence = label("", "heading", wraps=True)
        self.problem = label("", "error", wraps=True)
        self.problem.hide()
        self.schedule = ScheduleFields()
        self.telling = TellingFields(desk.look, play)
        self.rehearsal = Rehearsal(desk)
        self.done_button = button("Add alert" if self._is_new else "Save", primary=True)
        self._problems = {"instrument": Problem(self.instrument), **self.schedule.problems, **self.telling.problems}
        self._lay_out()
        self._show(alert)
        self._connect()
        for first in self.conditions.rows[:1]:
            first.take_focus()
        self._subscription = desk.bridge.subscribe(DrawingsChanged, self._on_drawings)
        desk.start("Reading the instruments", self._load())

    @property
    def alert(self) -> Alert | None:
        """The alert as the fields now say; None while something is missing."""
        condition = self.conditions.condition
        if condition is None:
            return None
        made = self.telling.applied(self.schedule.applied(self._alert))
        return replace(made, instrument=self._instrument_id(), condition=condition)

    def accept(self) -> None:
        """Keep the alert; where that is refused, say why beside the field, and stay."""
        alert = self.alert
        if alert is None:
            self._say_missing()
            return
        self.done_button.setEnabled(False)
        self._desk.start(self.windowTitle(), self._keep(alert))

    def show_channels(self, names: tuple[str, ...]) -> None:
        """These channels can be chosen."""
        self.telling.offer(names)

    def done(self, result: int) -> None:
        """Test no more and leave."""
        self._is_gone = True
        self._subscription.close()
        self.rehearsal.stop()
        super().done(result)

    # --- how it stands ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        body = column(
            label("Instrument", "caption"),
            self._problems["instrument"],
            label("Fires when", "caption"),
            self.conditions,
            frame("sentence", column(self.sentence, self.problem, margins=(12, 10, 12, 10), gap=4)),
            self.rehearsal,
            line(),
            label("When and how often", "caption"),
            self.schedule,
            line(),
            label("Tells", "caption"),
            self.telling,
            None,
            margins=(16, 14, 16, 14),
            gap=10,
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(holding(body))
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.accept)
        foot = row(None, cancel, self.done_button, margins=(16, 10, 16, 10))
        self.setLayout(column(scroll, line(), foot, gap=0))

    def _connect(self) -> None:
        for part in (self.conditions, self.schedule, self.telling):
            part.changed.connect(self._changed)
        self.instrument.textChanged.connect(self._changed)
        self.instrument.editingFinished.connect(self._instrument_chosen)
        self.telling.wants_channels.connect(self.wants_channels)
        self.rehearsal.wanted.connect(self._rehearse)

    def _show(self, alert: Alert) -> None:
        self.conditions.show_condition(alert.condition)
        self.schedule.show_alert(alert, self._subject.now_ns)
        self.telling.show_alert(alert)
        self._changed()

    # --- what it is about ---------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        instruments = await self._desk.bridge.call(self._desk.engine.instruments())
        if self._is_gone:
            return
        self._instruments = {str(one.id): one for one in instruments}
        completer = QCompleter(sorted(self._instruments), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.instrument.setCompleter(completer)
        await self._read_subject()

    async def _read_subject(self) -> None:
        instrument = self._instruments.get(self._instrument_id())
        if instrument is None:
            return
        found = await self._desk.bridge.call(self._desk.backend.drawings.of(instrument.id))
        if self._is_gone or self._instruments.get(self._instrument_id()) is not instrument:
            return  # whoever named another one reads its drawings
        drawings = tuple(drawing for drawing in found.drawings if lines_of(drawing))
        subject = replace_subject(self._subject, instrument, drawings)
        if subject != self._subject:
            self._subject = subject
            self.conditions.follow(subject)
            self._changed()

    def _instrument_id(self) -> str:
        # A code alone is enough where one instrument has it.
        text = self.instrument.text().strip()
        known = [name for name in self._instruments if text.upper() in (name, name.partition(".")[0])]
        return known[0] if len(known) == 1 else text.upper()

    def _on_drawings(self, event: DrawingsChanged) -> None:
        # One may be stored only after the editor was opened, or be drawn or removed beside it.
        if str(event.instrument) == self._instrument_id():
            self._desk.start("Reading the drawings", self._read_subject())

    def _instrument_chosen(self) -> None:
        self._desk.start("Reading the drawings", self._read_subject())

    # --- what was entered ---------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        condition = self.conditions.condition
        self.sentence.setText(self._told(condition) if condition is not None else "Something is missing.")
        self.rehearsal.forget()
        self.done_button.setEnabled(True)
        self._say_problem("", "")

    def _told(self, condition: Condition) -> str:
        names = {one.id: drawing_words(one, self._subject.decimals) for one in self._subject.drawings}
        code = self._instrument_id().partition(".")[0] or "the instrument"
        wording = Wording(code, self._subject.decimals, str(self.schedule.spec.currentData()), names)
        try:
            return f"{code}: {tell_condition(condition, wording)}"
        except TriiError as error:  # a parameter that the indicator refuses
            return str(error)

    def _rehearse(self) -> None:
        alert = self.alert
        if alert is None:
            self._say_missing()
        else:
            self.rehearsal.run(alert)

    async def _keep(self, alert: Alert) -> None:
        try:
            await (self._edits.add(alert) if self._is_new else self._edits.change(alert))
        except TriiError as error:
            if self._is_gone:
                raise
            self._say_problem(error.code, f"{error.message} {error.hint}".strip())
            self.done_button.setEnabled(True)
        else:
            if not self._is_gone:
                super().accept()

    def _say_missing(self) -> None:
        self._say_problem("", "Choose what the alert shall watch.")

    def _say_problem(self, code: str, words: str) -> None:
        area, _, name = code.partition(".")
        place = "instrument" if area == "instrument" else _PLACES.get(name, "")
        for known, problem in self._problems.items():
            problem.say(words if known == place else "")
        self.problem.setText("" if place else words)
        self.problem.setVisible(bool(words) and not place)
        if place and words:
            self._problems[place].field.setFocus()


def replace_subject(subject: Subject, instrument: Instrument, drawings: tuple[Drawing, ...]) -> Subject:
    """The same for another instrument."""
    step = instrument.price_steps[-1].step if instrument.price_steps else None
    decimals = max(0, -int(step.as_tuple().exponent)) if step is not None else subject.decimals
    return Subject(max(decimals, 2), subject.last, drawings, subject.now_ns)


def _decimals(condition: Condition) -> int:
    """As many as the first price of a condition has."""
    first = leaves_of(condition)[0]
    value = getattr(first, "value", 0.0)
    return decimals_of(float(value))
