"""What a number is said to be of, with everything that is said with it: part, window, rank, place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.assistant.grounding.found import Kind
from backend.assistant.grounding.lexicon import SESSIONS_OF_DAYS, Sort, aspects_of, place_of, rank_of
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import CLAUSE_END, Around

_OVER_TIME: Final = frozenset(
    (
        "change",
        "price",
        "high",
        "low",
        "highest",
        "lowest",
        "volume",
        "usual volume",
        "range year",
        "drawdown",
        "var",
        "volatility",
        "atr",
    )
)
# What stands for a word of which no number is said: the price for the instrument, %K for the stochastic.
_ALONE: Final = {**dict.fromkeys(("name", "stock", "it"), "price"), "stochastic": "stochastic k"}
_SAID_BY: Final = {Kind.MULTIPLE: frozenset({"time"}), Kind.PERCENT: frozenset({"percent"})}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a number is said to be of.

    subjects : of which one fits; ``labelled`` : facts whose label was said; neither: nothing says it
    is_strange : of something that no fact is of, or of another instrument
    is_guess : a price, since it is money and nothing says of what
    is_sum : bare arithmetic, whose numbers may be of anything
    aspects : parts of families that its clause names; words : all that was said so far
    windows : sessions over which it is said to be; rank : which of several, 0 where none is said
    side : 1 above, -1 below, 0 only away, None where no place is said; ``is_against`` : of the price against the subject
    """

    subjects: frozenset[str] = frozenset()
    labelled: frozenset[str] = frozenset()
    is_strange: bool = False
    is_guess: bool = False
    is_sum: bool = False
    aspects: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    windows: frozenset[str] = frozenset()
    rank: int = 0
    side: int | None = None
    is_against: bool = False


STRANGE: Final = Spoken(is_strange=True)


def spoken_of(around: Around, *subjects: str, head: Piece | None = None) -> Spoken:
    """Of these subjects, with what else is said of ``head``, the words that name them."""
    near = [*around.near, *([head] if head is not None and head not in around.near else [])]
    if around.number.unit or (head is not None and head.value == "confidence"):
        near += around.before
    said = {word for piece in near for word in piece.word.split()}
    said |= _SAID_BY.get(around.number.kind, frozenset())
    before = {word for piece in around.before for word in piece.word.split()}
    return Spoken(
        frozenset(subjects),
        aspects=frozenset(aspects_of(said)),
        words=frozenset(said | before),
        windows=windows_of(around, head),
        rank=_rank(around, head),
        side=_side(around),
    )


def spoken_alone(pieces: list[Piece], place: int) -> Spoken:
    """What a word means by itself, where no number is said of it: with the window and the rank right before it."""
    piece = pieces[place]
    if piece.sort is Sort.LABEL:
        return Spoken(labelled=frozenset(piece.value.split()))
    before = pieces[place - 1] if place else None
    windows = piece.windows or ((before.value,) if before is not None and before.sort is Sort.STRETCH else ())
    if pace := _pace(pieces, place):
        windows = (pace,)
    subject = _ALONE.get(piece.value, piece.value)
    return Spoken(frozenset({subject}), windows=frozenset(windows), rank=_rank_before(pieces, place) or 1)


def windows_of(around: Around, head: Piece | None) -> frozenset[str]:
    """Over how many sessions: a stretch right behind, else the last one before; of a change also one that was said before."""
    if head is not None and head.value == "average":
        return _windows_of_average(around, head)
    if head is not None and (pace := _pace(around.sentence.pieces, _place_of(around, head))):
        return frozenset({pace})
    behind = next(_behind(around), None)
    if behind is not None:
        return frozenset({behind})
    is_change = head is None or head.value in {"change", "price"}
    start = 0 if is_change else around.clause[0]
    before = [sessions for piece in around.before if piece.start >= start and (sessions := _sessions(piece))]
    if before:
        return frozenset(before[-1:])
    if not is_change or any(_sessions(piece) for piece in around.sentence.pieces):
        return frozenset()
    return frozenset(piece.value for piece in around.sentence.stretches[-1:])


def _windows_of_average(around: Around, head: Piece) -> frozenset[str]:
    """The window of an average; of several the one whose turn it is."""
    if len(head.windows) < 2 or head.end > around.number.start:
        return frozenset(head.windows)
    turn = sum(piece.sort is Sort.COUNT and piece.start >= head.end for piece in around.before)
    return frozenset(head.windows[turn : turn + 1] or head.windows)


def _pace(pieces: list[Piece], place: int) -> str:
    """Of which bars an indicator is said to be, where a word right before it says so: "the weekly RSI"."""
    before = pieces[place - 1] if place else None
    is_pace = before is not None and before.sort is Sort.STRETCH and before.word.endswith("ly")
    return f"every {before.value}" if before is not None and is_pace and pieces[place].value not in _OVER_TIME else ""


def _behind(around: Around) -> Iterator[str]:
    end = around.number.end
    for piece in around.after:
        if CLAUSE_END.search(around.text, end, piece.start) or piece.sort is Sort.COUNT:
            return
        end = piece.end
        if sessions := _sessions(piece):
            yield sessions


def _sessions(piece: Piece) -> str:
    return piece.value if piece.sort is Sort.STRETCH else SESSIONS_OF_DAYS.get(piece.value, "").strip()


def _rank(around: Around, head: Piece | None) -> int:
    """Which of several levels: a word right before the subject."""
    if head is None or any(piece.sort is Sort.COUNT and piece.start >= head.end for piece in around.before):
        return 0
    return _rank_before(around.sentence.pieces, _place_of(around, head))


def _place_of(around: Around, head: Piece) -> int:
    return next((at for at, piece in enumerate(around.sentence.pieces) if piece is head), 0)


def _rank_before(pieces: list[Piece], place: int) -> int:
    return next((rank for piece in reversed(pieces[max(0, place - 2) : place]) if (rank := rank_of(piece.word))), 0)


def _side(around: Around) -> int | None:
    """The place that is said right behind the number, else before it in its clause."""
    start, _ = around.clause
    near = (*around.after[:2], *(piece for piece in reversed(around.before) if piece.start >= start))
    return next((side for piece in near if (side := place_of(piece.word)) is not None), None)
