"""An answer while it is made: each change is a new frozen value, told at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from backend.assistant.answers import Answer, Fault, Phase
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import join_spans
from backend.errors import InvalidInput, NotFound, TriiError

_FAULTS: Final[dict[type[TriiError], Fault]] = {InvalidInput: Fault.ASKED, NotFound: Fault.NAMED}


class Draft:
    """Lives on the engine loop; ``answer`` is the newest value, ``tell`` hears of each."""

    def __init__(self, answer: Answer, tell: Callable[[Answer], None]) -> None:
        self.answer = answer
        self._tell = tell

    def grow(self, **changes: Any) -> None:
        """Change some of the answer's fields."""
        self.answer = replace(self.answer, version=self.answer.version + 1, **changes)
        self._tell(self.answer)

    def say(self, phase: Phase, words: str = "") -> None:
        """Say what is done now."""
        self.grow(phase=phase, words=words)

    def fail(self, error: TriiError) -> None:
        """It ends by an error."""
        fault = next((fault for kind, fault in _FAULTS.items() if isinstance(error, kind)), Fault.OUTSIDE)
        code = "" if fault is Fault.OUTSIDE else error.code
        self.grow(phase=Phase.FAILED, words=error.message, hint=error.hint, fault=fault, code=code)

    def think(self, spans: Sequence[Span], ms: float) -> None:
        """More of what the model thinks aloud, of which it has thought ``ms`` so far."""
        self.grow(phase=Phase.THINKING, words="", thought=join_spans((*self.answer.thought, *spans)), thought_ms=ms)

    def add(self, spans: Sequence[Span]) -> None:
        """More checked text."""
        if spans:
            self.grow(phase=Phase.WRITING, words="", spans=join_spans((*self.answer.spans, *spans)))
