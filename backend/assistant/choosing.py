"""Which mode answers a question, where a person leaves that to the gateway: what parsers and search read of it, and no model."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from backend.assistant.answers import Mode, Question
from backend.assistant.maths.reading import read_sum
from backend.assistant.maths.sizing import read_sizing
from backend.assistant.questions.entries import EntryIndex, asked_words
from backend.assistant.questions.names import Names
from backend.assistant.questions.offers import read_offer
from backend.assistant.questions.parsing import parse_question, take_subject
from backend.assistant.questions.periods import take_period
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.run import Questions
from backend.assistant.questions.search import PlatformSearch
from backend.assistant.routing import difficulty
from backend.errors import TriiError

HARD_FROM: Final = 0.6  # of ``difficulty``, as the router counts it
LONG_FROM: Final = 20  # words
KEYWORDS_MAX: Final = 4
CLOSE_FROM: Final = 0.65  # how well a thing must fit what is typed, of 1
GUIDED_FROM: Final = 0.4  # which share of the words of "how do I" must be found so


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")


_ANALYSE: Final = _any_of(
    r"analy[sz](?:e|ing)|analysis|outlook|trade ideas?|set ?ups?|deep dive|technicals?|levels?|supports?\b(?=.*\bresistances?\b)",
    r"(?:bull|bear)ish|(?:bull|bear) case|(?:over|under)valued|entry|(?:put|place|set) (?:the|my|a) (?:stop|target)",
    r"evaluat(?:e|ion)|assess(?:ment)?|how risky|trend(?:ing)?\b(?! lines?)|(?:view|opinion|take|thoughts) on",
    r"should i (?:buy|sell|hold|short|own|add)|(?:buy|sell|hold)\b.*\bor\b.*\b(?:buy|sell|hold)",
    r"(?:is|are|would) (?:@x[a-z]|it|this|that|now)\b.*\b(?:buy|sell|short|long|buying|selling|hold)",
    r"how (?:does|is|do|are)\b.*\b(?:look(?:s|ing)?|doing)|what (?:do you|to) (?:think|make) of",
)
_POINTS: Final = re.compile(r"analy[sz]e (?:it|this|that|the chart)\b")  # of nothing in view, it asks which
_THINK: Final = _any_of(
    r"^(?:draft|develop|devise|write)|why|explain|explanation|reasons?|what (?:causes?|caused|lessons|would|should|could|if|went)",
    r"strateg(?:y|ies)|plans?|scenarios?|design|outline|checklist|portfolio|step by step|backtest\b(?=.*\bwhether\b)",
    r"pros and cons|(?:dis)?advantages?|trade offs?|for and against|alternatives|compare|weigh|argue|decide|discuss|best way",
    r"is it better|second order|implications|consequences|critique|review|improve|reason about|think (?:through|about)",
    r"in (?:detail|depth)|detailed|should (?:i|my|we|one)|how (?:should|could|would|do\b(?! (?:i|you)\b))",
    r"suppose|imagine|assume|^if|if so",
)
_ASKS: Final = re.compile(r"^(?:what|define|is|are|can|do|does|which|who|when|name)\b")
_FINDS: Final = re.compile(r"^(?:find|search(?: for)?|look (?:up|for)|lookup|show(?: me)?|open|list|go to)\b")
_GUIDES: Final = re.compile(r"^(?:how (?:do|can|may) (?:i|you|we)|how to|where (?:is|are|do|can|does)|which indicators)\b")
_SAID: Final = _any_of(
    r"(?:did|have) (?:i|we|you) (?:ask|say|said|talk|write|wrote|discuss|tell|told)(?:ed)?",
    r"(?:our|my|earlier|previous|last) conversations?",
)
_WORD: Final = re.compile(r"[\w']+")
_BESIDE_A_NAME: Final = frozenset(
    {"stock", "stocks", "share", "shares", "chart", "quote", "quotes", "price", "prices"}
    | {"ticker", "symbol", "company", "index", "etf", "the", "of"}
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A mode, and in a few words why."""

    mode: Mode
    why: str


