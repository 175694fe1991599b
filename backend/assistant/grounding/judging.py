"""Claims judged by code: what they say of facts is computed, and what makes no sense is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.claim import Claim, Op, Verdict
from backend.assistant.grounding.values import format_fact

NEAR_ATR: Final = 0.5
STRONG_FROM: Final = 25.0
WEAK_BELOW: Final = 20.0
HIGHER_FROM: Final = 1.2
LOWER_BELOW: Final = 0.8
DOUBLED_FROM: Final = 2.0
RANGE: Final = "volatility.atr"
# An oscillator's customary bounds, oversold and overbought.
BOUNDS: Final = {
    "oscillator.rsi": (30.0, 70.0),
    "stochastic.k": (20.0, 80.0),
    "stochastic.d": (20.0, 80.0),
    "band.position": (0.0, 100.0),
}
STRENGTH: Final = "trend.adx"
NORMS: Final = ("volume.ratio",)
FLAGS: Final = ("pattern.", "candle.", "gap.", "bars.adjusted")
# Prices that say how far, not where; they compare with each other only.
DISTANCES: Final = frozenset({"price.change", RANGE})
_KINDS: Final = ("change", "distance", "slope", "percentile", "touches")


@dataclass(frozen=True, slots=True)
class _Rule:
    """How many facts an op takes, which ones, and what it says of them."""

    n_args: int
    check: Callable[[tuple[Fact, ...], FactSet], str]
    decide: Callable[[tuple[Fact, ...], FactSet], tuple[bool, str]]


def judge(claim: Claim, facts: FactSet) -> Verdict:
    """Whether the claim holds on the facts.

    ``is_true`` is None where a fact is unknown or unavailable, or where the comparison makes no sense: other units, other
    instruments, a price against a distance, an oscillator against another one.
    """
    rule = _RULES[claim.op]
    unknown = [fact_id for fact_id in claim.args if fact_id not in facts]
    if unknown:
        return Verdict(claim, None, f"There is no fact {', '.join(unknown)}.")
    if len(claim.args) != rule.n_args or len(set(claim.args)) != len(claim.args):
        return Verdict(claim, None, f"'{claim.op}' is said of {_count(rule.n_args)}, each once.")
    args = tuple(facts[fact_id] for fact_id in claim.args)
    missing = next((fact for fact in args if not fact.is_available), None)
    if missing is not None:
        return Verdict(claim, None, f"{missing.label} is not available: {missing.why_not}")
    senseless = rule.check(args, facts)
    if senseless:
        return Verdict(claim, None, senseless)
    is_true, why = rule.decide(args, facts)
    return Verdict(claim, is_true, why)


def _count(n_args: int) -> str:
    return {1: "one fact", 2: "two facts", 3: "three facts"}[n_args]


# --- what may be compared -------------------------------------------------------------------------------------------------


def _alike(args: tuple[Fact, ...], _: FactSet) -> str:
    """Why these facts do not compare; empty where they do."""
    first = args[0]
    for other in args[1:]:
        if first.unit is not other.unit or not (_is_number(first) and _is_number(other)):
            return f"{first.label} ({first.unit}) does not compare with {other.label} ({other.unit})."
        if _instrument(first) != _instrument(other) and _instrument(first) and _instrument(other):
            return f"{first.label} and {other.label} are of different instruments."
        if _family(first) != _family(other):
            return f"{first.label} and {other.label} are not on one scale."
    return ""


def _near(args: tuple[Fact, ...], facts: FactSet) -> str:
    senseless = _alike(args, facts)
    if senseless:
        return senseless
    if args[0].unit is not Unit.PRICE or _family(args[0]) == "distance":
        return f"Nearness is said of prices, not of {args[0].label}."
    scale = facts.named(RANGE)
    if scale is None or not scale.is_available:
        return "Without an average true range nothing says what is near."
    return _alike((args[0], scale), facts) if _instrument(args[0]) != _instrument(scale) else ""


def _family(fact: Fact) -> str:
    """The scale a number lives on: places in price, distances in price, one oscillator, one kind of percent or count."""
    if fact.unit is Unit.PRICE:
        return "distance" if fact.name in DISTANCES else "place"
    if fact.unit in {Unit.INDEX, Unit.QUANTITY}:
        return fact.name.partition(".")[0]
    last = fact.name.rpartition(".")[2]
    return next((word for word in _KINDS if last.startswith(word)), fact.name)


def _instrument(fact: Fact) -> str:
    return "" if fact.bars is None else str(fact.bars.series.instrument)


def _is_number(fact: Fact) -> bool:
    return isinstance(fact.value, int | float) and not isinstance(fact.value, bool)


def _moves(args: tuple[Fact, ...], _: FactSet) -> str:
    fact = args[0]
    last = fact.name.rpartition(".")[2]
    return "" if last.startswith(("change", "slope")) and _is_number(fact) else f"{fact.label} is neither a change nor a slope."


def _bounded(args: tuple[Fact, ...], _: FactSet) -> str:
    return "" if args[0].name in BOUNDS else f"{args[0].label} has no bound of being overbought or oversold."


def _strength(args: tuple[Fact, ...], _: FactSet) -> str:
    return "" if args[0].name == STRENGTH else f"{args[0].label} does not measure the strength of a trend."


def _normed(args: tuple[Fact, ...], _: FactSet) -> str:
    fact = args[0]
    return "" if fact.unit is Unit.RATIO and fact.name.startswith(NORMS) else f"{fact.label} is no ratio to what is usual."


def _divergence(args: tuple[Fact, ...], _: FactSet) -> str:
    return "" if _is_flag(args[0], ("divergence.",)) else f"{args[0].label} is no divergence."


def _pattern(args: tuple[Fact, ...], _: FactSet) -> str:
    return "" if _is_flag(args[0], FLAGS) else f"{args[0].label} is nothing that is there or not."


def _is_flag(fact: Fact, prefixes: tuple[str, ...]) -> bool:
    return fact.unit is Unit.FLAG and isinstance(fact.value, bool) and fact.name.startswith(prefixes)


# --- what is said of them -------------------------------------------------------------------------------------------------


def _above(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    a, b = args
    return a.number > b.number, _compared(a, b)


def _below(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    a, b = args
    return a.number < b.number, _compared(a, b)


def _between(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    a, low, high = args
    return low.number < a.number < high.number, f"{_told(a)}; {_told(low)}; {_told(high)}."


def _is_near(args: tuple[Fact, ...], facts: FactSet) -> tuple[bool, str]:
    a, b = args
    scale = facts.named(RANGE)
    assert scale is not None
    return abs(a.number - b.number) <= NEAR_ATR * scale.number, f"{_compared(a, b)[:-1]}; {_told(scale)}, of which half is near."


def _against(bound: float, *, is_above: bool, is_met_at: bool) -> Callable[[tuple[Fact, ...], FactSet], tuple[bool, str]]:
    def decide(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
        value = args[0].number
        is_past = value > bound if is_above else value < bound
        return is_past or (is_met_at and value == bound), f"{_told(args[0])}, against a bound of {bound:g}."

    return decide


def _overbought(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    bound = BOUNDS[args[0].name][1]
    return args[0].number >= bound, f"{_told(args[0])}; overbought from {bound:g}."


def _oversold(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    bound = BOUNDS[args[0].name][0]
    return args[0].number <= bound, f"{_told(args[0])}; oversold to {bound:g}."


def _there(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    return args[0].value is True, f"{_told(args[0])}."


def _not_there(args: tuple[Fact, ...], _: FactSet) -> tuple[bool, str]:
    return args[0].value is False, f"{_told(args[0])}."


def _compared(a: Fact, b: Fact) -> str:
    return f"{_told(a)}; {_told(b)}."


def _told(fact: Fact) -> str:
    return f"{fact.label} is {format_fact(fact)}"


_RULES: Final = {
    Op.ABOVE: _Rule(2, _alike, _above),
    Op.BELOW: _Rule(2, _alike, _below),
    Op.NEAR: _Rule(2, _near, _is_near),
    Op.BETWEEN: _Rule(3, _alike, _between),
    Op.RISING: _Rule(1, _moves, _against(0.0, is_above=True, is_met_at=False)),
    Op.FALLING: _Rule(1, _moves, _against(0.0, is_above=False, is_met_at=False)),
    Op.OVERBOUGHT: _Rule(1, _bounded, _overbought),
    Op.OVERSOLD: _Rule(1, _bounded, _oversold),
    Op.STRONG: _Rule(1, _strength, _against(STRONG_FROM, is_above=True, is_met_at=True)),
    Op.WEAK: _Rule(1, _strength, _against(WEAK_BELOW, is_above=False, is_met_at=False)),
    Op.HIGHER_THAN_USUAL: _Rule(1, _normed, _against(HIGHER_FROM, is_above=True, is_met_at=False)),
    Op.LOWER_THAN_USUAL: _Rule(1, _normed, _against(LOWER_BELOW, is_above=False, is_met_at=False)),
    Op.DOUBLED: _Rule(1, _normed, _against(DOUBLED_FROM, is_above=True, is_met_at=True)),
    Op.DIVERGES: _Rule(1, _divergence, _there),
    Op.PRESENT: _Rule(1, _pattern, _there),
    Op.ABSENT: _Rule(1, _pattern, _not_there),
}
