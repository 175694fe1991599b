"""What is to be worked out: read from a question, or nothing where it is no sum."""

import enum
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from backend.assistant.maths.amounts import K_IS, check_currency, plain_amounts
from backend.assistant.maths.expression import FUNCTIONS, Tree, is_percentage, names_in, operations_in, parse_expression
from backend.assistant.maths.phrases import read_phrase, read_prime
from backend.errors import InvalidInput


class Task(enum.StrEnum):
    """What is done with an expression."""

    VALUE = "value"
    SOLVE = "solve"
    SIMPLIFY = "simplify"
    FACTOR = "factor"
    EXPAND = "expand"
    DERIVE = "derive"
    INTEGRATE = "integrate"
    PRIME = "prime"


@dataclass(frozen=True, slots=True)
class Sum:
    """A task as it was read. ``tree`` for equations is what must be zero; ``text`` as it was written.

    is_percent : the value is one in percent
    is_question : ``text`` asks in words, and is no left side of an equation
    bounds : from where to where is integrated
    notes : sentences on how it was read, where it could be read otherwise
    """

    task: Task
    tree: Tree
    unknown: str
    text: str
    is_percent: bool = False
    is_question: bool = False
    bounds: tuple[Tree, ...] = ()
    notes: tuple[str, ...] = ()


