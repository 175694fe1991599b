"""What a date in a sentence is of: the subjects of its clause, else of its line; of nothing known where an unknown word is all."""

import re
from dataclasses import dataclass, replace
from typing import Final

from backend.assistant.grounding.dates import MONTHS
from backend.assistant.grounding.lexicon import Sort, aspects_of
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import Around
from backend.assistant.grounding.spoken import Spoken, spoken_alone

_AS_OF: Final = re.compile(
    r"\b(?:as\s(?:of|at|on)|until|through|(?<!back\s)to|data\s(?:of|for|from)|between\b.{6,24}\sand)\W{0,3}\Z", re.IGNORECASE
)
_SINCE: Final = re.compile(
    r"\b(?:since|from|between|after|start(?:s|ed|ing)?|begin(?:s|ning)?|began|first|oldest|(?:goes|go|going)\sback\sto|over)\b"
    r"[^.;!?|\n]{0,24}\Z",
    re.IGNORECASE,
)
_SUBJECTS: Final = frozenset({Sort.SUBJECT, Sort.LABEL})
_TURNS: Final = frozenset(("swing", "turn", "turned"))  # what swings do: "on May 3 it turned"


@dataclass(frozen=True, slots=True)
class Dated:
    """What a date is said to be of.

    spoken : None where nothing is said
    is_strange : of something that no fact is of, or of another instrument
    is_state : how things stand that day, and not what happened; is_since : what lasts since then
    """

    spoken: Spoken | None = None
    is_strange: bool = False
    is_state: bool = False
    is_since: bool = False


def read_date(around: Around) -> Dated:
    """What the date is of that stands in ``around``."""
    start, end = around.clause
    line = around.text.rfind("\n", 0, around.number.start) + 1, around.text.find("\n", around.number.end)
    before = around.text[max(0, around.number.start - 60) : around.number.start]
    dated = Dated(is_state=_AS_OF.search(before) is not None, is_since=_SINCE.search(before) is not None)
    for first, last in ((start, end), (line[0], line[1] if line[1] >= 0 else len(around.text))):
        scope = [piece for piece in (*around.before, *around.after) if first <= piece.start and piece.end <= last]
        if any(_is_strange(piece, around) for piece in scope):
            return Dated(is_strange=True)
        if (head := _head(scope, around)) is not None:
            return replace(dated, spoken=_spoken(head, scope, around))
        if not dated.is_state and any(_is_unknown(piece) for piece in scope):
            return Dated(is_strange=True)
    heads = [piece for piece in around.sentence.context if piece.sort in {Sort.FOREIGN, Sort.OTHER, *_SUBJECTS}]
    return replace(dated, is_strange=bool(heads) and heads[-1].sort not in _SUBJECTS)


def _head(scope: list[Piece], around: Around) -> Piece | None:
    """The last subject before the date, else the first behind it; a bare "highest" is of another one."""
    heads = [piece for piece in scope if piece.sort in _SUBJECTS or piece.word in _TURNS]
    heads = [piece for piece in heads if piece.word not in {"highest", "lowest"}] or heads
    before = [piece for piece in heads if piece.end <= around.number.start]
    return before[-1] if before else heads[0] if heads else None


def _spoken(head: Piece, scope: list[Piece], around: Around) -> Spoken:
    """What a subject means, with the words that are said beside it."""
    words = frozenset(word for piece in scope for word in piece.word.split())
    pieces = around.sentence.pieces
    if head.word in _TURNS:
        return Spoken(frozenset({"swing high", "swing low"}), aspects=frozenset({"swing"}), words=words)
    alone = spoken_alone(pieces, pieces.index(head))
    subjects = alone.subjects | {"change"} if alone.subjects & {"price"} else alone.subjects  # "since ... the price is down"
    return replace(alone, subjects=subjects, aspects=frozenset(aspects_of(words)), words=words)


def _is_strange(piece: Piece, around: Around) -> bool:
    if around.is_compared and piece.value in {"others", ""}:
        return False
    return piece.sort in {Sort.FOREIGN, Sort.OTHER}


def _is_unknown(piece: Piece) -> bool:
    return piece.sort is Sort.UNKNOWN and piece.word not in {*MONTHS, "date"} and len(piece.word) > 2
