"""Answers as bytes of a conversation's turn, and back: whole, so that an old answer's numbers still say where they came from."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import msgspec

from backend.assistant.answers import Answer, Question
from backend.assistant.facts.fact import Fact, FactSet
from backend.errors import CorruptData

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Said:
    """What a person's turn keeps beside its text: the question with what was attached."""

    question: Question
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer with its facts as a list."""

    answer: dict[str, Any]
    facts: tuple[Fact, ...]
    version: int = VERSION


def encode_question(question: Question) -> bytes:
    """The content of a person's turn."""
    return msgspec.json.encode(Said(question))


def decode_question(content: bytes) -> Question:
    """The question of a turn. Raises CorruptData for other bytes."""
    try:
        return msgspec.json.decode(content, type=Said).question
    except msgspec.DecodeError as e:
        raise CorruptData(f"A question cannot be read: {e}", hint="Its text is still there.", code="assistant.question") from e


def encode_answer(answer: Answer) -> bytes:
    """The content of an answer's turn."""
    rest = {one.name: getattr(answer, one.name) for one in fields(answer) if one.name != "facts"}
    return msgspec.json.encode(_Kept(rest, tuple(answer.facts.values())))


def decode_answer(content: bytes) -> Answer:
    """The answer of a turn. Raises CorruptData for other bytes."""
    try:
        kept = msgspec.json.decode(content, type=_Kept)
        bare = msgspec.convert({**kept.answer, "facts": []}, type=Answer, dec_hook=_no_facts)
    except (msgspec.DecodeError, msgspec.ValidationError) as e:
        raise CorruptData(f"An answer cannot be read: {e}", hint="Its text is still there.", code="assistant.answer") from e
    return replace(bare, facts=FactSet(kept.facts))


def wants_time(content: bytes) -> bool:
    """Whether an answer has all the time when it is asked for again: its wording was cut, or had all the time already."""
    try:
        answer = decode_answer(content)
    except CorruptData:  # also what is no answer
        return False
    return answer.question.is_patient or (answer.provenance is not None and answer.provenance.cut_wording is not None)


def _no_facts(kind: type, _value: object) -> object:
    if kind is FactSet:
        return FactSet(())
    raise NotImplementedError(kind)
