"""What a number of a sentence is of: what governs it, else what stands beside it, else what was spoken of before."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Final

from backend.assistant.grounding.dating import Dated, read_date
from backend.assistant.grounding.directions import Direction
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.heads import beside, governor, in_brackets, inverted
from backend.assistant.grounding.lexicon import Sort
from backend.assistant.grounding.moving import moved_by, moves_price, placed
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import HEADS, PERCENTS, Around, Sentence
from backend.assistant.grounding.sentence import STRANGE as STRANGE_SORTS
from backend.assistant.grounding.spoken import STRANGE, Spoken, spoken_of

_PRICE_LINKS: Final = re.compile(
    r"[\s:=(~*_`]*(?:(?:is|was|stands?|sits?|now|still|currently|just|only|at|near|around|about|roughly|approximately|over|under|above|"
    r"below|to|of|just|some|almost|nearly|hit|reached|hovers?|hovering|close|'s)[\s:(~*_`]+)*[$\u20ac\u00a3]?\Z",
    re.IGNORECASE,
)
_TO: Final = re.compile(r"\b(?:(?P<to>to|at)|from)\s(?:about\s|around\s)?[$\u20ac\u00a3]?\Z", re.IGNORECASE)
_AGAINST: Final = re.compile(r"\b(?:against|versus|vs\.?)\s\Z", re.IGNORECASE)
_USUAL: Final = re.compile(r"\b(?:usual|normal|typical|average|norm)\s(?:of\s)?(?:about\s|around\s)?\Z", re.IGNORECASE)
_ONE: Final = re.compile(r"(?:\sones?\b(?:\s(?:is|was|at|stands|sits|of)\b)*)?[\s(:*_$|]*")
_ITEM_END: Final = re.compile(r"[.!?\n|]\s")


class Stated:
    """A number where a sentence states it. What it is said to be of, and where its words point, is read once, when it is needed."""

    def __init__(self, sentence: Sentence, number: FoundNumber) -> None:
        self.sentence = sentence
        self.number = number

    @cached_property
    def around(self) -> Around:
        """What stands around it."""
        return Around(self.sentence, self.number)

    @cached_property
    def spoken(self) -> Spoken:
        """What the number is said to be of."""
        return next((found for step in _STEPS if (found := step(self.around)) is not None), STRANGE)

    @cached_property
    def dated(self) -> Dated:
        """What it is said to be of, as a date."""
        return read_date(self.around)

    @cached_property
    def direction(self) -> Direction:
        """Where the words around it point."""
        return Direction(self.sentence.text, self.number)


def _other(around: Around) -> Spoken | None:
    """Of another instrument: the last name before the number, one behind it, or the one that "it" means."""
    last = next((piece for piece in reversed(around.before) if _is_whose(piece)), None)
    if around.is_compared:
        return STRANGE if last is not None and last.sort is Sort.OTHER and last.is_possessive else None
    is_behind = any(piece.sort is Sort.OTHER and piece.start < around.clause[1] for piece in around.after[:6])
    if is_behind or (last is not None and last.sort in STRANGE_SORTS):
        return STRANGE
    is_own = last is not None and last.value == "name"
    return STRANGE if not is_own and _points_back(around) and around.sentence.is_of_other else None


def _is_whose(piece: Piece) -> bool:
    """Whether a word says whose numbers follow: the instrument's, another's, its peers'."""
    is_others = piece.value == "others" and not piece.word.endswith("market")
    return piece.sort is Sort.OTHER or is_others or piece.value in {"name", "stock"}


def _points_back(around: Around) -> bool:
    """Whether it speaks of what the sentence before spoke of: "it closed", "the stock fell", or nothing but figures."""
    is_own = any(piece.sort is Sort.OWN for piece in around.before)
    return is_own or not any(piece.sort in HEADS or piece.sort is Sort.UNKNOWN for piece in around.before)


def _in_brackets(around: Around) -> Spoken | None:
    head = in_brackets(around)
    return _of(around, head) if head is not None else None


def _of_stretch(around: Around) -> Spoken | None:
    """An average whose window stands right before its number ("the 20-day (454.97) and 50-day (483.14) averages"), or a change."""
    said = [piece for piece in around.before if piece.sort is not Sort.LINK and piece.word != "one"]
    last = said[-1] if said else None
    if last is None or last.sort is not Sort.STRETCH or not _ONE.fullmatch(around.text, last.end, around.number.start):
        return None
    near = (*around.after, *reversed(around.before), *reversed(around.sentence.context))
    head = next((piece for piece in near if piece.sort in HEADS), None)
    subject = "average" if head is not None and head.value == "average" else ""
    if around.number.kind is Kind.PERCENT and (head is None or head.sort is Sort.LABEL or head.value in {"change", "price"}):
        subject = "change"
    return replace(spoken_of(around, subject), windows=frozenset({last.value})) if subject else None


def _governed(around: Around) -> Spoken | None:
    """By what stands right before or behind; strange for a noun that nobody knows, and in a clause of what no fact is of."""
    head, is_close = governor(around)
    if head is None and is_close:
        return STRANGE
    behind = beside(around)
    if behind is not None and (around.number.unit or not is_close):
        return _of(around, behind)
    if head is not None and is_close:
        return _of(around, head)
    turned, is_said = inverted(around)
    if turned is not None and (head is None or is_said):
        return _of(around, turned)
    return STRANGE if around.is_in_strange_clause else None


