"""Sums in words: averages of lists, so many percent more, compound returns, factorials, primes; each as an expression."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.assistant.maths.exact import evaluate
from backend.assistant.maths.expression import parse_expression
from backend.errors import InvalidInput

PRIME_DIGITS_MAX: Final = 18

_NUMBER: Final = r"-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?"
_PERCENT: Final = rf"({_NUMBER}) ?%"
_PERCENT_OF: Final = r"(?:%|percentage)"
_A_YEAR: Final = r"(?: ?(?:a|per|each) year| annually| yearly| p\.?a\.?)?"
_FOR_YEARS: Final = rf"(?:over|for|in|after) ({_NUMBER}) years?"
_ADVERBS: Final = "annually|yearly|quarterly|monthly|weekly|daily"
_EACH: Final = rf"(?: ?(?:a|per|each) (?P<each>year|quarter|month|week|day)| p\.?a\.?| (?P<each_ly>{_ADVERBS}))?"
_OFTEN: Final = rf"(?: (?:compounded|compounding|compound)(?: (?P<often>{_ADVERBS}))?)?"
_FOR_TIME: Final = rf"(?:over|for|in|after) (?P<time>{_NUMBER}) (?P<of>year|quarter|month|week|day)s?"
_OF_MONTHS: Final = {"year": 1, "yearly": 1, "annually": 1, "quarter": 4, "quarterly": 4, "month": 12, "monthly": 12}
_PERIODS: Final = {**_OF_MONTHS, "week": 52, "weekly": 52, "day": 365, "daily": 365}  # in a year
_SHORT: Final = (52, 365)  # periods of which months and years are not made
_YEARS: Final = re.compile(r"(?:19|20)\d\d")
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
        if (values := [evaluate(parse_expression(one)) for one in numbers]).count(None):
            return None
        numbers = [one for _, one in sorted(zip(values, numbers, strict=True))]
        middle = numbers[(len(numbers) - 1) // 2 : len(numbers) // 2 + 1]
        return Phrase(f"({' + '.join(f'({one})' for one in middle)}) / {len(middle)}")
    sign = " * " if match["of"] == "product" else " + "
    whole = sign.join(f"({one})" for one in numbers)
    return Phrase(f"({whole}) / {len(numbers)}" if match["of"] in {"average", "mean"} else whole)


def _changed(match: re.Match[str]) -> Phrase:
    sign = "+" if match["way"] in {"more", "higher", "greater", "larger", "increased", "increase", "add", "on top of"} else "-"
    return Phrase(f"{match['base']} * (1 {sign} ({match['size']}) / 100)")


def _compound_return(match: re.Match[str]) -> Phrase:
    return Phrase(f"((1 + ({match[1]}) / 100)^({match[2]}) - 1) * 100", is_percent=True)


def _compounded(match: re.Match[str]) -> Phrase | None:
    """A rate a year is parted evenly among the periods in which it is compounded, as banks do; None for 3 months of days."""
    each = _PERIODS[match["each"] or match["each_ly"] or "year"]
    often = _PERIODS[match["often"]] if match["often"] else each
    of = _PERIODS[match["of"]]
    if of != often and (of in _SHORT or (often in _SHORT and each != 1)):
        return None
    return Phrase(f"{match['base']} * (1 + ({match['size']}) * {each} / {100 * often})^(({match['time']}) * {often} / {of})")


def _growth(match: re.Match[str]) -> Phrase:
    return Phrase(f"((({match['to']}) / ({match['from']}))^(1 / ({match['time']})) - 1) * 100", is_percent=True)


def _difference(match: re.Match[str]) -> Phrase | None:
    if _YEARS.fullmatch(match["from"]) and _YEARS.fullmatch(match["to"]):
        return None  # of something between two years
    return Phrase(f"(({match['to']}) - ({match['from']})) / ({match['from']}) * 100", is_percent=True)


def _share(match: re.Match[str]) -> Phrase:
    return Phrase(f"({match['part']}) / ({match['whole']}) * 100", is_percent=True)


def _profit(match: re.Match[str]) -> Phrase:
    return Phrase(f"({match['times']}) * (({match['to']}) - ({match['from']}))")


def _cost(match: re.Match[str]) -> Phrase:
    return Phrase(f"({match['times']}) * ({match['price']})")


def _recovery(match: re.Match[str]) -> Phrase:
    if float(match["size"].replace(",", "")) >= 100:
        raise InvalidInput("After a loss of all there is nothing to recover it with.", hint="Check the loss.", code="maths.zero")
    return Phrase(f"(100 / (100 - ({match['size']})) - 1) * 100", is_percent=True)


def _factorial(match: re.Match[str]) -> Phrase:
    return Phrase(f"factorial({match[1] or match[2]})")


_AT: Final = rf"(?:at|by) (?P<size>{_NUMBER}) ?%{_EACH}"
_GROWING: Final = (
    rf"(?:(?:invested|compounded|compounding|growing|grown|worth) )?{_AT}{_OFTEN} {_FOR_TIME}",
    rf"(?:(?:invested|compounded|compounding|growing|grown) )?{_AT} {_FOR_TIME}{_OFTEN}",
    rf"(?:(?:worth|invested|growing) )?{_FOR_TIME} {_AT}{_OFTEN}",
)

_SIZE, _BASE = rf"(?P<size>{_NUMBER}) ?%", rf"(?P<base>{_NUMBER})"
_CHANGES: Final = (
    rf"{_SIZE} (?P<way>more|higher|greater|larger|less|lower|smaller) than {_BASE}",
    rf"{_BASE} (?P<way>increased|decreased|reduced) by {_SIZE}",
    rf"(?P<way>increase|decrease|reduce) {_BASE} by {_SIZE}",
    rf"(?:take )?{_SIZE} (?P<way>off|on top of)(?: of)? {_BASE}",
    rf"(?P<way>add) {_SIZE} (?:to|onto) {_BASE}",
    rf"(?P<way>subtract|take|deduct) {_SIZE} from {_BASE}",
)
_PART, _WHOLE = rf"(?P<part>{_NUMBER})", rf"(?P<whole>{_NUMBER})"
_SHARES: Final = (
    rf"(?:what |how many )?{_PERCENT_OF} (?:is|are) {_PART} of {_WHOLE}",
    rf"(?:what )?{_PERCENT_OF} of {_WHOLE} (?:is|are) {_PART}",
    rf"{_PART} (?:is|are) what {_PERCENT_OF} of {_WHOLE}",
    rf"{_PART} (?:as|in) an? {_PERCENT_OF} of {_WHOLE}",
    rf"{_PART}(?: ?/ ?| out of ){_WHOLE} (?:as an?|in) {_PERCENT_OF}",
)

_PHRASES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Phrase | None]], ...]] = (
    (re.compile(r"(?P<of>average|mean|median|sum|product)(?: price)? of (?P<list>[^a-z]*(?:\band\b[^a-z]*)*)"), _list),
    *((re.compile(words), _changed) for words in _CHANGES),
    *((re.compile(words), _share) for words in _SHARES),
    (
        re.compile(rf"(?:total )?(?:compound(?:ed)? )?(?:annual )?(?:return|growth|interest) of {_PERCENT}{_A_YEAR} {_FOR_YEARS}"),
        _compound_return,
    ),
    (re.compile(rf"{_PERCENT}{_A_YEAR} (?:compounded|compound) {_FOR_YEARS}"), _compound_return),
    *((re.compile(rf"(?:(?:invest|compound|future value of) )?(?P<base>{_NUMBER}) {words}"), _compounded) for words in _GROWING),
    (
        re.compile(
            rf"(?:cagr|(?:compound )?annual(?:i[sz]ed)? (?:growth(?: rate)?|return)) (?:from|of) (?P<from>{_NUMBER})"
            rf" to (?P<to>{_NUMBER}) (?:over|in|for|after) (?P<time>{_NUMBER}) years?"
        ),
        _growth,
    ),
    (
        re.compile(
            rf"{_PERCENT_OF} (?:(?:change|increase|decrease|gain|loss|drop|rise|fall|return|difference|move) )?"
            rf"(?:from|between) (?P<from>{_NUMBER}) (?:to|and) (?P<to>{_NUMBER})"
        ),
        _difference,
    ),
    (
        re.compile(
            rf"(?:(?:change|return|increase|decrease|gain|loss|drop|rise|fall) )?from (?P<from>{_NUMBER}) to (?P<to>{_NUMBER})"
            rf" (?:in|as an?) {_PERCENT_OF}"
        ),
        _difference,
    ),
    (
        re.compile(
            rf"(?:my )?(?:profit|gain|loss|p&l|pnl) (?:if i (?:buy|bought)|(?:from |of |on )?buying) (?P<times>{_NUMBER})"
            rf"(?: (?:shares|units|contracts|coins))?(?: of it)? at (?P<from>{_NUMBER}),? (?:and )?(?:sell|sold|selling)"
            rf"(?: it| them)? at (?P<to>{_NUMBER})"
        ),
        _profit,
    ),
    (
        re.compile(
            rf"(?:total )?(?:cost|value|price) of (?P<times>{_NUMBER}) (?:shares|units|contracts|coins)"
            rf"(?: of it)? (?:at|@) (?P<price>{_NUMBER})(?: each)?"
        ),
        _cost,
    ),
    (
        re.compile(
            rf"(?:what |which |how (?:much|big|large)(?: of)?(?: an?)? )?(?:{_PERCENT_OF} )?"
            r"(?:(?:gain|return|rise|increase|profit) )?"
            r"(?:(?:do|would|must|should) (?:i|you|we) (?:need|have|make) |(?:is )?(?:needed|required) |does it take )?to "
            r"(?:recover|make up|make back|win back|break even|get back)(?: (?:from|for|after))?(?: an?| my)? "
            rf"(?P<size>{_NUMBER}) ?% (?:loss|drawdown|drop|decline|fall)"
        ),
        _recovery,
    ),
    (re.compile(rf"({_NUMBER}) ?(?:factorial|!)|factorial of ({_NUMBER})"), _factorial),
)
