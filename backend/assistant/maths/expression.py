"""Expressions as trees: read from text by Python's own parser, of which only arithmetic is let through."""

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final, TypeAlias

from backend.errors import InvalidInput

Tree: TypeAlias = "tuple[str, *tuple[Tree, ...]] | str | Fraction"
"""A number, a name, or an operation with its operands, as ("+", "x", Fraction(2))."""

LETTERS_MAX: Final = 400
NODES_MAX: Final = 200
DIGITS_MAX: Final = 40
EXPONENT_MAX: Final = 10_000
FACTORIAL_MAX: Final = 100
NAMES: Final = frozenset("abcdhkmnpqrstuvwxyz")
CONSTANTS: Final = frozenset({"pi", "e"})
FUNCTIONS: Final = frozenset({"sqrt", "exp", "log", "ln", "log10", "sin", "cos", "tan", "abs", "factorial"})
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BINARY: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
_SIGNS: Final = str.maketrans(
    {
        "\u00d7": "*",
        "\u00b7": "*",
        "\u00f7": "/",
        "\u2212": "-",
        "\u2013": "-",
        "\u00b2": "^2",
        "\u00b3": "^3",
        "\u03c0": "pi",
        "\u221a": "sqrt",
    }
)


def parse_expression(text: str) -> Tree:
    """The tree of one expression, as ``2x^2 - 3(x + 1)``, ``15% * 2,300`` or ``sqrt(2)``. Raises InvalidInput for anything else."""
    if len(text) > LETTERS_MAX:
        raise _bad(f"It has {len(text):,} letters; {LETTERS_MAX} are taken.")
    _check_separators(text)
    written = _with_operators(text.translate(_SIGNS))
    try:
        parsed = ast.parse(written, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise _bad(f"{text.strip()!r} is no expression.") from e
    if sum(1 for _ in ast.walk(parsed)) > NODES_MAX * 3:
        raise _bad("It is too long.")
    return _read(parsed.body)


def names_in(tree: Tree) -> frozenset[str]:
    """The unknowns."""
    if isinstance(tree, str):
        return frozenset() if tree in CONSTANTS else frozenset({tree})
    if isinstance(tree, Fraction):
        return frozenset()
    return frozenset[str]().union(*(names_in(part) for part in tree[1:]))


def evaluate(tree: Tree) -> Fraction | None:
    """The exact value of a tree of numbers alone; None where fractions cannot say it. Raises InvalidInput for x / 0."""
    if isinstance(tree, Fraction):
        return tree
    if isinstance(tree, str):
        return None
    operands = [evaluate(part) for part in tree[1:]]
    if any(one is None for one in operands):
        return None
    numbers = [one for one in operands if one is not None]
    if len(numbers) == 2:
        return _combine(tree[0], *numbers)
    return _OF_ONE[tree[0]](numbers[0]) if tree[0] in _OF_ONE else None


def _factorial(number: Fraction) -> Fraction | None:
    is_counted = number.denominator == 1 and 0 <= number <= FACTORIAL_MAX
    return Fraction(math.factorial(int(number))) if is_counted else None


_OF_ONE: Final[dict[str, Callable[[Fraction], Fraction | None]]] = {"abs": abs, "neg": operator.neg, "factorial": _factorial}


def _combine(sign: str, left: Fraction, right: Fraction) -> Fraction | None:
    if sign == "/" and right == 0:
        raise InvalidInput("Nothing can be divided by zero.", hint="Check the numbers.", code="maths.zero")
    if sign == "^":
        return _power(left, right)
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else left}[sign]


def _power(left: Fraction, right: Fraction) -> Fraction | None:
    if right.denominator != 1:
        return None
    exponent = int(right)
    if left == 0 and exponent < 0:
        raise InvalidInput("Zero has no negative power.", hint="Check the numbers.", code="maths.zero")
    size = max(abs(left.numerator), left.denominator).bit_length()
    if abs(exponent) * size > EXPONENT_MAX:
        raise InvalidInput("The result would have thousands of digits.", hint="Use a smaller exponent.", code="maths.size")
    return left**exponent


def _with_operators(text: str) -> str:
    """``2x(3)`` as ``2*x*(3)``, ``15%`` as ``(15/100)``, ``^`` as ``**``; thousands marks are dropped."""
    text = re.sub(r"(?<![\w.])(\d{1,3}(?:,\d{3})+)(?![\d])", lambda match: match[1].replace(",", ""), text)
    text = re.sub(r"(\d+(?:\.\d+)?|\.\d+)\s*%", r"(\1/100)", text)
    text = re.sub(r"\b(\d+(?:\.\d+)?)\s*(?=[A-Za-z(])", r"\1*", text)
    text = re.sub(r"\)\s*(?=[\w(])", ")*", text)
    return re.sub(r"\s+", " ", text.replace("^", "**")).strip()


def _check_separators(text: str) -> None:
    """Refuse marks between digits that may mean something else than here, by name and with what to write."""
    token = next((one for one in re.findall(r"\d[\d.,]*\d", text) if not _PLAIN.fullmatch(one)), "")
    if not token:
        return
    decimal = re.fullmatch(r"(\d+(?:\.\d{3})*),(\d+)", token)
    plain = f"{decimal[1].replace('.', '')}.{decimal[2]}" if decimal else re.sub(r"[.,]", "", token)
    raise InvalidInput(
        f"The {'comma' if ',' in token else 'points'} of {token} cannot be read: "
        "here a point stands before decimals, and a comma only between thousands.",
        hint=f"Write it as {plain}.",
        code="maths.separator",
    )


def _read(node: ast.expr) -> Tree:
    match node:
        case ast.Constant(value=bool()):
            raise _bad("Only numbers can be reckoned with.")
        case ast.Constant(value=int() | float()):
            return _number(ast.unparse(node))
        case ast.Name(id=name) if name.lower() in CONSTANTS | NAMES:
            return name.lower()
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return ("neg", _read(inside))
        case ast.UnaryOp(op=ast.UAdd(), operand=inside):
            return _read(inside)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return (_BINARY[type(op)], _read(left), _read(right))
        case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if name.lower() in FUNCTIONS:
            return (name.lower(), _read(only))
        case _:
            raise _bad(f"{ast.unparse(node)!r} is not understood.")


def _number(text: str) -> Fraction:
    if len(text) > DIGITS_MAX or not re.fullmatch(r"\d+(\.\d+)?(e[+-]?\d{1,2})?", text):
        raise _bad(f"{text} is too large or too long a number.")
    return Fraction(text)


def _bad(why: str) -> InvalidInput:
    return InvalidInput(why, hint="Write it as 2x^2 - 3x + 1 = 0, or as 15% of 2300.", code="maths.expression")
