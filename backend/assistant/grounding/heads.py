"""The word that a number is of: before it, right behind it, or further behind where the sentence is turned round."""

import re
from typing import Final

from backend.assistant.grounding.found import Kind
from backend.assistant.grounding.lexicon import Sort, aspects_of
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import BREAK, HEADS, PERCENTS, STRANGE, VERB_END, Around

_ARTICLES: Final = frozenset(("the", "a", "an", "its", "their", "his", "her", "our", "my", "your", "this", "that", "these", "of"))
_AND: Final = frozenset(("and", "but", "while"))
_SAYS: Final = re.compile(r"[\s*_`\"')]*(?:[:=]|(?:is|was|of|at|stands?|sits?|reads?|are|were|now|currently|remains?)\b)")
_FORWARD: Final = re.compile(r"[\s*_`)\"'\u201d\u2019]*")
_OF: Final = re.compile(r"[\s*_`)]*(?:%|percent)?\s*(?:of|in|for|from)\s", re.IGNORECASE)
_INVERTED: Final = re.compile(r"[\s*_`)]*(?:,\s*)?(?:(?P<said>is|was|marks?|as|being|were|=)\s|,\s|-\s|\u2013\s)", re.IGNORECASE)
_BRACKET: Final = re.compile(r"[\s*_`]*\(([^()\d]{2,40}\))")
_FIRST_OF_TWO: Final = re.compile(r"\s(?:to|against|versus|vs\.?)\s[-$]?\d[\d.,]*\)", re.IGNORECASE)
_ARE: Final = re.compile(r"\s(?:levels?\s)?(?:are|were|stand|sit|lie)\b|:")
_AND_NUMBER: Final = re.compile(r"[\s*_`]*(?:and|,|/)\s*[$\u20ac\u00a3]?\d")
_AMOUNT: Final = re.compile(
    r"[\s*_`]*(?:(?:by|of|was|is|about|around|some|just|nearly|almost|over|roughly|=|:)[\s*_`]*)*[$\u20ac\u00a3]?", re.IGNORECASE
)


def governor(around: Around) -> tuple[Piece | None, bool]:
    """The last subject before the number, and whether only words that name nothing stand between.

    None and True: it is of a noun that nobody knows, as in "the zork factor is 28".
    """
    is_close = True
    unknown: list[Piece] = []
    end = around.number.start
    for piece in reversed(around.before):
        is_close = is_close and not BREAK.search(around.text, piece.end, end)
        end = piece.start
        is_aside = _is_aside(around, piece)
        if piece.sort in HEADS and not is_aside:
            if is_close and unknown and _is_noun(around, unknown[0], has_subject=True):
                return None, True
            return _compound(around, piece), is_close and len(unknown) < 3
        if piece.sort is Sort.UNKNOWN:
            unknown.append(piece)
        elif is_close and unknown and piece.word in _ARTICLES and _is_noun(around, unknown[0], has_subject=False):
            return None, True
        elif piece.sort is Sort.COUNT or piece.word in _AND or is_aside:
            is_close = False
    return None, False


def _compound(around: Around, head: Piece) -> Piece:
    """What no fact is of where it stands right before the subject: "Fibonacci support"; of "high and low are" the one in turn."""
    place = around.before.index(head)
    before = around.before[place - 1] if place else None
    if before is not None and before.sort is Sort.FOREIGN and around.text[before.end : head.start] == " ":
        return before
    counts = [piece for piece in around.before[place:] if piece.sort is Sort.COUNT]
    named = around.before[place - 2 : place] if place > 1 else []
    is_pair = len(named) == 2 and named[0].sort is Sort.SUBJECT and named[1].word == "and"
    if is_pair and not counts and _ARE.match(around.text, head.end) and _AND_NUMBER.match(around.text, around.number.end):
        return named[0]
    return head


