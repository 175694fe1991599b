"""Numbers that follow from others: a relation of two facts named beside it, or a sum that is written out; both recomputed."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Final, TypeAlias

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.values import decimal_of

Part: TypeAlias = str | Decimal
"""A piece of arithmetic: a value, or one of + - * / ( )."""

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
_EQUALS: Final = re.compile(r"(?:=|\u2248|\bequals\b|\bis\b|\bgives\b|\bmakes\b)\s*[~$\u20ac\u00a3]?\s*\Z")
_LEAD: Final = re.compile(r"(?:[(\[\s$]|(?<![\w)\]%])[-\u2212])*\Z")
_IS: Final = re.compile(r"[\s*_]*(?:is|was|lies|lay|stands|stood|sits|sat)\s(?:about\s|around\s|some\s)?[$*_]*", re.IGNORECASE)
_WAY: Final = re.compile(
    r"[\s*_]*(?:points?\s)?(?:(?P<up>above|over|higher\sthan|more\sthan)|below|under|lower\sthan|less\sthan)\s[$*_]*", re.IGNORECASE
)
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


def is_difference(text: str, first: FoundNumber, said: FoundNumber, second: FoundNumber, prices: tuple[Fact, Fact]) -> bool:
    """Whether "430.47 is 10.93 below 441.40" stands there, and the two prices bear it out; also where it is said in percent."""
    way = _WAY.fullmatch(text, said.end, second.start)
    if way is None or said.value is None or not _IS.fullmatch(text, first.end, said.start):
        return False
    a, b = (decimal_of(price.number) for price in prices)
    if said.kind not in {Kind.PLAIN, Kind.MONEY, Kind.PERCENT} or said.is_signed or said.unit or not b:
        return False
    gap = (a / b - 1) * 100 if said.kind is Kind.PERCENT else a - b
    return is_rounding(said, gap) and (gap > 0) is (way["up"] is not None)


def find_distance(said: FoundNumber, price: Fact, level: Fact, side: int | None) -> tuple[str, str] | None:
    """The price's id and the formula, where the price is so many percent above (1), below (-1) or away from a level; else None."""
    if said.kind is not Kind.PERCENT or not level.number:
        return None
    distance = (decimal_of(price.number) / decimal_of(level.number) - 1) * 100
    is_turned = distance * (side or 0) < 0 or (said.is_signed and (said.value or 0) * distance < 0)
    return (price.id, f"{price.id} / {level.id}") if is_rounding(said, distance) and not is_turned else None


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


@dataclass(frozen=True, slots=True)
class Sum:
    """Arithmetic that a text writes out before its result: places of its operands in the text's numbers, and its formula."""

    operands: range
    formula: str
    is_right: bool


def find_sum(place: int, numbers: Sequence[FoundNumber], text: str, is_grounded: Callable[[int], bool]) -> Sum | None:
    """The arithmetic before "= number" in the text, if every operand stands for something; its result may be wrong.

    is_grounded : for places in ``numbers``, whether the number stands for something; 0, 1, 100 and a mean's count need not
    """
    said = numbers[place]
    equals = _EQUALS.search(text, max(0, said.start - 16), said.start)
    if equals is None or said.value is None or said.kind in {Kind.DATE, Kind.TIME}:
        return None
    end, first = equals.start(), place
    while first > 0 and _BETWEEN.fullmatch(text, numbers[first - 1].end, end):
        first -= 1
        end = numbers[first].start
    operands = range(first, place)
    lead = _LEAD.search(text, max(0, end - 12), end)
    parts = _parts(text, [numbers[other] for other in operands], lead.start() if lead else end, equals.start())
    if len(operands) < 2 or parts is None:
        return None
    loose = {abs(numbers[other].value or Decimal(0)) for other in operands if not is_grounded(other)}
    if not all(_is_constant(value, parts) for value in loose):
        return None
    for results in _variants(parts, numbers, operands):
        value = _evaluate(results)
        shares = (value, value * 100) if value is not None and said.kind in {Kind.PERCENT, Kind.POINTS} else (value,)
        if any(share is not None and is_rounding(said, share) and not _is_turned(said, share) for share in shares):
            return Sum(operands, _spell(results), is_right=True)
    return Sum(operands, _spell(parts), is_right=False) if _evaluate(parts) is not None and "=" in equals[0] else None


def _spell(parts: list[Part]) -> str:
    return " ".join(part if isinstance(part, str) else f"{part:f}" for part in parts)


def _is_turned(said: FoundNumber, value: Decimal) -> bool:
    return said.is_signed and (said.value or 0) * value < 0


def _variants(parts: list[Part], numbers: Sequence[FoundNumber], operands: range) -> list[list[Part]]:
    """As it stands, and with percents as parts of one where they are multiplied or divided."""
    percents = {abs(numbers[other].value or Decimal(0)) for other in operands if numbers[other].kind is Kind.PERCENT}
    if not percents or not {"*", "/"} & {part for part in parts if isinstance(part, str)}:
        return [parts]
    return [parts, [part / 100 if isinstance(part, Decimal) and abs(part) in percents else part for part in parts]]


def _is_constant(value: Decimal, parts: list[Part]) -> bool:
    """Whether a number needs no source: 0, 1, 100, and the count of what is added before it is divided by."""
    if value in {Decimal(0), Decimal(1), Decimal(100)}:
        return True
    places = [place for place, part in enumerate(parts) if isinstance(part, Decimal) and abs(part) == value]
    return bool(places) and all(
        place > 0 and parts[place - 1] == "/" and _n_added_before(parts, place - 1) == value for place in places
    )


def _n_added_before(parts: list[Part], place: int) -> int:
    """How many terms the bracket that ends right before a place adds."""
    depth, n_terms = 0, 1
    for part in reversed(parts[:place]):
        depth += {")": 1, "(": -1}.get(part, 0) if isinstance(part, str) else 0
        if depth == 0:
            break
        n_terms += depth == 1 and part in {"+", "-"}
    return n_terms


def _parts(text: str, operands: Sequence[FoundNumber], start: int, end: int) -> list[Part] | None:
    """Operators and values in order; a sign or bracket that belongs to an operand is an operator again."""
    parts: list[Part] = []
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


def _operators(piece: str) -> list[Part]:
    return [_LOOKS.get(char, char) for char in piece if char in "+-*/()" or char in _LOOKS]


def _evaluate(parts: list[Part]) -> Decimal | None:
    """The value of well-formed arithmetic; None for what is none."""
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


def _balanced(parts: list[Part]) -> list[Part]:
    """Without opening brackets that are never closed, as before arithmetic in parentheses; a leading minus has a zero before it."""
    kept: list[Part] = []
    depth = 0
    for part in reversed(parts):
        depth += {")": 1, "(": -1}.get(part, 0) if isinstance(part, str) else 0
        if depth < 0:
            depth = 0
            continue
        kept.append(part)
    kept.reverse()
    whole: list[Part] = []
    for part in kept:
        if part in {"-", "+"} and (not whole or whole[-1] == "("):
            whole.append(Decimal(0))
        whole.append(part)
    return whole


def _apply(operator: str, values: list[Decimal]) -> None:
    """Put the result of an operator in place of the last two values. Raises IndexError for a bracket or a missing value."""
    b, a = values.pop(), values.pop()
    if operator == "/":
        values.append(a / b)
    elif operator == "*":
        values.append(a * b)
    elif operator in {"+", "-"}:
        values.append(a + b if operator == "+" else a - b)
    else:
        raise IndexError(operator)
