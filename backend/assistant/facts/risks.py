"""Facts of risk over a year of sessions: what was lost at worst, how often, and beside the market."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term, lacking, percent
from backend.assistant.facts.fact import Unit
from backend.assistant.facts.prices import NO_DAYS, NO_PERCENT
from backend.assistant.facts.settings import CONFIDENCE, YEAR
from backend.assistant.facts.view import Seen, View
from backend.assistant.facts.volatilities import sessions_a_year
from backend.domain.bars import BarArrays, Float64s

DRAWDOWN: Final = percent(
    "risk.drawdown", "Largest fall of a year", f"lowest of close / highest close before - 1 over {YEAR} sessions"
)
DRAWDOWN_NOW: Final = percent("risk.drawdown_now", "Fall from the highest close of a year", "close / highest close - 1")
VAR: Final = percent(
    "risk.var", "Value at risk of a session", f"loss that {CONFIDENCE} % of {YEAR} daily returns did not exceed, by their history",
    ("@setting.confidence",),
)  # fmt: skip
CVAR: Final = percent("risk.cvar", "Mean loss beyond it", "mean loss of the days at or beyond the value at risk", ("@risk.var",))
DOWNSIDE: Final = percent(
    "risk.downside", "Downside deviation a year", "root of the mean square of daily returns below 0 x root of sessions a year"
)
SHARPE: Final = Term(
    "risk.sharpe", "Sharpe ratio", Unit.RATIO, "mean / standard deviation of daily returns x root of sessions a year; rate 0"
)
BETA: Final = Term("risk.beta", "Beta", Unit.RATIO, "covariance with the index / its variance, daily returns of the same days")
CORRELATION: Final = Term(
    "risk.correlation", "Correlation with the index", Unit.RATIO, "correlation of daily returns of the same days"
)
INDEX: Final = Term("risk.index", "Index of the beta", Unit.WORD, "the index that stands for the market")
TERMS: Final = (DRAWDOWN, DRAWDOWN_NOW, VAR, CVAR, DOWNSIDE, SHARPE)
BESIDE: Final = (INDEX, BETA, CORRELATION)
_SAME_DAYS_MIN: Final = YEAR // 2


def risk_facts(view: View) -> Iterator[Draft]:
    """Figures of the newest year of daily closes."""
    days = view.days
    if days is None:
        yield from lacking((*TERMS, *BESIDE), NO_DAYS, view.main.source)
        return
    closes = days.bars.close[-1 - YEAR :]
    if np.any(closes <= 0):
        yield from lacking((*TERMS, *BESIDE), NO_PERCENT, days.source)
        return
    if len(closes) <= YEAR:
        yield from lacking(TERMS, days.too_short(YEAR + 1), days.source)
    else:
        yield from _own(days, closes)
    yield from _beside(view, days)


def _own(days: Seen, closes: Float64s) -> Iterator[Draft]:
    returns = closes[1:] / closes[:-1] - 1
    falls = closes / np.maximum.accumulate(closes) - 1
    yield days.draft(DRAWDOWN, 100 * float(falls.min()), YEAR + 1)
    yield days.draft(DRAWDOWN_NOW, 100 * float(falls[-1]), YEAR + 1)
    at_risk = float(np.quantile(returns, 1 - CONFIDENCE / 100))
    # A loss is told above zero; a quantile above zero would be a gain.
    yield days.draft(VAR, -100 * at_risk, YEAR + 1)
    yield days.draft(CVAR, -100 * float(returns[returns <= at_risk].mean()), YEAR + 1)
    n_a_year = sessions_a_year(days.bars.event_ns)
    root = float(np.sqrt(n_a_year))
    yield days.draft(DOWNSIDE, 100 * root * float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2))), YEAR + 1)
    yield days.draft(SHARPE, sharpe_of(returns, n_a_year), YEAR + 1, "Closes have not moved.")


def sharpe_of(returns: Float64s, n_a_year: int) -> float | None:
    """The Sharpe ratio of at least two returns, of which a year has ``n_a_year``, at a rate of 0; None where nothing moves."""
    spread = float(returns.std(ddof=1))
    return float(np.sqrt(n_a_year)) * float(returns.mean()) / spread if spread > 0 else None


def _beside(view: View, days: Seen) -> Iterator[Draft]:
    index = view.index
    if index is None:
        yield from lacking(BESIDE, view.why_no_index or "No index is stored to set it against.", days.source)
        return
    mine, theirs = shared_returns(days.bars, index.bars, int(days.bars.event_ns[-min(YEAR + 1, len(days))]))
    source = f"{days.source}; {index.source}"
    n_returns = len(mine)
    if n_returns < _SAME_DAYS_MIN or np.any(mine <= -1) or not float(theirs.var()) or not float(mine.var()):
        why = f"It takes {_SAME_DAYS_MIN} sessions that both have in the newest year, and there are {n_returns}."
        yield from lacking(BESIDE, why if n_returns < _SAME_DAYS_MIN else "Closes have not moved.", source)
        return
    as_of_ns, n_bars = int(max(days.known_ns[-1], index.known_ns[-1])), min(YEAR + 1, len(days))
    beta = beta_of(mine, theirs)
    correlation = float(np.corrcoef(mine, theirs)[0, 1])
    for term, value in ((INDEX, str(index.series.instrument.code)), (BETA, beta), (CORRELATION, correlation)):
        yield Draft(term=term, value=value, source=source, as_of_ns=as_of_ns, bars=days.newest(n_bars))


def beta_of(mine: Float64s, theirs: Float64s) -> float:
    """How far ``mine`` moves with ``theirs``, which does move: their covariance over its variance."""
    return float(np.cov(mine, theirs)[0, 1] / theirs.var(ddof=1))


def shared_returns(bars: BarArrays, index: BarArrays, first_ns: int) -> tuple[Float64s, Float64s]:
    """Returns of both from one bar that both have to the next, the first of them at ``first_ns`` or later."""
    _, mine, theirs = np.intersect1d(bars.event_ns, index.event_ns, assume_unique=True, return_indices=True)
    mine, theirs = (rows[bars.event_ns[mine] >= first_ns] for rows in (mine, theirs))
    own, other = bars.close[mine], index.close[theirs]
    if np.any(own <= 0) or np.any(other <= 0):
        return np.empty(0), np.empty(0)
    return own[1:] / own[:-1] - 1, other[1:] / other[:-1] - 1
