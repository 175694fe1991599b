"""What a model of llama-cpp-python has read: prompts come in, as much of them is kept as can be, and reading can be stopped."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backend.assistant.engines.llama_eyes import LlamaEyes, Look, Picture
from backend.assistant.engines.llama_library import AbortSwitch, LlamaLibrary
from backend.assistant.engines.llama_states import LlamaStates
from backend.errors import TriiError, Unavailable

_NO_TOKEN = -1


class Aborted(Exception):
    """The switch was pressed while the model computed; the context holds what came before the batch under way."""


class LlamaContext:
    """The one context of a loaded ``Llama``.

    How a prompt is cut into batches changes the last bits of what comes of it. So a prefix is always read in batches of its
    own, and what follows in batches from its end: a request gives the same text whether its beginning was read, kept or
    restored. Only the model's own earlier words, in a conversation, are kept as they were written.
    """

    def __init__(self, library: LlamaLibrary, llama: Any, states: LlamaStates, name: str, n_threads: int) -> None:
        self._low = library.low
        self._llama = llama
        self._states = states
        self._name = name
        self._n_threads = self.n_threads_wanted = n_threads
        self.switch = AbortSwitch(library)
        self.switch.connect(llama.ctx)
        self._n_read = 0  # tokens that were read; those behind them the model wrote
        self._n_prefix = 0  # of which the first were read as a prefix
        self._has_logits = False  # for what follows exactly the tokens held

    def read(self, tokens: Sequence[int], prefix: Sequence[int]) -> int:
        """Hold these tokens, and have what they lead to; how many were held before, or restored from disk.

        A prefix that had to be read is kept on disk, so that it is read once. Raises Aborted, and Unavailable where the model
        broke off.
        """
        n_prefix = len(prefix) if len(prefix) < len(tokens) and tuple(tokens[: len(prefix)]) == tuple(prefix) else 0
        n_kept = self._n_kept(tokens, n_prefix)
        if n_kept < n_prefix and self._load(prefix):
            n_kept = n_prefix
        if n_kept == len(tokens):
            return n_kept
        n_kept = n_held = self._rewind(n_kept)
        if n_held < n_prefix:
            self._read_from(n_held, prefix, n_prefix)
            self._states.save(prefix)
            n_held = n_prefix
        self._read_from(n_held, tokens, n_prefix)
        return n_kept

    def look(self, look: Look, prefix: Sequence[int], eyes: LlamaEyes) -> int:
        """Hold a prompt with pictures, and have what it leads to; how many tokens were held before. Pictures are read anew.

        Raises Aborted, InvalidInput for a picture too large for the model, and Unavailable where the model broke off.
        """
        first, *rest = look.parts
        n_kept = self.read(first, prefix) if isinstance(first, tuple) and first else self._rewind(0)
        for part in rest:
            if isinstance(part, Picture):
                self._see(part, eyes)
            else:
                for start in range(0, len(part), self._llama.n_batch):
                    self.eval(part[start : start + self._llama.n_batch])
        self._n_read = self._llama.n_tokens
        return n_kept

    def prepare(self, prefix: Sequence[int]) -> None:
        """Hold this prefix, and have its state on disk. Raises Aborted, and Unavailable where the model broke off."""
        n_kept = self._n_kept([*prefix, _NO_TOKEN], len(prefix))
        if n_kept < len(prefix) and not self._load(prefix):
            self._read_from(self._rewind(n_kept), prefix, len(prefix))
        if self._states.find(prefix) is None and self._rewind(len(prefix)) == len(prefix):
            self._states.save(prefix)

    def eval(self, tokens: Sequence[int]) -> None:
        """Decode one batch behind what is held. Raises Aborted, and Unavailable where the model broke off."""
        if self.switch.is_pressed():
            raise Aborted
        if self._n_threads != self.n_threads_wanted:
            self._n_threads = self.n_threads_wanted
            self._low.llama_set_n_threads(self._llama.ctx, self._n_threads, self._n_threads)
        self._has_logits = False
        try:
            self._llama.eval(tokens)
        except RuntimeError as error:  # "llama_decode returned …": 2 where the switch was pressed
            self._rewind(self._llama.n_tokens)
            if self.switch.is_pressed():
                raise Aborted from error
            raise Unavailable(f"{self._name} broke off: {error}.", hint="Load the model again.", code="engine.decode") from error
        self._has_logits = True

    def _see(self, picture: Picture, eyes: LlamaEyes) -> None:
        """Read one picture behind what is held. Nothing that follows is ever taken for it: it has no tokens of its own."""
        if self.switch.is_pressed():
            raise Aborted
        n_held, self._has_logits = self._llama.n_tokens, False
        try:
            n_behind = eyes.read(picture, n_held, self._llama.n_batch)
        except TriiError as error:
            self._rewind(n_held)
            if self.switch.is_pressed():
                raise Aborted from error
            raise
        self._llama.input_ids[n_held:n_behind] = _NO_TOKEN
        self._llama.n_tokens = n_behind

    def _read_from(self, n_held: int, tokens: Sequence[int], n_prefix: int) -> None:
        self._n_prefix = n_prefix
        for first, last in self._batches(n_held, n_prefix, len(tokens)):
            self.eval(tokens[first:last])
            self._n_read = last

    def _batches(self, first: int, n_prefix: int, n_tokens: int) -> Iterator[tuple[int, int]]:
        while first < n_tokens:
            last = min(first + self._llama.n_batch, n_prefix if first < n_prefix else n_tokens)
            yield first, last
            first = last

    def _n_kept(self, tokens: Sequence[int], n_prefix: int) -> int:
        """How many tokens can stay: up to the last border between batches, or into what the model wrote itself."""
        n_common, n_batch = self._n_common(tokens), self._llama.n_batch
        if n_common == len(tokens) == self._llama.n_tokens and self._has_logits:
            return n_common
        n_common = min(n_common, len(tokens) - 1)
        if n_prefix != self._n_prefix:
            return int(min(n_common, n_prefix, self._n_prefix) // n_batch * n_batch)
        if n_common > self._n_read:
            return n_common
        start = n_prefix if n_common >= n_prefix else 0
        return int(start + (n_common - start) // n_batch * n_batch)

    def _n_common(self, tokens: Sequence[int]) -> int:
        n_tokens = min(len(tokens), self._llama.n_tokens)
        differs = self._llama.input_ids[:n_tokens] != np.asarray(tokens[:n_tokens], np.intc)
        return int(differs.argmax()) if differs.any() else n_tokens

    def _load(self, prefix: Sequence[int]) -> bool:
        if not self._states.load(prefix):
            return False
        self._n_read = self._n_prefix = len(prefix)
        self._has_logits = False
        return True

    def _rewind(self, n_tokens: int) -> int:
        """Keep the first tokens alone; how many are left, which is none where a model cannot go back."""
        memory = self._low.llama_get_memory(self._llama.ctx)
        if not self._low.llama_memory_seq_rm(memory, 0, n_tokens, -1):
            self._low.llama_memory_clear(memory, True)
            n_tokens = 0
        if n_tokens < self._llama.n_tokens:
            self._has_logits = False
        self._llama.n_tokens = n_tokens
        self._n_read = min(self._n_read, n_tokens)
        return n_tokens
