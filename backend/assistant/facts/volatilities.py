"""Facts of volatility: how far prices move, and whether that is much for this instrument."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent, price
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.oscillators import CLOSES_ONLY
from backend.assistant.facts.prices import NO_DAYS, NO_PERCENT
from backend.assistant.facts.settings import OSCILLATOR, SHORT, YEAR
from backend.assistant.facts.view import Seen, View
from backend.domain.bars import DAY_NS, Float64s, Int64s
from backend.indicators import compute

ATR: Final = price("volatility.atr", "Average true range", f"atr({OSCILLATOR})", ("@setting.oscillator",))
ATR_PERCENT: Final = percent("volatility.atr_percent", "That range in percent", "atr / close", ("@volatility.atr", "@price.last"))
REALISED: Final = percent(
    "volatility.realised", "Volatility a year", f"standard deviation of {SHORT} daily logarithmic returns x root of sessions a year"
)
PERCENTILE: Final = percent(
    "volatility.percentile_252",
    "Rank of the volatility",
    f"share of the {YEAR} sessions before with less of it",
    ("@volatility.realised",),
)
REGIME: Final = Term(
    "volatility.regime",
    "Volatility regime",
    Unit.WORD,
    "by rank: below 20 low, below 80 usual, below 95 high, else extreme",
    ("@volatility.percentile_252",),
)
_DAYS_A_WEEK_ROUND_THE_CLOCK: Final = 300


def volatility_facts(view: View) -> Iterator[Draft]:
    """True range of the series; realised volatility of daily closes and its rank in a year."""
    yield from _range(view.main)
    days = view.days
    if days is None:
        yield from lacking((REALISED, PERCENTILE, REGIME), NO_DAYS, view.main.source)
        return
    if np.any(days.bars.close[-1 - YEAR - SHORT :] <= 0):
        yield from lacking((REALISED, PERCENTILE, REGIME), NO_PERCENT, days.source)
        return
    line = realised(days)
    yield days.draft(REALISED, float(line[-1]) if len(line) else None, SHORT + 1)
    before = line[-1 - YEAR : -1]
    rank = 100 * float(np.mean(before < line[-1])) if len(before) == YEAR else None
    yield days.draft(PERCENTILE, rank, SHORT + 1 + YEAR)
    yield days.draft(REGIME, None if rank is None else _regime(rank), SHORT + 1 + YEAR)


def sessions_a_year(event_ns: Int64s) -> int:
    """365 where daily bars come on weekends too, else the customary 252."""
    n_days = len(event_ns) - int(np.searchsorted(event_ns, event_ns[-1] - 365 * DAY_NS, side="right"))
    return 365 if n_days > _DAYS_A_WEEK_ROUND_THE_CLOCK else YEAR


def realised(days: Seen) -> Float64s:
    """float64[n]: annual volatility in percent at each of the newest sessions, at most a year and one; closes above zero."""
    returns = np.diff(np.log(days.bars.close[-1 - YEAR - SHORT :]))
    if len(returns) < SHORT:
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(returns, SHORT)
    made: Float64s = 100 * windows.std(axis=1, ddof=1) * np.sqrt(sessions_a_year(days.bars.event_ns))
    return made


def _range(main: Seen) -> Iterator[Draft]:
    n_bars = OSCILLATOR + 1
    if len(main) < n_bars or main.bars.is_close_only:
        why = CLOSES_ONLY if main.bars.is_close_only else main.too_short(n_bars)
        yield from lacking((ATR, ATR_PERCENT), why, main.source)
        return
    atr, close = float(compute("atr", main.bars, period=OSCILLATOR)["value"][-1]), float(main.bars.close[-1])
    yield main.draft(ATR, atr, n_bars)
    yield main.draft(ATR_PERCENT, 100 * atr / close if close > 0 else None, n_bars, "" if close > 0 else NO_PERCENT)


def _regime(rank: float) -> str:
    return "low" if rank < 20 else "usual" if rank < 80 else "high" if rank < 95 else "extreme"