class Chooser:
    """Lives on the engine loop."""

    def __init__(self, questions: Questions, search: PlatformSearch) -> None:
        self._questions = questions
        self._search = search

    async def choose(self, question: Question) -> Chosen:
        """The mode for a question; what the chart shows counts as named. Raises nothing for any text."""
        names, index = await self._questions.names(), await self._search.index()
        named = "" if question.instrument is None else str(question.instrument)
        return await asyncio.to_thread(choose_mode, question.text, names, index, instrument=named)


def choose_mode(text: str, names: Names, index: EntryIndex, *, instrument: str = "") -> Chosen:
    """The first rule that fits: what code computes, an analysis, what takes thought, what is looked up; else Fast.

    instrument : the id of the one that goes with the question, as the chart's; empty for none
    """
    if why := _computed(text, names, instrument):
        return Chosen(Mode.FAST, why)
    marked, ids, _ = take_subject(re.sub(r"[{}@~\x00-\x1f]", " ", text), names)
    line = plain_question(marked).strip(" .?!")
    n_named = len(set(ids))
    if (_ANALYSE.search(line) and (n_named == 1 or (not n_named and instrument))) or _POINTS.match(line):
        return Chosen(Mode.ANALYSIS, "an analysis of one instrument")
    if why := _looked_up(text, line, index, n_named):
        return Chosen(Mode.SEARCH, why)
    if why := _thought_through(text, line):
        return Chosen(Mode.DEEP, why)
    if _is_nearly_computed(text, names, instrument):
        return Chosen(Mode.FAST, "a question over stored bars")
    return Chosen(Mode.FAST, "a short question")


def _computed(text: str, names: Names, instrument: str) -> str:
    """What of it code works out alone; empty where it does not."""
    try:
        if read_sizing(text) is not None or read_sum(text) is not None:
            return "a sum that code works out"
        return "code can compute it" if parse_question(text, names, instrument=instrument) is not None else ""
    except TriiError:
        return ""


def _is_nearly_computed(text: str, names: Names, instrument: str) -> bool:
    """Whether code reads parts of it, or all but one that it asks about."""
    try:
        parse_question(text, names, instrument=instrument)
        return read_offer(text, names, instrument=instrument) is not None
    except TriiError:
        return True


def _looked_up(text: str, line: str, index: EntryIndex, n_named: int) -> str:
    """What is looked for; empty where it is no look-up. ``line`` : plain, with marks in the place of instruments."""
    if _SAID.search(line):
        return "something said before"
    left = [word for word in _WORD.findall(re.sub(r"@x[a-z]", " ", _without_day(line))) if word not in _BESIDE_A_NAME]
    if n_named and not left:
        return "the name of an instrument"
    words = asked_words(text)
    if finds := _FINDS.match(line):
        return "something to be found" if len(line) > finds.end() and len(words) <= 2 * KEYWORDS_MAX else ""
    if _GUIDES.match(line):
        n_found = sum(_closeness(index, word) >= CLOSE_FROM for word in words)
        return "how something is done here" if n_found and n_found >= GUIDED_FROM * len(words) else ""
    is_bare = len(words) <= KEYWORDS_MAX and not _ASKS.match(line)
    return "the name of something here" if is_bare and _closeness(index, text) >= CLOSE_FROM else ""


def _closeness(index: EntryIndex, text: str) -> float:
    return max((hit.score for hit in index.find(text, 1)), default=0.0)


def _without_day(line: str) -> str:
    try:
        return take_period(line)[1]
    except TriiError:
        return line


def _thought_through(text: str, line: str) -> str:
    """Why it takes longer thought; empty where it does not."""
    if len(text.split()) > LONG_FROM:
        return "a long question"
    if re.search(r"\?\s+\S.*\?\s*$|[\w,]{2,}\.\s+\S.*\?\s*$", text, re.DOTALL):
        return "several questions at once"
    if _THINK.search(line) or _THINK.search(text.lower()) or difficulty(text) > HARD_FROM:
        return "it asks for reasons or a plan"
    return ""
