"""A field for one parameter: any number can be typed, steps stay in bounds, and a value is told when the typing rests."""

from typing import Final

from PySide6.QtCore import QLocale, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QDoubleSpinBox

from backend.indicators.spec import Parameter

REST_MS: Final = 250  # a preview for every digit of 200 would show 2 and 20 first
_WIDE: Final = 1e9
_DECIMALS: Final = 4
FIELD_PX: Final = 140


class NumberField(QDoubleSpinBox):
    """``chosen`` carries a number, which may be one that the parameter refuses: words tell that, nothing is mended silently."""

    chosen = Signal(float)

    def __init__(self, parameter: Parameter, value: float) -> None:
        super().__init__()
        self._parameter = parameter
        self.setLocale(QLocale.c())
        self.setRange(-_WIDE, _WIDE)
        self.setDecimals(0 if parameter.is_whole else _DECIMALS)
        self.setSingleStep(parameter.step)
        self.setFixedWidth(FIELD_PX)
        self.setAccessibleName(parameter.title)
        bounds = f"{parameter.low:g} to {parameter.high:g}"
        self.setToolTip(f"{parameter.description} {bounds}".strip())
        self.setAccessibleDescription(bounds)
        self.setValue(value)
        self._told = self.value()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._tell)
        self.valueChanged.connect(self._rest.start)
        self.editingFinished.connect(self._tell)

    @property
    def number(self) -> float:
        """The value, a whole number where only those are meant."""
        return round(self.value()) if self._parameter.is_whole else self.value()

    def show_number(self, value: float) -> None:
        """Show a value without telling it."""
        with QSignalBlocker(self):
            self.setValue(value)
        self._rest.stop()
        self._told = self.value()

    def choose(self, value: float) -> None:
        """Take a value and tell it at once."""
        self.setValue(value)
        self._tell()

    def stepBy(self, steps: int) -> None:
        """Arrows and the wheel stay within the bounds and are told at once."""
        wanted = self.value() + steps * self.singleStep()
        self.choose(min(max(wanted, self._parameter.low), self._parameter.high))

    def textFromValue(self, value: float) -> str:
        """Without zeros that say nothing."""
        return f"{value:.{self.decimals()}f}".rstrip("0").rstrip(".") if self.decimals() else f"{value:.0f}"

    def _tell(self) -> None:
        self._rest.stop()
        if self.value() != self._told:
            self._told = self.value()
            self.chosen.emit(self.value())
