"""A model in xllamacpp, which needs no compiler: the same answers as elsewhere, and a stop that is heard after each small batch."""

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from backend.assistant.engines.chat_template import ChatTemplate
from backend.assistant.engines.engine import Finish, Loaded, LoadOptions, Message, Piece, Request, Text
from backend.assistant.engines.generation import Generation
from backend.assistant.engines.gguf import GgufHeader
from backend.assistant.engines.grammars import grammar_of
from backend.assistant.engines.prefixes import Origin, PrefixStore
from backend.assistant.engines.prompt_tokens import PromptTokens
from backend.assistant.engines.thoughts import ALL_SIGNS, knows_thinking
from backend.assistant.engines.wording import (
    cancelled,
    check_embeddable,
    check_request,
    no_embeddings,
    only_embeddings,
    too_long,
    unloaded,
)
from backend.assistant.engines.xllama_server import Chunk, XllamaServer, check_answer
from backend.errors import TriiError, Unavailable

TOP_K, TOP_P, MIN_P = 40, 0.95, 0.05


class XllamaVocabulary:
    """The tokens of a model that a server has loaded."""

    def __init__(self, server: XllamaServer) -> None:
        self._server = server

    def of_prompt(self, text: str) -> list[int]:
        """Tokens of a rendered prompt; a beginning that both the template and the vocabulary write stands once."""
        tokens = self._server.tokenize(text, is_special=True, is_begun=True)
        return tokens[1:] if len(tokens) > 1 and tokens[0] == tokens[1] else tokens

    def of_text(self, text: str) -> list[int]:
        """Tokens of plain words."""
        return self._server.tokenize(text, is_special=False, is_begun=True)

    def signs_in(self, text: str) -> list[str]:
        """The signs of the template that stand in a text: one token as a sign, several as words."""
        as_signs = self._server.pieces(text)
        if [token for token, _ in as_signs] == self._server.tokenize(text, is_special=False, is_begun=False):
            return []
        words = sorted({word for _, word in as_signs if len(word) > 1})
        return [word for word in words if self._is_sign(word)]

    def _is_sign(self, word: str) -> bool:
        as_sign = self._server.tokenize(word, is_special=True, is_begun=False)
        return len(as_sign) == 1 and as_sign != self._server.tokenize(word, is_special=False, is_begun=False)


