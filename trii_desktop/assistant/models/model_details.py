"""One model at the side of the list: what it is used for, how it did in each mode, and every figure with its origin."""

from functools import partial
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QScrollArea, QWidget

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard
from trii_desktop.assistant.models.words import TITLES, figures, mode_words, standing_words
from trii_desktop.widgets.layout import button, column, holding, label, line, restyle, row

WIDTH_PX: Final = 350
_LONG: Final = frozenset({"From", "SHA-256", "File"})
_COPIED: Final = MappingProxyType({"SHA-256": "SHA-256", "File": "path"})


class ModelDetails(QScrollArea):
    """``use_changed`` carries a mode and whether the shown model is to be used for it, ``examine_wanted`` a mode."""

    use_changed = Signal(object, bool)
    examine_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._card: ModelCard | None = None
        self.setAccessibleName("Details of the model")
        self.setWidgetResizable(True)
        self.setMinimumWidth(WIDTH_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._title = label("", "heading", wraps=True)
        self._standing = label("", "muted", wraps=True)
        self.uses = {mode: QCheckBox(f"Use for {title}") for mode, title in TITLES.items()}
        self.examines = {mode: button("Examine", quiet=True, name=f"Examine for {title}") for mode, title in TITLES.items()}
        self._shown = {mode: label("", "caption", wraps=True) for mode in TITLES}
        modes = column(gap=2)
        for mode, use in self.uses.items():
            use.toggled.connect(partial(self._use, mode))
            self.examines[mode].clicked.connect(partial(self._examine, mode))
            modes.addLayout(row(use, None, self.examines[mode]))
            modes.addLayout(row(26, self._shown[mode], 8))
            modes.addSpacing(6)
        self._figures: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.copies = {name: button(f"Copy {words}", quiet=True) for name, words in _COPIED.items()}
        for name, made in self.copies.items():
            made.clicked.connect(partial(self._copy, name))
        copies = row(*self.copies.values(), None, gap=4)
        parts = (self._title, self._standing, 4, line(), 4, modes, line(), 4, self._grid, copies, None)
        body = column(*parts, margins=(16, 4, 16, 12), gap=6)
        self.setWidget(holding(body))

    def show_card(self, card: ModelCard, busy: frozenset[Mode]) -> None:
        """Show a model; ``busy`` are modes for which it is being examined."""
        is_other = self._card is None or self._card.id != card.id
        self._card = card
        self._title.setText(card.name)
        words, role = standing_words(card)
        _say(self._standing, words, role)
        for mode in TITLES:
            self._show_mode(card, mode, is_busy=mode in busy)
        for name, text in figures(card):
            self._show_figure(name, text)
        if is_other:
            self.verticalScrollBar().setValue(0)

    def _show_mode(self, card: ModelCard, mode: Mode, *, is_busy: bool) -> None:
        use, examined = self.uses[mode], card.examined_for(mode)
        with QSignalBlocker(use):
            use.setChecked(mode in card.modes)
        use.setEnabled(card.is_usable or mode in card.modes)
        self.examines[mode].setEnabled(not card.is_embedding and not is_busy)
        self.examines[mode].setText("Examining…" if is_busy else "Examine" if examined is None else "Examine again")
        words = mode_words(card, mode)
        role = "caption" if examined is None else "good" if examined.is_fit else "warning"
        _say(self._shown[mode], words, role)
        use.setAccessibleDescription(words)

    def _show_figure(self, name: str, text: str) -> None:
        if name not in self._figures:
            self._figures[name] = label("", wraps=True)
            place = len(self._figures)
            self._grid.addWidget(label(name, "muted"), place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self._figures[name], place, 1, Qt.AlignmentFlag.AlignTop)
        self._figures[name].setText(_breakable(text) if name in _LONG else text)
        self._figures[name].setAccessibleName(f"{name}: {text}")

    def _use(self, mode: Mode, is_on: bool) -> None:  # noqa: FBT001 - the box tells it
        self.use_changed.emit(mode, is_on)

    def _examine(self, mode: Mode, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the button tells it
        self.examine_wanted.emit(mode)

    def text_of(self, name: str) -> str:
        """The figure of this name, without the places where it may break."""
        return dict(figures(self._card))[name] if self._card is not None else ""

    def _copy(self, name: str, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the button tells it
        QGuiApplication.clipboard().setText(self.text_of(name))


def _breakable(text: str) -> str:
    """A long word that may break anywhere."""
    return "\u200b".join(text)


def _say(shown: QWidget, words: str, role: str) -> None:
    assert isinstance(shown, QLabel)
    shown.setText(words)
    if shown.property("role") != role:
        restyle(shown, role=role)
