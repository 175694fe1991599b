"""Adjusted prices computed from the log of corporate actions, and actions recovered from a file's adjusted close.

Raw prices never change. A bar before a split's ex date is divided by its ratio (its volume multiplied); a bar before a
dividend's ex date is multiplied by ``1 - amount / previous close``, the rule of CRSP and of most charts, where the
previous close is the raw daily close of the session before the ex date.

Some files use another rule, ``ex close / (ex close + amount)``; ``infer_actions`` finds out which one a file used by
looking which makes the amounts whole hundredths of a cent.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from backend.domain.actions import CorporateAction, Dividend, Split
from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput

SPLIT_TERM_MAX: Final = 20
SPLIT_WHOLE_MAX: Final = 1000
SPLIT_TOLERANCE: Final = 1e-5
SPLIT_JUMP_MIN: Final = 1.25
AMOUNT_STEP: Final = 1e-4
DECIMALS_MAX: Final = 12


class DividendRule(enum.Enum):
    """How a dividend lowers the bars before it."""

    PREVIOUS_CLOSE = "1 - amount / previous close"
    EX_CLOSE = "ex close / (ex close + amount)"


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """What bars before each ex date are multiplied with, oldest first.

    ex_ns : int64[n_actions]    session labels, strictly increasing
    price, volume : float64[n_actions]   each for that ex date alone, above 0
    """

    ex_ns: Int64s
    price: Float64s
    volume: Float64s


def compute_factors(
    actions: Iterable[CorporateAction],
    label_ns: Int64s,
    close: Float64s,
    *,
    rule: DividendRule = DividendRule.PREVIOUS_CLOSE,
) -> Factors:
    """Factors of ``actions``, given the raw daily closes; pass only actions that were known at the moment wanted.

    label_ns : int64[n_days], close : float64[n_days]   raw daily closes, oldest first
    A dividend before the first close changes no bar and is left out. Raises InvalidInput for a dividend not below the
    previous close under the rule of the previous close.
    """
    price: dict[int, float] = {}
    volume: dict[int, float] = {}
    for action in actions:
        row = int(np.searchsorted(label_ns, action.ex_ns))
        if isinstance(action, Split):
            price[action.ex_ns] = price.get(action.ex_ns, 1.0) / float(action.ratio)
            volume[action.ex_ns] = volume.get(action.ex_ns, 1.0) * float(action.ratio)
        elif row > 0:
            price[action.ex_ns] = price.get(action.ex_ns, 1.0) * _dividend_factor(action, row, close, rule)
    ex_ns = sorted(price)
    return Factors(
        np.array(ex_ns, np.int64),
        np.array([price[ns] for ns in ex_ns], np.float64),
        np.array([volume.get(ns, 1.0) for ns in ex_ns], np.float64),
    )


def adjust_bars(bars: BarArrays, factors: Factors, *, boundary_ns: Int64s | None = None) -> BarArrays:
    """Bars in units of the last ex date: each is multiplied with the factors of every later ex date.

    boundary_ns : int64[n_actions]   first ``event_ns`` that already trades ex; None takes the labels themselves,
        which is right for bars of days, weeks and months. For intraday bars pass the sessions' opening instants.
    A week or month that contains an ex date keeps its first label and counts as before it.
    """
    if not len(factors.ex_ns) or not len(bars):
        return bars
    boundary = factors.ex_ns if boundary_ns is None else boundary_ns
    n_passed = np.searchsorted(boundary, bars.event_ns, side="right")
    by_price = _product_of_later(factors.price)[n_passed]
    by_volume = _product_of_later(factors.volume)[n_passed]
    return BarArrays(
        bars.event_ns,
        bars.open * by_price,
        bars.high * by_price,
        bars.low * by_price,
        bars.close * by_price,
        bars.volume * by_volume,
    )


def infer_actions(
    instrument: InstrumentId, label_ns: Int64s, close: Float64s, adjusted_close: Float64s
) -> tuple[CorporateAction, ...]:
    """The splits and dividends that turn ``close`` into ``adjusted_close``, oldest first.

    label_ns : int64[n_days], close, adjusted_close : float64[n_days]   oldest first; NaN where the file has none
    Changes of the ratio smaller than the file's rounding explain are taken for rounding. Raises InvalidInput for
    columns of unequal length or prices that are not above 0.
    """
    if not len(label_ns) == len(close) == len(adjusted_close):
        raise InvalidInput("The closes and the adjusted closes are of unequal length.", hint="Pass one of each a day.")
    given = np.isfinite(close) & np.isfinite(adjusted_close)
    days, raw, adjusted = label_ns[given], close[given], adjusted_close[given]
    if np.any(raw <= 0) or np.any(adjusted <= 0):
        raise InvalidInput("Prices at or below 0 have no adjustment ratio.", hint="Leave the adjusted column out.")
    if len(days) < 2:
        return ()
    ratio = (adjusted[:-1] / raw[:-1]) / (adjusted[1:] / raw[1:])
    noise = 1.5 * _quantum(adjusted) * (1 / adjusted[:-1] + 1 / adjusted[1:]) + 1e-9
    splits: list[CorporateAction] = []
    rests: list[tuple[int, float]] = []
    for row in (np.flatnonzero(np.abs(ratio - 1) > noise) + 1).tolist():
        split = _split_ratio(ratio[row - 1], raw[row - 1] / raw[row], max(SPLIT_TOLERANCE, float(noise[row - 1])))
        if split is not None:
            splits.append(Split(instrument, int(days[row]), Decimal(split.numerator) / Decimal(split.denominator)))
        rest = float(ratio[row - 1]) * float(split or 1)
        if 1 - rest > max(SPLIT_TOLERANCE, float(noise[row - 1])) or (split is None and rest < 1):
            rests.append((row, rest))
    dividends = _dividends(instrument, days, raw, rests)
    return tuple(sorted((*splits, *dividends), key=lambda action: action.ex_ns))


def _dividend_factor(dividend: Dividend, row: int, close: Float64s, rule: DividendRule) -> float:
    amount = float(dividend.amount)
    if rule is DividendRule.EX_CLOSE and row < len(close):
        return float(close[row]) / (float(close[row]) + amount)
    before = float(close[row - 1])
    if amount >= before:
        raise InvalidInput(
            f"A dividend of {dividend.amount} for {dividend.instrument} is not below the close before it, {before}.",
            hint="Check the amount, or whether the prices are already adjusted.",
            code="actions.dividend_too_large",
        )
    return 1 - amount / before


def _product_of_later(factors: Float64s) -> Float64s:
    # Entry k is the product of factors k, k + 1, ...: what a bar that has passed k ex dates is still multiplied with.
    return np.append(np.cumprod(factors[::-1])[::-1], 1.0)


def _quantum(values: Float64s) -> float:
    """The step of the last decimal in which ``values`` are written."""
    for decimals in range(DECIMALS_MAX):
        if np.all(np.abs(np.round(values, decimals) - values) <= 1e-9 * np.abs(values)):
            return float(10.0**-decimals)
    return 0.0


def _split_ratio(ratio: float, jump: float, tolerance: float) -> Fraction | None:
    """The split that explains ``ratio``, alone or beside a dividend; None where the raw price did not ``jump`` with it."""
    simple = Fraction(1 / ratio).limit_denominator(SPLIT_TERM_MAX)
    whole = _whole_ratio(1 / ratio)
    for alone, is_usual, slack in (
        (simple, 0 < simple.numerator <= SPLIT_TERM_MAX, SPLIT_TOLERANCE),
        (whole, max(whole.numerator, whole.denominator) <= SPLIT_WHOLE_MAX, tolerance),
    ):
        is_exact = is_usual and abs(float(alone) * ratio - 1) < slack
        if is_exact and _is_jump(float(alone)) and abs(np.log(jump / float(alone))) < np.log(1.5):
            return alone
    if not _is_jump(jump) or not _is_jump(1 / ratio):
        return None
    # A dividend on the same day: the split is the nearest whole ratio that leaves a rest just below 1.
    near = _whole_ratio(jump)
    return near if near != 1 and 0.8 < ratio * float(near) < 1 else None


def _whole_ratio(value: float) -> Fraction:
    """The nearest n or 1/n."""
    return Fraction(round(value)) if value > 1 else Fraction(1, round(1 / value))


def _is_jump(ratio: float) -> bool:
    return max(ratio, 1 / ratio) >= SPLIT_JUMP_MIN


def _dividends(instrument: InstrumentId, days: Int64s, raw: Float64s, rests: Sequence[tuple[int, float]]) -> list[CorporateAction]:
    if not rests:
        return []
    rows = np.array([row for row, _ in rests], np.int64)
    rest = np.array([value for _, value in rests], np.float64)
    by_previous, by_ex = raw[rows - 1] * (1 - rest), raw[rows] * (1 / rest - 1)
    amounts = by_previous if _off_grid(by_previous) <= _off_grid(by_ex) else by_ex
    found: list[CorporateAction] = []
    for row, amount in zip(rows.tolist(), amounts.tolist(), strict=True):
        rounded = Decimal(repr(round(amount / AMOUNT_STEP))) * Decimal(repr(AMOUNT_STEP))
        if rounded > 0:
            found.append(Dividend(instrument, int(days[row]), Decimal(f"{rounded.normalize():f}")))
    return found


def _off_grid(amounts: Float64s) -> float:
    """How far amounts are from whole hundredths of a cent, the median in steps."""
    steps: npt.NDArray[np.float64] = amounts / AMOUNT_STEP
    return float(np.median(np.abs(steps - np.round(steps))))
