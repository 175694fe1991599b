"""What a writer tells, piece by piece: its answer and its thoughts, each shown only as far as it is judged."""

import time
from typing import Final

from backend.assistant.engines.engine import Done, Finish, Text, Thought, WriterPiece
from backend.assistant.engines.repeating import end_of_first
from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.guard import StreamGuard
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.words import Words
from backend.assistant.modes.draft import Draft
from backend.assistant.modes.tagged import show_tags

THOUGHT_CHARS_MAX: Final = 60_000
LEFT_OUT: Final = "\n\n[The rest is left out.]"


class Hearing:
    """Takes pieces; a ``draft`` grows with them. Thoughts go through a guard of their own and never into ``text``."""

    def __init__(self, known: Known, facts: FactSet, draft: Draft | None = None) -> None:
        self._known = known
        self._facts = facts
        self._draft = draft
        self.done: Done | None = None
        self.thought: tuple[Span, ...] = ()
        self.thought_ms = 0.0
        self._began_s: float | None = None  # with the first piece: nothing but thoughts stands before a thought
        self._begin()

    def _begin(self) -> None:
        self.spans: tuple[Span, ...] = ()
        self._raw: list[str] = []
        self._guard = StreamGuard(self._known, Words(self._known))
        self._thought_guard = StreamGuard(self._known)  # nothing in a thought is checked but its numbers
        self._n_chars, self._is_thinking = 0, False

    @property
    def text(self) -> str:
        """The answer as it was written."""
        return "".join(self._raw)

    def take(self, piece: WriterPiece) -> None:
        """Hear one piece."""
        now_s = time.perf_counter()
        self._began_s = now_s if self._began_s is None else self._began_s
        if isinstance(piece, Done):
            self.done = piece
        elif isinstance(piece, Thought):
            self.thought_ms = (now_s - self._began_s) * 1e3
            self._think(piece)
        else:
            self._answer(piece)

    def end(self) -> None:
        """Nothing more comes. Of what was said again and again the first time stays."""
        self._end_thought()
        self._add(show_tags(self._guard.end(), self._facts))
        if self.done is not None and self.done.finish is Finish.REPEATED and (kept := end_of_first(self.text)) >= 0:
            self._raw = [self.text[:kept].rstrip()]
            words = Words(self._known)
            self.spans = show_tags(check_text(self.text, self._known, words), self._facts)
            if self._draft is not None:
                self._draft.grow(spans=self.spans)

    def _answer(self, piece: Text) -> None:
        self._end_thought()
        self._raw.append(piece.text)
        self._add(show_tags(self._guard.feed(piece.text), self._facts))

    def _think(self, piece: Thought) -> None:
        if piece.is_all:
            self._begin()
            self.thought = ()
            if self._draft is not None:
                self._draft.grow(spans=(), thought=())
        room = THOUGHT_CHARS_MAX - self._n_chars
        if room <= 0:
            return
        self._n_chars += len(piece.text)
        text = piece.text if len(piece.text) <= room else piece.text[:room] + LEFT_OUT
        self._is_thinking = True
        self._add_thought(show_tags(self._thought_guard.feed(text), self._facts))

    def _end_thought(self) -> None:
        if self._is_thinking:
            self._is_thinking = False
            self._add_thought(show_tags(self._thought_guard.end(), self._facts))

    def _add_thought(self, more: tuple[Span, ...]) -> None:
        self.thought = join_spans((*self.thought, *more))
        if self._draft is not None:
            self._draft.think(more, self.thought_ms)

    def _add(self, more: tuple[Span, ...]) -> None:
        self.spans = join_spans((*self.spans, *more))
        if self._draft is not None:
            self._draft.add(more)
