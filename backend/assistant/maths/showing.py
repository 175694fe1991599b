"""How a result is written: exactly where that is short, else rounded and said to be; never as zero where it is not."""

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from backend.assistant.facts.fact import Fact, Unit
from backend.assistant.grounding.values import format_number

WHOLE_DIGITS_MAX: Final = 200
PLAIN_FROM: Final = -9  # powers of ten between which no power of ten is written
PLAIN_TO: Final = 20
_FLOAT_LETTERS: Final = 40  # no float is written the same as more
_WIDE: Final = Context(prec=400, Emax=999_999, Emin=-999_999)


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it is written."""

    text: str
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Roundness:
    """How far a value is written out.

    places : digits behind the point up to which it is exact
    exact_digits : so many significant ones are exact too
    digits : significant ones of what is rounded, but two places at least
    """

    places: int = 10
    exact_digits: int = 15
    digits: int = 12


@dataclass(frozen=True, slots=True)
class Source:
    """What a fact follows from: a formula, other facts by their ids, and when it was worked out."""

    formula: str
    as_of_ns: int
    inputs: tuple[str, ...] = ()


AMOUNT: Final = Roundness()
PERCENT: Final = Roundness(places=4, exact_digits=4, digits=4)


def show(value: Fraction, how: Roundness = AMOUNT) -> Shown:
    """An exact value."""
    if value.denominator == 1 and abs(value) < 10**WHOLE_DIGITS_MAX:
        return Shown(f"{value.numerator:,}", is_exact=True)
    exact = _ended(value)
    if exact is not None:
        places = -int(exact.as_tuple().exponent)
        n_digits = len(exact.as_tuple().digits)
        if n_digits <= how.exact_digits or (places <= how.places and n_digits <= 40):
            return Shown(_written(exact), is_exact=True)
    shown = show_rounded(_WIDE.divide(Decimal(value.numerator), Decimal(value.denominator)), how)
    return Shown(shown.text, is_exact=Fraction(shown.text.replace(",", "")) == value)


def show_rounded(value: Decimal, how: Roundness = AMOUNT) -> Shown:
    """A value of which many digits are known."""
    if not value:
        return Shown("0", is_exact=False)
    power = value.adjusted()
    n_digits = max(how.digits, power + 3) if PLAIN_FROM <= power <= PLAIN_TO else how.digits
    rounded = Context(prec=n_digits, Emax=999_999, Emin=-999_999).plus(value)
    return Shown(_written(rounded), is_exact=False)


def fact_of(number: int, label: str, shown: Shown | str, source: Source, unit: Unit = Unit.RATIO) -> Fact:
    """The fact with this number; as words where they alone say it, as a number where one is written the same.

    shown : expressions are words
    """
    value, decimals = (shown, 0) if isinstance(shown, str) else _value(shown.text)
    is_percent = unit is Unit.PERCENT
    return Fact(
        id=f"F{number}",
        name=f"maths.{number}",
        label=label,
        value=f"{value}%" if is_percent and isinstance(value, str) else value,
        unit=Unit.WORD if isinstance(value, str) else unit,
        decimals=decimals,
        as_of_ns=source.as_of_ns,
        source="worked out from the question",
        formula=source.formula,
        inputs=source.inputs,
    )


def _value(text: str) -> tuple[float | str, int]:
    """The number that is written as ``text`` with so many decimals; the text itself where there is none."""
    plain = text.replace(",", "")
    if "e" in plain or len(plain) > _FLOAT_LETTERS:
        return text, 0
    decimals = len(plain.partition(".")[2])
    number: float = int(plain) if plain.lstrip("-").isdigit() and len(plain) <= 15 else float(plain)
    return (number, decimals) if format_number(number, decimals) == text else (text, 0)


def _ended(value: Fraction) -> Decimal | None:
    """The decimal that is this value; None where its digits have no end, or none near."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _WIDE.prec:
        return None
    digits = value.numerator * 10**places // value.denominator
    if abs(digits) >= 10**_WIDE.prec:
        return None
    return Decimal(digits).scaleb(-places, _WIDE).normalize(_WIDE)


def _written(value: Decimal) -> str:
    """Plainly with thousands marks, or as ``3e-22``."""
    short = value.normalize(_WIDE)
    power = short.adjusted()
    if PLAIN_FROM <= power <= PLAIN_TO:
        return f"{short:,f}"
    return f"{short.scaleb(-power, _WIDE):f}e{power}"
