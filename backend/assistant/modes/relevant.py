"""Which facts go with a question: the few that everybody wants, and those whose words it uses; a prompt has room for no more."""

import re
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.questions.periods import take_period
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import Recent, Whole
from backend.errors import InvalidInput

N_FACTS_MAX: Final = 20
ALWAYS: Final = (
    "instrument.id",
    "instrument.name",
    "bars.age",
    "price.date",
    "price.last",
    "price.change_1",
    "price.change_21",
    "price.change_252",
    "volume.ratio_20",
    "trend.direction",
    "oscillator.rsi",
    "level.support.1",
    "level.resistance.1",
    "view.change",
    "view.high",
    "view.low",
)
_WORD: Final = re.compile(r"[a-z]{3,}|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DULL: Final = _words("the and for are was its has how what why when does tell about with from this that")
_VAGUE: Final = _words("ratio usual name value rate number line day session week month year last newest against")
"""They stand in labels of many facts and name none of them alone."""

_SMALL_TALK: Final = _words(
    "doing look looking like going stand standing today now stock share company should you can think say more buy sell hold worry "
    "good bad please there current currently situation overview summary"
)


def relevant(facts: FactSet, text: str, n_max: int = N_FACTS_MAX) -> FactSet:
    """At most ``n_max`` of the facts, with their ids: the usual ones, then those that share most words with the text.

    Each kind stands in the order of the facts, the usual ones first: prompts about one instrument begin alike, and what a model has
    read of one it need not read again in the next.
    """
    words = _stems(text)
    usual: list[Fact] = []
    named: list[tuple[int, int, Fact]] = []
    for place, fact in enumerate(facts.values()):
        if fact.name in ALWAYS and fact.is_available:
            usual.append(fact)
        elif (n_shared := _n_shared(words, fact)) or fact.is_available:
            named.append((-n_shared, place, fact))
    chosen = sorted(named)[: max(n_max - len(usual), 0)]
    return FactSet((*usual[:n_max], *(fact for _, _, fact in sorted(chosen, key=lambda one: one[1]))))


def asked_for(facts: FactSet, text: str, n_max: int) -> FactSet:
    """At most ``n_max`` facts with a value that a question names, the usual ones where it names just the instrument; else none.

    None for a question about another time either: what is at hand is of the newest bar.
    """
    if names_other_time(text):
        return FactSet(())
    words = _stems(text)
    known = [fact for fact in facts.values() if fact.is_available]
    telling = frozenset(word for word in words - _VAGUE if not word.isdigit())
    scored = [(-_n_shared(words, fact), place, fact) for place, fact in enumerate(known) if _n_shared(telling, fact)]
    chosen = sorted(sorted(scored)[:n_max], key=lambda one: one[1])
    if not chosen and (names := words & _names(facts)) and words - names <= _SMALL_TALK:
        return FactSet([fact for fact in known if fact.name in ALWAYS][:n_max])
    return FactSet(fact for _, _, fact in chosen)


def names_other_time(text: str) -> bool:
    """Whether a question is about days of the calendar, and not about now or a stretch that ends now."""
    try:
        period, _ = take_period(plain_question(text))
    except InvalidInput:
        return True
    return not isinstance(period, Whole | Recent)


def _names(facts: FactSet) -> frozenset[str]:
    return frozenset[str]().union(*(_stems(str(fact.value)) for fact in facts.under("instrument.")))


def _n_shared(words: frozenset[str], fact: Fact) -> int:
    return len(words & _stems(f"{fact.label} {fact.name.replace('.', ' ').replace('_', ' ')}"))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") if not word.isdigit() else word for word in _WORD.findall(text.lower()) if word not in _DULL)