def _own(around: Around) -> Spoken | None:
    """Of the instrument itself: "AAPL is at 430.47", "it was 3.2 % lower", "it fell to 430.47", "AAPL: 430.47 (-2.48%)"."""
    head, _ = governor(around)
    own = _own_price(around)
    if own is not None and (head is None or head.start < own.start):
        return _price_of(around, own)
    if _is_own_change(around):
        return spoken_of(around, "change")
    if moved := _moved(around):
        return spoken_of(around, moved)
    if head is None and _is_day_change(around):
        return replace(spoken_of(around, "change"), windows=frozenset({"1"}))
    return _of(around, head) if head is not None else None


def _own_price(around: Around) -> Piece | None:
    """The instrument, where only what says a price stands between it and the number."""
    if around.number.kind not in {Kind.PLAIN, Kind.MONEY} or around.number.unit:
        return None
    last = next((piece for piece in reversed(around.before) if piece.sort is not Sort.LINK), None)
    is_own = last is not None and last.sort is Sort.OWN and _PRICE_LINKS.fullmatch(around.text, last.end, around.number.start)
    return last if is_own else None


def _price_of(around: Around, own: Piece) -> Spoken:
    """The price, since nothing else is in sight; of a pronoun, what was spoken of before it."""
    head = next((piece for piece in reversed(around.sentence.paragraph) if piece.sort in HEADS), None)
    if own.value == "it" and head is not None and head.value not in {"change", "price"}:
        return _of(around, head, is_carried=True)
    return spoken_of(around, "price")


def _is_own_change(around: Around) -> bool:
    """Whether it says how much higher or lower the instrument is."""
    after = around.after[0].word if around.after else ""
    if around.number.kind is not Kind.PERCENT or after not in {"higher", "lower"}:
        return False
    return next((piece.sort is Sort.OWN for piece in reversed(around.before) if piece.sort is not Sort.LINK), False)


def _moved(around: Around) -> str:
    """What the price moved to or from."""
    said = _TO.search(around.lead())
    motion = next((piece for piece in (*reversed(around.before), *around.after[:4]) if piece.value == "change"), None)
    if said is None or motion is None or around.number.kind not in {Kind.PLAIN, Kind.MONEY} or not moves_price(around, motion):
        return ""
    return "price" if said["to"] else "previous"


def _is_day_change(around: Around) -> bool:
    """Whether it is a signed percent beside a price."""
    number = around.number
    named = [piece for piece in around.before if piece.sort in {Sort.OWN, Sort.COUNT}]
    is_signed = number.kind is Kind.PERCENT and (number.is_signed or number.is_bracketed)
    return is_signed and len(named) == 2 and named[-1].sort is Sort.COUNT


def _carried(around: Around) -> Spoken:
    """Of what the sentence before, the heading or the question spoke of, where this one names nothing; else of a price."""
    start = max((match.end() for match in _ITEM_END.finditer(around.text, 0, around.number.start)), default=0)
    is_bare = not any(piece.sort is Sort.UNKNOWN for piece in around.before if piece.start >= start)
    head = next((piece for piece in reversed(around.sentence.context) if piece.sort in HEADS), None)
    if is_bare and head is not None:
        return _of(around, head, is_carried=True)
    if is_bare and around.number.kind is Kind.MONEY:
        return replace(spoken_of(around, "price"), is_guess=True)
    tags = frozenset(piece.value for piece in around.before if piece.word[0] == "{")
    if is_bare and tags:
        return replace(spoken_of(around), labelled=tags)
    is_sum = "=" in around.text and not any(piece.sort in HEADS for piece in around.sentence.pieces)
    return replace(spoken_of(around), is_sum=is_sum)


_STEPS: Final[tuple[Callable[[Around], Spoken | None], ...]] = (
    _other, placed, _in_brackets, _of_stretch, _governed, _own, _carried,
)  # fmt: skip


def _of(around: Around, head: Piece, *, is_carried: bool = False) -> Spoken:
    """Of what a word names."""
    if head.sort in STRANGE_SORTS:
        if around.is_compared and head.value in {"others", ""}:
            return spoken_of(around, "beta", "correlation")
        return spoken_of(around, head.value) if head.value else STRANGE
    if head.sort is Sort.LABEL:
        return replace(spoken_of(around, head=head), labelled=frozenset(head.value.split()))
    subjects = _meant(around, head)
    if subjects == ("change",) and not is_carried and not moves_price(around, head):
        return moved_by(around, head)
    return spoken_of(around, *subjects, head=head)


def _meant(around: Around, head: Piece) -> tuple[str, ...]:
    """What a subject means for a number of this kind."""
    kind, subject = around.number.kind, head.value
    if subject == "var" and (head.start >= around.number.end or around.number.is_bracketed):
        return ("var", "var level")
    if subject == "price" and kind in PERCENTS:
        return ("change",)
    is_usual = subject in {"volume", "volume ratio"} and kind is Kind.PLAIN and _USUAL.search(around.lead()) is not None
    is_of_volume = subject in {"volume", "usual volume"} or (
        subject == "average" and any(piece.value == "volume" for piece in around.before)
    )
    if is_usual or (is_of_volume and (kind is Kind.MULTIPLE or (subject == "average" and around.number.scale > 1))):
        return ("volume ratio",) if kind is Kind.MULTIPLE else ("usual volume",)
    if subject == "volume" and kind is Kind.PERCENT:
        return ("volume", "volume ratio")
    if subject in {"plus", "minus"} and _AGAINST.search(around.lead()):
        return ("minus" if subject == "plus" else "plus",)
    return (subject,)
