"""What a model thought aloud before its answer: folded, quiet, and marked as its own unchecked working."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from backend.assistant.answers import Answer, Phase
from backend.assistant.grounding.span import Mark, Span
from trii_desktop.assistant.markdown.blocks import Block
from trii_desktop.assistant.markdown.parsing import plain_blocks
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.assistant.text_button import TextButton
from trii_desktop.look import Look
from trii_desktop.widgets.layout import column, label, row

UNCHECKED: Final = (
    "The model's own working, no part of the answer. Nothing that it says here was checked; "
    "numbers that stand on no fact are struck through."
)
_KEPT: Final = "\u00a0"
_FOLDED, _OPEN = "\u25b8", "\u25be"
_INDENT_PX: Final = 10
_EMPTY_LINES: Final = re.compile(r"\n[ \t]*\n\s*")


class ThoughtBlock(QWidget):
    """A button that says how long the model thought and unfolds what. ``grew`` : it needs another height."""

    grew = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self.toggle = TextButton()
        self.toggle.clicked.connect(self._toggle)
        self._unchecked = label(UNCHECKED, "caption", wraps=True)
        self.text = RichText(look, "What the model thought, unchecked")
        self.inside = QWidget()
        self.inside.setLayout(column(self._unchecked, self.text, margins=(_INDENT_PX, 2, 0, 4), gap=8))
        self.inside.hide()
        self.setLayout(column(row(self.toggle, None), self.inside, gap=2))
        self.hide()

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it; what is folded is passed over."""
        return [self.toggle, self.text]

    @property
    def is_open(self) -> bool:
        """Whether what was thought is shown."""
        return not self.inside.isHidden()

    def show_answer(self, answer: Answer) -> None:
        """Show what was thought before this answer, if anything; folded until somebody wants it."""
        self._answer = answer
        is_thinking = answer.phase is Phase.THINKING
        self.setVisible(bool(answer.thought) or is_thinking)
        if self.isHidden():
            return
        said = thought_words(answer.thought_ms, is_thinking=is_thinking)
        self.toggle.setText(f"{_OPEN if self.is_open else _FOLDED}  {said}")
        self.toggle.setAccessibleName(f"{said}. {'Hide' if self.is_open else 'Show'} what the model thought, which is unchecked")
        if self.is_open:
            self.text.show_blocks(thought_blocks(answer))

    def forget(self) -> None:
        """Be ready for another answer."""
        self._answer = None
        self.inside.hide()
        self.text.show_blocks(())
        self.hide()

    def wear(self) -> None:
        """Follow the theme."""
        self.text.wear()
        if self._answer is not None:
            self.show_answer(self._answer)

    def _toggle(self) -> None:
        self.inside.setVisible(not self.is_open)
        if self._answer is not None:
            self.show_answer(self._answer)
        self.grew.emit()


def thought_words(time_ms: float, *, is_thinking: bool) -> str:
    """``Thinking… 4 s`` while it does, then ``Thought for 4 s``."""
    whole_s = int(time_ms // 1_000)
    took = f"{whole_s}{_KEPT}s" if whole_s < 60 else f"{whole_s // 60}{_KEPT}min {whole_s % 60}{_KEPT}s"
    if is_thinking:
        return f"Thinking\u2026 {took}"
    return f"Thought for {took}" if whole_s else "Thought for less than a second"


def thought_blocks(answer: Answer) -> tuple[Block, ...]:
    """What was thought, a block a paragraph: as it was written, nothing of it markdown, and quieter than the answer."""
    blocks = (plain_blocks(spans) for spans in _paragraphs(answer.thought))
    return tuple(replace(block, quote=1) for found in blocks for block in found)


def _paragraphs(thought: Sequence[Span]) -> list[list[Span]]:
    """The spans between empty lines, without the lines around them."""
    paragraphs: list[list[Span]] = [[]]
    for span in thought:
        first, *others = _EMPTY_LINES.split(span.text) if span.mark is Mark.PLAIN else (span.text,)
        paragraphs[-1].append(replace(span, text=first))
        paragraphs += [[Span(text)] for text in others]
    for spans in paragraphs:
        spans[0] = _stripped(spans[0], str.lstrip)
        spans[-1] = _stripped(spans[-1], str.rstrip)
    return paragraphs


def _stripped(span: Span, strip: Callable[[str], str]) -> Span:
    return replace(span, text=strip(span.text)) if span.mark is Mark.PLAIN else span