class XllamaSession:
    """One loaded model and its one slot. Made by ``open_xllama``; one thread uses it, any may call ``abort``."""

    def __init__(
        self, server: XllamaServer, loaded: Loaded, options: LoadOptions, header: GgufHeader, store: tuple[Path, str]
    ) -> None:
        self._server = server
        self._is_embedding = options.is_embedding
        self._vocabulary = XllamaVocabulary(server)
        # Without this question the server would take a template of its own choice.
        template = ChatTemplate(server.render if header.template else None, loaded.name)
        self._tokens = PromptTokens(self._vocabulary, template)
        self.loaded = replace(loaded, thinks=knows_thinking(header.template), begins_in=template.begins_in)
        prefixes, stamp = store
        template_hash = hashlib.sha256(header.template.encode()).hexdigest()
        self._store = PrefixStore(prefixes, Origin(loaded.sha256, template_hash, stamp))
        self._store.sweep()
        self._held: Sequence[int] = ()  # the prompt that the slot has read
        self._aborted = threading.Event()
        self._is_closed = False

    def generate(self, request: Request) -> Iterator[Piece]:
        """Text pieces, then one Done; raises as the session of llama-cpp-python does."""
        self._check_open()
        if self._is_embedding:
            raise only_embeddings(self.loaded.name)
        check_request(request, self.loaded.name, sees=False)
        generation = Generation(request, self.loaded)
        grammar = grammar_of(request)
        tokens = self._tokens.of_messages(request.messages)
        if len(tokens) >= self.loaded.n_ctx:
            raise too_long(len(tokens), self.loaded.n_ctx - 1)
        prefix = self._tokens.of_prefix(request.messages[: request.n_prefix])
        self._aborted.clear()
        asked = {
            "n_predict": min(request.n_tokens_max, self.loaded.n_ctx - len(tokens)),
            "temperature": request.temperature,
            "seed": request.seed & 0x7FFFFFFF,
            "top_k": TOP_K,
            "top_p": TOP_P,
            "min_p": MIN_P,
            "grammar": grammar,
            "preserved_tokens": list(ALL_SIGNS),
        }
        return self._run(generation, tokens, prefix, asked)

    def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Have the state of a mode's prefix in the slot and on disk. Raises Unavailable where it was stopped."""
        self._check_open()
        if self._is_embedding:
            raise only_embeddings(self.loaded.name)
        tokens = self._tokens.of_prefix(prefix)
        if len(tokens) >= self.loaded.n_ctx:
            raise too_long(len(tokens), self.loaded.n_ctx - 1)
        if not tokens:
            return
        self._aborted.clear()
        self._restore(tokens, tokens)
        if tuple(self._held[: len(tokens)]) == tokens and self._store.find(tokens) is not None:
            return
        for chunk in self._chunks(list(tokens), {"n_predict": 0}):
            check_answer(chunk)
        if self._aborted.is_set():
            raise cancelled(f"Preparing {mode or 'a mode'}")
        self._held = tokens
        self._store.keep(tokens, self._save)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput for one longer than the context, Unavailable where it was loaded to chat."""
        self._check_open()
        if not self._is_embedding:
            raise no_embeddings(self.loaded.name)
        for text in texts:
            check_embeddable(text, len(self._vocabulary.of_text(text)), self.loaded.n_ctx)
        self._aborted.clear()
        return [self._embed_one(text) for text in texts]

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages in the model's template. Raises InvalidInput where it does not take them."""
        self._check_open()
        return len(self._tokens.of_messages(messages))

    def use_threads(self, n_threads: int) -> None:
        """Raises Unavailable: this library fixes the number when it loads."""
        raise Unavailable(
            f"xllamacpp computes on {self.loaded.n_threads} threads until the model is loaded again; {n_threads} were asked for.",
            code="engine.fixed_threads",
        )

    def abort(self) -> None:
        """End what runs after the batch under way; from any thread."""
        self._aborted.set()

    def close(self) -> None:
        """Free the model; a second time does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._server.close()

    def _run(self, generation: Generation, tokens: list[int], prefix: Sequence[int], asked: dict[str, object]) -> Iterator[Piece]:
        generation.begin(len(tokens))
        n_read = self._stand_behind(tokens, prefix)
        self._held = ()
        yield from self._written(generation, tokens, asked)
        generation.n_cached -= min(n_read, generation.n_cached)
        is_cancelled = self._aborted.is_set() and generation.finish is not Finish.STOP
        yield from generation.end(Finish.CANCELLED if is_cancelled else generation.finish)

    def _written(self, generation: Generation, tokens: list[int], asked: dict[str, object]) -> Iterator[Text]:
        for chunk in self._chunks(tokens, asked):
            check_answer(chunk)
            if progress := chunk.get("prompt_progress"):
                generation.n_cached = int(progress["cache"])
                continue
            self._held = tokens
            choice = chunk["choices"][0]
            if choice.get("finish_reason") == "stop":
                generation.finish = Finish.STOP
            if usage := chunk.get("usage"):
                generation.count(int(usage["completion_tokens"]))
            elif (text := generation.take_text(choice["text"])) is not None:
                yield text
            if generation.finish is Finish.STOP:
                return

    def _chunks(self, tokens: list[int], asked: dict[str, object]) -> Iterator[Chunk]:
        """What the server tells, as it comes; leaving off ends its work."""
        told: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        is_left = threading.Event()

        def hear(chunk: Chunk) -> bool:
            told.put(chunk)
            return is_left.is_set() or self._aborted.is_set()

        def work() -> None:
            try:
                self._server.complete(tokens, asked, hear)
            finally:
                told.put(None)

        thread = threading.Thread(target=work, name="xllamacpp", daemon=True)
        thread.start()
        try:
            while (chunk := told.get()) is not None:
                yield chunk
        finally:
            is_left.set()
            thread.join()

    def _stand_behind(self, tokens: list[int], prefix: Sequence[int]) -> int:
        """Have a prefix read apart from what follows: how a prompt is cut into batches changes the last bits of its answer.

        Returns how many tokens were read for it, 0 where the slot or the disk held them.
        """
        self._restore(tokens, prefix)
        n_prefix = len(prefix)
        if n_prefix and tuple(tokens[:n_prefix]) == tuple(prefix) and tuple(self._held[:n_prefix]) != tuple(prefix):
            for chunk in self._chunks(tokens[:n_prefix], {"n_predict": 0}):
                check_answer(chunk)
            return n_prefix
        return 0

    def _restore(self, tokens: Sequence[int], prefix: Sequence[int]) -> None:
        """Bring the prefix's state back where the slot does not hold it."""
        n_prefix = len(prefix)
        if not n_prefix or tuple(tokens[:n_prefix]) != tuple(prefix) or tuple(self._held[:n_prefix]) == tuple(prefix):
            return
        path = self._store.find(prefix)
        if path is None:
            return
        try:
            is_whole = self._server.load_state(path) == n_prefix
        except TriiError:
            is_whole = False
        self._held = prefix if is_whole else ()
        if not is_whole:
            self._store.drop(prefix)

    def _save(self, path: Path) -> bool:
        return self._server.keep_state(path) == len(self._held)

    def _embed_one(self, text: str) -> list[float]:
        if self._aborted.is_set():
            raise cancelled("Comparing texts")
        vector = np.array(self._server.embed(text), np.float64)
        length = float(np.linalg.norm(vector))
        if not length > 0:
            raise Unavailable(f"{self.loaded.name} gives no vector for this text.", code="engine.no_vector")
        return [float(value) for value in vector / length]

    def _check_open(self) -> None:
        if self._is_closed:
            raise unloaded()
