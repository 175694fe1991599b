"""Reads texts by a grammar with the library's own grammar engine, over a real vocabulary and without a model's weights."""

import ctypes
from pathlib import Path

from llama_cpp import llama_cpp as low


class GrammarReader:
    """Says whether a text follows a grammar. Loads the vocabulary alone; close it."""

    def __init__(self, path: Path) -> None:
        low.llama_backend_init()
        params = low.llama_model_default_params()
        params.vocab_only = True
        self._model = low.llama_model_load_from_file(str(path).encode(), params)
        self._vocab = low.llama_model_get_vocab(self._model)
        self._end = low.llama_vocab_eos(self._vocab)

    def close(self) -> None:
        low.llama_model_free(self._model)

    def knows(self, grammar: str) -> bool:
        """Whether the engine can read the grammar itself."""
        sampler = low.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if sampler:
            low.llama_sampler_free(sampler)
        return bool(sampler)

    def follows(self, grammar: str, text: str) -> bool:
        """Whether the whole text follows it, and may end there."""
        sampler = low.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        assert sampler, grammar
        try:
            for token in [*self._tokens(text), self._end]:
                if not self._may_come(sampler, token):
                    return False
                low.llama_sampler_accept(sampler, token)
        finally:
            low.llama_sampler_free(sampler)
        return True

    def _tokens(self, text: str) -> list[int]:
        raw = text.encode()
        tokens = (low.llama_token * (len(raw) + 1))()
        n_tokens = low.llama_tokenize(self._vocab, raw, len(raw), tokens, len(tokens), False, False)
        return tokens[:n_tokens]

    @staticmethod
    def _may_come(sampler: int, token: int) -> bool:
        one = low.llama_token_data(token, 1.0, 0.0)
        array = low.llama_token_data_array(ctypes.pointer(one), 1, -1, False)
        low.llama_sampler_apply(sampler, ctypes.byref(array))
        return one.logit > -1e30
