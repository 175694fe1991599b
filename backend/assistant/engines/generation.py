"""One generation under way: its text as it may be shown, its counts and its times."""

import time
from collections.abc import Iterator

from backend.assistant.engines.engine import Done, Finish, Loaded, Piece, Request, Text
from backend.assistant.engines.text_pieces import Characters, StopFinder


class Generation:
    """Made when a request is accepted; from then on its time runs. Raises InvalidInput for an empty stop string.

    n_cached : tokens of the prompt that were not read anew
    finish : why it ended, as far as its text says
    """

    def __init__(self, request: Request, loaded: Loaded) -> None:
        self._accepted_s = self._first_s = self._last_s = time.perf_counter()
        self._loaded = loaded
        self._finder = StopFinder(request.stop)
        self._characters = Characters()
        self._n_max = request.n_tokens_max
        self._n_prompt = self._n_generated = self._n_told = 0
        self.n_cached = 0
        self.finish = Finish.LENGTH

    def begin(self, n_prompt: int) -> None:
        """The prompt is as long as this; it leaves the rest of the context for the answer."""
        self._n_prompt = n_prompt
        self._n_max = min(self._n_max, self._loaded.n_ctx - n_prompt)

    @property
    def is_full(self) -> bool:
        """Whether as many tokens came as were asked for or have room."""
        return self._n_generated >= self._n_max

    def take(self, piece: bytes) -> Text | None:
        """Count a token and what it adds; the text that may be shown now, if any."""
        return self.take_text(self._characters.feed(piece))

    def take_text(self, text: str, n_tokens: int = 1) -> Text | None:
        """The same for whole characters."""
        self._last_s = time.perf_counter()
        if not self._n_generated:
            self._first_s = self._last_s
        self._n_generated += n_tokens
        return self._told(self._finder.feed(text))

    def count(self, n_generated: int) -> None:
        """How many tokens came in all, where only the end tells."""
        self._n_generated = n_generated

    def end(self, finish: Finish) -> Iterator[Piece]:
        """What was held back and turned out to be text, then the end."""
        if last := self._told(self._finder.feed(self._characters.end()) + self._finder.end()):
            yield last
        ended_s = time.perf_counter()
        span_s = self._last_s - self._first_s
        yield Done(
            finish,
            n_prompt=self._n_prompt,
            n_cached=self.n_cached,
            n_generated=self._n_generated,
            first_token_ms=(self._first_s - self._accepted_s) * 1e3,
            total_ms=(ended_s - self._accepted_s) * 1e3,
            tokens_per_s=(self._n_generated - 1) / span_s if span_s > 0 else 0.0,
            model=self._loaded.name,
            place=self._loaded.place,
        )

    def _told(self, text: str) -> Text | None:
        if self._finder.is_found:
            self.finish = Finish.STOP
        if not text:
            return None
        n_tokens, self._n_told = self._n_generated - self._n_told, self._n_generated
        return Text(text, n_tokens)
