"""A fact before it is numbered, and what it says whatever its value: its name, label, unit and formula."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit, Value

REFERENCE: Final = "@"  # before the name of another fact among the inputs, until that fact has its number


@dataclass(frozen=True, slots=True)
class Term:
    """What stays the same of a fact. Inputs that begin with "@" name other facts; ``decimals`` -1 takes those of the price."""

    name: str
    label: str
    unit: Unit
    formula: str
    inputs: tuple[str, ...] = ()
    decimals: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A value of a term, or the reason why there is none; fields as in Fact. ``as_of_ns`` None is the moment of the whole set."""

    term: Term
    value: Value | None = None
    why_not: str = ""
    source: str = ""
    as_of_ns: int | None = None
    bars: BarRange | None = None
    known_ns: int | None = None
    points: tuple[tuple[int, float], ...] = ()


def price(name: str, label: str, formula: str, inputs: tuple[str, ...] = ()) -> Term:
    """A term in the instrument's own prices, shown with their decimals."""
    return Term(name, label, Unit.PRICE, formula, inputs, -1)


def percent(name: str, label: str, formula: str, inputs: tuple[str, ...] = ()) -> Term:
    """A term in percent."""
    return Term(name, label, Unit.PERCENT, formula, inputs)


def lacking(terms: Iterable[Term], why: str, source: str = "") -> list[Draft]:
    """None of these terms has a value, for one reason."""
    return [Draft(term=term, why_not=why, source=source) for term in terms]


def numbered(drafts: Iterable[Draft], *, as_of_ns: int, price_decimals: int) -> FactSet:
    """Facts F1, F2, … in the order of the drafts; a number that is not finite is no value."""
    ordered = tuple(drafts)
    ids = {draft.term.name: f"F{place}" for place, draft in enumerate(ordered, 1)}
    if len(ids) != len(ordered):
        raise ValueError(f"Two facts share a name among {[draft.term.name for draft in ordered]}.")
    return FactSet(_fact(draft, ids, as_of_ns, price_decimals) for draft in ordered)


def _fact(draft: Draft, ids: dict[str, str], as_of_ns: int, price_decimals: int) -> Fact:
    term, value, why = draft.term, draft.value, draft.why_not
    if isinstance(value, float) and not math.isfinite(value):
        value, why = None, why or "The formula has no finite result on these bars."
    if value is None and not why:
        raise ValueError(f"{term.name} has neither a value nor a reason.")
    return Fact(
        id=ids[term.name],
        name=term.name,
        label=term.label,
        value=value,
        unit=term.unit,
        decimals=price_decimals if term.decimals < 0 else term.decimals,
        as_of_ns=as_of_ns if draft.as_of_ns is None else draft.as_of_ns,
        source=draft.source,
        formula=term.formula,
        inputs=tuple(ids.get(i.removeprefix(REFERENCE), i.removeprefix(REFERENCE)) for i in term.inputs),
        bars=draft.bars,
        known_ns=draft.known_ns,
        points=draft.points,
        why_not="" if value is not None else why,
    )
