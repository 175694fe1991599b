"""The conversation that the dock shows: read from the store, grown by events, changed by what a person does."""

from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from backend.assistant.answers import Answer, Choice, Question, parse_choice
from backend.assistant.conversations.conversation import ConversationRow, Speaker, Turn
from backend.bus import Subscription
from backend.errors import TriiError
from backend.events import AnswerChanged, ConversationsChanged
from trii_desktop.assistant.entry import Entry, Running, entries_of
from trii_desktop.assistant.surface import AssistantSurface, Decode
from trii_desktop.desk import Desk

N_DECODED_MAX: Final = 256


class Talk(QObject):
    """One conversation at a time; a new one has no id until its first question.

    changed : there are other entries; grew : an Entry whose answer is longer; over : an Answer that ended
    titled : the conversation has another title; switched : the mode to which it was switched, here or elsewhere
    """

    changed = Signal()
    grew = Signal(object)
    over = Signal(object)
    titled = Signal()
    switched = Signal(object)

    def __init__(self, desk: Desk, assistant: AssistantSurface, decode: Decode) -> None:
        super().__init__()
        self._desk = desk
        self._assistant = assistant
        self._decode = decode
        self.row: ConversationRow | None = None
        self.id = ""
        self.entries: tuple[Entry, ...] = ()
        self._branch: tuple[Turn, ...] = ()
        self._running: dict[str, Running] = {}
        self._due: set[str] = set()
        self._decoded: OrderedDict[str, Answer | None] = OrderedDict()
        self._turn = 0  # counts the conversations shown
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(AnswerChanged, self._answer_changed),
            desk.bridge.subscribe(ConversationsChanged, self._conversation_changed),
        ]

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the conversation is called."""
        return self.row.title if self.row is not None and self.row.title else "New conversation"

    @property
    def running(self) -> Answer | None:
        """The answer of this conversation that still grows."""
        mine = [one.answer for one in self._running.values() if not one.answer.is_over and one.answer.conversation == self.id]
        # What is kept is over, also where the frame that looks at its end has not come yet.
        kept = {turn.id for turn in self._branch} if mine else set()
        return next((answer for answer in reversed(mine) if answer.id not in kept), None)

    @property
    def last_question(self) -> Entry | None:
        """The newest question."""
        return next((entry for entry in reversed(self.entries) if entry.speaker is Speaker.PERSON), None)

    @property
    def last_answer(self) -> Entry | None:
        """The newest answer."""
        return next((entry for entry in reversed(self.entries) if entry.speaker is Speaker.ASSISTANT), None)

    def answer_of(self, entry: Entry) -> Answer | None:
        """The answer of an entry; None for a question, and where what is kept cannot be read."""
        if entry.running is not None:
            return self._running[entry.id].answer if entry.id in self._running else entry.running
        return self._answer_in(entry.turn) if entry.turn is not None and entry.speaker is Speaker.ASSISTANT else None

    # --- what a person does -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show an empty conversation."""
        self._turn += 1
        self.id, self.row, self._branch = "", None, ()
        self._show()
        self.titled.emit()

    async def open(self, conversation: str) -> None:
        """Show a conversation. Raises NotFound."""
        self._turn += 1
        self.id, self.row, self._branch = conversation, None, ()
        await self._read()

    async def ask(self, question: Question, edited: Entry | None = None) -> None:
        """Ask in this conversation: after its last turn, or as another branch in the place of ``edited``.

        Raises what asking raises.
        """
        await self._ask(self._placed(question, edited))

    async def anticipate(self, question: Question, edited: Entry | None = None) -> None:
        """The same question is still being typed."""
        if self.running is None:
            await self._desk.bridge.call(self._assistant.anticipate(self._placed(question, edited)))

    async def again(self, entry: Entry, mode: Choice | None = None) -> None:
        """Answer a question once more: another branch. A failed answer that is not kept is asked anew."""
        if entry.turn is None:
            answer = self.answer_of(entry)
            if answer is not None:
                self._running.pop(entry.id, None)
                await self._ask(answer.question if mode is None else answer.question.chosen(mode))
            return
        asked = next((turn for turn in self._branch if turn.id == entry.turn.parent), None)
        answer = await self._desk.bridge.call(self._assistant.again(entry.turn.id, mode))
        self._begin(answer, asked.parent if asked is not None else "")
        await self._read()

    async def stop(self) -> None:
        """End the answer that grows."""
        answer = self.running
        if answer is not None:
            await self._desk.bridge.call(self._assistant.stop(answer.id))

    async def step_branch(self, entry: Entry, step: int) -> None:
        """Show the branch through the turn before or after this one among its alternatives."""
        if entry.turn is None:
            return
        store = self._assistant.conversations
        siblings = await self._desk.bridge.call(store.siblings(entry.turn.id))
        place = next((n for n, turn in enumerate(siblings) if turn.id == entry.turn.id), 0) + step
        if 0 <= place < len(siblings):
            await self._desk.bridge.call(store.choose_branch(siblings[place].id))
            await self._read()

    async def remove(self, entry: Entry) -> None:
        """Delete a turn with what goes with it; undo brings it back. Does nothing for one that is not kept."""
        if entry.turn is None:
            return
        call, store, turn = self._desk.bridge.call, self._assistant.conversations, entry.turn
        removed = await call(store.remove_turn(turn.id))

        async def bring_back() -> None:
            await call(store.restore_turns(removed))

        async def remove_again() -> None:
            await call(store.remove_turn(turn.id))

        words = "A question was deleted" if turn.speaker is Speaker.PERSON else "An answer was deleted"
        self._desk.did(f"{words}.", bring_back, remove_again)

    def look(self) -> bool:
        """Once a frame: take the newest value of each answer that changed, and say whether there was any."""
        due, self._due = self._due, set()
        is_other = False
        for answer_id in due:
            answer, known = self._assistant.answer(answer_id), self._running.get(answer_id)
            if answer is None or known is None or answer.version <= known.answer.version:
                continue
            is_other = True
            self._running[answer_id] = replace(known, answer=answer)
            entry = next((one for one in self.entries if one.id == answer_id), None)
            if entry is not None:
                self.grew.emit(entry)
            if answer.is_over and not known.answer.is_over:
                self.over.emit(answer)
                self._desk.start("Reading the conversation", self._read())
        return is_other

    def close(self) -> None:
        """Hear no more."""
        self._turn += 1
        for subscription in self._subscriptions:
            subscription.close()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _placed(self, question: Question, edited: Entry | None) -> Question:
        turns = [entry.turn for entry in self.entries if entry.turn is not None]
        parent = turns[-1].id if turns else ""
        if edited is not None:
            parent = edited.turn.parent if edited.turn is not None else ""
        return replace(question, conversation=self.id, parent=parent)

    async def _ask(self, question: Question) -> None:
        turn = self._turn
        answer = await self._desk.bridge.call(self._assistant.ask(question))
        if turn != self._turn:
            return  # another conversation is shown meanwhile; this one goes on by itself
        self.id = answer.conversation
        self._begin(answer, question.parent or "")
        await self._read()

    def _begin(self, answer: Answer, after: str) -> None:
        newest = self._assistant.answer(answer.id) or answer
        self._running[answer.id] = Running(newest, after)
        self._due.add(answer.id)
        self._show()
        self._desk.frames.request()

    async def _read(self) -> None:
        turn, conversation = self._turn, self.id
        if not conversation:
            return
        store = self._assistant.conversations
        branch = await self._desk.bridge.call(store.branch(conversation))
        row = await self._desk.bridge.call(store.row(conversation))
        if turn != self._turn:
            return
        is_switched = bool(row.mode) and row.mode != (self.row.mode if self.row is not None else "")
        self._branch, self.row = branch, row
        for stored in branch:
            known = self._running.get(stored.id)
            if known is not None and known.answer.is_over:
                del self._running[stored.id]
        self._show()
        self.titled.emit()
        if is_switched:
            self.switched.emit(parse_choice(row.mode))

    def _answer_in(self, turn: Turn) -> Answer | None:
        if turn.id not in self._decoded:
            try:
                self._decoded[turn.id] = self._decode(turn.content)
            except TriiError:  # what is kept cannot be read; its words can
                self._decoded[turn.id] = None
            while len(self._decoded) > N_DECODED_MAX:
                self._decoded.popitem(last=False)
        self._decoded.move_to_end(turn.id)
        return self._decoded[turn.id]

    def _show(self) -> None:
        mine = [one for one in self._running.values() if one.answer.conversation == self.id and self.id]
        self.entries = entries_of(self._branch, mine)
        self.changed.emit()

    def _answer_changed(self, event: AnswerChanged) -> None:
        if event.answer in self._running:
            self._due.add(event.answer)
            self._desk.frames.request()

    def _conversation_changed(self, event: ConversationsChanged) -> None:
        if event.conversation == self.id and self.id:
            self._desk.start("Reading the conversation", self._read_again())

    async def _read_again(self) -> None:
        try:
            await self._read()
        except TriiError:  # it was removed, here or by another window
            self.begin()
