"""Levels that follow from the session, week, month or year before."""

from typing import Final, NamedTuple

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays, Int64s
from backend.errors import InvalidInput
from backend.patterns.found import Bias, Level, LevelKind, Period, PivotFormula, Pivots, Role
from backend.patterns.regimes import checked_row

_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday; weeks begin on Mondays
_FIBONACCI: Final = (0.382, 0.618, 1.0)
_CAMARILLA: Final = (12.0, 6.0, 4.0, 2.0)
# Longer periods are watched by more people; the numbers only rank them.
_WEIGHTS: Final = {Period.SESSION: 0.25, Period.WEEK: 0.5, Period.MONTH: 0.75, Period.YEAR: 1.0}
_RULES: Final = {
    PivotFormula.CLASSIC: "P = (H + L + C) / 3; R1 = 2 P - L; R2 = P + (H - L); R3 = H + 2 (P - L); S1 to S3 mirror them.",
    PivotFormula.FIBONACCI: "P = (H + L + C) / 3; R1 to R3 lie 38.2 %, 61.8 % and 100 % of H - L above it, S1 to S3 below.",
    PivotFormula.CAMARILLA: "R1 to R4 lie 1.1 (H - L) over 12, 6, 4 and 2 above the close, S1 to S4 below.",
}


class _Stretch(NamedTuple):
    # Rows of a period that is over, and the row that told so.
    start: int
    end: int
    known: int


def find_pivots(
    bars: BarArrays,
    *,
    period: Period = Period.SESSION,
    formula: PivotFormula = PivotFormula.CLASSIC,
    is_dated: bool = False,
    sessions: Int64s | None = None,
    since: int = 0,
) -> tuple[Pivots, ...]:
    """Pivots of each period that is over, oldest first; the last are those in force.

    is_dated : whether bars carry dates, as those of days do: then each is a session, over at its own close. All else is known to be
        over when the next period's first bar has come
    sessions : int64[n_bars]   a number that changes with each session; the bars' UTC days where it is not given
    since : only pivots known at this row or later
    strength : 0, for they are arithmetic and nobody traded there
    Raises InvalidInput for sessions of another length.
    """
    rows = _stretches(bars, period, is_dated=is_dated, sessions=sessions)
    wanted = rows[np.searchsorted(rows[:, 2], since) :].tolist()
    return tuple(_pivots(bars, period, formula, _Stretch(*stretch)) for stretch in wanted)


def find_period_levels(
    bars: BarArrays, *, is_dated: bool = False, sessions: Int64s | None = None, as_of: int | None = None
) -> tuple[Level, ...]:
    """High and low of the last session, week, month and year that was over at row ``as_of``, lowest first; see ``find_pivots``.

    strength : a quarter for a session, half for a week, three quarters for a month, 1 for a year
    """
    row = checked_row(bars, as_of)
    found: list[Level] = []
    for period in Period:
        stretches = _stretches(bars, period, is_dated=is_dated, sessions=sessions)
        n_over = int(np.searchsorted(stretches[:, 2], row, side="right"))
        if n_over:
            last = _Stretch(*stretches[n_over - 1].tolist())
            found += [_level(bars, period, kind, last, row) for kind in (LevelKind.PREVIOUS_HIGH, LevelKind.PREVIOUS_LOW)]
    return tuple(sorted(found, key=lambda level: level.price))


def _stretches(bars: BarArrays, period: Period, *, is_dated: bool, sessions: Int64s | None) -> Int64s:
    # int64[n, 3]: a _Stretch in each row, oldest first.
    if sessions is not None and len(sessions) != len(bars):
        raise InvalidInput(f"There are {len(sessions)} sessions for {len(bars)} bars.", hint="Give one for each bar.")
    if is_dated and period is Period.SESSION:
        return np.repeat(np.arange(len(bars), dtype=np.int64)[:, None], 3, axis=1)
    after = np.flatnonzero(np.diff(_keys(bars.event_ns, period, sessions))) + 1
    starts = np.concatenate((np.zeros(1, np.int64), after))[:-1]
    return np.stack((starts, after - 1, after), axis=1)


