"""Numbers that follow from others: a relation of two facts named beside it, or a sum that is written out; both recomputed."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.values import decimal_of

_MINUS: Final = re.compile(
    r"\b(?:difference|differs?|minus|less|spread|gap|distance|between|above|below|more|higher|lower|apart|away|range|under|over)\b|[-\u2212\u2013]",
    re.IGNORECASE,
)
_PLUS: Final = re.compile(r"\b(?:sum|plus|total|together|combined|added)\b|\+", re.IGNORECASE)
_OVER: Final = re.compile(
    r"\b(?:ratio|times|divided|multiple|fold|relative|share|per\s?cent of|percent of)\b|[/\u00f7x:]|% of", re.IGNORECASE
)
_CHANGE: Final = re.compile(
    r"\b(?:change[sd]?|percent|per\s?cent|above|below|higher|lower|more|less|up|down|rose|fell|gain(?:ed)?|lost|away|distance|over|under)\b|%",
    re.IGNORECASE,
)
_OPERATORS: Final = {"+": 1, "-": 1, "*": 2, "/": 2}
_LOOKS: Final = {"\u00d7": "*", "x": "*", "\u00b7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-", "[": "(", "]": ")"}
_BETWEEN: Final = re.compile(r"[-+*/()x\u00d7\u00b7\u00f7\u2212\u2013\[\]\s$\u20ac\u00a3%]*")
_EQUALS: Final = re.compile(r"(?:=|\u2248|\bequals\b|\bis\b|\bgives\b|\bmakes\b)\s*[~$\u20ac\u00a3]?\s*$")
_BROKEN: Final = (InvalidOperation, DivisionByZero, Overflow, ZeroDivisionError, IndexError)


def is_rounding(said: FoundNumber, value: Decimal) -> bool:
    """Whether a number is this value, rounded to its written digits and by no more than a twentieth."""
    if said.value is None:
        return False
    gap = abs(abs(said.value) - abs(value))
    return gap == 0 or (gap <= said.grain / 2 and gap <= abs(value) / 20)


def find_relation(said: FoundNumber, sentence: str, facts: FactSet, named: Sequence[str]) -> tuple[str, str] | None:
    """The first fact and the formula, where the sentence names two facts and says how they make the number; else None."""
    numeric = [facts[name] for name in dict.fromkeys(named) if name in facts and _is_numeric(facts[name])][:6]
    for first, second in itertools.permutations(numeric, 2):
        for sign, value in _relations(said, sentence, first, second):
            if is_rounding(said, value) and not (said.is_signed and (said.value or 0) * value < 0):
                return first.id, f"{first.id} {sign} {second.id}"
    return None


def _is_numeric(fact: Fact) -> bool:
    return isinstance(fact.value, int | float) and not isinstance(fact.value, bool) and abs(fact.value) < float("inf")


def _relations(said: FoundNumber, sentence: str, first: Fact, second: Fact) -> list[tuple[str, Decimal]]:
    a, b = decimal_of(first.number), decimal_of(second.number)
    is_alike = first.unit is second.unit or {first.unit, second.unit} <= {Unit.PRICE, Unit.MONEY}
    is_percent = first.unit is Unit.PERCENT
    found = []
    amount = {Kind.PLAIN, Kind.POINTS, Kind.PERCENT} if is_percent else {Kind.PLAIN, Kind.MONEY}
    if is_alike and said.kind in amount and _MINUS.search(sentence):
        found.append(("\u2212", a - b))
    if is_alike and said.kind in amount and _PLUS.search(sentence):
        found.append(("+", a + b))
    if is_alike and b and said.kind in {Kind.PLAIN, Kind.MULTIPLE, Kind.RATIO, Kind.FRACTION} and _OVER.search(sentence):
        found.append(("/", a / b))
    if is_alike and b and said.kind is Kind.PERCENT and not is_percent:
        if _OVER.search(sentence):
            found.append(("/", a / b * 100))
        if _CHANGE.search(sentence):
            found.append(("/", (a / b - 1) * 100))
    return found


def find_sum(place: int, numbers: Sequence[FoundNumber], text: str, grounded: Mapping[int, bool]) -> str | None:
    """The arithmetic before "= number" in the text, if every operand stands for something and the result is right.

    grounded : for places in ``numbers``, whether the number stands for something; 100 and a mean's count need not.
    """
    said = numbers[place]
    head = text[: said.start]
    equals = _EQUALS.search(head)
    if equals is None or said.value is None or said.dates:
        return None
    end, first = equals.start(), place
    while first > 0 and _BETWEEN.fullmatch(text, numbers[first - 1].end, end):
        first -= 1
        end = numbers[first].start
    operands = numbers[first:place]
    lead = re.search(r"[(\[\s$]*$", text[:end])
    start = lead.start() if lead else end
    parts = _parts(text, operands, start, equals.start())
    if len(operands) < 2 or parts is None or not _may_stand(operands, first, grounded, parts):
        return None
    value = _evaluate(parts)
    if value is None:
        return None
    for result in (value, value * 100) if said.kind in {Kind.PERCENT, Kind.POINTS} else (value,):
        if is_rounding(said, result) and not (said.is_signed and (said.value or 0) * result < 0):
            return " ".join(part if isinstance(part, str) else f"{part:f}" for part in parts)
    return None


def _may_stand(operands: Sequence[FoundNumber], first: int, grounded: Mapping[int, bool], parts: list[str | Decimal]) -> bool:
    """Whether each operand is known, or a hundred, or the count that a mean divides by."""
    n_added = parts.count("+") + 1
    for place, operand in enumerate(operands, first):
        value = abs(operand.value or Decimal(0))
        is_constant = value in {Decimal(1), Decimal(100)} or (value == n_added and parts[-2:] == ["/", value])
        if not grounded.get(place, False) and not is_constant:
            return False
    return True


def _parts(text: str, operands: Sequence[FoundNumber], start: int, end: int) -> list[str | Decimal] | None:
    """Operators and values in order; a sign or bracket that belongs to an operand is an operator again."""
    parts: list[str | Decimal] = []
    at = start
    for operand in operands:
        if operand.value is None or operand.kind in {Kind.DATE, Kind.TIME}:
            return None
        parts += _operators(text[at : operand.start])
        if operand.is_bracketed:
            parts += ["(", abs(operand.value), ")"]
        elif operand.is_signed and parts and (not isinstance(parts[-1], str) or parts[-1] == ")"):
            parts += ["-" if operand.value < 0 else "+", abs(operand.value)]
        else:
            parts.append(operand.value)
        at = operand.end
    return parts + _operators(text[at:end])


def _operators(piece: str) -> list[str | Decimal]:
    return [_LOOKS.get(char, char) for char in piece if char in "+-*/()" or char in _LOOKS]


def _evaluate(parts: list[str | Decimal]) -> Decimal | None:
    """The value of a well-formed sum; brackets that have no partner at the ends are dropped. None for what is no sum."""
    values: list[Decimal] = []
    waiting: list[str] = []
    try:
        for part in _balanced(parts):
            if isinstance(part, Decimal):
                values.append(part)
            elif part == "(":
                waiting.append(part)
            elif part == ")":
                while waiting[-1] != "(":
                    _apply(waiting.pop(), values)
                waiting.pop()
            else:
                while waiting and _OPERATORS.get(waiting[-1], 0) >= _OPERATORS[part]:
                    _apply(waiting.pop(), values)
                waiting.append(part)
        while waiting:
            _apply(waiting.pop(), values)
    except _BROKEN:
        return None
    return values[0] if len(values) == 1 else None


def _balanced(parts: list[str | Decimal]) -> list[str | Decimal]:
    """Without opening brackets that are never closed, as before a sum in parentheses in prose."""
    kept, depth = [], 0
    for part in reversed(parts):
        if part == ")":
            depth += 1
        elif part == "(":
            if depth == 0:
                continue
            depth -= 1
        kept.append(part)
    return kept[::-1]


def _apply(operator: str, values: list[Decimal]) -> None:
    b, a = values.pop(), values.pop()
    made: dict[str, Callable[[], Decimal]] = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}
    if operator not in made:
        raise IndexError(operator)
    values.append(made[operator]())
