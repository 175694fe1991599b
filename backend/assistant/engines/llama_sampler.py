"""Chooses the next token, held to a grammar that may leave nothing to choose without ending the process."""

import ctypes
from typing import Any

import numpy as np

from backend.assistant.engines.engine import Request
from backend.assistant.engines.llama_library import LlamaLibrary
from backend.errors import InvalidInput, Unavailable

TOP_K, TOP_P, MIN_P = 40, 0.95, 0.05
TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class LlamaSampler:
    """Samples from the logits of a context. Temperature 0 takes the likeliest; a seed makes any other repeatable.

    The library asks its grammar about every token of the vocabulary, and ends the whole process where a grammar allows
    none. Here the choice is made first and the grammar asked about it alone; only where it says no are all others asked,
    and where it says no to all, that is told.

    Raises InvalidInput for a grammar that the library cannot read. Close it.
    """

    def __init__(self, library: LlamaLibrary, llama: Any, request: Request, grammar: str) -> None:
        self._low = library.low
        self._llama = llama
        self._n_vocab = llama.n_vocab()
        self._chain: Any = None
        self._grammar: Any = None
        if grammar:
            vocab = self._low.llama_model_get_vocab(llama.model)
            self._grammar = self._low.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not self._grammar:
                raise InvalidInput(
                    f"The grammar cannot be read: {grammar[:200]!r}.", hint="A grammar begins at root.", code="grammar.unreadable"
                )
        self._chain = library.internals.LlamaSampler()
        if request.temperature == 0:
            self._chain.add_greedy()
            return
        self._chain.add_top_k(TOP_K)
        self._chain.add_top_p(TOP_P, 1)
        self._chain.add_min_p(MIN_P, 1)
        self._chain.add_temp(request.temperature)
        self._chain.add_dist(request.seed & 0x7FFFFFFF)  # the library takes its largest number for "any seed"

    def sample(self) -> int:
        """The next token after what the context decoded last. Raises Unavailable where the grammar allows none."""
        token = int(self._low.llama_sampler_sample(self._chain.sampler, self._llama.ctx, -1))
        if self._grammar is None:
            return token
        if not self._allows(token):
            token = self._sample_allowed()
        self._low.llama_sampler_accept(self._grammar, token)
        return token

    def close(self) -> None:
        """Give its memory back."""
        if self._chain is not None:
            self._chain.close()
        if self._grammar is not None:
            self._low.llama_sampler_free(self._grammar)
            self._grammar = None

    def __del__(self) -> None:
        self.close()  # a generation that was never begun

    def _allows(self, token: int) -> bool:
        one = np.array([(token, 1.0, 0.0)], TOKEN_DATA)
        self._low.llama_sampler_apply(self._grammar, ctypes.byref(self._candidates(one)))
        return bool(np.isfinite(one["logit"][0]))

    def _sample_allowed(self) -> int:
        """The grammar first, then the choice among what it leaves."""
        logits = self._low.llama_get_logits_ith(self._llama.ctx, -1)
        every = np.zeros(self._n_vocab, TOKEN_DATA)
        every["id"] = np.arange(self._n_vocab)
        every["logit"] = np.ctypeslib.as_array(logits, (self._n_vocab,))
        self._low.llama_sampler_apply(self._grammar, ctypes.byref(self._candidates(every)))
        left = every[np.isfinite(every["logit"])]
        if not len(left):
            raise Unavailable(
                "The grammar allows nothing that this model can write next.",
                hint="Its vocabulary may lack a character; choose another model.",
                code="grammar.dead_end",
            )
        candidates = self._candidates(left)
        self._low.llama_sampler_apply(self._chain.sampler, ctypes.byref(candidates))
        return int(candidates.data[candidates.selected].id)

    def _candidates(self, rows: Any) -> Any:
        data = rows.ctypes.data_as(self._low.llama_token_data_p)
        return self._low.llama_token_data_array(data, len(rows), -1, False)
