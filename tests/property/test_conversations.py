"""Conversations behave as a simple model in memory does, whatever is done to them in whatever order, restarts included."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.conversations.titles import UNTITLED, title_of
from backend.clock import ManualClock
from backend.storage.paths import Home
from tests.fakes.conversing import open_conversations

WORDS = ("apple", "pear", "plum", "quince", "Zürich", "50-day", "AND")


@dataclass
class Talk:
    """What the model remembers of a conversation: turns as (id, parent, text) in their order."""

    title: str = UNTITLED
    is_named: bool = False
    is_pinned: bool = False
    leaf: str = ""
    turns: list = field(default_factory=list)

    def parent_of(self, turn):
        return next(parent for key, parent, _ in self.turns if key == turn)

    def branch(self, leaf):
        found = []
        while leaf:
            found.append(leaf)
            leaf = self.parent_of(leaf)
        return found[::-1]

    def deepest(self, turn):
        while children := [key for key, parent, _ in self.turns if parent == turn]:
            turn = children[-1]
        return turn


class Conversations(RuleBasedStateMachine):
    rows = Bundle("rows")
    turns = Bundle("turns")
    gone = Bundle("gone")

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = Home(Path(self.folder.name) / "home")
        self.home.make()
        self.clock = ManualClock(1_000)
        self.runner = asyncio.Runner()
        self.talks = {}
        self.heard = []
        self.open()

    def open(self):
        self.stack = AsyncExitStack()
        opened = open_conversations(self.home, self.clock, self.heard)
        self.store = self.runner.run(self.stack.enter_async_context(opened))

    def ask(self, coroutine):
        self.clock.advance(1)
        return self.runner.run(coroutine)

    def close(self):
        self.runner.run(self.stack.aclose())

    @rule()
    def restart(self):
        self.close()
        self.open()

    @rule(target=rows, title=st.sampled_from(["", *WORDS]))
    def begin(self, title):
        row = self.ask(self.store.begin_conversation(title))
        self.talks[row.id] = Talk(title or UNTITLED, bool(title))
        return row.id

    @rule(target=turns, row=rows, text=st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), speaker=st.sampled_from(Speaker))
    def add_first(self, row, text, speaker):
        return self.add(row, "", text, speaker)

    @rule(target=turns, parent=turns, text=st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join))
    def add_after(self, parent, text):
        row, turn = parent
        return self.add(row, turn, text, Speaker.ASSISTANT)

    def add(self, row, parent, text, speaker):
        talk = self.talks.get(row)
        if talk is None:
            return multiple()
        made = self.ask(self.store.add_turn(Turn("", row, parent, speaker, 0, text, b"{}")))
        if not talk.turns and speaker is Speaker.PERSON and not talk.is_named:
            talk.title = title_of(text)
        talk.turns.append((made.id, parent, text))
        talk.leaf = made.id
        return row, made.id

    @rule(turn=turns)
    def choose(self, turn):
        row, key = turn
        if (talk := self.talks.get(row)) is not None:
            shown = self.ask(self.store.choose_branch(key))
            talk.leaf = talk.deepest(key)
            assert [one.id for one in shown] == talk.branch(talk.leaf)

    @rule(row=rows, title=st.sampled_from(WORDS), is_pinned=st.booleans())
    def rename_and_pin(self, row, title, is_pinned):
        if (talk := self.talks.get(row)) is not None:
            assert self.ask(self.store.rename(row, title)) == talk.title
            assert self.ask(self.store.pin(row, is_pinned)).is_pinned is is_pinned
            talk.title, talk.is_named, talk.is_pinned = title, True, is_pinned

    @rule(target=gone, row=rows)
    def remove(self, row):
        if row not in self.talks:
            return multiple()
        return self.ask(self.store.remove(row)), self.talks.pop(row)

    @rule(removed=consumes(gone))
    def restore(self, removed):
        kept, talk = removed
        self.ask(self.store.restore(kept))
        self.talks[kept.row.id] = talk

    @rule(word=st.sampled_from(WORDS))
    def search(self, word):
        found = {hit.turn for hit in self.ask(self.store.search(f"{word} ", 1_000))}
        assert found == {key for talk in self.talks.values() for key, _, text in talk.turns if word in text.split()}

    @rule(turn=turns)
    def look_at_siblings(self, turn):
        row, key = turn
        if (talk := self.talks.get(row)) is not None:
            siblings = self.ask(self.store.siblings(key))
            parent = talk.parent_of(key)
            assert [one.id for one in siblings] == [other for other, before, _ in talk.turns if before == parent]
            assert [(one.sibling, one.n_siblings) for one in siblings] == [(n, len(siblings)) for n in range(len(siblings))]

    @invariant()
    def holds_what_the_model_holds(self):
        rows = self.ask(self.store.rows(1_000))
        assert {row.id: (row.title, row.is_pinned, row.leaf, row.n_turns) for row in rows} == {
            key: (talk.title, talk.is_pinned, talk.leaf, len(talk.turns)) for key, talk in self.talks.items()
        }
        assert [row.is_pinned for row in rows] == sorted((row.is_pinned for row in rows), reverse=True)
        for key, talk in self.talks.items():
            shown = self.ask(self.store.branch(key))
            assert [turn.id for turn in shown] == talk.branch(talk.leaf)

    def teardown(self):
        if hasattr(self, "store"):
            self.close()
            self.runner.close()
            self.folder.cleanup()


class TestConversations(Conversations.TestCase):
    settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
