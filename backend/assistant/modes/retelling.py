"""A conversation as the next prompt tells it: as it was sent while its facts hold, so that a model reads it only once.

What no longer fits is told in a line each, made by code: what was asked, and how the answer began.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backend.assistant.answers import Answer, Question
from backend.assistant.budgets import Count, fit
from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.engines.engine import Message, Role
from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.injection import clean_text, fence_text
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.values import format_fact
from backend.assistant.keeping import decode_answer
from backend.assistant.modes.relevant import relevant
from backend.errors import InvalidInput, TriiError

_QUESTION: Final = "\n\nQuestion: "
_TOLD: Final = re.compile(r"^(F\d+) ", re.MULTILINE)
_STILL: Final = "The facts above hold."
_NONE: Final = "There are no facts for this question."
_PARTS_EARLIER: Final = 8  # of the room, so small a part is for what no longer fits
_CHARS_PER_TOKEN: Final = 4
_ASKED_CHARS_MAX: Final = 120
_SAID_CHARS_MAX: Final = 200
_FIRST_SENTENCE: Final = re.compile(r".{12,}?[.!?](?=\s|$)")  # the number of a list is none


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the branch with what was answered. ``answer`` : None where it cannot be read, and ``said`` is its text."""

    asked: str
    said: str
    answer: Answer | None = None

    def messages(self, digest: str) -> tuple[Message, Message]:
        """The pair as a prompt about the facts of ``digest`` tells it: with their tags where it was about them, else with values.

        What was unverified or untrue is left out, so that it is not learned from.
        """
        if self.answer is None:
            return Message(Role.USER, self.asked), Message(Role.ASSISTANT, self.said)
        sent = self._sent(digest)
        said = "".join(_told(span, self.answer.facts if sent else FactSet(())) for span in self.answer.spans)
        return Message(Role.USER, sent or self.asked), Message(Role.ASSISTANT, said)

    def outline(self, said: str) -> str:
        """The pair in a line, ``said`` being its answer as a prompt tells it."""
        asked, answered = " ".join(self.asked.split()), " ".join(said.split())
        first = _FIRST_SENTENCE.match(answered)
        answered = _short(first[0] if first else answered, _SAID_CHARS_MAX)
        return clean_text(f"- Asked: {_short(asked, _ASKED_CHARS_MAX)}{' Answered: ' if answered else ''}{answered}")

    def told(self, digest: str) -> frozenset[str]:
        """Ids of the facts of ``digest`` that the pair tells."""
        return frozenset(_TOLD.findall(self._sent(digest).partition(_QUESTION)[0]))

    def _sent(self, digest: str) -> str:
        """The question as it went to a model, after facts that still hold; else empty."""
        provenance = self.answer.provenance if self.answer is not None else None
        if provenance is None or provenance.facts_digest != digest:
            return ""
        mine = (text for role, text in provenance.sent if role == Role.USER and text.endswith(_QUESTION + self.asked))
        return next(mine, "")


def exchanges_of(branch: Sequence[Turn]) -> tuple[Exchange, ...]:
    """Each question of a branch that was answered, oldest first."""
    return tuple(_exchanges(branch))


async def tell(
    question: Question, facts: FactSet, before: tuple[Sequence[Message], Sequence[Exchange]], n_tokens: int, count: Count
) -> tuple[Message, ...]:
    """The messages of a prompt of at most ``n_tokens``: what all begin with, what was said, facts that are new, the question.

    What no longer fits of the branch is told in short before the facts, as far as there is room.
    before : the unchanging beginning, and the branch. Raises InvalidInput where even the question alone is too long.
    """
    try:
        return await _laid_out(question, facts, before, (n_tokens, n_tokens * _CHARS_PER_TOKEN // _PARTS_EARLIER), count)
    except InvalidInput:
        return await _laid_out(question, facts, before, (n_tokens, 0), count)


async def _laid_out(
    question: Question, facts: FactSet, before: tuple[Sequence[Message], Sequence[Exchange]], room: tuple[int, int], count: Count
) -> tuple[Message, ...]:
    """As ``tell``, with room for so many tokens, and for so many letters about what does not fit."""
    prefix, branch = before
    n_tokens, n_chars = room
    digest, wanted = facts.digest, relevant(facts, question.text)
    pairs = [one.messages(digest) for one in branch]
    told = [one.told(digest) for one in branch]
    n_kept = len(pairs)
    while True:
        n_left = len(pairs) - n_kept
        known = frozenset[str]().union(*told[n_left:])
        kept = [message for pair in pairs[n_left:] for message in pair]
        lines = [one.outline(said.text) for one, (_, said) in zip(branch[:n_left], pairs, strict=False)]
        text = question_text(question, wanted, digest, known)
        last = Message(Role.USER, _earlier([line for line in lines if not _tells(kept, line)], n_chars) + text)
        n_fitting = await fit(prefix, pairs[n_left:], last, n_tokens, count)
        if n_fitting == n_kept:
            return (*prefix, *kept, last)
        n_kept = n_fitting  # what is told no more has to be told again


def brings_facts(messages: Sequence[Message]) -> bool:
    """Whether the last message of a prompt tells more than its question."""
    return not messages[-1].text.startswith((_STILL + _QUESTION, _NONE + _QUESTION))


def question_text(question: Question, facts: FactSet, digest: str, known: frozenset[str] = frozenset()) -> str:
    """The last message: facts in a fence, what the chart shows, then the question as it was written.

    digest : of all facts that these were chosen from, so that the fence is the same whatever is asked of them
    known : ids that earlier messages of the prompt tell
    """
    lines = [
        f"{fact.id} {fact.label}: {format_fact(fact)}" if fact.is_available else f"{fact.id} {fact.label}: not known"
        for fact in facts.values()
        if fact.id not in known
    ]
    if question.chart is not None and question.chart.studies:
        lines.append(f"On the chart: {', '.join(question.chart.studies)}")
    head = fence_text("\n".join(lines), digest[:32], title="facts") if lines else _STILL if known else _NONE
    return f"{head}{_QUESTION}{question.text}"


def _earlier(lines: Sequence[str], n_chars: int) -> str:
    """The newest of the lines in a fence of at most about ``n_chars``; empty where there is none."""
    chosen: list[str] = []
    for line in reversed(lines):
        n_chars -= len(line) + 1
        if n_chars < 0:
            break
        chosen.insert(0, line)
    text = "\n".join(chosen)
    return f"{fence_text(text, hashlib.sha256(text.encode()).hexdigest()[:32], title='said earlier')}\n\n" if text else ""


def _short(text: str, n_chars: int) -> str:
    if len(text) <= n_chars:
        return text
    return f"{text[: n_chars - 4].rpartition(' ')[0] or text[: n_chars - 4]} ..."


def _tells(messages: Sequence[Message], line: str) -> bool:
    """Whether a message that goes along tells this line already."""
    return any(line in message.text for message in messages)


def _exchanges(branch: Sequence[Turn]) -> Iterator[Exchange]:
    for asked, said in itertools.pairwise(branch):
        if (asked.speaker, said.speaker) != (Speaker.PERSON, Speaker.ASSISTANT):
            continue
        try:
            yield Exchange(asked.text, said.text, decode_answer(said.content))
        except TriiError:
            yield Exchange(asked.text, said.text)


def _told(span: Span, tagged: FactSet) -> str:
    if span.mark in {Mark.UNVERIFIED, Mark.UNTRUE}:
        return f"({span.mark})"
    fact = tagged.get(span.fact) if span.mark is Mark.NUMBER else None
    return f"{{{span.fact}}}" if fact is not None and span.text == format_fact(fact) else span.text
