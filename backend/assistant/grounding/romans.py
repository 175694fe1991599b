"""Roman figures that state a value, which nobody can mistake for a name: "RSI is LXXI"."""

import re
from typing import Final

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
