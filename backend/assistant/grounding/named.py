"""What a sentence names, with the facts that it means by that, and whether it names somebody else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.assistant.grounding.lexicon import NO_NAMES, Sort
from backend.assistant.grounding.pieces import Piece, is_first_word, read_pieces
from backend.assistant.grounding.sentence import Sentence
from backend.assistant.grounding.subjects import Subjects

_ITSELF: Final = frozenset(("it", "stock", "share", "index", "market", "coin", "pair", "security", "instrument"))
_NOT_COMPARED: Final = frozenset(("change", "level", "cross", "bars", "age"))  # how something moves, not what does
_DOES: Final = re.compile(
    r"(?:['\u2019]s)?\s(?:is|was|has|had|did|does|rose|fell|clos|trad|gain|lost|stands|outperf|underperf|beat|price|stock|shares|RSI|MACD|and\s[A-Z])"
)
_NOBODY: Final = frozenset({Sort.SUBJECT, Sort.LABEL, Sort.OWN, Sort.STRETCH, Sort.DAY, Sort.COUNT})


@dataclass(frozen=True, slots=True)
class Named:
    """What a stretch of a sentence names: a topic, and the fact of it if there is one that code computed."""

    start: int
    end: int
    topic: str
    fact: str = ""


def named_in(sentence: Sentence, subjects: Subjects) -> Iterator[Named]:
    """Everything that comparing words can be said of, in order; the instrument stands for its price."""
    pieces = sentence.pieces
    for place, piece in enumerate(pieces):
        if piece.sort is Sort.OWN:
            if not piece.is_possessive and (piece.value == "name" or piece.word in _ITSELF):
                yield Named(piece.start, piece.end, "price", subjects.fact_of(pieces, place))
        elif piece.sort in {Sort.FOREIGN, Sort.OTHER}:
            yield Named(piece.start, piece.end, "other")
        elif piece.sort is Sort.LABEL or (piece.sort is Sort.SUBJECT and piece.value not in _NOT_COMPARED):
            yield Named(piece.start, piece.end, subjects.topic_of(piece), subjects.fact_of(pieces, place))


def has_stranger(sentence: Sentence) -> bool:
    """Whether a name stands in the text that may be another's than the instrument's: all may be said of that one.

    Every capital inside a sentence may be a name. A number is taken for another's only with a surer sign (``pieces.py``), since it
    is struck where words stay as what nobody checked.
    """
    text = sentence.folded.text
    pieces = sentence.pieces if text == sentence.text else read_pieces(text, sentence.own)
    return any(_may_be_name(piece, text) for piece in pieces)


def _may_be_name(piece: Piece, text: str) -> bool:
    said, following = text[piece.start : piece.end], text[piece.end :]
    if piece.sort is Sort.OTHER:
        return True
    if not piece.is_capital or piece.sort in _NOBODY or piece.word in NO_NAMES or following[:1].isdigit():
        return False
    if piece.sort is Sort.FOREIGN and said.isupper():
        return False
    if not is_first_word(piece, text) or (said.isupper() and len(said) > 1):
        return said not in {"A", "The"}
    return piece.sort is not Sort.LINK and not said.endswith("ly") and _DOES.match(following) is not None
