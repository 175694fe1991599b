"""Text of a running answer, released only once its numbers are judged and can no longer grow."""

import re

from backend.assistant.grounding.checking import check_segment, drop_bidi
from backend.assistant.grounding.folding import fold_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.numbers import find_in
from backend.assistant.grounding.segments import N_CHARS_SOFT, next_cut, safe_cuts
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.words import BEGINNINGS, Words

_WORD = re.compile(r"[A-Za-z]+")
_MARKUP = frozenset("{}[]()<>&\\`*_~#|$^=")


class StreamGuard:
    """Give it text as it comes; what it releases, joined by ``join_spans``, is what ``check_text`` says of the whole.

    words : made for this text, where comparing words are to be judged too; then these end what goes out at once as well

    Words before a sentence's first number go out at once; from there on the sentence is held until it ends, or at most some
    200 characters (400 where nothing but numbers comes).
    """

    def __init__(self, known: Known, words: Words | None = None) -> None:
        self._known = known
        self._words = words
        self._held = ""
        self._n_released = 0  # letters at the beginning of what is held that went out already
        self._was_forced = False
        self._place = known.place

    def feed(self, text: str) -> tuple[Span, ...]:
        """What may be shown now."""
        self._held += drop_bidi(text)
        spans = self._release(is_whole=False)
        return join_spans([*spans, *self._release_words()])

    def end(self) -> tuple[Span, ...]:
        """The rest, judged."""
        return join_spans(self._release(is_whole=True))

    def _release(self, *, is_whole: bool) -> list[Span]:
        spans: list[Span] = []
        while self._held:
            n_chars, is_forced = next_cut(self._held, is_whole=is_whole)
            if n_chars == 0:
                break
            segment = self._held[:n_chars]
            checked = check_segment(segment, self._known, self._place, self._words, is_torn=self._was_forced or is_forced)
            spans += _without(checked, self._n_released)
            self._place = self._place.after(segment)
            self._held, self._was_forced, self._n_released = self._held[n_chars:], is_forced, 0
        return spans

    def _release_words(self) -> list[Span]:
        """The plain words at the beginning of a sentence that cannot be part of any number."""
        held = self._held[:N_CHARS_SOFT]
        stop = next(
            (place for place, char in enumerate(held) if char in _MARKUP or char.isdigit() or not char.isascii()), len(held)
        )
        if self._words is not None:
            stop = next((match.start() for match in _WORD.finditer(held, 0, stop) if match[0].lower() in BEGINNINGS), stop)
        cuts = [cut for cut in safe_cuts(held[:stop]) if cut > self._n_released]
        if not cuts or find_in(fold_text(held[: cuts[-1]]), held, self._known.names):
            return []
        words = held[self._n_released : cuts[-1]]
        self._n_released = cuts[-1]
        return [Span(words)]


def _without(spans: list[Span], n_chars: int) -> list[Span]:
    """The spans after the first letters, which were plain."""
    left = []
    for span in spans:
        if n_chars >= len(span.text):
            n_chars -= len(span.text)
            continue
        assert n_chars == 0 or span.mark is Mark.PLAIN, span
        left.append(Span(span.text[n_chars:], span.mark, span.fact, span.why))
        n_chars = 0
    return left
