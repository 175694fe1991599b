"""A field for a size: a number, also with K or M behind it; empty for what goes without saying."""

import math
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from trii_desktop.widgets.layout import restyle

_UNITS: Final = {"K": 1e3, "M": 1e6, "B": 1e9}
_LENGTH_MAX: Final = 16
FIELD_PX: Final = 76


def parse_size(text: str) -> float | None:
    """The number that ``text`` says, above 0; None for no text. Raises ValueError for anything else."""
    plain = text.strip().replace(",", "").upper()
    if not plain:
        return None
    factor = _UNITS.get(plain[-1], 1.0)
    size = float(plain[:-1] if plain[-1] in _UNITS else plain) * factor
    if not (math.isfinite(size) and size > 0):
        raise ValueError(text)
    return size


class SizeField(QLineEdit):
    """``chosen`` carries a size or None, as it is typed; what cannot be read is marked and not told."""

    chosen = Signal(object)

    def __init__(self, title: str, usual: str, tip: str) -> None:
        super().__init__()
        self._told: float | None = None
        self.setAccessibleName(title)
        self.setToolTip(tip)
        self.setPlaceholderText(usual)
        self.setMaxLength(_LENGTH_MAX)
        self.setFixedWidth(FIELD_PX)
        self.textChanged.connect(self._tell)

    def _tell(self, text: str) -> None:
        try:
            size = parse_size(text)
        except ValueError:
            restyle(self, invalid=True)
            return
        if self.property("invalid"):
            restyle(self, invalid=False)
        if size != self._told:
            self._told = size
            self.chosen.emit(size)
