"""Tags that may not be shown as they stand: of no fact, changed by what is glued to them, or of another fact than is spoken of."""

import re
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.names import TAG_MENTION
from backend.assistant.grounding.sentence import Sentence
from backend.assistant.grounding.speaking import Stated
from backend.assistant.grounding.values import decimal_of

_TAG: Final = re.compile(r"\{([A-Z][A-Za-z]{0,7}\d{1,6})\}|(?<![\w.,$\u20ac\u00a3{])(F\d{1,4})(?![\w}]|[.,]\d)", re.ASCII)
_UNSEEN: Final = "[\u00ad\u200b-\u200d\u2060\ufeff*_`]*"  # markup and letters that nobody sees do not part the two
_GLUED_BEFORE: Final = re.compile(
    rf"(?:(?<![\w%)\]}}])[-+\u2010-\u2013\u2212\ufe63\uff0d\u00b1]|[^\W_]|[.,}}\u221a]|\d\s?[/\u2044\u00d7x*]\s?|"
    rf"\b(?:minus|negative|half|twice|double|triple)\s){_UNSEEN}\Z",
    re.IGNORECASE,
)
_GLUED_AFTER: Final = re.compile(
    rf"{_UNSEEN}(?:[.,']?\d+|\s?(?:[\u00b2\u00b3\u00b9\u2070-\u2079\u00bc-\u00be\u2150-\u215e]+|\^\s?-?\w+|[/\u2044\u00d7x*]\s?\d+)|[A-Za-z]\w*|\s?(?:(?P<percent>%|percent\b|per\s?cent\b)|\u2030|bps?\b|basis\spoints|pp\b|[kKmMBT]\b|bn\b|mn\b|m(?:io|ln|rd)\b|"
    r"bln\b|tn\b|lakh\b|crore\b|hundred\b|thousand\b|million\b|billion\b|trillion\b|dozen\b))"
)
_PAIR: Final = re.compile(r"\([^()]*F\d[^()]*F\d[^()]*\)")  # "(430.47 against 483.14)" says of both what stands before it
_KINDS: Final = {
    Unit.PRICE: Kind.MONEY, Unit.MONEY: Kind.MONEY, Unit.PERCENT: Kind.PERCENT, Unit.RATIO: Kind.MULTIPLE, Unit.COUNT: Kind.PLAIN,
    Unit.QUANTITY: Kind.PLAIN, Unit.INDEX: Kind.PLAIN,
}  # fmt: skip


def wrong_tags(sentence: Sentence, known: Known) -> list[tuple[int, int]]:
    """Where such tags and links stand in a sentence."""
    text = sentence.text
    unknown = [match.span() for match in TAG_MENTION.finditer(text) if (match[1] or match[2]) not in known.facts]
    tags = [(match.span(), known.facts[_id(match)]) for match in _TAG.finditer(text) if _id(match) in known.facts]
    pairs = [match.span() for match in _PAIR.finditer(text)]
    alone = [(place, fact) for place, fact in tags if not any(start < place[0] < end for start, end in pairs)]
    turned = [place for place, fact in alone if _is_of_another(fact, place, sentence, known)]
    return [*unknown, *find_changed_tags(text, known.facts), *turned]


def find_changed_tags(text: str, facts: FactSet) -> tuple[tuple[int, int], ...]:
    """Where what is glued to a tag would become part of its number: -{F1}, {F1}5, {F1} million; no "%" behind a percent."""
    found = []
    for match in _TAG.finditer(text):
        fact = facts.get(_id(match))
        before, after = _GLUED_BEFORE.search(text, max(0, match.start() - 40), match.start()), _GLUED_AFTER.match(text, match.end())
        if after and after["percent"] and fact is not None and fact.unit is Unit.PERCENT:
            after = None
        if before or after:
            found.append((before.start() if before else match.start(), after.end() if after else match.end()))
    return tuple(found)


def _id(tag: re.Match[str]) -> str:
    return tag[1] or tag[2]


def _is_of_another(fact: Fact, place: tuple[int, int], sentence: Sentence, known: Known) -> bool:
    """Whether the sentence speaks of something else where the tag stands, or says that its value moved the other way."""
    kind = _KINDS.get(fact.unit)
    if kind is None or isinstance(fact.value, bool | str) or fact.value is None:
        return False
    start, end = place
    stated = Stated(sentence, FoundNumber(start, end, sentence.text[start:end], kind, decimal_of(fact.value)))
    spoken = stated.spoken
    is_said = not spoken.is_guess and bool(
        spoken.subjects or spoken.labelled - {_id(match) for match in _TAG.finditer(sentence.text)}
    )
    if spoken.is_strange or (is_said and not known.subjects.fits(fact, stated)):
        return True
    sign, moves = known.subjects.sign(fact), stated.direction.moves
    return (sign == "change" and moves * fact.number < 0) or (sign == "fall" and moves > 0)
