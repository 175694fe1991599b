"""Small fields of the alert dialogs: prices with as many digits as they have, and moments of this computer's time."""

import math
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QDateTime, QLocale, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QDoubleSpinBox, QFormLayout, QLabel, QWidget

from trii_desktop.widgets.layout import column, label

_WIDE: Final = 1e12
_DECIMALS: Final = 8
FIELD_PX: Final = 120
LABEL_PX: Final = 92
MS_NS: Final = 1_000_000


class PriceBox(QDoubleSpinBox):
    """Any number, shown with at least ``decimals`` digits after the point and as many more as it has."""

    def __init__(self, name: str, *, decimals: int = 2) -> None:
        super().__init__()
        self._least = decimals
        self.setLocale(QLocale.c())
        self.setRange(-_WIDE, _WIDE)
        self.setDecimals(_DECIMALS)
        self.setSingleStep(10.0**-decimals)
        self.setAccessibleName(name)
        self.setFixedWidth(FIELD_PX)

    def show_number(self, value: float) -> None:
        """Show a value without telling it."""
        with QSignalBlocker(self):
            self.setValue(value if math.isfinite(value) else 0.0)

    def say_decimals(self, decimals: int) -> None:
        """Show prices of another instrument."""
        self._least = decimals
        self.setSingleStep(10.0**-decimals)
        self.lineEdit().setText(self.textFromValue(self.value()))

    def textFromValue(self, value: float) -> str:
        """Without zeros that say nothing."""
        whole, _, part = f"{value:.{_DECIMALS}f}".partition(".")
        part = part.rstrip("0").ljust(self._least, "0")
        return f"{whole}.{part}" if part else whole


class MomentBox(QDateTimeEdit):
    """A moment in this computer's time, to the minute."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.setCalendarPopup(True)
        self.setAccessibleName(name)
        self.setFixedWidth(FIELD_PX + 50)

    @property
    def at_ns(self) -> int:
        """UTC ns."""
        return int(self.dateTime().toMSecsSinceEpoch()) * MS_NS

    def show_moment(self, at_ns: int) -> None:
        """Show a moment without telling it."""
        with QSignalBlocker(self):
            self.setDateTime(QDateTime.fromMSecsSinceEpoch(at_ns // MS_NS))


class Choice(QComboBox):
    """A box of words, each with a value; filling it again keeps what is chosen.

    n_letters : how wide it is at least where its words may be long; 0 is as wide as they are
    """

    def __init__(self, name: str, offered: Iterable[tuple[str, object]] = (), *, n_letters: int = 0) -> None:
        super().__init__()
        self.setAccessibleName(name)
        policy = QComboBox.SizeAdjustPolicy
        self.setSizeAdjustPolicy(policy.AdjustToMinimumContentsLengthWithIcon if n_letters else policy.AdjustToContents)
        self.setMinimumContentsLength(n_letters)
        self.offer(offered)

    def offer(self, offered: Iterable[tuple[str, object]]) -> None:
        """Offer these, without telling it."""
        now = self.currentData()
        with QSignalBlocker(self):
            self.clear()
            for words, value in offered:
                self.addItem(words, value)
            self.choose(now)

    def choose(self, value: object) -> None:
        """Choose ``value`` without telling it; the first one where it is not offered."""
        with QSignalBlocker(self):
            place = next((n for n in range(self.count()) if self.itemData(n) == value), 0)
            self.setCurrentIndex(place if self.count() else -1)


class Problem(QWidget):
    """A field, and below it why its value was refused, while it was."""

    def __init__(self, field: QWidget) -> None:
        super().__init__()
        self.field = field
        self._words = label("", "error", wraps=True)
        self._words.hide()
        self.setLayout(column(field, self._words, gap=2))

    @property
    def text(self) -> str:
        """Why it was refused; empty where it was not."""
        return self._words.text()

    def say(self, words: str) -> None:
        """Say why; nothing for empty words."""
        self._words.setText(words)
        self._words.setVisible(bool(words))


def titled(title: str) -> QLabel:
    """The title of a field, as wide as those of all forms of a dialog."""
    made = label(title)
    made.setFixedWidth(LABEL_PX)
    return made


def form() -> QFormLayout:
    """A form with its labels at the left."""
    made = QFormLayout()
    made.setHorizontalSpacing(16)
    made.setVerticalSpacing(8)
    made.setContentsMargins(0, 0, 0, 0)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return made
