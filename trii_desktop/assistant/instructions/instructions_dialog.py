"""The dialog of instructions: versions on the left, the text of one on the right, two of them against each other below."""

from types import MappingProxyType
from typing import Final, Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QProgressBar,
    QSplitter,
    QWidget,
)

from backend.assistant.models.work import Work
from backend.assistant.templates.comparing import Comparison, Side
from backend.assistant.templates.store import Trial
from backend.assistant.templates.template import CHARS_MAX, CHARS_MIN, NAMES, SHIPPED, Template, Version
from trii_desktop.widgets.layout import button, column, holding, label, line, row
from trii_desktop.widgets.numbers import format_time

LOOK_MS: Final = 250
TITLES: Final = MappingProxyType({"chat": "Conversations", "analysis": "Stock analyses", "plan": "Plans of questions"})
_INTRO: Final = (
    "What a model is told before your question. Change it as you like: numbers are checked by code, whatever stands here, and a "
    "number that no code computed is never shown as fact."
)


class InstructionDeeds(Protocol):
    """What the dialog shows and can have done."""

    def templates(self) -> tuple[Template, ...]:
        """Every template, as last read."""
        ...

    def trials(self, name: str) -> tuple[Trial, ...]:
        """What its versions showed, as last read."""
        ...

    def works(self) -> tuple[Work, ...]:
        """Comparisons under way."""
        ...

    def save(self, name: str, text: str) -> None:
        """Keep a text as another version."""
        ...

    def use(self, name: str, number: int) -> None:
        """Use a version; that can be taken back."""
        ...

    def remove(self, name: str, number: int) -> None:
        """Forget a version; that can be taken back."""
        ...

    def compare(self, name: str, first: int, second: int) -> None:
        """Put two versions against each other."""
        ...

    def stop(self, work: Work) -> None:
        """End a comparison."""
        ...


