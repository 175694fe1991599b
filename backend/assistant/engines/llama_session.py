"""A model in llama-cpp-python, driven below its own streaming: cost that grows with the text alone, and stops heard at once."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.assistant.engines.engine import Finish, Loaded, LoadOptions, Message, Piece, Request, Text
from backend.assistant.engines.generation import Generation
from backend.assistant.engines.grammars import grammar_of
from backend.assistant.engines.llama_context import Aborted, LlamaContext
from backend.assistant.engines.llama_eyes import LlamaEyes, Look, Picture
from backend.assistant.engines.llama_library import LlamaLibrary
from backend.assistant.engines.llama_sampler import LlamaSampler
from backend.assistant.engines.llama_states import LlamaStates
from backend.assistant.engines.llama_words import LlamaWords
from backend.assistant.engines.thoughts import knows_thinking
from backend.assistant.engines.wording import (
    cancelled,
    check_embeddable,
    check_request,
    no_embeddings,
    only_embeddings,
    too_long,
    unloaded,
)
from backend.errors import Unavailable


class LlamaSession:
    """One loaded model and its one context. Made by ``open_llama``; one thread uses it, any may call ``abort``.

    given : the folder of kept prefixes, and the model's projector where it has one
    """

    def __init__(
        self, library: LlamaLibrary, llama: Any, loaded: Loaded, options: LoadOptions, given: tuple[Path, LlamaEyes | None]
    ) -> None:
        prefixes, self._eyes = given
        self._library = library
        self._llama = llama
        self._is_embedding = options.is_embedding
        words = LlamaWords.of(library, llama, loaded.name)
        self._vocabulary, self._tokens = words.vocabulary, words.prompts
        self.loaded = replace(loaded, thinks=knows_thinking(words.source), begins_in=words.template.begins_in)
        template_hash = hashlib.sha256(words.source.encode()).hexdigest()
        states = LlamaStates(library, llama, prefixes, loaded.sha256, template_hash)
        self._context = LlamaContext(library, llama, states, loaded.name, loaded.n_threads)
        if self._eyes is not None:
            self._eyes.switch = self._context.switch
        self._is_closed = False

    def generate(self, request: Request) -> Iterator[Piece]:
        """Text pieces, then one Done.

        Raises InvalidInput, before anything is computed, for a prompt longer than the context, messages that the template
        does not take, pictures that it cannot see, and a grammar or schema that cannot be followed; Unavailable where a grammar
        leaves the model nothing to say.
        """
        self._check_open()
        if self._is_embedding:
            raise only_embeddings(self.loaded.name)
        check_request(request, self.loaded.name, sees=self._eyes is not None)
        generation = Generation(request, self.loaded)
        grammar = grammar_of(request)
        prompt = self._prompt(request)
        n_tokens = prompt.n_tokens if isinstance(prompt, Look) else len(prompt)
        if n_tokens >= self.loaded.n_ctx:
            raise too_long(n_tokens, self.loaded.n_ctx - 1)
        prefix = self._tokens.of_prefix(request.messages[: request.n_prefix])
        sampler = LlamaSampler(self._library, self._llama, request, grammar)
        self._context.switch.release()
        return self._run(generation, (prompt, n_tokens), prefix, sampler)

    def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Have the state of a mode's prefix in the context and on disk. Raises Unavailable where it was stopped."""
        self._check_open()
        if self._is_embedding:
            raise only_embeddings(self.loaded.name)
        tokens = self._tokens.of_prefix(prefix)
        if len(tokens) >= self.loaded.n_ctx:
            raise too_long(len(tokens), self.loaded.n_ctx - 1)
        if not tokens:
            return
        self._context.switch.release()
        try:
            self._context.prepare(tokens)
        except Aborted as error:
            raise cancelled(f"Preparing {mode or 'a mode'}") from error

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput for one longer than the context, Unavailable where it was loaded to chat."""
        self._check_open()
        if not self._is_embedding:
            raise no_embeddings(self.loaded.name)
        for text in texts:
            check_embeddable(text, len(self._vocabulary.of_text(text)), self.loaded.n_ctx)
        self._context.switch.release()
        return [self._embed_one(text) for text in texts]

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages in the model's template. Raises InvalidInput where it does not take them."""
        self._check_open()
        return len(self._tokens.of_messages(messages))

    def use_threads(self, n_threads: int) -> None:
        """Compute on so many threads from the next batch on; from any thread."""
        self._context.n_threads_wanted = max(1, n_threads)

    def abort(self) -> None:
        """End what runs within milliseconds, prompt reading too; from any thread."""
        self._context.switch.press()

    def close(self) -> None:
        """Free the model; a second time does nothing."""
        if not self._is_closed:
            self._is_closed = True
            if self._eyes is not None:
                self._eyes.close()
            self._llama.close()

    def _prompt(self, request: Request) -> Sequence[int] | Look:
        if not request.pictures or self._eyes is None:
            return self._tokens.of_messages(request.messages)
        look = self._eyes.look(self._tokens.around_pictures(request.messages, len(request.pictures)), request.pictures)
        first = look.parts[0]
        assert not isinstance(first, Picture)
        look.parts[0] = tuple(self._vocabulary.begun(list(first)))
        return look

    def _read(self, prompt: Sequence[int] | Look, prefix: Sequence[int]) -> int:
        """Have the prompt in the context; how much of it was there before."""
        if not isinstance(prompt, Look):
            return self._context.read(prompt, prefix)
        assert self._eyes is not None
        try:
            return self._context.look(prompt, prefix, self._eyes)
        finally:
            prompt.close()

    def _run(
        self, generation: Generation, given: tuple[Sequence[int] | Look, int], prefix: Sequence[int], sampler: LlamaSampler
    ) -> Iterator[Piece]:
        prompt, n_tokens = given
        finish = Finish.CANCELLED
        try:
            generation.begin(n_tokens)
            self._check_open()
            generation.n_cached = self._read(prompt, prefix)
            yield from self._write(generation, sampler)
            finish = generation.finish
        except Aborted:
            finish = Finish.CANCELLED
        finally:
            sampler.close()
        yield from generation.end(finish)

    def _write(self, generation: Generation, sampler: LlamaSampler) -> Iterator[Text]:
        """Token after token, until the model, a stop string or the count ends it."""
        while not generation.is_full:
            token = sampler.sample()
            if self._vocabulary.is_end(token):
                generation.finish = Finish.STOP
                return
            text = generation.take(self._vocabulary.piece(token))
            if text is not None:
                yield text
            if generation.finish is Finish.STOP:
                return
            if not generation.is_full:
                self._check_open()  # whoever reads may have closed it meanwhile
                self._context.eval([token])

    def _embed_one(self, text: str) -> list[float]:
        """The vector of one text; a model that gives one a token has their mean taken."""
        try:
            found = np.array(self._llama.embed(text, truncate=False), np.float64)
        except RuntimeError as error:
            if self._context.switch.is_pressed():
                raise cancelled("Comparing texts") from error
            raise Unavailable(f"{self.loaded.name} broke off: {error}.", hint="Load it again.", code="engine.decode") from error
        vector = found.mean(axis=0) if found.ndim > 1 else found
        length = float(np.linalg.norm(vector))
        if not length > 0:
            raise Unavailable(f"{self.loaded.name} gives no vector for this text.", code="engine.no_vector")
        return [float(value) for value in vector / length]

    def _check_open(self) -> None:
        if self._is_closed:
            raise unloaded()
