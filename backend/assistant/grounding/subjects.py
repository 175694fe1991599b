"""Whether a sentence speaks of a fact where it states a number: its subject, part, window, place and day."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.dates import Date
from backend.assistant.grounding.dating import Dated
from backend.assistant.grounding.found import FoundNumber
from backend.assistant.grounding.known_dates import Moment, Role, at, day_of, is_on, moments_of
from backend.assistant.grounding.lexicon import AGES, AHEAD, WEEKDAYS, Phrases, Row, Sort, phrases_of, stems
from backend.assistant.grounding.pieces import Piece
from backend.assistant.grounding.sentence import HEADS
from backend.assistant.grounding.speaking import Stated
from backend.assistant.grounding.spoken import Spoken, spoken_alone
from backend.assistant.grounding.traits import Trait, traits_of

_AGO: Final = re.compile(r"\sago\b")
_OVER: Final = re.compile(r"\b(?:over|in|during|for|within|of|the|since)\s\Z", re.IGNORECASE)
_MOVING: Final = frozenset({"price", "change", "previous"})
_FAMILIES: Final = frozenset({"average", "support", "resistance", "volume", "usual volume", "volatility", "var", "drawdown"})
_COUNTABLE: Final = frozenset({"age", "bars", "cross"})
_WORDED: Final = frozenset({Unit.DATE, Unit.FLAG, Unit.WORD})
_SAID_ALONE: Final = frozenset({"touches", "slope"})


class Subjects:
    """What the facts are of, and the words by which texts may name them."""

    def __init__(self, facts: FactSet, names: Iterable[str] = ()) -> None:
        self._facts = facts
        self._traits = traits_of(facts.values())
        self._days: dict[str, frozenset[Date]] = {}
        age = facts.named("bars.age")
        self._age_days = float(age.value) if age is not None and isinstance(age.value, int | float) else 0.0
        cross = facts.named("average.cross")
        self._other_crosses = {"golden", "death"} - {str(cross.value) if cross is not None else ""}
        self.phrases: Phrases = phrases_of([*self._labels(), *_names(facts, names)])

    def knows(self, spoken: Spoken) -> bool:
        """Whether a fact is of what is spoken of, whatever its value."""
        return bool(spoken.labelled) or any(
            trait.subjects & spoken.subjects for fact_id, trait in self._traits.items() if self._facts[fact_id].is_available
        )

    def fact_of(self, pieces: list[Piece], place: int) -> str:
        """The fact that a word names by itself, with window and rank; empty where there is none, or no saying which."""
        return self._meant(spoken_alone(pieces, place))

    def _meant(self, spoken: Spoken) -> str:
        if spoken.labelled:
            return next(iter(spoken.labelled)) if len(spoken.labelled) == 1 else ""
        of_subject = (fact_id for subject in spoken.subjects for fact_id in self._named_alone.get(subject, ()))
        found = [fact_id for fact_id in of_subject if _is_named(self._traits[fact_id], spoken)]
        meant = {(self._traits[fact_id].subjects, self._traits[fact_id].windows) for fact_id in found}
        return found[0] if len(meant) == 1 else ""

    @cached_property
    def _named_alone(self) -> dict[str, list[str]]:
        """By subject, the facts that are its value, and not a part, a change or a distance of it."""
        found: dict[str, list[str]] = {}
        for fact_id, trait in self._traits.items():
            if self._facts[fact_id].unit not in _WORDED and not (trait.words or trait.aspect or trait.sign):
                for subject in trait.subjects:
                    found.setdefault(subject, []).append(fact_id)
        return found

    def topic_of(self, piece: Piece) -> str:
        """The subject of a word; of a label that of its fact."""
        if piece.sort is not Sort.LABEL:
            return piece.value
        return next(iter(sorted(self._traits[piece.value.split()[0]].subjects)), "")

    def fits(self, fact: Fact, stated: Stated) -> bool:
        """Whether the sentence speaks of this fact where it states the number."""
        trait, spoken, number = self._traits[fact.id], stated.spoken, stated.number
        if spoken.is_strange or not _is_meant(fact, trait, spoken, number) or not _is_place_right(fact, trait, spoken, number):
            return False
        if "cross" in trait.subjects and spoken.words & self._other_crosses:
            return False
        return self._is_day_right(fact, stated)

    def compared_with(self, stated: Stated) -> tuple[Fact, Fact] | None:
        """The price and the level that it is said to stand above, below or away from; None where something else stands there."""
        spoken, around = stated.spoken, stated.around
        heads = [piece for piece in around.near if piece.end <= stated.number.start and piece.sort in HEADS]
        price, level = self._facts.named("price.last"), self._facts.get(self._meant(replace(spoken, rank=spoken.rank or 1)))
        if not spoken.is_against or price is None or level is None or any(piece.value != "price" for piece in heads):
            return None
        is_pair = price.is_available and level.is_available and price.unit is level.unit and price is not level
        return (price, level) if is_pair and self._is_day_right(price, stated) else None

    def _is_day_right(self, fact: Fact, stated: Stated) -> bool:
        """Whether no other day is said than one of the fact's."""
        said = stated.sentence.date_near(stated.number)
        if said and not any(is_on(one, day) for one in said for day in self._days_of(fact)):
            return False
        return not any(self._is_other_day(piece, fact, stated.number, stated.sentence.text) for piece in stated.sentence.pieces)

    def is_dated(self, moment: Moment, dated: Dated) -> bool:
        """Whether a date is said of what this moment is of."""
        if dated.is_strange or (moment.role is Role.START and not dated.is_since):
            return False
        if dated.is_state:
            return moment.role is Role.STATE
        if dated.spoken is None:
            return True
        if moment.role is Role.STATE and moment.fact.known_ns is not None:  # it came to be on another day
            return False
        trait, is_flag = self._traits[moment.fact.id], moment.fact.unit is Unit.FLAG
        is_named = not is_flag and trait.words <= dated.spoken.words and _is_named(trait, dated.spoken)
        return is_named or moment.fact.id in dated.spoken.labelled

    def sign(self, fact: Fact) -> str:
        """What the fact's sign says: "change", "fall", "distance" or nothing."""
        return self._traits[fact.id].sign

    def _is_other_day(self, piece: Piece, fact: Fact, number: FoundNumber, text: str) -> bool:
        """Whether a word means a day that is not the fact's, or one still to come."""
        trait = self._traits[fact.id]
        if piece.sort is Sort.DAY and self._age_days > AGES.get(piece.value, self._age_days):
            return True
        if piece.sort is Sort.STRETCH and not trait.windows and trait.sign != "change" and _is_past(piece, text):
            return True
        if not trait.subjects & _MOVING:
            return False
        if piece.value in WEEKDAYS:
            return WEEKDAYS[self._last_day(fact).weekday()] != piece.value
        return piece.word in AHEAD and piece.end <= number.start

    def _days_of(self, fact: Fact) -> frozenset[Date]:
        found = self._days.get(fact.id)
        if found is None:
            found = self._days[fact.id] = frozenset(day_of(moment.at) for moment in moments_of(fact))
        return found

    def _labels(self) -> Iterable[Row]:
        """Labels of two words and more, each with the facts that have it; not where everybody's words say the same."""
        found: dict[tuple[str, ...], tuple[str, list[str]]] = {}
        for fact in self._facts.values():
            label, trait = fact.label.removeprefix("The "), self._traits[fact.id]
            said = stems(label)
            if len(said) < 2 or not (
                trait.aspect or trait.windows or trait.words or not trait.subjects or "setting" in trait.subjects
            ):
                continue
            if trait.subjects & _FAMILIES and not trait.aspect:
                continue
            found.setdefault(said, (label, []))[1].append(fact.id)
        for label, ids in found.values():
            yield label, Sort.LABEL, " ".join(ids)

    def _last_day(self, fact: Fact) -> date:
        return at(fact.as_of_ns if fact.bars is None else fact.bars.to_ns).date()


