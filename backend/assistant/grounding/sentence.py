"""A sentence with what was said before it, and one of its numbers with what stands around it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Final

from backend.assistant.grounding.dates import Date
from backend.assistant.grounding.folding import Folded, fold_text
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.lexicon import Phrases, Sort
from backend.assistant.grounding.pieces import Piece, read_pieces

CLAUSE_END: Final = re.compile(r"[;!?|\n]|[.,:](?!\d)|\b(?:and|but|while|whereas|although|though)\b", re.IGNORECASE)
BREAK: Final = re.compile(r"[;.!?|\n]|,(?!\d)|\s[-\u2013\u2014]\s")
HEADS: Final = frozenset({Sort.SUBJECT, Sort.FOREIGN, Sort.LABEL, Sort.OTHER})
"""What a number can be of."""
STRANGE: Final = frozenset({Sort.FOREIGN, Sort.OTHER})
PERCENTS: Final = frozenset({Kind.PERCENT, Kind.POINTS})
VERB_END: Final = re.compile(r"(?:ed|ing|ly|s)\Z")
_ASIDE: Final = re.compile(r"\d.*,\s(?:which|set|made|reached|hit)\b")  # says the day of another number
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s|\n")


@dataclass
class Sentence:
    """One sentence or line of an answer.

    own : the labels of facts and the names of the instrument
    before : what the answer, or the question, said right before it
    dates : where the sentence tells a date or a year, and every way to read it
    """

    text: str
    own: Phrases = field(default_factory=dict)
    before: str = ""
    dates: tuple[tuple[int, tuple[Date, ...]], ...] = ()

    @cached_property
    def folded(self) -> Folded:
        """Its text as it is seen."""
        return fold_text(self.text)

    @cached_property
    def pieces(self) -> list[Piece]:
        """What it speaks of, in order."""
        return read_pieces(self.text, self.own)

    @cached_property
    def context(self) -> list[Piece]:
        """What was spoken of before it, headings and the question among it."""
        return read_pieces(self.before, self.own)

    @cached_property
    def paragraph(self) -> list[Piece]:
        """What was spoken of before it in its paragraph."""
        return read_pieces(self.before.rpartition("\n\n")[2], self.own)

    @cached_property
    def stretches(self) -> list[Piece]:
        """The stretches of time that the paragraph named before, windows of averages and highs apart."""
        said = zip_longest(self.paragraph, self.paragraph[1:])
        return [one for one, after in said if one.sort is Sort.STRETCH and (after is None or after.sort is not Sort.SUBJECT)]

    @cached_property
    def is_of_other(self) -> bool:
        """Whether the sentence before, in the same paragraph, was about one other instrument."""
        last = _SENTENCE_END.split(self.before.rpartition("\n\n")[2].rstrip())[-1]
        said = [piece for piece in read_pieces(last, self.own) if piece.sort in {Sort.OTHER, Sort.OWN}]
        is_many = sum(piece.sort is Sort.OTHER for piece in said) > 1
        return bool(said) and said[0].sort is Sort.OTHER and not is_many and not any(piece.value == "name" for piece in said)

    def date_near(self, number: FoundNumber) -> tuple[Date, ...]:
        """The date that stands nearest to a number in its line."""
        others = [(at, dates) for at, dates in self.dates if not number.start <= at < number.end and self._is_in_line(at, number)]
        return min(others, key=lambda one: abs(one[0] - number.start))[1] if others else ()

    def _is_in_line(self, at: int, number: FoundNumber) -> bool:
        between = self.text[min(at, number.end) : max(at, number.start)]
        return "\n" not in between and not (at > number.start and _ASIDE.search(between))


class Around:
    """A number in its sentence: the pieces before and after it, and its clause."""

    def __init__(self, sentence: Sentence, number: FoundNumber) -> None:
        self.sentence = sentence
        self.number = number
        self.text = sentence.text
        self.before = [piece for piece in sentence.pieces if piece.end <= number.start]
        self.after = [piece for piece in sentence.pieces if piece.start >= number.end]

    @cached_property
    def clause(self) -> tuple[int, int]:
        """Where the number's clause stands."""
        stops = [match.end() for match in CLAUSE_END.finditer(self.text, 0, self.number.start)]
        after = CLAUSE_END.search(self.text, self.number.end)
        return (stops[-1] if stops else 0), (after.start() if after else len(self.text))

    @cached_property
    def near(self) -> list[Piece]:
        """The pieces of its clause."""
        start, end = self.clause
        return [piece for piece in (*self.before, *self.after) if start <= piece.start and piece.end <= end]

    @property
    def is_in_strange_clause(self) -> bool:
        """Whether its clause names something that no fact of bars is of."""
        return any(piece.sort is Sort.FOREIGN for piece in self.near)

    @property
    def is_compared(self) -> bool:
        """Whether it says how the instrument goes with another, whose name then belongs there."""
        return any(piece.value in {"beta", "correlation"} for piece in (*self.before, *self.after[:4]))

    def lead(self) -> str:
        """The few letters right before the number."""
        return self.text[max(0, self.number.start - 20) : self.number.start]