_ASKS: Final = re.compile(
    r"^\s*(?:please\s+)?(?:(?:what(?:'s| is| are)|how much is|calculate|compute|evaluate|work out|=)\s+)?(?:the\s+)?", re.IGNORECASE
)
_TASKS: Final = (
    (re.compile(r"^(?:solve|solutions? (?:of|to|for)|roots? of)\s+", re.IGNORECASE), Task.SOLVE),
    (re.compile(r"^simplify\s+", re.IGNORECASE), Task.SIMPLIFY),
    (re.compile(r"^factori?[sz]?e?\s+", re.IGNORECASE), Task.FACTOR),
    (re.compile(r"^expand\s+", re.IGNORECASE), Task.EXPAND),
    (re.compile(r"^(?:derivative of|differentiate|derive|d/dx)\s+", re.IGNORECASE), Task.DERIVE),
    (re.compile(r"^(?:(?:indefinite )?integral of|integrate)\s+", re.IGNORECASE), Task.INTEGRATE),
)
_WORDS: Final = (
    (re.compile(r"\bper ?cent\b", re.IGNORECASE), "%"),
    (re.compile(r"(%)\s*of\b", re.IGNORECASE), r"\1 *"),
    (re.compile(r"\btimes\b|\bmultiplied by\b", re.IGNORECASE), "*"),
    (re.compile(r"\bdivided by\b|\bover\b", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b|\bless\b", re.IGNORECASE), "-"),
    (re.compile(r"\bto the power(?: of)?\b", re.IGNORECASE), "^"),
    (re.compile(r"\bsquared\b", re.IGNORECASE), "^2"),
    (re.compile(r"\bcubed\b", re.IGNORECASE), "^3"),
    (re.compile(r"\b(?:the )?square root of\s+([\w.]+)", re.IGNORECASE), r"sqrt(\1)"),
    (re.compile(r"\bhalf of\b", re.IGNORECASE), "1/2 *"),
    (re.compile(r"\b(?:a |one )?third of\b", re.IGNORECASE), "1/3 *"),
    (re.compile(r"\b(?:a |one )?quarter of\b", re.IGNORECASE), "1/4 *"),
    (re.compile(r"(?<=\d)(/\d+)\s+of\b", re.IGNORECASE), r"\1 *"),
)
_FOR: Final = re.compile(r"\s+(?:for|by|with respect to|dx)\s*([a-z])?\s*$", re.IGNORECASE)
_BOUNDS: Final = re.compile(r"\s+(?:from|between)\s+(\S+)\s+(?:to|and)\s+(\S+)$", re.IGNORECASE)
_TIMES: Final = re.compile(r"(?<=[\d)%])\s+x\s+(?=[-+]?[\d(.$€£¥])|(?<=\d)(?<!\b0)x(?=\d)")
_CALL: Final = re.compile(rf"\b(?:{'|'.join(sorted(FUNCTIONS))})\s*\(|\u221a", re.IGNORECASE)
_SAYS: Final = (
    (frozenset({"+%", "-%"}), "A percentage that is added to an amount, or taken from one, is of that amount."),
    (frozenset({"log"}), "Here log is the natural logarithm; log10 is the one to base ten."),
    (frozenset({"sin", "cos", "tan"}), "Angles are in radians."),
)


def read_sum(text: str) -> Sum | None:
    """The sum that a question asks for; None where it is none. Raises InvalidInput for one that nearly is, saying what is wrong."""
    said = text.strip().rstrip("?.!= ")
    rest = _ASKS.sub("", said, count=1)
    if (number := read_prime(said) or read_prime(rest)) is not None:
        return Sum(Task.PRIME, Fraction(number), "x", str(number))
    # An exclamation mark at the end of a number is a factorial.
    for words in (rest, _ASKS.sub("", text.strip().rstrip("? "), count=1)):
        if (found := _read_phrase(words)) is not None:
            return found
    task = Task.VALUE
    for pattern, kind in _TASKS:
        if pattern.match(rest):
            task, rest = kind, pattern.sub("", rest, count=1)
            break
    said, bounds = rest, None
    if task is Task.INTEGRATE and (bounds := _BOUNDS.search(rest)):
        rest = rest[: bounds.start()]
    named = _FOR.search(rest)
    unknown = (named[1] or "x").lower() if named else ""
    rest = rest[: named.start()] if named else rest
    said = said.strip() if bounds else rest.strip()
    rest = _TIMES.sub(" * ", rest)
    rest, is_scaled = plain_amounts(rest, may_have_unknowns=True) if task is Task.VALUE else (rest, False)
    for pattern, sign in _WORDS:
        rest = pattern.sub(sign, rest)
    if not _looks_like_one(rest, task):
        return None
    check_currency(said)
    found = _parse(rest, task, unknown, said)
    if bounds:
        found = replace(found, bounds=tuple(parse_expression(bounds[place]) for place in (1, 2)))
    return _with_notes(found, is_scaled=is_scaled)


def _read_phrase(words: str) -> Sum | None:
    plain, is_scaled = plain_amounts(words)
    phrase = read_phrase(plain)
    if phrase is None:
        return None
    check_currency(words)
    is_question = re.match(r"(?:what|which|how|to)\b|.*\b(?:is|are)\b", words, re.IGNORECASE) is not None
    tree = parse_expression(phrase.expression)
    found = Sum(Task.VALUE, tree, "x", words, is_percent=phrase.is_percent, is_question=is_question)
    return replace(found, notes=(K_IS,)) if is_scaled else found


def _with_notes(found: Sum, *, is_scaled: bool) -> Sum:
    signs = operations_in(found.tree)
    notes = tuple(words for of, words in _SAYS if of & signs)
    if found.task is Task.VALUE and len(signs) > 1 and is_percentage(found.tree):
        # Percentages alone are told as one.
        found = replace(found, tree=("*", found.tree, Fraction(100)), is_percent=True)
    return replace(found, notes=((K_IS, *notes) if is_scaled else notes))


def _looks_like_one(rest: str, task: Task) -> bool:
    if task is Task.VALUE and not re.search(r"\d", rest) and not _CALL.search(rest):
        return False
    letters = re.findall(r"[A-Za-z]+", re.sub(r"(?<=\d)[eE][+-]?\d+", "", rest))
    has_sign = re.search(r"[-+*/^%=\u00d7\u00f7\u221a(]", rest) is not None
    known = FUNCTIONS | {"pi"}
    return (has_sign or task is not Task.VALUE) and all(len(word) == 1 or word.lower() in known for word in letters)


def _parse(rest: str, task: Task, unknown: str, said: str) -> Sum:
    left, sign, right = rest.partition("=")
    if sign and "=" in right:
        raise InvalidInput("An equation has one sign of equality.", hint="Solve one at a time.", code="maths.expression")
    tree = parse_expression(left)
    if sign and right.strip():
        tree = ("-", tree, parse_expression(right))
        task = Task.SOLVE
    names = names_in(tree)
    if unknown and unknown not in names and task is Task.SOLVE:
        raise InvalidInput(
            f"There is no {unknown} in it.", hint=f"It has {', '.join(sorted(names)) or 'no unknown'}.", code="maths.unknown"
        )
    if not unknown:
        unknown = "x" if "x" in names else min(names, default="x")
    if names and task is Task.VALUE:
        task = Task.SIMPLIFY
    if not names and task in {Task.SOLVE, Task.SIMPLIFY, Task.FACTOR, Task.EXPAND}:
        task = Task.VALUE
    return Sum(task, tree, unknown, said)
