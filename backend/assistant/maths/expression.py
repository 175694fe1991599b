"""Expressions as trees: read from text by Python's own parser, of which only arithmetic is let through."""

import ast
import re
from fractions import Fraction
from typing import Final, TypeAlias

from backend.errors import InvalidInput

Tree: TypeAlias = "tuple[str, *tuple[Tree, ...]] | str | Fraction"
"""A number, a name, or an operation with its operands, as ("+", "x", Fraction(2)).

("%", a) is a hundredth of a; ("+%", a, b) and ("-%", a, b) add and take a share b of a itself, as ``100 - 10%`` does.
"""

LETTERS_MAX: Final = 400
NODES_MAX: Final = 200
DIGITS_MAX: Final = 40
EXPONENT_MAX: Final = 3_000  # of a number written with one, as 1e-10
NAMES: Final = frozenset("abcdhkmnpqrstuvwxyz")
CONSTANTS: Final = frozenset({"pi", "e"})
FUNCTIONS: Final = frozenset({"sqrt", "exp", "log", "ln", "log10", "sin", "cos", "tan", "abs", "factorial"})
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WRITTEN: Final = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
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
    return _read(parsed.body, written.encode())


def names_in(tree: Tree) -> frozenset[str]:
    """The unknowns."""
    if isinstance(tree, str):
        return frozenset() if tree in CONSTANTS else frozenset({tree})
    if isinstance(tree, Fraction):
        return frozenset()
    return frozenset[str]().union(*(names_in(part) for part in tree[1:]))


def is_percentage(tree: Tree) -> bool:
    """Whether it is made of percentages alone, as ``10%`` or ``5% + 2%``: added to an amount it is of that amount."""
    if isinstance(tree, str | Fraction):
        return False
    return tree[0] == "%" or (tree[0] in {"+", "-", "neg"} and all(is_percentage(part) for part in tree[1:]))


def operations_in(tree: Tree) -> frozenset[str]:
    """The signs and functions of it."""
    if isinstance(tree, str | Fraction):
        return frozenset()
    return frozenset({tree[0]}).union(*(operations_in(part) for part in tree[1:]))


def _with_operators(text: str) -> str:
    """``2x(3)`` as ``2*x*(3)``, ``15%`` as ``percent(15)``, ``^`` as ``**``; thousands marks are dropped."""
    text = re.sub(r"(?<![\w.])(\d{1,3}(?:,\d{3})+)(?![\d])", lambda match: match[1].replace(",", ""), text)
    text = re.sub(r"(?<![\w.])0+(?=\d)", "", text)
    if re.search(r"%\s*[\d.]", text):
        raise _bad("After a percentage comes a sign, or 'of'.")
    text = re.sub(rf"({_WRITTEN})\s*%", r"percent(\1)", text)
    text = re.sub(rf"(?<![\w.])((?>{_WRITTEN}))\s*(?=[A-Za-z(])", r"\1*", text)
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


def _read(node: ast.expr, written: bytes) -> Tree:  # noqa: PLR0911 - a case each
    match node:
        case ast.Constant(value=bool()):
            raise _bad("Only numbers can be reckoned with.")
        case ast.Constant(value=int() | float()):
            return _number(written[node.col_offset : node.end_col_offset].decode())
        case ast.Name(id=name) if name.lower() in CONSTANTS | NAMES:
            return name.lower()
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return ("neg", _read(inside, written))
        case ast.UnaryOp(op=ast.UAdd(), operand=inside):
            return _read(inside, written)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _joined(_BINARY[type(op)], _read(left, written), _read(right, written))
        case ast.Call(func=ast.Name(id="percent"), args=[only], keywords=[]):
            return ("%", _read(only, written))
        case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if name.lower() in FUNCTIONS:
            return (name.lower(), _read(only, written))
        case _:
            raise _bad(f"{ast.unparse(node)!r} is not understood.")


def _joined(sign: str, left: Tree, right: Tree) -> Tree:
    is_of_left = sign in {"+", "-"} and left != 1 and is_percentage(right) and not is_percentage(left)
    return (f"{sign}%" if is_of_left else sign, left, right)


def _number(text: str) -> Fraction:
    """The number as it was written: a float between would round it."""
    if not re.fullmatch(_WRITTEN, text):
        raise _bad(f"{text} cannot be read as a number.")
    exponent = re.search(r"[eE]([+-]?\d+)$", text)
    if len(text) > DIGITS_MAX or (exponent and abs(int(exponent[1])) > EXPONENT_MAX):
        raise _bad(f"{text} is too large or too long a number.")
    return Fraction(text)


def _bad(why: str) -> InvalidInput:
    return InvalidInput(why, hint="Write it as 2x^2 - 3x + 1 = 0, or as 15% of 2300.", code="maths.expression")
