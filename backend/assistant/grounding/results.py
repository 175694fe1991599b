"""Where a number reads as a result: there a number that the person wrote must not come back as if it were the answer.

Where a number was asked for, one of the person's own may only be repeated as what it was in the question: "with 50,000 at risk".
"""

import re
from typing import Final

from backend.assistant.grounding.found import FoundNumber
from backend.assistant.grounding.lexicon import LINKS, WORD, stem

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
    r"\b(?:what|which)\s(?!(?:do|does|did|can|should|would|will)\b)(?:[a-z]+\s){1,3}(?:do|does|did|is|are|was|were|will|would|should|can|"
    r"could|must|to)\b|\b(?:calculate|compute|convert|count|estimate|solve|determine|work\sout|add\sup|position\ssiz\w+)\b",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|suppos(?:e|ing)|assum(?:e|ed|ing)|should|were|unless|whether|you\s(?:say|said|ask|asked|wrote|mention(?:ed)?|hold|held|own|bought|paid|have|invest(?:ed)?|"
    r"entered|sold)|your|bought\s(?:at|for)|to\s(?:recover|regain|offset|make\sup)(?:\sfrom|\sfor)?)\b[^.!?;\n]*\Z",
    re.IGNORECASE,
)
_RETOLD: Final = re.compile(r"\byou\s(?:say|said|ask|asked|wrote|mention(?:ed)?)\b[^.!?;,\n\d]*\Z", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"[;!?|\n]|\.(?!\d)|\b(?:what|which|how|if|when|suppos\w+|assum\w+)\b", re.IGNORECASE)
_ASKED_FOR: Final = re.compile(r"\b(?:what|which|how\s\w+)\b", re.IGNORECASE)
_GLUED: Final = re.compile(r"[\s*_`)\"'-]*")
_N_ASKED: Final = 2  # words behind "how many" that say what is asked for
# Words that say nothing of what a number is of, and words whose forms begin differently.
_HAVING: Final = frozenset(("have", "has", "had"))
_TELLING_NOTHING: Final = (
    "i you we my me us our he she they then so thus would could can should will must may might do doe did let get also be am "
    "account capital portfolio balance dollar euro bucks usd eur"
)
_EMPTY: Final = frozenset((*(stem(word) for word in LINKS - _HAVING), *_TELLING_NOTHING.split()))
_FORMS: Final = {
    "sold": "sell", "bought": "buy", "held": "hold", "lost": "loss", "lose": "loss", "losing": "loss", "paid": "pay",
    "rose": "rise", "grew": "grow", "fell": "fall", "has": "have", "had": "have", "went": "go", "made": "make", "spent": "spend",
}  # fmt: skip


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


def is_retold(number: FoundNumber, sentence: str) -> bool:
    """Whether the words say that the person named it: "you ask about 10,000"."""
    return _RETOLD.search(sentence[: number.start]) is not None


def words_beside(text: str, start: int, end: int, *, n_words: int) -> frozenset[str]:
    """The words that say what a number at ``text[start:end]`` is of: a noun glued to it, else so many on either side."""
    stops = [match.end() for match in _ELSEWHERE.finditer(text, 0, start)]
    after = _ELSEWHERE.search(text, end)
    stop = after.start() if after else len(text)
    glued = _GLUED.match(text, end)
    first = WORD.match(text, glued.end(), stop) if glued else None
    if n_words == 1 and first and not first[0][0].isdigit() and stem(first[0]) not in _EMPTY:
        return frozenset((_root(first[0]),))
    before, behind = _telling(text[stops[-1] if stops else 0 : start])[::-1], _telling(text[end:stop])
    near = (*before[: _reach(before, n_words)], *behind[: _reach(behind, n_words)])
    return frozenset(near)


def asked_for(question: str) -> frozenset[str]:
    """The words of what a question asks for; a number beside these alone is no condition but an answer."""
    found: set[str] = set()
    for match in _ASKED_FOR.finditer(question):
        stop = _ELSEWHERE.search(question, match.end())
        rest = question[match.end() : stop.start() if stop else len(question)]
        found |= set(_telling(re.split(r"\d", rest, maxsplit=1)[0])[:_N_ASKED])
    return frozenset(found)


def _telling(text: str) -> list[str]:
    return [_root(match[0]) for match in WORD.finditer(text) if stem(match[0]) not in _EMPTY]


def _reach(said: list[str], n_words: int) -> int:
    """How many of these count: one more where a single one is a figure ("risking 2% of 20,000")."""
    return n_words + (n_words == 1 and bool(said) and said[0][0].isdigit())


def _root(word: str) -> str:
    """The beginning that the forms of a word have in common, as far as four letters tell."""
    said = stem(word).replace(",", "")
    return said if said[0].isdigit() else _FORMS.get(said, said)[:4]
