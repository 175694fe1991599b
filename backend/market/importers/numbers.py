"""Numbers as files write them: decimal and thousands marks, currency signs, K, M and B, and words for nothing."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

MISSING_WORDS: Final = ("", "null", "NULL", "Null", "NA", "N/A", "n/a", "na", "#N/A", "#NA", "None", "none", ".", "-", "--", "—")
NOT_NUMBERS: Final = {"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "-nan", "+nan", "1.#qnan", "1.#inf"}

MISSING: Final = frozenset(MISSING_WORDS)
_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DIGITS_MAX: Final = 400
_SCALES: Final = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "b": 1e9, "B": 1e9, "bn": 1e9, "T": 1e12}
_SCALED: Final = re.compile(r"(.*\d)\s?(k|K|m|M|b|B|bn|T)", re.ASCII)
_SIGNS: Final = "$€£¥₹₽%"
_BLANKS: Final = {" ", "\u00a0", "\u202f", "\u2009"}
_GROUP_MARKS: Final = ("'", "\u2019", " ", "\u00a0", "\u202f", "\u2009")


class NotANumber(ValueError):
    """A cell that should be a number and is not; its words say why."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """The marks of numbers in one table: ``decimal`` is "." or ",", ``thousands`` is one character or "" for none."""

    decimal: Literal[".", ","] = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether numbers carry no thousands mark, so that the columnar parser reads them."""
        return not self.thousands


PLAIN: Final = NumberForm()


def parse_number(text: str, form: NumberForm = PLAIN) -> float | None:
    """The value of a cell, None where it says that there is none. Raises NotANumber."""
    cell = text.strip()
    if cell in MISSING:
        return None
    if form.thousands or form.decimal != ".":
        cell = _unmarked(cell, form)
    if _PLAIN.fullmatch(cell) and len(cell) <= _DIGITS_MAX:
        return _finite(float(cell), text)
    return _parse_decorated(cell, text, form)


def _unmarked(cell: str, form: NumberForm) -> str:
    whole, mark, decimals = cell.partition(form.decimal)
    for mark in _BLANKS if form.thousands in _BLANKS else ():
        whole = whole.replace(mark, form.thousands)
    if form.thousands and form.thousands in whole:
        groups = whole.lstrip("+-" + _SIGNS).split(form.thousands)
        # Groups of two are India's lakh and crore.
        if not 1 <= len(groups[0]) <= 3 or len(groups[-1]) != 3 or any(len(g) not in {2, 3} for g in groups[1:-1]):
            raise NotANumber(f"{cell[:40]!r} does not group its digits by {form.thousands!r}")
        whole = whole.replace(form.thousands, "")
    elif form.decimal == "," and "." in whole:
        raise NotANumber(f"{cell!r} has a point where numbers use a decimal comma")
    return whole + ("." if mark else "") + decimals


def _parse_decorated(cell: str, text: str, form: NumberForm) -> float:
    if cell.lower() in NOT_NUMBERS:
        raise NotANumber(f"{text.strip()!r} is not a finite number")
    bare = cell.strip(_SIGNS + " \u00a0")
    sign = 1.0
    if bare.startswith("(") and bare.endswith(")"):
        bare, sign = bare[1:-1].strip(_SIGNS + " "), -1.0
    scale = 1.0
    scaled = _SCALED.fullmatch(bare)
    if scaled:
        bare, scale = scaled[1], _SCALES[scaled[2]]
    if _PLAIN.fullmatch(bare) and len(bare) <= _DIGITS_MAX:
        return _finite(sign * scale * float(bare), text)
    raise NotANumber(f"{text.strip()[:40]!r} is not a number" + (f" with decimal {form.decimal!r}" if form != PLAIN else ""))


def _finite(value: float, text: str) -> float:
    if value - value != 0:
        raise NotANumber(f"{text.strip()[:40]!r} is too large")
    return value


def looks_like_number(text: str) -> bool:
    """Whether a cell is a number in some way of writing it."""
    return _guess_shape(text.strip()) is not None


