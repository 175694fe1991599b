"""Written figures: every usual way to mark thousands and decimals, and Roman ones that nobody can mistake for a name."""

import re
from decimal import Decimal
from typing import Final

_END: Final = r"(?![.,'_]?\d)"
FIGURES: Final = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?{_END}"
    rf"|\d{{1,2}}(?:,\d\d)+,\d{{3}}(?:\.\d+)?{_END}"
    rf"|\d{{1,3}}(?:\.\d{{3}})+,\d+{_END}|\d{{1,3}}(?:\.\d{{3}}){{2,}}{_END}"
    rf"|\d{{1,3}}(?:'\d{{3}})+(?:[.,]\d+)?{_END}|\d{{1,3}}(?:_\d{{3}})+(?:\.\d+)?{_END}"
    rf"|\d{{1,3}}(?:[ ]\d{{3}})+(?:[.,]\d+)?{_END}(?![ ]\d{{3}}\b)"
    rf"|\d+[.,]\d+{_END}|\d+{_END}|[.,]\d+{_END})"
)
_VALID: Final = re.compile(r"(?=[IVXLCDM])(?P<figures>M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))(?![\w&.-]*\w)")
_STATED: Final = re.compile(
    r"(?:\b(?:is|was|at|reads|equals|to|about|above|below|near|over|under|stands)|[:=|~])\s*\Z", re.IGNORECASE
)
_COUNTED: Final = re.compile(
    r"\s?(?:%|percent|per\s?cent|dollars?|euros?|pounds?|points?|days?|bars?|sessions?|years?|times|shares?)", re.IGNORECASE
)
_PART: Final = re.compile(
    r"(?:\b(?:part|chapter|section|phase|stage|title|basel|mark|level|act|war|article|appendix|type|class|tier|volume|book|the)\s)\Z",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"^[\s>#*_-]*\Z", re.MULTILINE)
_SURE: Final = 4  # letters of figures that are no other word or code
_LIKELY: Final = 3


def read_figures(said: str) -> tuple[Decimal, Decimal, int]:
    """Value, grain and number of digits of written figures with any thousands and decimal marks."""
    plain = re.sub(r"[ '_]", "", said)
    point, comma = plain.rfind("."), plain.rfind(",")
    if point >= 0 and comma >= 0:
        plain = plain.replace(".", "").replace(",", ".") if comma > point else plain.replace(",", "")
    elif comma >= 0:
        grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d\d)+,\d{3}", plain) and plain[0] != "0"
        plain = plain.replace(",", "") if grouped or plain.count(",") > 1 else plain.replace(",", ".")
    elif plain.count(".") > 1:
        plain = plain.replace(".", "")
    value = Decimal(plain)
    decimals = len(plain.partition(".")[2])
    return value, Decimal(1).scaleb(-decimals), max(1, len(plain.replace(".", "").lstrip("0")))


def end_of_roman(text: str, start: int) -> int:
    """Where roman figures that begin here and state a value end; 0 where there are none."""
    found = _VALID.match(text, start)
    if found is None or not found["figures"] or (start and text[start - 1].isalnum()):
        return 0
    size, before = len(found["figures"]), text[max(0, start - 24) : start]
    is_counted = size > 1 and _COUNTED.match(text, found.end()) is not None
    is_stated = size >= _LIKELY and _STATED.search(before) is not None
    is_listed = text[found.end() : found.end() + 1] in {".", ")", ":"} and _LISTED.search(before) is not None
    is_sure = size >= _SURE and not is_listed and _PART.search(before) is None
    return found.end() if is_counted or is_stated or is_sure else 0