def _is_aside(around: Around, motion: Piece) -> bool:
    """Whether the number is no amount of a motion, but a level: "falls below 418.60"."""
    if motion.value != "change" or around.number.kind in PERCENTS:
        return False
    return _AMOUNT.fullmatch(around.text, motion.end, around.number.start) is None


def _is_noun(around: Around, last: Piece, *, has_subject: bool) -> bool:
    """Whether an unknown word is what the number is of: "a multiple of 28", "the price elasticity is 28"."""
    if (has_subject and VERB_END.search(around.text[last.start : last.end])) or "slope" in aspects_of((last.word,)):
        return False
    return any(piece.start >= last.end for piece in around.before) and _SAYS.match(around.text, last.end) is not None


def beside(around: Around) -> Piece | None:
    """A subject right behind the number: "28 analysts", "a 3.2% drop", "33.4 RSI", "20 % of sales"."""
    text, kind = around.text, around.number.kind
    at = _FORWARD.match(text, around.number.end)
    end = at.end() if at else around.number.end
    is_of = _OF.match(text, around.number.end) is not None
    is_part, is_own, n_unknown = False, False, 0
    for piece in around.after[:4]:
        if BREAK.search(text, end, piece.start) or ":" in text[end : piece.start]:
            return None
        end = piece.end
        if piece.sort in HEADS:
            is_own_head = not is_own or piece.value in {"price", "volume ratio"}  # "at 430.47 it closed"
            is_its = not is_of or is_part or piece.sort in STRANGE or piece.value == "volume ratio"
            return piece if is_own_head and is_its else None
        if named := _named_behind(around, piece, is_of=is_of, is_first=not n_unknown):
            return named
        is_article = piece.word in _ARTICLES and kind in {Kind.MULTIPLE, Kind.PERCENT}
        is_part = is_part or bool(aspects_of((piece.word,)) - {"distance"})
        n_unknown += piece.sort is Sort.UNKNOWN
        is_own = is_own or piece.sort is Sort.OWN
        if n_unknown > 1 or (piece.sort is Sort.LINK and not (is_of or is_part or is_article)):
            return None
    return None


def _named_behind(around: Around, piece: Piece, *, is_of: bool, is_first: bool) -> Piece | None:
    """Shares are volume, and a percent of sessions is the confidence of a value at risk."""
    if piece.sort is Sort.OWN and piece.word == "share" and is_first and around.number.kind is Kind.PLAIN:
        return Piece(piece.start, piece.end, piece.word, Sort.SUBJECT, "volume")
    if is_of and piece.sort is Sort.STRETCH and any(one.value == "var" for one in around.before):
        return Piece(piece.start, piece.end, "var", Sort.SUBJECT, "confidence")
    return None


def inverted(around: Around) -> tuple[Piece | None, bool]:
    """A subject further behind, and whether a word says so: "418.60 is the nearest support", "at 33.4, the RSI"."""
    turned = _INVERTED.match(around.text, around.number.end)
    end = turned.end() if turned else 0
    for piece in around.after[:6] if turned else ():
        if piece.sort is Sort.COUNT or BREAK.search(around.text, end, max(end, piece.start)):
            break
        end = max(end, piece.end)
        if piece.sort in HEADS:
            return piece, turned is not None and turned["said"] is not None
    return None, False


def in_brackets(around: Around) -> Piece | None:
    """A subject alone in brackets behind the number ("429.84 (lower band)"), or the first of two whose numbers are in brackets."""
    opened = _BRACKET.match(around.text, around.number.end)
    inside = [piece for piece in around.after if opened and opened.end(1) >= piece.end]
    if inside and inside[-1].sort in HEADS and around.text[inside[-1].end] == ")":
        return inside[-1]
    if _FIRST_OF_TWO.match(around.text, around.number.end) and around.lead().rstrip().endswith("("):
        heads = [piece for piece in around.before if piece.sort in HEADS]
        return heads[-2] if len(heads) > 1 else None
    return None
