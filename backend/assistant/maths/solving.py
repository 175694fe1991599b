"""A sum worked out: exactly by fractions where they do, to many digits by decimals, else by sympy in a child of bounded effort."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.maths.algebra import Algebra
from backend.assistant.maths.approximate import approximate
from backend.assistant.maths.exact import evaluate
from backend.assistant.maths.reading import Sum, Task
from backend.assistant.maths.showing import AMOUNT, PERCENT, Shown, Source, fact_of, show, show_rounded
from backend.assistant.maths.sizing import Reward, Sizing, tell_reward, tell_size
from backend.errors import InvalidInput

_FRACTION_MAX: Final = 10_000
_SAID: Final = {
    Task.SIMPLIFY: "Simplified: ",
    Task.FACTOR: "In factors: ",
    Task.EXPAND: "Multiplied out: ",
    Task.DERIVE: "The derivative: ",
    Task.INTEGRATE: "The integral, but for a constant: ",
    Task.VALUE: "The value: ",
}


@dataclass(frozen=True, slots=True)
class Solved:
    """``asked`` as it was written, then the rest of a sentence with tags, and the facts that they name."""

    asked: str
    tagged: str
    facts: FactSet


async def solve(asked: Sum | Sizing | Reward, algebra: Algebra, now_ns: int) -> Solved:
    """Work it out. Raises InvalidInput for what has no answer, or takes too long."""
    if isinstance(asked, Sizing):
        return Solved("", *tell_size(asked, now_ns))
    if isinstance(asked, Reward):
        return Solved("", *tell_reward(asked, now_ns))
    if asked.task is Task.VALUE:
        how = PERCENT if asked.is_percent else AMOUNT
        exact = evaluate(asked.tree)
        if exact is not None:
            return _told(show(exact, how), exact, asked, now_ns)
        many = approximate(asked.tree)
        if many is not None:
            return _told(show_rounded(many, how), None, asked, now_ns)
    found = await algebra.work_out(asked)
    if asked.task is Task.PRIME:
        return _prime(asked, found, now_ns)
    return _found(found, asked, now_ns)


def _told(shown: Shown, exact: Fraction | None, asked: Sum, now_ns: int) -> Solved:
    """A sum of numbers, in one sentence."""
    source = Source(asked.text, now_ns)
    facts = [fact_of(1, "Result", shown, source, Unit.PERCENT if asked.is_percent else Unit.RATIO)]
    equals = "is" if asked.is_question or not shown.is_exact else "="
    tagged = f"{'That' if asked.is_question else ''} {equals} {'' if shown.is_exact else 'about '}{{F1}}"
    if (
        exact is not None
        and not shown.is_exact
        and not asked.is_percent
        and max(abs(exact.numerator), exact.denominator) < _FRACTION_MAX
    ):
        facts.append(fact_of(2, "As a fraction", str(exact), source))
        tagged += ", exactly {F2}"
    return Solved("" if asked.is_question else asked.text, _with_notes(f"{tagged}.", asked), FactSet(facts))


def _found(found: dict[str, Any], asked: Sum, now_ns: int) -> Solved:
    """What the child tells: its steps, then its results."""
    source = Source(asked.text, now_ns)
    facts: list[Fact] = []

    def tag(label: str, shown: Shown | str) -> str:
        facts.append(fact_of(len(facts) + 1, label, shown, source))
        return f"{{F{len(facts)}}}"

    lines = [f"{words}: {tag(words, text)}." for words, text in found["steps"] if text]
    if not found["results"]:
        lines.append(f"{found['words']}.")
        return Solved("", _with_notes("\n\n".join(lines), asked), FactSet(facts))
    told = []
    for exact, digits in found["results"]:
        if not exact:
            raise InvalidInput("The result is too long to be told.", hint="Try a simpler form of it.", code="maths.size")
        number = None if digits is None else _number(exact, digits)
        if number is None or not number.is_exact:
            told.append(tag("Exactly", exact) + (f", which is about {tag('As a number', number)}" if number else ""))
        else:
            told.append(tag("Result", number))
    head = f"{asked.unknown} = " if asked.task is Task.SOLVE else "The integral: " if asked.bounds else _SAID[asked.task]
    lines.append(head + f", or {asked.unknown} = ".join(told) + ".")
    return Solved("", _with_notes("\n\n".join(lines), asked), FactSet(facts))


def _number(exact: str, digits: str) -> Shown:
    try:
        return show(Fraction(exact))
    except ValueError:
        return show_rounded(Decimal(digits))


def _prime(asked: Sum, found: dict[str, Any], now_ns: int) -> Solved:
    source = Source(asked.text, now_ns)
    number = fact_of(1, "Number", show(Fraction(asked.text)), source)
    if found["is_prime"]:
        return Solved("", "Yes: {F1} is prime.", FactSet([number]))
    if not found["factors"]:
        return Solved("", "No: {F1} is not prime; the least prime is two.", FactSet([number]))
    factors = fact_of(2, "Prime factors", found["factors"], source)
    return Solved("", "No: {F1} is not prime, it is {F2}.", FactSet([number, factors]))


def _with_notes(tagged: str, asked: Sum) -> str:
    return " ".join((tagged, *asked.notes))
