"""Where a number reads as a result: there a number that the person wrote must not come back as if it were the answer."""

import re
from typing import Final

from backend.assistant.grounding.found import FoundNumber

_FILLERS: Final = (
    r"(?:\W*\b(?:about|around|approximately|approx|roughly|exactly|precisely|nearly|almost|only|just|simply|now|then|thus|therefore|"
    r"still|at|to|be|a|an|the|some|equal|estimated)\b)*"
)
_BEFORE: Final = re.compile(
    r"(?:\b(?:answer|results?|total|sum|outcome|solution|output)\b[^.!?;\n\d]{0,48}?(?:\b(?:is|are|was|were|be|equals?|reads|comes)\b|[:=])"
    r"|\b(?:total|sum)(?:\s+of|(?=\W*\Z))"
    r"|\b(?:worth|equals?|equal\sto|amount(?:s|ed|ing)?\sto|totals|totall?(?:ed|ing)|com(?:es?|ing)\s(?:out\s)?(?:to|at)|yields|gives|makes)\b"
    rf"|[=\u2248]){_FILLERS}[^\w.!?;]*\Z",
    re.IGNORECASE,
)
_GOES_ON: Final = re.compile(r"[\s)*_`]*(?:[-+/\u00d7\u00f7^\u2212]|\*\s?)\s?[($\u20ac\u00a3]?\s?[\d{]")
_ALONE_BEFORE: Final = re.compile(
    rf"[\W_]*(?:(?:it|that|this|there)(?:\W?s|\s(?:is|are|was|were|would\sbe))\b)?{_FILLERS}[\W_]*", re.IGNORECASE
)
_ALONE_AFTER: Final = re.compile(r"[\W_]*(?:[A-Za-z]+[\W_]*){0,2}")
_ASKS: Final = re.compile(
    r"\bhow\s(?:many|much|far|often|long|old|big|large|small|high|low|likely|strong|volatile)\b|\b(?:number|count|percentage|share|sum|total|"
    r"amount|average|mean|median|value|price|return|worth|level)\sof\b|\bwhat(?:'s|\s(?:is|was|are|were|will|would|does|did))\b|"
    r"\b(?:calculate|compute|convert|count|estimate|solve|work\sout|add\sup)\b",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|suppos(?:e|ing)|assum(?:e|ed|ing)|should|were|unless|whether|you\s(?:say|said|ask|asked|wrote|mention(?:ed)?|hold|held|own|bought|paid|have|invest(?:ed)?|"
    r"entered|sold)|your|bought\s(?:at|for))\b[^.!?;\n]*\Z",
    re.IGNORECASE,
)


def asks_for_number(question: str) -> bool:
    """Whether an answer to this is a number, as far as its words tell."""
    return _ASKS.search(question) is not None


def is_result(number: FoundNumber, sentence: str, *, answers: bool) -> bool:
    """Whether a number is told as what something comes to ("the answer is 15", "worth 15", "= 15").

    answers : a number was asked for, so that one that stands alone is the answer
    """
    if _GOES_ON.match(sentence, number.end):
        return False
    before = sentence[: number.start]
    if _BEFORE.search(before[-120:]):
        return True
    return answers and _ALONE_BEFORE.fullmatch(before) is not None and _ALONE_AFTER.fullmatch(sentence[number.end :]) is not None


def is_supposed(number: FoundNumber, sentence: str) -> bool:
    """Whether the number stands in words that only suppose it, or say it after the person."""
    return _SUPPOSED.search(sentence[: number.start]) is not None
