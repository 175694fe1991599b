"""A model's words in llama-cpp-python: its vocabulary, its chat template, and the prompts that they make together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from backend.assistant.engines.chat_template import ChatTemplate, jinja_template
from backend.assistant.engines.engine import Message, Role
from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.llama_library import LlamaLibrary, open_library, watching_load
from backend.assistant.engines.llama_vocabulary import LlamaVocabulary
from backend.assistant.engines.prompt_tokens import PromptTokens
from backend.errors import InvalidInput

_LOAD_ERRORS = (ValueError, RuntimeError, OSError)
_TURN = (Message(Role.USER, "A"), Message(Role.ASSISTANT, "B"), Message(Role.USER, "C"))


@dataclass(frozen=True, slots=True)
class LlamaWords:
    """What a model of llama-cpp-python reads and writes. ``source`` is the text of its template, empty where it has none."""

    vocabulary: LlamaVocabulary
    template: ChatTemplate
    prompts: PromptTokens
    source: str

    @classmethod
    def of(cls, library: LlamaLibrary, llama: Any, name: str) -> Self:
        """Of a ``Llama``. Raises InvalidInput for a template that cannot be used."""
        vocabulary = LlamaVocabulary(library.low, llama)
        source = llama.metadata.get("tokenizer.chat_template", "")
        template = jinja_template(source, library.formats, name, eos=vocabulary.eos, bos=vocabulary.bos)
        return cls(vocabulary, template, PromptTokens(vocabulary, template), source)

    def answer(self, text: str) -> list[int]:
        """Tokens of an answer as the model is to write it, with the one that ends it in this template."""
        said = self.vocabulary.of_answer(self.prompts.as_words(text))
        asked, gone_on = (self.prompts.of_messages(messages) for messages in (_TURN[:1], _TURN))
        return [*said, next(filter(self.vocabulary.is_end, gone_on[len(asked) :]), self.vocabulary.end)]


@contextmanager
def open_words(path: Path) -> Iterator[LlamaWords]:
    """The words of a model's file, for as long as the block runs; its weights are not loaded.

    Raises InvalidInput for a file that is no sound model, Unavailable where llama-cpp-python is not installed.
    """
    library, header = open_library(), parse_header(path)
    with watching_load(library, _go_on):
        try:
            llama = library.high.Llama(str(path), vocab_only=True, n_ctx=1, verbose=False)
        except _LOAD_ERRORS as error:
            raise InvalidInput(f"{header.name} cannot be loaded: {error}.", code="engine.no_model") from error
    try:
        yield LlamaWords.of(library, llama, header.name)
    finally:
        llama.close()


def _go_on(_done: float) -> bool:
    return True
