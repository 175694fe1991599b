"""What moves, and where the price stands against something: "the average fell 1.7 %", "10.9 % below its 50-day average"."""

import re
from dataclasses import replace
from typing import Final

from backend.assistant.grounding.lexicon import Sort, place_of
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import BREAK, HEADS, PERCENTS, VERB_END, Around
from backend.assistant.grounding.sentence import STRANGE as STRANGE_SORTS
from backend.assistant.grounding.spoken import STRANGE, Spoken, spoken_of, windows_of

_FROM_HERE: Final = re.compile(r"[\s*_`]*(?:away\s)?from\s(?:here|the\s(?:last\s|current\s)?(?:price|close))", re.IGNORECASE)
_ENUMERATED: Final = re.compile(r"(?:,|,?\sand)\s[$]?\d")
_DOWNWARD: Final = frozenset(("down", "fall", "drop", "decline"))


def moves_price(around: Around, motion: Piece) -> bool:
    """Whether what moved is the price: the last subject before the motion, or one in its clause, is nothing else."""
    if any(piece.sort in STRANGE_SORTS for piece in around.near) or _is_of_noun(around, motion):
        return False
    for piece in reversed([piece for piece in around.before if piece.end <= motion.start]):
        if "\n" in around.text[piece.end : motion.start]:
            return piece.sort not in STRANGE_SORTS
        if piece.value in {"name", "stock"}:
            return True
        if piece.sort in HEADS and piece.value != "change":
            return piece.sort is Sort.SUBJECT and piece.value in {"price", "previous"}
    context = next((p for p in reversed(around.sentence.paragraph) if p.sort in HEADS and p.sort is not Sort.OTHER), None)
    return context is None or context.sort is not Sort.FOREIGN


def _is_of_noun(around: Around, motion: Piece) -> bool:
    """Whether a noun that nobody knows is what moved: "its workforce shrank"."""
    last = next((piece for piece in reversed(around.before) if piece.end <= motion.start and piece.sort is not Sort.LINK), None)
    if last is None or last.sort is not Sort.UNKNOWN or VERB_END.search(around.text[last.start : last.end]):
        return False
    return BREAK.search(around.text, last.end, motion.start) is None


def moved_by(around: Around, motion: Piece) -> Spoken:
    """What moved, where it is not the price: an average's slope, how far below a high or away from a level the price is."""
    moved = next((p for p in reversed(around.before) if p.end <= motion.start and p.sort in HEADS and p.value != "change"), None)
    if moved is None or any(piece.sort in STRANGE_SORTS for piece in around.near):
        return STRANGE
    spoken = spoken_of(around, moved.value, head=moved)
    if moved.value == "average" and windows_of(around, None) <= {"5", *moved.windows}:
        return replace(spoken, aspects=frozenset({"slope"}))
    if moved.value in {"high", "highest", "record high", "highest close"}:
        return replace(spoken, aspects=frozenset({"distance"}), side=-1, is_against=True)
    if moved.value in {"support", "resistance"} and _FROM_HERE.match(around.text, around.number.end):
        return replace(spoken, aspects=frozenset({"distance"}), side=-1 if motion.word in _DOWNWARD else 1)
    return STRANGE


def placed(around: Around) -> Spoken | None:
    """Where the price is said to be against something: "10.9 % below its 50-day average", "38 % off its high"."""
    first = around.after[0] if around.after else None
    side = place_of(first.word) if first is not None else None
    if first is None or side is None or around.number.kind not in PERCENTS:
        return None
    if around.text[around.number.end : first.start].strip(" *_`)"):
        return None
    end = first.end
    for piece in around.after[1:6]:
        if BREAK.search(around.text, end, piece.start):
            return None
        if _is_stretch(around, piece):
            return _against_window(around, piece, side)
        end = piece.end
        if piece.sort in HEADS:
            return _against(around, piece, side)
    return None


def _is_stretch(around: Around, piece: Piece) -> bool:
    """Whether a stretch or figures say how long, and are no window: "over 5 sessions", but "below its 50-day average"."""
    if piece.sort not in {Sort.STRETCH, Sort.COUNT}:
        return False
    after = next((one for one in around.after if one.start >= piece.end), None)
    return after is None or after.sort is not Sort.SUBJECT or after.value == "change"


def _against_window(around: Around, piece: Piece, side: int) -> Spoken | None:
    """One of several averages that share their noun: "5 % below the 20-day and 11 % below the 50-day average"."""
    head = next((one for one in around.after if one.start >= piece.end and one.sort in HEADS), None)
    if head is None or head.value != "average" or not _ENUMERATED.match(around.text, piece.end):
        return None
    against = _against(around, head, side)
    return replace(against, windows=frozenset({piece.value})) if against is not None else None


def _against(around: Around, piece: Piece, side: int) -> Spoken | None:
    if piece.sort is Sort.LABEL or piece.value in {"change", "price"}:
        return None
    if piece.value == "previous":
        is_moved = any(one.value == "change" for one in around.before)
        return replace(spoken_of(around, "change"), windows=frozenset({"1"})) if is_moved else None
    if piece.sort in STRANGE_SORTS or around.is_in_strange_clause:
        return STRANGE
    return replace(spoken_of(around, piece.value, head=piece), side=side, is_against=True)
