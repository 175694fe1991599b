"""What prices draw, in plain words: levels, pivots, gaps, patterns and divergences."""

from typing import Final

from backend.assistant.analysis.teller import Teller, joined
from backend.assistant.facts.oscillators import CLOSES_ONLY
from backend.assistant.facts.shapes import OUTCOMES, UNDECIDED
from backend.assistant.grounding.claim import Op
from backend.patterns.found import OutcomeKind

NEAR_ATR: Final = 5.0
FAR_ATR: Final = 10.0
_PIVOT_STYLES: Final = {"scalping", "day trading"}
_LIVING: Final = {UNDECIDED, OUTCOMES[OutcomeKind.BREAKOUT_UP], OUTCOMES[OutcomeKind.BREAKOUT_DOWN]}
_DIVERGENCES: Final = (
    ("divergence.regular_bullish", "A bullish divergence stands: the price made a lower low and the RSI a higher low."),
    ("divergence.regular_bearish", "A bearish divergence stands: the price made a higher high and the RSI a lower high."),
    (
        "divergence.hidden_bullish",
        "A hidden bullish divergence speaks for the trend going on: the RSI fell lower, the price did not.",
    ),
    (
        "divergence.hidden_bearish",
        "A hidden bearish divergence speaks for the trend going on: the RSI rose higher, the price did not.",
    ),
)


def tell_levels(teller: Teller) -> list[str]:
    """Support and resistance by touches, else the newest swings; pivots where the style trades within sessions."""
    supports = _levels(teller, "support", "down")
    resistances = _levels(teller, "resistance", "up")
    told = []
    if teller.why_not("level.support.1") == CLOSES_ONLY:
        return [f"The series has closes only, so levels, ranges and candles are left out.{_year_range(teller)}"]
    if supports:
        told.append(f"Support lies at {joined(supports)}.")
    if resistances:
        told.append(f"Resistance lies at {joined(resistances)}.")
    told += _without_levels(teller, has_support=bool(supports), has_resistance=bool(resistances))
    told += _gaps(teller)
    if teller.word("person.style") in _PIVOT_STYLES and teller.has("pivot.point"):
        point, down, up = (teller.tag(f"pivot.{name}") for name in ("point", "support_1", "resistance_1"))
        told.append(f"For the session to come the pivot is {point}, with support at {down} and resistance at {up}.")
    return told


def _year_range(teller: Teller) -> str:
    if not teller.has("price.low_52w", "price.high_52w"):
        return ""
    low, high = teller.tag("price.low_52w"), teller.tag("price.high_52w")
    return f" The marks to watch are the low of the year at {low} and its high at {high}."


def _levels(teller: Teller, role: str, way: str) -> list[str]:
    told = []
    for place in (1, 2, 3):
        name = f"level.{role}.{place}"
        if not teller.has(name) or (place > 1 and not _is_in_reach(teller, name, FAR_ATR)):
            break
        touches = f"touched {teller.tag(f'{name}.touches')} times" if teller.has(f"{name}.touches") else ""
        distance = f"{way} {teller.tag(f'{name}.distance')} from here" if teller.has(f"{name}.distance") and place == 1 else ""
        why = ", ".join(part for part in (touches, distance) if part)
        told.append(f"{teller.tag(name)} ({why})" if why else teller.tag(name))
        teller.holds(Op.ABOVE if role == "resistance" else Op.BELOW, name, "price.last")
    return told


def _is_in_reach(teller: Teller, name: str, n_ranges: float) -> bool:
    """Whether a price lies within so many average true ranges of the last one: what is farther is no news."""
    if not teller.has(name, "price.last", "volatility.atr"):
        return False
    return abs(teller.number(name) - teller.number("price.last")) <= n_ranges * teller.number("volatility.atr")


def _without_levels(teller: Teller, *, has_support: bool, has_resistance: bool) -> list[str]:
    """Where no level was tested lately: the newest swing, else the end of the year's range."""
    told = []
    for has_level, op, role, marks in (
        (has_support, Op.BELOW, "support", (("swing.low", "swing low"), ("price.low_52w", "low of the year"))),
        (has_resistance, Op.ABOVE, "resistance", (("swing.high", "swing high"), ("price.high_52w", "high of the year"))),
    ):
        mark = next(((name, words) for name, words in marks if not has_level and teller.holds(op, name, "price.last")), None)
        if mark is not None:
            told.append(f"No {role} was tested lately; the {mark[1]} at {teller.tag(mark[0])} is the mark to watch.")
    return told


def _gaps(teller: Teller) -> list[str]:
    told = []
    if teller.holds(Op.PRESENT, "gap.up"):
        told.append("The newest bar opened a gap upwards.")
    if teller.holds(Op.PRESENT, "gap.down"):
        told.append("The newest bar opened a gap downwards.")
    for side in ("below", "above"):
        low, high = f"gap.{side}.low", f"gap.{side}.high"
        near = high if side == "below" else low
        if teller.has(low, high) and _is_in_reach(teller, near, NEAR_ATR):
            told.append(f"A gap {side} the price is still open, from {teller.tag(low)} to {teller.tag(high)}.")
            teller.holds(Op.BELOW if side == "below" else Op.ABOVE, near, "price.last")
    return told


def tell_patterns(teller: Teller) -> list[str]:
    """Chart patterns with how they stand, candle patterns of the newest bars, divergences."""
    patterns = [name for name in teller.names_under("pattern.") if name.count(".") == 1 and name != "pattern.any"]
    told = [_pattern(teller, name) for name in patterns if teller.holds(Op.PRESENT, name)]
    candles = [name for name in teller.names_under("candle.") if name.count(".") == 2]
    newest_ns = max((teller.known_ns(name) for name in candles), default=0)
    newest = [name for name in candles if teller.known_ns(name) == newest_ns and teller.holds(Op.PRESENT, name)]
    if newest:
        told.append(f"Newest candle pattern: {joined([_candle(teller, name) for name in newest])}.")
    told += [words for name, words in _DIVERGENCES if teller.holds(Op.DIVERGES, name)]
    if not told and teller.holds(Op.ABSENT, "pattern.any"):
        told.append("No chart pattern stands out.")
    return told


def _candle(teller: Teller, name: str) -> str:
    bias = name.rpartition(".")[2]
    said = teller.word(f"{name}.name")
    return teller.tag(f"{name}.name") if bias in said or bias == "neutral" else f"{teller.tag(f'{name}.name')} ({bias})"


def _pattern(teller: Teller, name: str) -> str:
    """A chart pattern, how it stands, and where it leads unless it broke out the other way."""
    outcome = teller.word(f"{name}.outcome")
    lead = f"Chart pattern: {teller.tag(f'{name}.name')}, {teller.tag(f'{name}.outcome')}"
    if outcome not in _LIVING or not teller.has(f"{name}.target", f"{name}.invalidation"):
        return f"{lead}."
    is_bullish = teller.number(f"{name}.target") > teller.number(f"{name}.invalidation")
    if outcome == (OUTCOMES[OutcomeKind.BREAKOUT_DOWN] if is_bullish else OUTCOMES[OutcomeKind.BREAKOUT_UP]):
        return f"{lead}, against what it speaks for."
    target, end = teller.tag(f"{name}.target"), teller.tag(f"{name}.invalidation")
    return f"{lead}; its measured move leads to {target}, and a close beyond {end} undoes it."
