"""What the timeline shows, one entry a turn: those that are kept, and answers that still grow."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.assistant.answers import Answer
from backend.assistant.conversations.conversation import Speaker, Turn


@dataclass(frozen=True, slots=True)
class Running:
    """An answer that is not kept yet. ``after`` : id of the turn that its question follows, empty at the start."""

    answer: Answer
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn on screen. ``id`` stays the same while an answer grows and when it is kept.

    turn : None while it is not kept; running : the answer that grows here, or that failed and is not kept
    """

    id: str
    speaker: Speaker
    text: str
    turn: Turn | None = None
    running: Answer | None = None

    @property
    def n_siblings(self) -> int:
        """How many branches go out here."""
        return self.turn.n_siblings if self.turn is not None else 1


def entries_of(branch: Sequence[Turn], running: Sequence[Running]) -> tuple[Entry, ...]:
    """Entries of a branch and of what is under way; an answer is kept under its own id."""
    kept = {turn.id for turn in branch}
    under_way = [one for one in running if one.answer.id not in kept]
    shown = list(branch)
    if under_way:  # it takes the place of what followed its question before
        after = under_way[0].after
        places = {turn.id: place for place, turn in enumerate(branch)}
        start = places.get(after, len(branch) - 1 if after else -1) + 1
        is_asked = start < len(branch) and _asks(branch[start], under_way[0].answer)
        shown = list(branch[: start + is_asked])
    made = [Entry(turn.id, turn.speaker, turn.text, turn) for turn in shown]
    for one in under_way:
        asked = made[-1].turn if made else None
        if asked is None or not _asks(asked, one.answer):
            made.append(Entry(f"question of {one.answer.id}", Speaker.PERSON, one.answer.question.text))
        made.append(Entry(one.answer.id, Speaker.ASSISTANT, one.answer.text, running=one.answer))
    return tuple(made)


def _asks(turn: Turn, answer: Answer) -> bool:
    return turn.speaker is Speaker.PERSON and turn.text.strip() == answer.question.text.strip()
