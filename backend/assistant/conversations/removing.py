"""Taking single turns out of a conversation: what goes with one, what then follows what, and how it is brought back.

A question goes with its answers; what was asked after them follows the turn before. An answer with other versions goes alone,
and what was asked after it follows the version beside it. An only answer goes alone while nothing follows it, else with its
question, so that questions and answers always take turns.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.assistant.conversations.conversation import ConversationRow, Speaker, Turn
from backend.assistant.conversations.rows import (
    is_named,
    read_all_turns,
    read_deepest,
    read_row,
    read_turn,
    write_title,
    write_turns,
)
from backend.assistant.conversations.titles import UNTITLED, title_of


@dataclass(frozen=True, slots=True)
class RemovedTurns:
    """Turns that were removed, for their restoration.

    row, is_named : the conversation as it was; turns : those removed, oldest first
    parents : of those that followed them, as they were; order : ids of all turns as they stood
    """

    row: ConversationRow
    is_named: bool
    turns: tuple[Turn, ...]
    parents: tuple[tuple[str, str], ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """Which turns go, which turn the others follow then, and through which one the shown branch leads ("" for none)."""

    gone: frozenset[str]
    moved: tuple[tuple[str, str], ...]
    through: str


def plan_removal(turns: Sequence[Turn], turn: Turn) -> Removal:
    """What goes with ``turn``, by the rules above; ``turns`` are all of its conversation, oldest first."""
    below: dict[str, list[Turn]] = defaultdict(list)
    for one in turns:
        below[one.parent].append(one)
    beside = [one for one in below[turn.parent] if one.id != turn.id]
    if turn.speaker is Speaker.ASSISTANT:
        after, versions = below[turn.id], [one for one in beside if one.speaker is Speaker.ASSISTANT]
        if versions:
            newer = [one for one in versions if turns.index(one) > turns.index(turn)]
            heir = newer[0].id if newer else versions[-1].id
            return Removal(frozenset({turn.id}), tuple((one.id, heir) for one in after), heir)
        if not after or not turn.parent:
            return Removal(frozenset({turn.id}), tuple((one.id, turn.parent) for one in after), turn.parent)
        question = next(one for one in turns if one.id == turn.parent)
        return plan_removal(turns, question)
    answers = below[turn.id]
    moved = tuple((one.id, turn.parent) for answer in answers for one in below[answer.id])
    through = moved[-1][0] if moved else beside[-1].id if beside else turn.parent
    return Removal(frozenset({turn.id, *(one.id for one in answers)}), moved, through)


def erase_turn(db: Any, turn_id: str) -> RemovedTurns:
    """Delete a turn with what goes with it; what they were. Raises NotFound."""
    turn = read_turn(db, turn_id)
    row, has_name = read_row(db, turn.conversation), is_named(db, turn.conversation)
    turns = read_all_turns(db, row.id)
    removal = plan_removal(turns, turn)
    gone = tuple(one for one in turns if one.id in removal.gone)
    before = {one.id: one.parent for one in turns}
    for moved, parent in removal.moved:
        db.execute("UPDATE turns SET parent = ? WHERE id = ?", (parent or None, moved))
    for one in reversed(gone):
        db.execute("DELETE FROM turns WHERE id = ?", (one.id,))
    leaf = row.leaf
    if leaf in removal.gone:
        leaf = read_deepest(db, removal.through) if removal.through else ""
    db.execute("UPDATE conversations SET leaf = ?, n_turns = n_turns - ? WHERE id = ?", (leaf, len(gone), row.id))
    if not has_name:
        _call_anew(db, row.id)
    parents = tuple((moved, before[moved]) for moved, _ in removal.moved)
    return RemovedTurns(row, has_name, gone, parents, tuple(before))


def put_back(db: Any, removed: RemovedTurns) -> ConversationRow:
    """Undo ``erase_turn``: every turn in its place again, those said since behind them. Raises NotFound."""
    row = read_row(db, removed.row.id)
    parents = dict(removed.parents)
    there = {one.id: replace(one, parent=parents.get(one.id, one.parent)) for one in read_all_turns(db, row.id)}
    known = there | {one.id: one for one in removed.turns}
    placed = [known.pop(one) for one in removed.order if one in known]
    whole = [*placed, *known.values()]
    # Rows say the order of versions, and a freed number may be another conversation's by now.
    db.execute("PRAGMA defer_foreign_keys = ON").fetchall()
    db.execute("DELETE FROM turns WHERE conversation = ?", (row.id,))
    write_turns(db, whole)
    db.execute("UPDATE conversations SET leaf = ?, n_turns = ? WHERE id = ?", (removed.row.leaf, len(whole), row.id))
    if not is_named(db, row.id):
        write_title(db, row.id, removed.row.title, is_named=removed.is_named)
    return read_row(db, row.id)


def _call_anew(db: Any, conversation: str) -> None:
    """The title comes from the first question; with that gone it would keep its words."""
    first = next((one for one in read_all_turns(db, conversation) if one.speaker is Speaker.PERSON), None)
    write_title(db, conversation, title_of(first.text) if first else UNTITLED, is_named=False)
