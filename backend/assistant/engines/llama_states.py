"""The state of a prompt's beginning, saved from a context and loaded into it: milliseconds instead of reading it again."""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.assistant.engines.llama_library import LlamaLibrary
from backend.assistant.engines.prefixes import Origin, PrefixStore

SEQUENCE = 0


class LlamaStates:
    """States of one loaded model in the folder ``prefixes``.

    Only keys and values are kept. The package's own states and caches are not used: they copy unwritten memory by the
    hundreds of megabytes and unpickle files.
    """

    def __init__(self, library: LlamaLibrary, llama: Any, prefixes: Path, model_hash: str, template_hash: str) -> None:
        self._low = library.low
        self._llama = llama
        self._store = PrefixStore(prefixes, Origin(model_hash, template_hash, library.stamp))
        self._store.sweep()

    def find(self, tokens: Sequence[int]) -> Path | None:
        """The file of these tokens' state, if it is kept."""
        return self._store.find(tokens)

    def load(self, tokens: Sequence[int]) -> bool:
        """Have the context hold these tokens as they were saved; whether it does. If not, it is empty or as before."""
        path = self._store.find(tokens)
        if path is None:
            return False
        n_tokens = len(tokens)
        read, n_read = (self._low.llama_token * n_tokens)(), ctypes.c_size_t(0)
        n_bytes = self._low.llama_state_seq_load_file(
            self._llama.ctx, os.fsencode(path), SEQUENCE, read, n_tokens, ctypes.byref(n_read)
        )
        if not n_bytes or list(read[: n_read.value]) != list(tokens):
            self._low.llama_memory_clear(self._low.llama_get_memory(self._llama.ctx), True)
            self._llama.n_tokens = 0
            self._store.drop(tokens)
            return False
        self._llama.input_ids[:n_tokens] = tokens
        self._llama.n_tokens = n_tokens
        return True

    def save(self, tokens: Sequence[int]) -> bool:
        """Keep the state of these tokens, which are exactly what the context holds; whether it is kept."""
        array = (self._low.llama_token * len(tokens))(*tokens)

        def write(path: Path) -> bool:
            return bool(self._low.llama_state_seq_save_file(self._llama.ctx, os.fsencode(path), SEQUENCE, array, len(tokens)))

        return self._store.keep(tokens, write)
