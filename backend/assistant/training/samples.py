"""Examples become tokens, by the very template and vocabulary with which the engine will ask."""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.assistant.engines.engine import Role
from backend.assistant.engines.llama_words import LlamaWords
from backend.assistant.training.examples import Example


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer in tokens, behind all that was said before it: the first ``n_prompt`` are given and not learned."""

    tokens: tuple[int, ...]
    n_prompt: int

    @property
    def n_learned(self) -> int:
        """Tokens that are learned."""
        return len(self.tokens) - self.n_prompt


def make_samples(words: LlamaWords, examples: Iterable[Example]) -> list[Sample]:
    """A sample for each answer of the examples. Raises InvalidInput for messages that the model's template does not take."""
    samples = []
    for example in examples:
        for place, message in enumerate(example):
            if message.role is Role.ASSISTANT:
                prompt = words.prompts.of_messages(example[:place])
                samples.append(Sample((*prompt, *words.answer(message.text)), len(prompt)))
    return samples
