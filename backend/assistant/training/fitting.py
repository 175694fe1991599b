"""Fits an adapter to samples: AdamW, a rate that warms up and falls along a cosine, the best epoch kept."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from backend.assistant.training.adapted import AdaptedModel
from backend.assistant.training.adapter_file import Pair
from backend.assistant.training.libraries import Libraries
from backend.assistant.training.recipe import Recipe
from backend.assistant.training.samples import Sample

N_SAMPLES_STEP: Final = 8
_WARM_SHARE: Final = 0.1
_NORM_MAX: Final = 1.0


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a fitting is, in samples learned from. ``loss`` is the latest step's, a mean over its tokens; 0 before the first."""

    n_done: int
    n_total: int
    epoch: int
    loss: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter's matrices, and the mean loss a token on the samples that judge: without it, and with it after each epoch."""

    pairs: dict[str, Pair]
    before: float
    after: tuple[float, ...]

    @property
    def best(self) -> int:
        """The epoch whose matrices these are, from 1."""
        return self.after.index(min(self.after)) + 1


Told: TypeAlias = Callable[[Advance], bool]
"""Hears how far a fitting is; what it gives tells whether to go on."""


class Stopped(Exception):
    """The fitting was asked to end; there is no adapter."""


class Fitting:
    """The way of one adapter through its samples. ``judges`` decide which epoch was best."""

    def __init__(
        self, libraries: Libraries, model: AdaptedModel, samples: Sequence[Sample], judges: Sequence[Sample], told: Told
    ) -> None:
        self._libraries = libraries
        self._model = model
        self._samples = samples
        self._judges = judges
        self._told = told
        self._at = Advance(0, len(samples), 1, 0.0)

    def run(self, recipe: Recipe) -> Fitted:
        """Go through all epochs. Raises Stopped."""
        n_steps = recipe.n_epochs * -(-len(self._samples) // N_SAMPLES_STEP)
        learning = self._libraries.torch.optim.AdamW(self._model.weights, lr=recipe.rate, weight_decay=0.0)
        pace = self._libraries.transformers.get_cosine_schedule_with_warmup(learning, round(n_steps * _WARM_SHARE), n_steps)
        chance = random.Random(recipe.seed)  # noqa: S311 - an order, no secret
        before, after, pairs = self._judge(), list[float](), self._model.pairs()
        n_total = recipe.n_epochs * len(self._samples)
        for epoch in range(1, recipe.n_epochs + 1):
            ordered = chance.sample(self._samples, len(self._samples))
            for start in range(0, len(ordered), N_SAMPLES_STEP):
                step = ordered[start : start + N_SAMPLES_STEP]
                loss = self._learn(step, learning)
                pace.step()
                self._at = Advance(self._at.n_done + len(step), n_total, epoch, loss)
            after.append(self._judge())
            if after[-1] == min(after):
                pairs = self._model.pairs()
        return Fitted(pairs, before, tuple(after))

    def _learn(self, step: Sequence[Sample], learning: Any) -> float:
        """One step; the mean loss a token that it began with."""
        n_learned = sum(sample.n_learned for sample in step)
        total = 0.0
        for sample in step:
            self._check_wanted()
            loss = self._model.loss(sample) / n_learned
            loss.backward()
            total += float(loss.detach())
        self._libraries.torch.nn.utils.clip_grad_norm_(self._model.weights, _NORM_MAX)
        learning.step()
        learning.zero_grad()
        return total

    def _judge(self) -> float:
        """The mean loss a token."""
        total = 0.0
        for sample in self._judges:
            self._check_wanted()
            total += self._model.loss_alone(sample)
        return total / sum(sample.n_learned for sample in self._judges)

    def _check_wanted(self) -> None:
        if not self._told(self._at):
            raise Stopped
