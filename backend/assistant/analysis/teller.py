"""What a text is written with: tags of facts that are there, and claims that were judged true."""

from typing import Final

from backend.assistant.facts.fact import FactSet, Unit
from backend.assistant.grounding.claim import Claim, Op, Verdict
from backend.assistant.grounding.judging import judge
from backend.assistant.grounding.values import format_fact

CLAIM_WORDS: Final = {
    Op.ABOVE: "{0} is above {1}",
    Op.BELOW: "{0} is below {1}",
    Op.NEAR: "{0} is near {1}",
    Op.BETWEEN: "{0} is between {1} and {2}",
    Op.RISING: "{0} is positive",
    Op.FALLING: "{0} is negative",
    Op.OVERBOUGHT: "{0} is overbought",
    Op.OVERSOLD: "{0} is oversold",
    Op.STRONG: "{0} is high",
    Op.WEAK: "{0} is low",
    Op.HIGHER_THAN_USUAL: "{0} is higher than usual",
    Op.LOWER_THAN_USUAL: "{0} is lower than usual",
    Op.DOUBLED: "{0} is far higher than usual",
    Op.DIVERGES: "{0} is there",
    Op.PRESENT: "{0} is there",
    Op.ABSENT: "{0} is not there",
}


class Teller:
    """Writes of one set of facts; remembers every claim that was judged true on the way."""

    def __init__(self, facts: FactSet) -> None:
        self._facts = facts
        self._verdicts: dict[Claim, Verdict] = {}

    def has(self, *names: str) -> bool:
        """Whether all of these facts have a value."""
        return all((fact := self._facts.named(name)) is not None and fact.is_available for name in names)

    def tag(self, name: str) -> str:
        """The tag of a fact that has a value. Raises KeyError where it has none: a text must ask first."""
        fact = self._facts.named(name)
        if fact is None or not fact.is_available:
            raise KeyError(name)
        return f"{{{fact.id}}}"

    def label(self, name: str) -> str:
        """What a fact is called, without braces that could be a tag's; "" where there is none."""
        fact = self._facts.named(name)
        return "" if fact is None else fact.label.replace("{", "").replace("}", "")

    def number(self, name: str) -> float:
        """The value of a fact that is a number. Raises KeyError where it has none."""
        self.tag(name)
        fact = self._facts.named(name)
        assert fact is not None
        return fact.number

    def word(self, name: str) -> str:
        """The value of a fact that is a word, "" where it has none."""
        fact = self._facts.named(name)
        return fact.value if fact is not None and isinstance(fact.value, str) else ""

    def looks_equal(self, one: str, other: str) -> bool:
        """Whether two figures read alike as they are shown, whatever their last digits."""
        first, second = (self._facts.named(name) for name in (one, other))
        return first is not None and second is not None and format_fact(first) == format_fact(second)

    def known_ns(self, name: str) -> int:
        """When a find could first be known; 0 where that is not told."""
        fact = self._facts.named(name)
        return 0 if fact is None or fact.known_ns is None else fact.known_ns

    @property
    def bar_word(self) -> str:
        """What a bar of the series is called: a day where it is one."""
        return {"1d": "day", "1w": "week", "1mo": "month"}.get(self.word("instrument.interval"), "bar")

    @property
    def bars_word(self) -> str:
        """What counted bars are called: sessions where they are days, since days without trading do not count."""
        return "sessions" if self.bar_word == "day" else f"{self.bar_word}s"

    def why_not(self, name: str) -> str:
        """Why a fact has no value."""
        fact = self._facts.named(name)
        return "" if fact is None else fact.why_not

    def names_under(self, prefix: str) -> tuple[str, ...]:
        """Names of the facts that have a value and begin with ``prefix``."""
        return tuple(fact.name for fact in self._facts.under(prefix) if fact.is_available)

    def holds(self, op: Op, *names: str) -> bool:
        """Whether a claim is true of these facts; a true one is remembered for the section."""
        found = [self._facts.named(name) for name in names]
        facts = [fact for fact in found if fact is not None]
        if len(facts) < len(names):
            return False
        verdict = judge(claim_of(op, tuple(fact.id for fact in facts), self._facts), self._facts)
        if verdict.is_true:
            self._verdicts[verdict.claim] = verdict
        return verdict.is_true is True

    def take_verdicts(self) -> tuple[Verdict, ...]:
        """The claims judged true since the last time, in order."""
        taken = tuple(self._verdicts.values())
        self._verdicts.clear()
        return taken


def claim_of(op: Op, args: tuple[str, ...], facts: FactSet) -> Claim:
    """A claim in plain words: labels, and tags in place of numbers."""
    named = [facts[fact_id] for fact_id in args]
    words = [fact.label if fact.unit is Unit.FLAG else f"{fact.label} ({{{fact.id}}})" for fact in named]
    return Claim(op, args, CLAIM_WORDS[op].format(*words))


def joined(parts: list[str], last: str = "and") -> str:
    """Parts as a list in a sentence: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def paragraphs(*sentences: list[str]) -> str:
    """Lists of sentences as paragraphs; empty ones are left out."""
    return "\n\n".join(" ".join(each) for each in sentences if each)
