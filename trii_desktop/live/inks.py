"""The colours of painted market data in a theme, made once a theme and once more for what is in doubt."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor

from trii_desktop.contrast import mixed
from trii_desktop.palettes import Palette

_DIM: Final = 0.6
_BAR: Final = 0.20
_BIG: Final = 0.24


@dataclass(frozen=True, slots=True)
class MarketInks:
    """Colours as Qt takes them.

    up_bar, down_bar : behind quantities; up_big, down_big : behind prints that stand out
    """

    ground: QColor
    head: QColor
    text: QColor
    muted: QColor
    faint: QColor
    border: QColor
    selection: QColor
    focus: QColor
    up: QColor
    down: QColor
    up_bar: QColor
    down_bar: QColor
    up_big: QColor
    down_big: QColor
    warning: QColor

    def of(self, side: int) -> QColor:
        """The colour of a side: 1 buyer, -1 seller, 0 unknown."""
        return self.up if side > 0 else self.down if side < 0 else self.text

    def big_of(self, side: int) -> QColor:
        """The ground of a print that stands out."""
        return self.up_big if side > 0 else self.down_big if side < 0 else self.selection


def inks_of(palette: Palette, *, is_dim: bool = False) -> MarketInks:
    """The colours of ``palette``; dim ones are greyed toward its ground."""

    def ink(color: str) -> QColor:
        return QColor(mixed(color, palette.panel, _DIM) if is_dim else color)

    def tint(color: str, share: float) -> QColor:
        return QColor(mixed(color, palette.panel, share * (_DIM if is_dim else 1)))

    up, down = (palette.muted, palette.muted) if is_dim else (palette.up, palette.down)
    return MarketInks(
        ground=QColor(palette.panel),
        head=QColor(palette.muted),
        text=ink(palette.text),
        muted=ink(palette.muted),
        faint=QColor(palette.faint),
        border=QColor(palette.border),
        selection=QColor(palette.selection),
        focus=QColor(palette.focus),
        up=ink(up),
        down=ink(down),
        up_bar=tint(up, _BAR),
        down_bar=tint(down, _BAR),
        up_big=tint(up, _BIG),
        down_big=tint(down, _BIG),
        warning=QColor(palette.warning),
    )
