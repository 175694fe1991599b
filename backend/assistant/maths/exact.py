"""Sums worked out exactly, by fractions: what has an exact value that is not too long, and nothing else."""

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from backend.assistant.maths.expression import Tree
from backend.errors import InvalidInput

BITS_MAX: Final = 12_000  # of a numerator or a denominator: some 3,600 digits
FACTORIAL_MAX: Final = 1_000
ROOT_MAX: Final = 64


def evaluate(tree: Tree) -> Fraction | None:
    """The exact value of a tree of numbers; None where fractions cannot say it, or not shortly. Raises InvalidInput for x / 0."""
    if isinstance(tree, Fraction):
        return tree
    if isinstance(tree, str):
        return None
    operands = [evaluate(part) for part in tree[1:]]
    numbers = [one for one in operands if one is not None]
    if len(numbers) < len(operands):
        return None
    work = (_OF_ONE if len(numbers) == 1 else _OF_TWO).get(tree[0])
    found = None if work is None else work(*numbers)
    return None if found is None or _bits(found) > BITS_MAX else found


def _divided(left: Fraction, right: Fraction) -> Fraction:
    if right == 0:
        raise InvalidInput("Nothing can be divided by zero.", hint="Check the numbers.", code="maths.zero")
    return left / right


def _power(left: Fraction, right: Fraction) -> Fraction | None:
    if left == 0 and right < 0:
        raise InvalidInput("Zero has no negative power.", hint="Check the numbers.", code="maths.zero")
    if left in {0, 1}:
        return left if right else Fraction(1)
    if left == -1 and right.denominator == 1:
        return Fraction(-1 if right.numerator % 2 else 1)
    if abs(right.numerator) * _bits(left) > BITS_MAX or right.denominator > ROOT_MAX:
        return None
    root = _root(left, right.denominator)
    return None if root is None else root**right.numerator


def _root(value: Fraction, degree: int) -> Fraction | None:
    """The root where it is a fraction itself, and of what is not negative."""
    if degree == 1:
        return value
    if value < 0:
        return None
    above, below = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    return None if above is None or below is None else Fraction(above, below)


def _whole_root(value: int, degree: int) -> int | None:
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**degree < value else (low, middle)
    return low if low**degree == value else None


def _factorial(value: Fraction) -> Fraction | None:
    is_counted = value.denominator == 1 and 0 <= value <= FACTORIAL_MAX
    return Fraction(math.factorial(int(value))) if is_counted else None


def _log10(value: Fraction) -> Fraction | None:
    """Of powers of ten."""
    whole = value.numerator if value.denominator == 1 else value.denominator
    digits = len(str(whole)) - 1 if _bits(value) < BITS_MAX else 0
    if value <= 0 or 1 not in {value.numerator, value.denominator} or whole != 10**digits:
        return None
    return Fraction(digits if value >= 1 else -digits)


def _at(place: int, wanted: int) -> Callable[[Fraction], Fraction | None]:
    """A function of which one value alone is a fraction."""
    return lambda value: Fraction(wanted) if value == place else None


_OF_TWO: Final[dict[str, Callable[..., Fraction | None]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "^": _power,
    "+%": lambda left, share: left * (1 + share),
    "-%": lambda left, share: left * (1 - share),
}
_OF_ONE: Final[dict[str, Callable[..., Fraction | None]]] = {
    "abs": abs,
    "neg": operator.neg,
    "%": lambda value: value / 100,
    "factorial": _factorial,
    "sqrt": lambda value: _root(value, 2),
    "log10": _log10,
    "ln": _at(1, 0),
    "log": _at(1, 0),
    "exp": _at(0, 1),
    "sin": _at(0, 0),
    "tan": _at(0, 0),
    "cos": _at(0, 1),
}


def _bits(value: Fraction) -> int:
    return max(abs(value.numerator), value.denominator).bit_length()
