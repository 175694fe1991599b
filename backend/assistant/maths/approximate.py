"""Roots, logarithms, angles and huge powers to many digits, by decimals: quick, and only where the digits are certain."""

from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow, Underflow, localcontext
from fractions import Fraction
from typing import Final

from backend.assistant.maths.exact import evaluate
from backend.assistant.maths.expression import CONSTANTS, Tree
from backend.errors import InvalidInput

DIGITS: Final = 30  # that two reckonings must share
FACTORIAL_MAX: Final = 5_000
POWER_MAX: Final = 999_999  # of ten
_ROUND_FROM: Final = 15  # digits: what has no more of them may be exact, which digits alone do not prove
_PRECISIONS: Final = (50, 80)
_ANGLE_MAX: Final = 10**6
_FRACTIONAL: Final = frozenset({"+", "-", "*", "/", "+%", "-%", "%", "neg", "abs", "factorial"})
_PI: Final = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"
)


def approximate(tree: Tree) -> Decimal | None:
    """The value of a tree without unknowns to 30 digits; None where they are not certain, or may be an exact value.

    It is reckoned twice, to 50 and to 80 digits: where much of it cancels out, as in ``sqrt(2)^2 - 2``, the two differ.
    Raises InvalidInput for what has no real value, and for what is too large or too small.
    """
    first, second = (_reckon(tree, precision) for precision in _PRECISIONS)
    if first is None or second is None:
        return None
    short = Context(prec=DIGITS, Emax=POWER_MAX, Emin=-POWER_MAX)
    told = short.plus(second)
    if short.plus(first) != told or not told:
        return None
    is_round = len(told.normalize(short).as_tuple().digits) <= _ROUND_FROM
    return None if is_round and not _is_fraction(tree) else told


def _is_fraction(tree: Tree) -> bool:
    """Whether it is a fraction in any case, though perhaps one of very many digits."""
    if isinstance(tree, str | Fraction):
        return isinstance(tree, Fraction)
    sign, *parts = tree
    if sign == "^":
        exponent = evaluate(parts[1])
        return exponent is not None and exponent.denominator == 1 and _is_fraction(parts[0])
    return sign in _FRACTIONAL and all(_is_fraction(part) for part in parts)


def _reckon(tree: Tree, precision: int) -> Decimal | None:
    traps = [InvalidOperation, DivisionByZero, Overflow, Underflow]
    with localcontext(Context(prec=precision, Emax=POWER_MAX, Emin=-POWER_MAX, traps=traps)):
        try:
            return _value(tree)
        except Overflow as e:
            raise _bad("The result is too large to be told: it has more than a million digits.", "maths.size") from e
        except Underflow as e:
            raise _bad("The result is too small to be told.", "maths.size") from e
        except DecimalException:
            return None


def _value(tree: Tree) -> Decimal:
    if isinstance(tree, Fraction):
        return Decimal(tree.numerator) / tree.denominator
    if isinstance(tree, str):
        assert tree in CONSTANTS, "A tree without unknowns."
        return +_PI if tree == "pi" else Decimal(1).exp()
    sign, *parts = tree
    values = [_value(part) for part in parts]
    return _OF_ONE[sign](values[0]) if len(values) == 1 else _OF_TWO[sign](*values)


def _divided(left: Decimal, right: Decimal) -> Decimal:
    if right == 0:
        raise InvalidOperation  # it may be zero, or only nearly: digits cannot tell
    return left / right


def _power(left: Decimal, right: Decimal) -> Decimal:
    if left < 0 and right != right.to_integral_value():
        raise _bad("A negative number has no real power with a fraction.", "maths.real")
    return left**right


def _sqrt(value: Decimal) -> Decimal:
    if value < 0:
        raise _bad("No real number is the square root of a negative one.", "maths.real")
    return value.sqrt()


def _ln(value: Decimal) -> Decimal:
    if value <= 0:
        raise _bad("Only numbers above zero have a logarithm.", "maths.real")
    return value.ln()


def _log10(value: Decimal) -> Decimal:
    if value <= 0:
        raise _bad("Only numbers above zero have a logarithm.", "maths.real")
    return value.log10()


def _factorial(value: Decimal) -> Decimal:
    if value != value.to_integral_value() or not 0 <= value <= FACTORIAL_MAX:
        raise _bad(f"Factorials of whole numbers from 0 to {FACTORIAL_MAX:,} are worked out.", "maths.size")
    product = Decimal(1)
    for factor in range(2, int(value) + 1):
        product *= factor
    return product


def _sin(value: Decimal) -> Decimal:
    """By its series, the angle brought near zero first."""
    if abs(value) > _ANGLE_MAX:
        raise InvalidOperation  # pi is known to too few digits
    angle = value.remainder_near(2 * _PI)
    term = total = angle
    place = 1
    while term and total and term.adjusted() > total.adjusted() - 90:
        term = -term * angle * angle / ((place + 1) * (place + 2))
        total += term
        place += 2
    return total


def _cos(value: Decimal) -> Decimal:
    return _sin(value + _PI / 2)


def _tan(value: Decimal) -> Decimal:
    return _divided(_sin(value), _cos(value))


_OF_ONE: Final[dict[str, Callable[[Decimal], Decimal]]] = {
    "neg": lambda value: -value,
    "abs": abs,
    "%": lambda value: value / 100,
    "sqrt": _sqrt,
    "exp": lambda value: value.exp(),
    "ln": _ln,
    "log": _ln,
    "log10": _log10,
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "factorial": _factorial,
}
_OF_TWO: Final[dict[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "^": _power,
    "+%": lambda left, right: left * (1 + right),
    "-%": lambda left, right: left * (1 - right),
}


def _bad(why: str, code: str) -> InvalidInput:
    return InvalidInput(why, hint="Check the numbers.", code=code)