def _is_past(piece: Piece, text: str) -> bool:
    """Whether a stretch is said of a time gone by, and not of what something is computed over: "last week", "a year ago"."""
    is_ago = _AGO.match(text, piece.end) is not None
    return is_ago or (piece.word.startswith("last ") and _OVER.search(text, 0, piece.start) is None)


def _is_meant(fact: Fact, trait: Trait, spoken: Spoken, number: FoundNumber) -> bool:
    """Whether the subject that is spoken of is the fact's, with its part, window and rank."""
    if spoken.labelled or "setting" in trait.subjects:
        return fact.id in spoken.labelled
    if spoken.is_sum:
        return True
    is_counted = bool((trait.subjects | spoken.subjects) & _COUNTABLE) or trait.aspect == "touches"
    if number.unit and not is_counted:
        return False
    if trait.words:
        return trait.words <= spoken.words and (bool(trait.subjects) or not spoken.subjects)
    if not spoken.subjects:
        return trait.aspect in _SAID_ALONE and trait.aspect in spoken.aspects
    return _is_named(trait, spoken)


def _is_named(trait: Trait, spoken: Spoken) -> bool:
    """Whether it is of a subject that is spoken of, and the part, window and rank of it that are said."""
    is_rank = not (trait.rank and spoken.rank) or trait.rank == spoken.rank
    is_part = is_rank and (not trait.aspect or trait.aspect in spoken.aspects)
    return bool(trait.subjects & spoken.subjects) and is_part and _is_window(trait, spoken)


def _is_window(trait: Trait, spoken: Spoken) -> bool:
    """Whether the stretch of time that is said is the fact's, and the bars are of days where their kind is said."""
    pace = next((said for said in spoken.windows if said.startswith("every ")), "")
    if pace:
        return pace == "every 1"
    return not (spoken.windows and trait.windows) or bool(spoken.windows & trait.windows)


def _is_place_right(fact: Fact, trait: Trait, spoken: Spoken, number: FoundNumber) -> bool:
    """Whether "above" or "below" says on which side it is: of an average the price's, of a level its own."""
    if spoken.is_against:
        if trait.sign not in {"distance", "fall"}:
            return False
        if fact.name.startswith("level."):
            return spoken.side == 0
        return spoken.side in {0, 1 if fact.number > 0 else -1}
    if "volume ratio" in trait.subjects:
        return spoken.side != -1 or fact.number < 1
    if trait.sign != "distance" or number.is_signed or spoken.side in {0, None}:
        return True
    return spoken.side == (1 if fact.number > 0 else -1) and not (fact.name.startswith("average.") and not spoken.labelled)


def _names(facts: FactSet, names: Iterable[str]) -> Iterable[Row]:
    """The instrument's name, its first word, its code, and what the caller knows."""
    codes = {str(fact.bars.series.instrument) for fact in facts.values() if fact.bars}
    called = facts.named("instrument.name")
    said = [str(called.value)] if called is not None and called.value else []
    first = [one.split()[0] for one in said if len(one.split()) > 1 and len(one.split()[0]) > 2]
    for name in dict.fromkeys((*said, *first, *codes, *(code.rpartition(".")[0] for code in codes), *names)):
        if stems(name):
            yield name, Sort.OWN, "name"
    if any(code.endswith(".INDEX") for code in codes):
        yield from ((name, Sort.OWN, "stock") for name in ("index", "market"))
