"""Tags to which something is glued that would become part of the number that takes their place: -{F1}, {F1}5, {F1} million."""

import re
from typing import Final

from backend.assistant.facts.fact import FactSet, Unit

_TAG: Final = re.compile(r"\{(?P<tag>[A-Z][A-Za-z]{0,7}\d{1,6})\}|(?<![\w.,$\u20ac\u00a3{])(?P<bare>F\d{1,4})(?![\w}]|[.,]\d)")
_UNSEEN: Final = "[\u00ad\u200b-\u200d\u2060\ufeff*_`]*"  # markup and letters that nobody sees do not part the two
_BEFORE: Final = re.compile(
    rf"(?:(?<![\w%)\]}}])[-+\u2010-\u2013\u2212\ufe63\uff0d\u00b1]|[^\W_]|[.,}}\u221a]|\d\s?[/\u2044\u00d7x*]\s?|"
    rf"\b(?:minus|negative|half|twice|double|triple)\s){_UNSEEN}\Z",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    rf"{_UNSEEN}(?:[.,']?\d+|\s?(?:[\u00b2\u00b3\u00b9\u2070-\u2079\u00bc-\u00be\u2150-\u215e]+|\^\s?-?\w+|[/\u2044\u00d7x*]\s?\d+)|[A-Za-z]\w*|\s?(?:(?P<percent>%|percent\b|per\s?cent\b)|\u2030|bps?\b|basis\spoints|pp\b|[kKmMBT]\b|bn\b|mn\b|m(?:io|ln|rd)\b|"
    r"bln\b|tn\b|lakh\b|crore\b|hundred\b|thousand\b|million\b|billion\b|trillion\b|dozen\b))"
)


def find_changed_tags(text: str, facts: FactSet) -> tuple[tuple[int, int], ...]:
    """Where such tags stand, with what is glued to them. A percent sign after a percent changes nothing."""
    found = []
    for match in _TAG.finditer(text):
        fact = facts.get(match["tag"] or match["bare"])
        before, after = _BEFORE.search(text, max(0, match.start() - 40), match.start()), _AFTER.match(text, match.end())
        if after and after["percent"] and fact is not None and fact.unit is Unit.PERCENT:
            after = None
        if before or after:
            found.append((before.start() if before else match.start(), after.end() if after else match.end()))
    return tuple(found)
