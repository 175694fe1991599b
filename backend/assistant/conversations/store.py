"""Conversations with the assistant in the words ledger: trees of turns, found by their words, changed in one transaction each."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias, TypeVar

from backend.assistant.conversations.checks import (
    CONVERSATIONS_MAX,
    TITLE_CHARS_MAX,
    TURNS_MAX,
    check_turn,
    checked_text,
    checked_title,
)
from backend.assistant.conversations.conversation import ConversationRow, Found, Speaker, Turn
from backend.assistant.conversations.exporting import Telling, export_json, export_markdown
from backend.assistant.conversations.full_text import match_of
from backend.assistant.conversations.removing import RemovedTurns, erase_turn, put_back
from backend.assistant.conversations.rows import (
    RemovedConversation,
    erase,
    is_named,
    read_all_turns,
    read_branch,
    read_deepest,
    read_found,
    read_row,
    read_rows,
    read_siblings,
    read_turn,
    write_conversation,
    write_mode,
    write_title,
    write_turns,
)
from backend.assistant.conversations.titles import UNTITLED, title_of
from backend.clock import Clock
from backend.errors import Conflict, InvalidInput
from backend.events import ConversationsChanged
from backend.storage.ledger import Ledger

T = TypeVar("T")
ExportForm: TypeAlias = Literal["markdown", "json"]

ROWS_MAX: Final = 1_000


class ConversationStore:
    """Reads and changes conversations; what changed is stored before ``publish`` tells it.

    Pages of deleted words are overwritten in the file, so that what was removed cannot be read from it.
    """

    def __init__(self, ledger: Ledger, publish: Callable[[ConversationsChanged], None], clock: Clock, telling: Telling) -> None:
        self._ledger = ledger
        self._publish = publish
        self._clock = clock
        self._telling = telling

    async def begin_conversation(self, title: str = "", instrument: str = "") -> ConversationRow:
        """A new conversation without turns; untitled, it is called after its first question. Raises InvalidInput."""
        checked = checked_title(title) if title.strip() else UNTITLED
        now_ns = self._clock.now_ns()
        row = ConversationRow(uuid.uuid4().hex, checked, now_ns, now_ns, 0, "", checked_text(instrument)[:TITLE_CHARS_MAX])

        def work(db: Any) -> ConversationRow:
            (n_rows,) = db.execute("SELECT count(*) FROM conversations").fetchone()
            if n_rows >= CONVERSATIONS_MAX:
                raise InvalidInput(
                    f"There are {CONVERSATIONS_MAX:,} conversations already.", hint="Remove some first.", code="conversation.full"
                )
            write_conversation(db, row, is_named=bool(title.strip()))
            return row

        return await self._changed(row.id, work)

    async def rows(self, n_max: int = 100, query: str = "") -> tuple[ConversationRow, ...]:
        """Conversations, pinned ones first, then those that changed last; with a query, those that hold it in title or turns."""
        title, match = query.strip()[:TITLE_CHARS_MAX], match_of(query)
        return await self._ledger.read(lambda db: read_rows(db, title, match, _bounded(n_max)))

    async def row(self, conversation: str) -> ConversationRow:
        """The conversation of this id. Raises NotFound."""
        return await self._ledger.read(lambda db: read_row(db, conversation))

    async def branch(self, conversation: str, leaf: str = "", *, n_max: int = TURNS_MAX) -> tuple[Turn, ...]:
        """The turns from the first to ``leaf``, or to the one that is shown; at most the newest ``n_max``. Raises NotFound."""

        def work(db: Any) -> tuple[Turn, ...]:
            shown = leaf or read_row(db, conversation).leaf
            turns = read_branch(db, conversation, shown, max(1, n_max))
            if leaf and not turns:
                read_row(db, conversation)
                read_turn(db, leaf)
                raise InvalidInput("That turn belongs to another conversation.", code="conversation.other")
            return turns

        return await self._ledger.read(work)

    async def turn(self, turn: str) -> Turn:
        """The turn of this id. Raises NotFound."""
        return await self._ledger.read(lambda db: read_turn(db, turn))

    async def siblings(self, turn: str) -> tuple[Turn, ...]:
        """The turns in whose place ``turn`` stands, itself among them, oldest first. Raises NotFound."""
        return await self._ledger.read(lambda db: read_siblings(db, read_turn(db, turn)))

    async def add_turn(self, turn: Turn) -> Turn:
        """Store a turn behind its parent and show its branch; as it was stored.

        An empty id is made, and so is a time of 0. The first question names an untitled conversation. The same turn again
        changes nothing. Raises NotFound (conversation or parent), InvalidInput (sizes), Conflict (another turn of this id).
        """
        check_turn(turn)
        now_ns = self._clock.now_ns()
        made = replace(turn, id=turn.id or uuid.uuid4().hex, at_ns=turn.at_ns or now_ns, text=checked_text(turn.text))

        def work(db: Any) -> Turn:
            row = read_row(db, made.conversation)
            if db.execute("SELECT 1 FROM turns WHERE id = ?", (made.id,)).fetchone():
                return _same(read_turn(db, made.id), made)
            if row.n_turns >= TURNS_MAX:
                raise InvalidInput(
                    f"This conversation holds {TURNS_MAX:,} turns already.", hint="Begin another one.", code="conversation.long"
                )
            if made.parent and read_turn(db, made.parent).conversation != made.conversation:
                raise InvalidInput("A turn cannot follow one of another conversation.", code="conversation.other")
            write_turns(db, [made])
            db.execute(
                "UPDATE conversations SET leaf = ?, n_turns = n_turns + 1, changed_ns = max(changed_ns, ?) WHERE id = ?",
                (made.id, now_ns, made.conversation),
            )
            if made.speaker is Speaker.PERSON:  # a question has a mode of its own, which stands from now on
                write_mode(db, made.conversation, "")
            if made.speaker is Speaker.PERSON and not row.n_turns and not is_named(db, row.id):
                write_title(db, row.id, title_of(made.text), is_named=False)
            return read_turn(db, made.id)

        return await self._changed(made.conversation, work)

    async def choose_branch(self, turn: str) -> tuple[Turn, ...]:
        """Show the branch through ``turn``, on to the end by the newest answers; its turns. Raises NotFound."""
        conversation = (await self.turn(turn)).conversation

        def work(db: Any) -> tuple[Turn, ...]:
            read_turn(db, turn)
            leaf = read_deepest(db, turn)
            db.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (leaf, conversation))
            return read_branch(db, conversation, leaf, TURNS_MAX)

        return await self._changed(conversation, work)

    async def rename(self, conversation: str, title: str) -> str:
        """Call a conversation ``title`` from now on; what it was called. Raises NotFound or InvalidInput."""
        checked = checked_title(title)

        def work(db: Any) -> str:
            before = read_row(db, conversation).title
            write_title(db, conversation, checked, is_named=True)
            return before

        return await self._changed(conversation, work)

    async def pin(self, conversation: str, is_pinned: bool) -> ConversationRow:  # noqa: FBT001 - said by the verb before it
        """Keep a conversation at the top of the list, or no longer. Raises NotFound."""

        def work(db: Any) -> ConversationRow:
            db.execute("UPDATE conversations SET is_pinned = ? WHERE id = ?", (is_pinned, conversation))
            return read_row(db, conversation)

        return await self._changed(conversation, work)

    async def choose_mode(self, conversation: str, mode: str) -> ConversationRow:
        """Let the next question of a conversation be answered in ``mode`` unless it names another one. Raises NotFound."""

        def work(db: Any) -> ConversationRow:
            write_mode(db, conversation, mode)
            return read_row(db, conversation)

        return await self._changed(conversation, work)

    async def remove(self, conversation: str) -> RemovedConversation:
        """Forget a conversation, its words in the index too; what it was, for ``restore``. Raises NotFound."""
        return await self._changed(conversation, lambda db: _without_kept_answers(db, erase(db, conversation)))

    async def restore(self, removed: RemovedConversation) -> ConversationRow:
        """Undo ``remove``. Raises Conflict where it is there again already."""

        def work(db: Any) -> ConversationRow:
            if db.execute("SELECT 1 FROM conversations WHERE id = ?", (removed.row.id,)).fetchone():
                raise Conflict(f"{removed.row.title} is there already.", code="conversation.known")
            write_conversation(db, removed.row, is_named=removed.is_named)
            write_turns(db, removed.turns)
            return removed.row

        return await self._changed(removed.row.id, work)

    async def remove_turn(self, turn: str) -> RemovedTurns:
        """Take a turn out with what goes with it, its words in the index too; what they were. Raises NotFound.

        The branch that is shown stays, or leads on by what stands beside. What goes with a turn: see ``removing``.
        """
        conversation = (await self.turn(turn)).conversation
        return await self._changed(conversation, lambda db: _without_kept_answers(db, erase_turn(db, turn)))

    async def restore_turns(self, removed: RemovedTurns) -> ConversationRow:
        """Undo ``remove_turn``. Raises NotFound where the conversation is gone, Conflict where they are there already."""

        def work(db: Any) -> ConversationRow:
            if any(db.execute("SELECT 1 FROM turns WHERE id = ?", (one.id,)).fetchone() for one in removed.turns):
                raise Conflict("These turns are there already.", code="conversation.turn_known")
            return put_back(db, removed)

        return await self._changed(removed.row.id, work)

    async def search(self, text: str, n_max: int = 20, *, beside_searches: bool = False, but: str = "") -> tuple[Found, ...]:
        """Turns that hold every word of ``text``, the best first; the last word may be unfinished. None for no word.

        beside_searches : leave out what was searched and what was found; but : a turn that is left out
        """
        match = match_of(text)
        if not match:
            return ()
        return await self._ledger.read(lambda db: read_found(db, match, _bounded(n_max), but=but, beside_searches=beside_searches))

    async def export(self, conversation: str, form: ExportForm) -> str:
        """The branch that is shown as markdown, or all branches as JSON, with facts and sources. Raises NotFound, CorruptData."""
        if form == "json":
            row, turns = await self._ledger.read(lambda db: (read_row(db, conversation), read_all_turns(db, conversation)))
            return export_json(row, turns, self._telling)
        row = await self.row(conversation)
        return export_markdown(row, await self.branch(conversation), self._telling)

    async def _changed(self, conversation: str, work: Callable[[Any], T]) -> T:
        def overwriting(db: Any) -> T:
            # Free pages of this file are filled with zeros from now on, those that the index gives back as well.
            db.execute("PRAGMA secure_delete = ON").fetchall()
            return work(db)

        done = await self._ledger.write(overwriting)
        self._publish(ConversationsChanged(conversation))
        return done


def _without_kept_answers(db: Any, removed: T) -> T:
    """What was removed. Answers kept to be repeated may hold the same words; they are made again when they are asked for."""
    db.execute("DELETE FROM assistant_answers")
    return removed


def _same(stored: Turn, again: Turn) -> Turn:
    said = ("conversation", "parent", "speaker", "text", "content")
    if any(getattr(stored, name) != getattr(again, name) for name in said):
        raise Conflict("There is another turn of this id.", hint="Give it an id of its own.", code="conversation.turn_known")
    return stored


def _bounded(n_max: int) -> int:
    return max(1, min(n_max, ROWS_MAX))
