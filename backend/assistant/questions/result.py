"""What a question came to: a sentence whose numbers are tags of facts, the facts, the bars to show, and a table where one helps."""

from dataclasses import dataclass

from backend.assistant.facts.fact import BarRange, FactSet
from backend.assistant.questions.plan import Plan


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Heads and rows of cells in which numbers are tags of facts, as in the sentence."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """An answer that code computed.

    understood : the plan in words that are read back as the same plan
    sentence : markdown in which every number and name is a tag such as {F3}; not a digit stands outside of tags
    matches : stretches of bars that the answer is about, oldest first, to be highlighted
    is_answered : False where there was nothing to answer from, which the sentence then says
    """

    plan: Plan
    understood: str
    sentence: str
    facts: FactSet
    matches: tuple[BarRange, ...] = ()
    table: AnswerTable | None = None
    is_answered: bool = True
