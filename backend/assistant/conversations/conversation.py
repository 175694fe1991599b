"""Conversations as values: a tree of turns, of which one branch is shown."""

import enum
from dataclasses import dataclass


class Speaker(enum.StrEnum):
    """Who says a turn."""

    PERSON = "person"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. ``parent`` is the turn before it, empty for a first one; siblings are other branches.

    content : what was said, as JSON of its kind: a person's text and attachments, or a whole finished answer
    """

    id: str
    conversation: str
    parent: str
    speaker: Speaker
    at_ns: int
    text: str
    content: bytes
    n_siblings: int = 1
    sibling: int = 0  # which of them, oldest first


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation in a list; ``leaf`` is the last turn of the branch that is shown.

    mode : the mode it was switched to since its last question; empty where that question's own stands
    """

    id: str
    title: str
    made_ns: int
    changed_ns: int
    n_turns: int
    leaf: str
    instrument: str = ""
    is_pinned: bool = False
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A turn that a search found; ``words`` is an excerpt in which U+0002 and U+0003 stand around what matched."""

    conversation: str
    turn: str
    title: str
    at_ns: int
    words: str
