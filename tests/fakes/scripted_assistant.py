"""An assistant whose answers a test writes: the surface of the real one, on the engine, with real events on the real bus."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import msgspec

from backend.assistant.answers import Answer, Choice, Mode, Phase, Provenance, Question
from backend.assistant.conversations.conversation import ConversationRow, Found, Speaker, Turn
from backend.assistant.conversations.removing import plan_removal
from backend.assistant.engines.engine import EngineState, EngineStats
from backend.assistant.grounding.span import Span
from backend.assistant.models.model import ModelCard, Standing
from backend.bus import Bus
from backend.errors import CorruptData, NotFound
from backend.events import AnswerChanged, ConversationsChanged, EngineChanged, ModelsChanged

STARTER = ModelCard("0123456789abcdef", "SmolLM2 135M", "/models/s.gguf", "0" * 64, 100_000_000, standing=Standing.READY)


class ScriptedConversations:
    """Conversations as trees of turns, in memory."""

    def __init__(self, publish: Callable[[ConversationsChanged], None]) -> None:
        self._publish = publish
        self._ids = itertools.count(1)
        self.by_id: dict[str, ConversationRow] = {}
        self.turns: dict[str, Turn] = {}
        self.now_ns = 1_704_724_200 * 1_000_000_000

    def begin(self, title: str) -> ConversationRow:
        row = ConversationRow(f"c{next(self._ids)}", title, self.now_ns, self.now_ns, 0, "")
        self.by_id[row.id] = row
        return row

    def add(self, conversation: str, parent: str, speaker: Speaker, text: str, content: bytes = b"", turn_id: str = "") -> Turn:
        self.now_ns += 1_000_000_000
        turn = Turn(turn_id or f"t{next(self._ids)}", conversation, parent, speaker, self.now_ns, text, content)
        self.turns[turn.id] = turn
        row = self.by_id[conversation]
        self.by_id[conversation] = replace(row, leaf=turn.id, n_turns=row.n_turns + 1, changed_ns=self.now_ns)
        self._publish(ConversationsChanged(conversation))
        return turn

    def _siblings(self, turn: Turn) -> list[Turn]:
        return [t for t in self.turns.values() if (t.conversation, t.parent) == (turn.conversation, turn.parent)]

    def _told(self, turn: Turn) -> Turn:
        siblings = self._siblings(turn)
        return replace(turn, n_siblings=len(siblings), sibling=siblings.index(turn))

    async def row(self, conversation):
        if conversation not in self.by_id:
            raise NotFound("There is no such conversation.")
        return self.by_id[conversation]

    async def rows(self, n_max=100, query=""):
        words = query.lower()
        said = {t.conversation for t in self.turns.values() if words in t.text.lower()}
        rows = [r for r in self.by_id.values() if not words or words in r.title.lower() or r.id in said]
        return tuple(sorted(rows, key=lambda r: (not r.is_pinned, -r.changed_ns)))[:n_max]

    async def branch(self, conversation, leaf=""):
        at, made = leaf or (await self.row(conversation)).leaf, []
        while at:
            made.append(self._told(self.turns[at]))
            at = self.turns[at].parent
        return tuple(reversed(made))

    async def siblings(self, turn):
        return tuple(self._told(one) for one in self._siblings(self.turns[turn]))

    async def choose_branch(self, turn):
        at = self.turns[turn]
        while children := [t for t in self.turns.values() if t.parent == at.id]:
            at = children[-1]
        self._change(at.conversation, leaf=at.id)

    async def rename(self, conversation, title):
        self._change(conversation, title=title)

    async def pin(self, conversation, is_pinned):
        self._change(conversation, is_pinned=is_pinned)

    async def choose_mode(self, conversation, mode):
        self._change(conversation, mode=mode)

    async def remove(self, conversation):
        row = await self.row(conversation)
        turns = tuple(t for t in self.turns.values() if t.conversation == conversation)
        del self.by_id[conversation]
        for turn in turns:
            del self.turns[turn.id]
        self._publish(ConversationsChanged(conversation))
        return row, turns

    async def restore(self, removed):
        row, turns = removed
        self.by_id[row.id] = row
        self.turns |= {turn.id: turn for turn in turns}
        self._publish(ConversationsChanged(row.id))

    async def remove_turn(self, turn):
        at = self.turns[turn]
        row, before = self.by_id[at.conversation], dict(self.turns)
        removal = plan_removal([one for one in before.values() if one.conversation == row.id], at)
        parents = dict(removal.moved)
        kept = [one for one in before.values() if one.id not in removal.gone]
        self.turns = {one.id: replace(one, parent=parents.get(one.id, one.parent)) for one in kept}
        self._change(row.id, leaf=removal.through if row.leaf in removal.gone else row.leaf)
        return row, before

    async def restore_turns(self, removed):
        row, self.turns = removed
        self._change(row.id, leaf=row.leaf)

    async def search(self, text, n_max=20):
        words = text.lower()
        found = [t for t in self.turns.values() if words in t.text.lower()]
        return tuple(
            Found(t.conversation, t.id, self.by_id[t.conversation].title, t.at_ns, _marked(t.text, words)) for t in found[:n_max]
        )

    async def export(self, conversation, form):
        turns = await self.branch(conversation)
        if form == "json":
            return msgspec.json.encode([{"who": t.speaker, "text": t.text} for t in turns]).decode()
        return "\n\n".join(f"**{t.speaker}**: {t.text}" for t in turns)

    def _change(self, conversation, **fields):
        self.by_id[conversation] = replace(self.by_id[conversation], **fields)
        self._publish(ConversationsChanged(conversation))


class ScriptedAssistant:
    """Answers wait until the test lets them ``grow``; its coroutines are called over the bridge, as the real one's are."""

    crosses_bridge = "a facade: its methods run on the engine"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._ids = itertools.count(1)
        self._answers: dict[str, Answer] = {}
        self._kept: dict[bytes, Answer] = {}
        self._asked: dict[str, Turn] = {}
        self.conversations = ScriptedConversations(bus.publish)
        self.cards: dict[Mode, ModelCard] = dict.fromkeys(Mode, STARTER)
        self.models = SimpleNamespace(card_for=self._card_for)
        self.state = EngineStats(EngineState.READY)
        self.engines = SimpleNamespace(stats=lambda: self.state, unload=self._unload)
        self.questions: list[Question] = []
        self.anticipated: list[Question] = []
        self.n_unloads = 0

    # --- the surface --------------------------------------------------------------------------------------------------

    async def ask(self, question: Question) -> Answer:
        if not question.conversation:
            question = replace(question, conversation=self.conversations.begin(question.text[:40]).id)
        turn = self.conversations.add(question.conversation, question.parent or "", Speaker.PERSON, question.text)
        return self._begin(question, turn)

    async def anticipate(self, question: Question) -> None:
        self.anticipated.append(question)

    def answer(self, answer_id: str) -> Answer | None:
        return self._answers.get(answer_id)

    async def stop(self, answer_id: str) -> None:
        self._grow(answer_id, phase=Phase.STOPPED, words="Stopped.")

    async def again(self, turn_id: str, choice: Choice | None = None) -> Answer:
        turn = self.conversations.turns[turn_id]
        asked = turn if turn.speaker is Speaker.PERSON else self.conversations.turns[turn.parent]
        question = Question(asked.text, Mode.FAST, asked.conversation, asked.parent).chosen(choice or Mode.FAST)
        return self._begin(question, asked)

    def decode(self, content: bytes) -> Answer:
        """What ``keeping.decode_answer`` is to the real one."""
        if content not in self._kept:
            raise CorruptData("This answer cannot be read.")
        return self._kept[content]

    # --- what a test does, on the engine ------------------------------------------------------------------------------

    async def say(self, answer_id: str, *spans: Span, **fields) -> None:
        """Let an answer grow by ``spans``."""
        known = self._answers[answer_id]
        self._grow(answer_id, **{"phase": Phase.WRITING, "spans": (*known.spans, *spans), **fields})

    async def finish(self, answer_id: str, **fields) -> None:
        """End an answer, and keep it."""
        self._grow(answer_id, **{"phase": Phase.DONE, **fields})

    async def fail(self, answer_id: str, words: str, hint: str = "") -> None:
        self._grow(answer_id, phase=Phase.FAILED, words=words, hint=hint)

    async def load(self, progress: float | None, words: str = "Loading SmolLM2 135M") -> None:
        """Let the engine load; None: it is ready."""
        self.state = EngineStats(EngineState.READY if progress is None else EngineState.LOADING, words=words)
        self._bus.publish(EngineChanged(str(self.state.state), words, progress or 0.0))

    async def stand(self, stats: EngineStats) -> None:
        self.state = stats
        self._bus.publish(EngineChanged(str(stats.state), stats.words))

    async def choose_none(self) -> None:
        """No model for any mode."""
        self.cards = {}
        self._bus.publish(ModelsChanged())

    async def tell(self, n_turns: int, text: Callable[[int], str], title: str = "A long one") -> str:
        """A kept conversation of ``n_turns`` turns."""
        row, parent = self.conversations.begin(title), ""
        for n in range(n_turns):
            speaker = Speaker.ASSISTANT if n % 2 else Speaker.PERSON
            content, turn_id = b"", ""
            if speaker is Speaker.ASSISTANT:
                turn_id = f"old{row.id}-{n}"
                content = turn_id.encode()
                question = Question(text(n - 1), Mode.FAST, row.id)
                made = Provenance(Mode.FAST, "SmolLM2 135M", "this process", first_token_ms=120, total_ms=900)
                self._kept[content] = Answer(turn_id, row.id, question, Phase.DONE, (Span(text(n)),), provenance=made, version=1)
            parent = self.conversations.add(row.id, parent, speaker, text(n), content, turn_id).id
        return row.id

    # --- inside -------------------------------------------------------------------------------------------------------

    def _begin(self, question: Question, turn: Turn) -> Answer:
        self.questions.append(question)
        answer = Answer(f"a{next(self._ids)}", question.conversation, question, Phase.WAITING)
        self._answers[answer.id], self._asked[answer.id] = answer, turn
        self._tell(answer)
        return answer

    def _grow(self, answer_id: str, **fields) -> None:
        answer = self._answers[answer_id]
        answer = replace(answer, version=answer.version + 1, **fields)
        if answer.is_over and answer.provenance is None:
            made = Provenance(answer.question.mode, "SmolLM2 135M", "this process", first_token_ms=142.0, total_ms=1_830.0)
            answer = replace(answer, provenance=made)
        self._answers[answer_id] = answer
        self._tell(answer)
        if answer.is_over:
            content = answer.id.encode()
            self._kept[content] = answer
            turn = self._asked[answer_id]
            said = answer.text or answer.words
            self.conversations.add(answer.conversation, turn.id, Speaker.ASSISTANT, said, content, answer.id)

    def _tell(self, answer: Answer) -> None:
        self._bus.publish(AnswerChanged(answer.id, answer.conversation, answer.version, answer.is_over))

    async def _card_for(self, mode: Mode) -> ModelCard | None:
        return self.cards.get(mode)

    async def _unload(self) -> None:
        self.n_unloads += 1
        await self.stand(EngineStats(EngineState.EMPTY))


def _marked(text: str, words: str) -> str:
    start = text.lower().find(words)
    return f"{text[:start]}\x02{text[start : start + len(words)]}\x03{text[start + len(words) :]}"
