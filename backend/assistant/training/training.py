"""A training from its files to its file: examples in, an adapter out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.llama_words import open_words
from backend.assistant.training.adapted import AdaptedModel
from backend.assistant.training.adapter_file import Adapter, check_free, write_adapter
from backend.assistant.training.examples import hold_out, read_examples
from backend.assistant.training.fitting import Fitting, Told
from backend.assistant.training.libraries import open_libraries
from backend.assistant.training.recipe import Recipe
from backend.assistant.training.samples import Sample, make_samples
from backend.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training gave.

    n_samples, n_held_out : answers learned from, and those that judged; with none of these, the former did
    n_left_out : answers that were too long
    before, after : mean loss a token as judged, without the adapter, and with it after each epoch
    epoch : the one whose adapter was kept, from 1
    """

    n_samples: int
    n_held_out: int
    n_left_out: int
    before: float
    after: tuple[float, ...]
    epoch: int


def train(model: Path, examples: Path, out: Path, recipe: Recipe, told: Told) -> Trained:
    """Fit an adapter to a model's file by a file of examples, and write it; it takes minutes to hours.

    Raises NotFound, InvalidInput and Unavailable, in words, for files, machines and settings that will not do; Conflict where
    ``out`` is there already; Stopped where ``told`` says so. Nothing is written then.
    """
    check_free(out)
    header, parts = parse_header(model), hold_out(read_examples(examples), recipe.seed)
    libraries = open_libraries()
    with open_words(model) as words:
        made = [make_samples(words, part) for part in parts]
    samples, judges = (_short(part, recipe) for part in made)
    if not samples:
        raise InvalidInput(
            f"With what was said before it, every answer is longer than {recipe.n_tokens:,} tokens.",
            hint="Allow longer ones, or shorten the examples.",
            code="training.too_long",
        )
    fitted = Fitting(libraries, AdaptedModel(libraries, model, header, recipe), samples, judges or samples, told).run(recipe)
    write_adapter(out, Adapter(out.stem, header.architecture, header.name, recipe.alpha, fitted.pairs))
    n_left_out = sum(map(len, made)) - len(samples) - len(judges)
    return Trained(len(samples), len(judges), n_left_out, fitted.before, fitted.after, fitted.best)


def _short(samples: Sequence[Sample], recipe: Recipe) -> list[Sample]:
    return [sample for sample in samples if len(sample.tokens) <= recipe.n_tokens]
