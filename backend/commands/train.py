"""`trii train`: an adapter fitted to a model by examples, in a process of its own."""

import argparse
import asyncio
import signal
import threading
import time
from dataclasses import asdict
from functools import partial

from backend.assistant.training.fitting import Advance, Stopped
from backend.assistant.training.recipe import Recipe
from backend.assistant.training.training import Trained, train
from backend.commands.failures import INTERRUPTED
from backend.commands.home_context import HomeContext
from backend.commands.progress import ProgressBar, bar_line, format_left, showing
from backend.exit_signals import on_signals


async def run_alone(context: HomeContext, arguments: argparse.Namespace) -> int:
    """Fit the adapter and write it; 130 where it was stopped, and then nothing is written. Raises what ``train`` raises."""
    recipe = Recipe(arguments.rank, arguments.epochs, arguments.rate, arguments.length, arguments.seed)
    model, examples, out = (context.path(path) for path in (arguments.model, arguments.examples, arguments.adapter))
    stopping, bar = threading.Event(), TrainBar(out.name)

    def go_on(advance: Advance) -> bool:
        bar.take(advance)
        return not stopping.is_set()

    with on_signals(stopping.set, signal.SIGINT, signal.SIGTERM):
        async with showing(context, bar):
            try:
                trained = await asyncio.to_thread(partial(train, model, examples, out, recipe, go_on))
            except Stopped:
                await context.tell("Stopped; no adapter was written.")
                return INTERRUPTED
    if context.as_json:
        await context.put_json({"adapter": str(out), **asdict(trained)})
        return 0
    await _say(context, trained)
    await context.tell(f"Let it go with a model: trii models adapter MODEL MODE {arguments.adapter}")
    return 0


async def _say(context: HomeContext, trained: Trained) -> None:
    judged = f"{trained.n_held_out} answers held out" if trained.n_held_out else "the same answers, too few to hold some out"
    await context.say(f"Learned from {trained.n_samples} answers, judged by {judged}.")
    best = min(trained.after)
    await context.say(f"Loss a token: {trained.before:.3f} without the adapter, {best:.3f} with that of epoch {trained.epoch}.")
    if best >= trained.before:
        await context.tell("It is no better with it. Give more examples, more epochs or another rate.")
    if trained.n_left_out:
        await context.tell(f"{trained.n_left_out} answers were longer than --length and left out.")


class TrainBar(ProgressBar):
    """How far a training is, with the time that is left."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._title = name
        self._told: list[tuple[float, Advance]] = []  # the first since samples are learned from, and the latest

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to paint."""
        return bool(self._told)

    def take(self, advance: Advance) -> None:
        """This is how far it is; from any thread."""
        first = self._told[:1] if self._told and self._told[0][1].n_done else []
        self._told = [*first, (time.monotonic(), advance)]

    def line(self, width: int) -> str:
        """The bar in fewer than ``width`` columns, "" while nothing is known."""
        told = self._told
        if not told:
            return ""
        (began_s, first), (now_s, at) = told[0], told[-1]
        words = f"epoch {at.epoch}"
        if at.n_done > first.n_done:
            left_s = (now_s - began_s) / (at.n_done - first.n_done) * (at.n_total - at.n_done)
            words += f", loss {at.loss:.3f}, {format_left(left_s)} left"
        return bar_line(self._title, at.n_done / at.n_total, words, width)