_SHAPES: Final = (
    ("plain", re.compile(r"[+-]?\d+", re.ASCII)),
    ("point", re.compile(r"[+-]?\d*\.\d*(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+", re.ASCII)),
    ("comma", re.compile(r"[+-]?\d*,\d*(?:[eE][+-]?\d+)?", re.ASCII)),
    ("points", re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}", re.ASCII)),
    ("commas", re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}", re.ASCII)),
    ("commas.point", re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d*", re.ASCII)),
    ("points,comma", re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*", re.ASCII)),
    ("marks", re.compile(r"[+-]?\d{1,3}(?:['\u2019 \u00a0\u202f\u2009]\d{3})+(?:[.,]\d*)?")),
)


@lru_cache(maxsize=16_384)  # one cell is asked about by several steps of recognition
def _guess_shape(cell: str) -> str | None:
    bare = cell.strip(_SIGNS + " ")
    scaled = _SCALED.fullmatch(bare)
    bare = scaled[1] if scaled else bare
    if not bare or not any(c.isdigit() for c in bare):
        return None
    return next((name for name, pattern in _SHAPES if pattern.fullmatch(bare)), None)


@dataclass(frozen=True, slots=True)
class NumberGuess:
    """Marks found in a sample, the evidence in words, and whether another reading is possible."""

    form: NumberForm
    reason: str
    is_sure: bool = True


def guess_form(cells: Iterable[str], *, expects_comma: bool = False) -> NumberGuess:
    """Find the marks of the numbers in ``cells``; ``expects_comma`` breaks ties for files separated by semicolons."""
    shapes: Counter[str] = Counter()
    examples: dict[str, str] = {}
    comma_digits: Counter[int] = Counter()
    point_digits: Counter[int] = Counter()
    group = ""
    group_decimal = ""
    for raw in cells:
        cell = raw.strip()
        shape = _guess_shape(cell)
        if shape is None:
            continue
        shapes[shape] += 1
        examples.setdefault(shape, cell)
        if shape == "comma":
            comma_digits[_digits_after(cell, ",")] += 1
        elif shape == "point":
            point_digits[_digits_after(cell, ".")] += 1
        elif shape == "marks":
            group = next(mark for mark in _GROUP_MARKS if mark in cell)
            group_decimal = "," if "," in cell else "." if "." in cell else group_decimal
    if shapes["points,comma"] or shapes["points"]:
        return NumberGuess(NumberForm(",", "."), f"{examples.get('points,comma') or examples['points']} groups thousands by points")
    if shapes["commas.point"] or shapes["commas"]:
        return NumberGuess(NumberForm(".", ","), f"{examples.get('commas.point') or examples['commas']} groups thousands by commas")
    if group:
        decimal: Literal[".", ","] = "," if group_decimal == "," or (not group_decimal and shapes["comma"]) else "."
        return NumberGuess(NumberForm(decimal, group), f"{examples['marks']} groups thousands by {group!r}")
    if not shapes["comma"]:
        return NumberGuess(PLAIN, "no number contains a comma")
    return _decide_comma(comma_digits, point_digits, examples, expects_comma=expects_comma)


def _decide_comma(
    comma_digits: Counter[int], point_digits: Counter[int], examples: dict[str, str], *, expects_comma: bool
) -> NumberGuess:
    example = examples["comma"]
    if point_digits:
        return NumberGuess(NumberForm(".", ","), f"{example} stands beside {examples['point']}", is_sure=set(comma_digits) == {3})
    if set(comma_digits) != {3} or example.lstrip("+-").startswith(("0,", ",")):
        return NumberGuess(NumberForm(",", ""), f"{example} has digits after a comma")
    if expects_comma:
        return NumberGuess(NumberForm(",", ""), f"{example} stands in a file that is not separated by commas", is_sure=False)
    return NumberGuess(NumberForm(".", ","), f"{example} reads as thousands", is_sure=False)


def _digits_after(cell: str, mark: str) -> int:
    return sum(c.isdigit() for c in cell.rpartition(mark)[2])