def _keys(event_ns: Int64s, period: Period, sessions: Int64s | None) -> Int64s:
    if period is Period.SESSION and sessions is not None:
        return np.asarray(sessions, np.int64)
    days = event_ns // DAY_NS
    if period is Period.SESSION:
        return days
    if period is Period.WEEK:
        return (days + _EPOCH_WEEKDAY) // 7
    unit = "datetime64[M]" if period is Period.MONTH else "datetime64[Y]"
    return days.astype("datetime64[D]").astype(unit).astype(np.int64)


def _pivots(bars: BarArrays, period: Period, formula: PivotFormula, stretch: _Stretch) -> Pivots:
    start, end, known = stretch
    high, low, close = float(bars.high[start : end + 1].max()), float(bars.low[start : end + 1].min()), float(bars.close[end])
    prices = tuple(sorted(_prices(formula, high, low, close), key=lambda each: each[1]))
    known_ns = int(bars.event_ns[known])
    return Pivots(
        name=f"{formula.capitalize()} pivots of the {period} before",
        bias=Bias.NEUTRAL,
        start=start,
        end=end,
        start_ns=int(bars.event_ns[start]),
        end_ns=int(bars.event_ns[end]),
        known=known,
        known_ns=known_ns,
        points=tuple((known_ns, price) for _, price in prices),
        strength=0.0,
        rule=_RULES[formula],
        period=period,
        formula=formula,
        high=high,
        low=low,
        close=close,
        prices=prices,
    )


def _prices(formula: PivotFormula, high: float, low: float, close: float) -> list[tuple[str, float]]:
    """Each price by name.

    Source: John L. Person, A Complete Guide to Technical Trading Tactics, 2004, ch. 6; Nick Scott's Camarilla equation, 1989, as
    Franklin O. Ochoa gives it in Secrets of a Pivot Boss, 2010, ch. 6.
    """
    span, middle = high - low, (high + low + close) / 3.0
    if formula is PivotFormula.CAMARILLA:
        steps = [1.1 * span / part for part in _CAMARILLA]
        ups = [(f"R{n}", close + step) for n, step in enumerate(steps, 1)]
        return ups + [(f"S{n}", close - step) for n, step in enumerate(steps, 1)]
    if formula is PivotFormula.FIBONACCI:
        ups = [(f"R{n}", middle + part * span) for n, part in enumerate(_FIBONACCI, 1)]
        return [*ups, ("P", middle), *((f"S{n}", middle - part * span) for n, part in enumerate(_FIBONACCI, 1))]
    ups = [("R1", 2.0 * middle - low), ("R2", middle + span), ("R3", high + 2.0 * (middle - low))]
    downs = [("S1", 2.0 * middle - high), ("S2", middle - span), ("S3", low - 2.0 * (high - middle))]
    return [*ups, ("P", middle), *downs]


def _level(bars: BarArrays, period: Period, kind: LevelKind, stretch: _Stretch, as_of: int) -> Level:
    start, end, known = stretch
    is_high = kind is LevelKind.PREVIOUS_HIGH
    column = bars.high if is_high else bars.low
    row = start + int(np.argmax(column[start : end + 1]) if is_high else np.argmin(column[start : end + 1]))
    price = float(column[row])
    role = role_of(price, float(bars.close[as_of]))
    return Level(
        name=f"{'High' if is_high else 'Low'} of the {period} before",
        bias=Bias.BULLISH if role is Role.SUPPORT else Bias.BEARISH,
        start=start,
        end=end,
        start_ns=int(bars.event_ns[start]),
        end_ns=int(bars.event_ns[end]),
        known=known,
        known_ns=int(bars.event_ns[known]),
        points=((int(bars.event_ns[row]), price),),
        strength=_WEIGHTS[period],
        rule=f"The {'highest' if is_high else 'lowest'} price of the last {period} that is over.",
        kind=kind,
        price=price,
        low=price,
        high=price,
        role=role,
        touches=(),
        as_of=as_of,
        is_current=True,
    )


def role_of(price: float, close: float) -> Role:
    """What a level is for a close: support at or below it, resistance above."""
    return Role.SUPPORT if price <= close else Role.RESISTANCE
