"""Confirmed swing highs and lows, each with the row at which it was first known."""

import enum

from backend.domain.bars import BarArrays
from backend.patterns.found import Swing


class Reversal(enum.StrEnum):
    """What a turn is measured in."""

    ATR = "atr"
    PERCENT = "percent"


def find_swings(bars: BarArrays, *, reversal: float = 3.0, unit: Reversal = Reversal.ATR) -> tuple[Swing, ...]:
    """Highs and lows from which prices turned by ``reversal`` average true ranges, or percent."""
    raise NotImplementedError


def find_fractals(bars: BarArrays, *, n_beside: int = 2) -> tuple[Swing, ...]:
    """Highs and lows that exceed ``n_beside`` bars on both sides."""
    raise NotImplementedError
