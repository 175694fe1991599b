"""Sums in words: averages of lists, so many percent more, compound returns, factorials, primes; each as an expression."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput

PRIME_DIGITS_MAX: Final = 18

_NUMBER: Final = r"-?\d+(?:,\d{3})*(?:\.\d+)?"
_PERCENT: Final = rf"({_NUMBER}) ?%"
_A_YEAR: Final = r"(?: ?(?:a|per|each) year| annually| yearly| p\.?a\.?)?"
_FOR_YEARS: Final = rf"(?:over|for|in|after) ({_NUMBER}) years?"
_BETWEEN: Final = re.compile(r"(?:;|,(?=\s))\s*(?:and\s+)?|\s+and\s+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """An expression that words stand for; ``is_percent`` where its value is told in percent."""

    expression: str
    is_percent: bool = False


def read_phrase(text: str) -> Phrase | None:
    """The expression that a whole text asks for in words; None where it is none of these. Raises InvalidInput for a short list."""
    said = re.sub(r"\bper ?cent\b", "%", " ".join(text.lower().split()))
    for pattern, read in _PHRASES:
        match = pattern.fullmatch(said)
        if match is not None and (found := read(match)) is not None:
            return found
    return None


def read_prime(text: str) -> int | None:
    """The whole number of which is asked whether it is prime, or what its factors are. Raises InvalidInput for a long one."""
    said = " ".join(text.lower().split())
    match = re.fullmatch(r"is ([\d,]+) (?:a )?prime(?: number)?", said) or re.fullmatch(r"prime factors? of ([\d,]+)", said)
    if match is None:
        return None
    digits = match[1].replace(",", "")
    if not digits or len(digits) > PRIME_DIGITS_MAX:
        raise InvalidInput(
            f"Of numbers up to {PRIME_DIGITS_MAX} digits it is told whether they are prime.", hint="Ask about a shorter one.",
            code="maths.size",
        )  # fmt: skip
    return int(digits)


def _list(match: re.Match[str]) -> Phrase | None:
    numbers = [part.strip() for part in _BETWEEN.split(match["list"]) if part.strip()]
    if any(re.search(r"[a-z]", one) for one in numbers) or not re.search(r"\d", match["list"]):
        return None
    if len(numbers) < 2:
        raise InvalidInput(
            f"{match['list'].strip()} is one number.",
            hint="Part numbers by commas and blanks, as in: 3, 5 and 10.",
            code="maths.list",
        )
    if match["of"] == "median":
        numbers.sort(key=lambda one: float(one.replace(",", "")))
        middle = numbers[(len(numbers) - 1) // 2 : len(numbers) // 2 + 1]
        return Phrase(f"({' + '.join(f'({one})' for one in middle)}) / {len(middle)}")
    sign = " * " if match["of"] == "product" else " + "
    whole = sign.join(f"({one})" for one in numbers)
    return Phrase(f"({whole}) / {len(numbers)}" if match["of"] in {"average", "mean"} else whole)


def _changed(match: re.Match[str]) -> Phrase:
    sign = "+" if match["way"] in {"more", "higher", "greater", "larger", "increased"} else "-"
    return Phrase(f"{match['base']} * (1 {sign} ({match['size']}) / 100)")


def _compound_return(match: re.Match[str]) -> Phrase:
    return Phrase(f"((1 + ({match[1]}) / 100)^({match[2]}) - 1) * 100", is_percent=True)


def _compounded(match: re.Match[str]) -> Phrase:
    return Phrase(f"{match[1]} * (1 + ({match[2]}) / 100)^({match[3]})")


def _factorial(match: re.Match[str]) -> Phrase:
    return Phrase(f"factorial({match[1] or match[2]})")


_PHRASES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Phrase | None]], ...]] = (
    (re.compile(r"(?P<of>average|mean|median|sum|product) of (?P<list>[^a-z]*(?:\band\b[^a-z]*)*)"), _list),
    (
        re.compile(
            rf"(?P<size>{_NUMBER}) ?% (?P<way>more|higher|greater|larger|less|lower|smaller) than [$€£]?(?P<base>{_NUMBER})"
        ),
        _changed,
    ),
    (re.compile(rf"[$€£]?(?P<base>{_NUMBER}) (?P<way>increased|decreased|reduced) by (?P<size>{_NUMBER}) ?%"), _changed),
    (
        re.compile(rf"(?:total )?(?:compound(?:ed)? )?(?:annual )?(?:return|growth|interest) of {_PERCENT}{_A_YEAR} {_FOR_YEARS}"),
        _compound_return,
    ),
    (re.compile(rf"{_PERCENT}{_A_YEAR} (?:compounded|compound) {_FOR_YEARS}"), _compound_return),
    (
        re.compile(
            rf"[$€£]?({_NUMBER}) (?:(?:invested|compounded|compounding|growing|grown) )?(?:at|by) {_PERCENT}{_A_YEAR}"
            rf"(?: compounded)? {_FOR_YEARS}"
        ),
        _compounded,
    ),
    (re.compile(rf"({_NUMBER}) ?(?:factorial|!)|factorial of ({_NUMBER})"), _factorial),
)
