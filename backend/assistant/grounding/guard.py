"""Text of a running answer, released only once its numbers are judged and can no longer grow."""

from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Span


class StreamGuard:
    """Give it text as it comes; what it releases, joined, is what ``check_text`` says of the whole, however it was cut."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._held = ""

    def feed(self, text: str) -> tuple[Span, ...]:
        """What may be shown now; at most a sentence or some 200 characters are held back."""
        raise NotImplementedError(text)

    def end(self) -> tuple[Span, ...]:
        """The rest, judged."""
        raise NotImplementedError