class InstructionsDialog(QDialog):
    """Not modal. Ctrl+S keeps what is written as another version, Delete forgets the chosen one."""

    def __init__(self, parent: QWidget, deeds: InstructionDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self._shown = ("", SHIPPED)
        self.setWindowTitle("Instructions")
        self.setAccessibleName("Instructions")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(980, 640)
        self.setMinimumSize(760, 480)
        self.kinds, self.versions, self.text = QComboBox(), QListWidget(), QPlainTextEdit()
        self.rival, self.said, self.length = QComboBox(), label("", "muted", wraps=True), label("", "caption")
        self.save_button, self.use_button = button("Save as a new version", primary=True), button("Use")
        self.remove_button, self.reset_button = button("Delete"), button("Back to the shipped one")
        self.compare_button, self.stop_button = button("Compare"), button("Cancel", name="Cancel the comparison")
        self.bar = QProgressBar()
        self._make_names()
        self._connect()
        self.setLayout(self._layout())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.show_works)
        self.refresh()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The template that is shown."""
        return str(self.kinds.currentData())

    @property
    def chosen(self) -> Version | None:
        """The version on which the cursor is."""
        place = self.versions.currentRow()
        if place < 0:
            return None
        number = int(self.versions.item(place).data(Qt.ItemDataRole.UserRole))
        return next((one for one in self._template.versions if one.number == number), None)

    def refresh(self) -> None:
        """Show the versions as they are now; what is being written stays."""
        template, number = self._template, self._number()
        trials = {trial.number: trial for trial in reversed(self._deeds.trials(template.name))}
        self.versions.blockSignals(True)
        self.versions.clear()
        self.rival.clear()
        for one in template.versions:
            item = QListWidgetItem(_words(one, template.used, trials.get(one.number)))
            item.setData(Qt.ItemDataRole.UserRole, one.number)
            item.setToolTip(f"Written {format_time(one.made_ns, is_dated=True)}" if one.made_ns else "It came with the program")
            self.versions.addItem(item)
            self.rival.addItem(_title(one), one.number)
        places = [one.number for one in template.versions]
        self.versions.setCurrentRow(places.index(number) if number in places else 0)
        self.versions.blockSignals(False)
        self._show_chosen()

    def choose(self, number: int) -> None:
        """Put the cursor on a version."""
        for place in range(self.versions.count()):
            if self.versions.item(place).data(Qt.ItemDataRole.UserRole) == number:
                self.versions.setCurrentRow(place)

    def show_outcome(self, found: Comparison) -> None:
        """Say how a comparison ended."""
        one, other = _told(found.first), _told(found.second)
        if found.better is None:
            end = "The difference may well be chance: neither is better."
        else:
            end = f"{_named(found.better).capitalize()} is better; chance alone would do so in {found.chance:.0%} of cases."
        self.said.setText(f"With {found.model}, {one} and {other}. {end}")

    def show_works(self) -> None:
        """Say how far a comparison is."""
        works = self._deeds.works()
        for part in (self.bar, self.stop_button):
            part.setVisible(bool(works))
        self.compare_button.setEnabled(not works and self.rival.count() > 1)
        if works:
            share = works[0].share
            self.bar.setRange(0, 0 if share is None else 1_000)
            self.bar.setValue(round(1_000 * (share or 0)))

    @property
    def _template(self) -> Template:
        return next(one for one in self._deeds.templates() if one.name == self.name)

    def _number(self) -> int:
        name, number = self._shown
        return number if name == self.name else self._template.used

    def _show_chosen(self, *_place: int) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        if self._shown != (chosen.template, chosen.number) or not self.text.document().isModified():
            self._shown = (chosen.template, chosen.number)
            self.text.setPlainText(chosen.text)
            self.text.document().setModified(False)
        used = self._template.used
        self.use_button.setEnabled(chosen.number != used)
        self.remove_button.setEnabled(chosen.number not in (SHIPPED, used))
        self.reset_button.setEnabled(used != SHIPPED)
        if int(self.rival.currentData() or 0) == chosen.number and self.rival.count() > 1:
            self.rival.setCurrentIndex(0 if chosen.number != SHIPPED else 1)
        self._show_size()
        self.show_works()

    def _show_size(self) -> None:
        n_chars = len(self.text.toPlainText().strip())
        is_right = CHARS_MIN <= n_chars <= CHARS_MAX
        self.length.setText(f"{n_chars:,} of {CHARS_MAX:,} characters" + ("" if is_right else f", at least {CHARS_MIN} are needed"))
        self.save_button.setEnabled(is_right and self.text.document().isModified())

    def _kind_changed(self, _place: int) -> None:
        self.said.setText("")
        self.text.document().setModified(False)
        self.refresh()

    # --- deeds --------------------------------------------------------------------------------------------------------

    def _save(self, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        if self.save_button.isEnabled():
            self.text.document().setModified(False)
            self._deeds.save(self.name, self.text.toPlainText())

    def _use(self) -> None:
        if (chosen := self.chosen) is not None and self.use_button.isEnabled():
            self._deeds.use(self.name, chosen.number)

    def _reset(self) -> None:
        self._deeds.use(self.name, SHIPPED)

    def _remove(self) -> None:
        if (chosen := self.chosen) is not None and self.remove_button.isEnabled():
            self._deeds.remove(self.name, chosen.number)

    def _compare(self) -> None:
        if (chosen := self.chosen) is not None:
            self.said.setText("")
            self._deeds.compare(self.name, int(self.rival.currentData()), chosen.number)

    def _stop(self) -> None:
        for work in self._deeds.works():
            self._deeds.stop(work)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_names(self) -> None:
        for name in NAMES:
            self.kinds.addItem(TITLES[name], name)
        self.kinds.setAccessibleName("Instructions for")
        self.versions.setAccessibleName("Versions")
        self.text.setAccessibleName("Instructions")
        self.text.setTabChangesFocus(True)
        self.rival.setAccessibleName("Compare the chosen version with")
        self.bar.setAccessibleName("Progress of the comparison")
        self.bar.setTextVisible(False)

    def _connect(self) -> None:
        self.kinds.currentIndexChanged.connect(self._kind_changed)
        self.versions.currentRowChanged.connect(self._show_chosen)
        self.versions.itemActivated.connect(self._use)
        self.text.textChanged.connect(self._show_size)
        deeds = (
            (self.save_button, self._save),
            (self.use_button, self._use),
            (self.reset_button, self._reset),
            (self.remove_button, self._remove),
            (self.compare_button, self._compare),
            (self.stop_button, self._stop),
        )
        for made, deed in deeds:
            made.clicked.connect(deed)
        QShortcut(QKeySequence.StandardKey.Save, self, self._save)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.versions, self._remove, context=Qt.ShortcutContext.WidgetShortcut)

    def _layout(self) -> QLayout:
        close = button("Close")
        close.clicked.connect(self.accept)
        head = column(label(_INTRO, "muted", wraps=True), self.kinds, margins=(16, 14, 16, 10), gap=10)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(holding(column(self.versions, row(self.use_button, self.remove_button, None), margins=(16, 0, 8, 8))))
        own = row(self.length, None, self.reset_button, self.save_button)
        splitter.addWidget(holding(column(self.text, own, margins=(8, 0, 16, 8))))
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([330, 650])
        against = row(label("Compare the chosen version with"), self.rival, self.compare_button, self.bar, self.stop_button, None)
        foot = row(self.said, close, margins=(16, 8, 16, 12), gap=16)
        foot.setStretch(0, 1)
        whole = column(head, splitter, line(), holding(column(against, margins=(16, 8, 16, 0))), foot, gap=0)
        whole.setStretch(1, 1)
        return whole

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Look while it is seen."""
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no more."""
        self._timer.stop()
        super().hideEvent(event)


def _named(number: int) -> str:
    return "the shipped version" if number == SHIPPED else f"version {number}"


def _title(version: Version) -> str:
    return _named(version.number).removeprefix("the ").capitalize()


def _words(version: Version, used: int, trial: Trial | None) -> str:
    parts = [_title(version)]
    if version.number == used:
        parts.append("in use")
    if trial is not None:
        parts.append(f"{trial.n_passed} of {trial.n_asked} as told")
    return " \u00b7 ".join(parts)


def _told(side: Side) -> str:
    return f"{_named(side.number)} did as told in {side.n_passed} of {len(side.passed)} cases"
