"""Choosing the time-frame: buttons for what can be shown, and a field that reads digits typed on the chart."""

import re
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QWidget

from backend.domain.bars import BarSpec, BarUnit
from backend.errors import InvalidInput
from backend.market.trade_bars import made_of_trades
from trii_desktop.widgets.layout import column, label, row
from trii_desktop.widgets.overlay import Overlay

_LETTER: Final = re.compile(r"\s*(mo|[smhdwtvr])\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*\d+\s*")
_NAMES: Final = {
    BarUnit.SECOND: "second",
    BarUnit.MINUTE: "minute",
    BarUnit.HOUR: "hour",
    BarUnit.DAY: "day",
    BarUnit.WEEK: "week",
    BarUnit.MONTH: "month",
    BarUnit.TICK: "trade",
    BarUnit.VOLUME: "unit traded",
    BarUnit.RANGE: "price range",
}


def parse_interval(text: str) -> BarSpec:
    """Read what a trader types: ``5`` is five minutes, ``d`` one day, ``4h``, ``1M`` one month. Raises InvalidInput."""
    words = text.strip().lstrip(",").strip()
    if _NUMBER.fullmatch(words):
        minutes = int(words)
        hours, rest = divmod(minutes, 60)
        return BarSpec.parse(f"{hours}h" if minutes and not rest else f"{minutes}m")
    if _LETTER.fullmatch(words):
        return BarSpec.parse(f"1{words}")
    return BarSpec.parse(words)


def describe_interval(spec: BarSpec) -> str:
    """``15 minutes``, ``1 day``."""
    name = _NAMES[spec.unit]
    return (
        f"{spec.step} {name}"
        if spec.step == 1
        else f"{spec.step} {name.replace('unit', 'units') if 'unit' in name else name + 's'}"
    )


class IntervalBar(QWidget):
    """One button an interval; ``chosen`` carries the BarSpec."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[BarSpec, QToolButton] = {}
        self.setAccessibleName("Time-frames")

    @property
    def specs(self) -> tuple[BarSpec, ...]:
        """What can be chosen."""
        return tuple(self._buttons)

    def show_specs(self, specs: tuple[BarSpec, ...], current: BarSpec) -> None:
        """Offer ``specs`` with ``current`` pressed; one that is not among them gets a button too."""
        others = () if current in specs else (current,)
        wanted = (*others, *specs) if made_of_trades(current) else (*specs, *others)
        if tuple(self._buttons) != wanted:
            self._clear()
            for spec in wanted:
                self._add(spec)
        with QSignalBlocker(self._group):
            self._buttons[current].setChecked(True)

    def _add(self, spec: BarSpec) -> None:
        made = QToolButton()
        made.setText(str(spec))
        made.setCheckable(True)
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        made.setProperty("interval", True)
        made.setToolTip(f"{describe_interval(spec)}. Or type it on the chart.")
        made.setAccessibleName(describe_interval(spec))
        made.clicked.connect(self._clicked)
        self._group.addButton(made)
        self._layout.addWidget(made)
        self._buttons[spec] = made

    def _clear(self) -> None:
        for made in self._buttons.values():
            self._group.removeButton(made)
            self._layout.removeWidget(made)
            made.deleteLater()
        self._buttons.clear()

    def _clicked(self) -> None:
        pressed = self._group.checkedButton()
        for spec, made in self._buttons.items():
            if made is pressed:
                self.chosen.emit(spec)


class IntervalEntry(Overlay):
    """The small field that opens when digits are typed on the chart; ``chosen`` carries the BarSpec."""

    chosen = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 280, 148)
        self.setAccessibleName("Change interval")
        self.field = QLineEdit()
        self.field.setMaxLength(12)
        self.field.setAccessibleName("Interval")
        self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field.setStyleSheet("font-size: 18px; font-weight: 600;")
        self.field.textChanged.connect(self._preview)
        self.field.returnPressed.connect(self._accept)
        self.meaning = label("", "muted")
        self.meaning.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.meaning.setWordWrap(True)
        keys = label("Enter apply    Esc close", "caption")
        self.setLayout(
            column(label("Change interval", "heading"), self.field, self.meaning, row(None, keys, None), margins=(16, 12, 16, 10))
        )

    def enter(self, text: str) -> None:
        """Open with ``text`` typed already."""
        self.field.setText(text)
        self._preview(text)
        self.open_over(self.field)
        self.field.end(False)

    def _preview(self, text: str) -> None:
        spec = self._read(text)
        self.meaning.setText(describe_interval(spec) if spec else "Minutes, or 5s, 4h, D, W, 1mo, 100t, 50v, 0.5r")

    def _accept(self) -> None:
        spec = self._read(self.field.text())
        if spec is not None:
            self.dismiss()
            self.chosen.emit(spec)

    @staticmethod
    def _read(text: str) -> BarSpec | None:
        try:
            return parse_interval(text)
        except InvalidInput:
            return None
