"""Which facts go with a question: the few that everybody wants, and those whose words it uses; a prompt has room for no more."""

import re
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet

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
_DULL: Final = frozenset(
    {
        "the",
        "and",
        "for",
        "are",
        "was",
        "its",
        "has",
        "how",
        "what",
        "why",
        "when",
        "does",
        "tell",
        "about",
        "with",
        "from",
        "this",
        "that",
    }
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
    """At most ``n_max`` facts with a value that a question names, the usual ones where it names just the instrument; else none."""
    words = _stems(text)
    known = [fact for fact in facts.values() if fact.is_available]
    scored = [(-n_shared, place, fact) for place, fact in enumerate(known) if (n_shared := _n_shared(words, fact))]
    chosen = sorted(sorted(scored)[:n_max], key=lambda one: one[1])
    if not chosen and any(words & _stems(str(fact.value)) for fact in facts.under("instrument.")):
        return FactSet([fact for fact in known if fact.name in ALWAYS][:n_max])
    return FactSet(fact for _, _, fact in chosen)


def _n_shared(words: frozenset[str], fact: Fact) -> int:
    return len(words & _stems(f"{fact.label} {fact.name.replace('.', ' ').replace('_', ' ')}"))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") if not word.isdigit() else word for word in _WORD.findall(text.lower()) if word not in _DULL)
