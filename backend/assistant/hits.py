"""What a search found, and what opens it."""

import enum
import re
from dataclasses import dataclass
from typing import Final

from backend.assistant.grounding.span import Mark, Span

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~#])")
_DISARMED: Final = re.compile(r"\\([\\`*_\[\]<>|~#])")


class HitKind(enum.StrEnum):
    """What was found, which says what opens it."""

    INSTRUMENT = "instrument"  # target: its id
    BAR = "bar"  # target: id, interval and date
    HELP = "help"  # target: the topic's name
    ACTION = "action"  # target: the action's id
    INDICATOR = "indicator"  # target: its name
    SETTING = "setting"  # target: section.field
    CONVERSATION = "conversation"  # target: conversation/turn


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. ``score`` is 0 to 1, comparable between kinds; ``words`` tells of it, numbers as tags where it is a bar.

    target : what opens it, by kind
    """

    kind: HitKind
    target: str
    title: str
    words: str
    score: float


def quoted_span(text: str) -> Span:
    """What was found, on one line of markdown in which none of it means anything."""
    line = " ".join(text.replace("\x02", "").replace("\x03", "").split())
    return Span(_MARKUP.sub(r"\\\1", line), Mark.HIT)


def quoted_text(span: Span) -> str:
    """The text of a piece as it was before it was quoted; that of others as it is."""
    return _DISARMED.sub(r"\1", span.text) if span.mark is Mark.HIT else span.text
