"""What a search found, and what opens it."""

import enum
from dataclasses import dataclass


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
