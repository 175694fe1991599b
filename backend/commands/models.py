"""`trii models`: models of the assistant taken in, listed, tried on this machine, chosen for modes and removed."""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.models.models import CutShort, Models
from backend.assistant.models.work import Doing, Work
from backend.commands.context import CommandContext
from backend.commands.model_options import NOBODY
from backend.commands.model_words import SHORT, details, examined_facts, examined_row, facts, listed, row
from backend.commands.numbers import format_size
from backend.commands.parser import UsageError
from backend.commands.phrases import read_secret_file
from backend.commands.progress import ProgressBar, bar_line, format_left, showing
from backend.commands.tables import TextColumn
from backend.errors import InvalidInput, NotFound

_COLUMNS: Final = (
    TextColumn("model"),
    TextColumn("name", may_be_cut=True),
    TextColumn("size", is_number=True),
    TextColumn("quantised"),
    TextColumn("context", is_number=True),
    TextColumn("licence", may_be_cut=True),
    TextColumn("stands"),
    TextColumn("tokens/s", is_number=True),
    TextColumn("fit for"),
    TextColumn("used for"),
)
_CUT_SHORT: Final = (TextColumn("download", may_be_cut=True), TextColumn("here", is_number=True), TextColumn("url"))
_EXAMINED: Final = (
    TextColumn("mode"),
    TextColumn("fit"),
    TextColumn("first token", is_number=True),
    TextColumn("tokens/s", is_number=True),
    TextColumn("did as told", is_number=True),
    TextColumn("words", may_be_cut=True),
)
_SERVICES: Final = (TextColumn("service"), TextColumn("model"), TextColumn("host"), TextColumn("key"))
_DOING: Final = {
    Doing.COPYING: "copying",
    Doing.DOWNLOADING: "downloading",
    Doing.CHECKING: "checking",
    Doing.TRYING: "trying to load",
    Doing.EXAMINING: "examining",
}
_STARTER: Final = Path("starter")


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    actions: dict[str, Callable[[CommandContext, argparse.Namespace], Awaitable[int]]] = {
        "list": _list,
        "add": _add,
        "download": _download,
        "remove": _remove,
        "show": _show,
        "use": _use,
        "test": _test,
        "adapter": _adapter,
        "projector": _projector,
        "key": _key,
    }
    return await actions[arguments.action](context, arguments)


async def _list(context: CommandContext, _arguments: argparse.Namespace) -> int:
    cards = await (await _models(context)).cards()
    if context.as_json:
        await context.put_json([facts(card) for card in cards])
    elif cards:
        await context.put_table(_COLUMNS, [row(card) for card in cards])
    else:
        await context.tell("There are no models. Add one with: trii models add FILE.gguf, or trii models download URL")
    return 0


async def _add(context: CommandContext, arguments: argparse.Namespace) -> int:
    if arguments.file == _STARTER and not context.path(arguments.file).exists():
        return await _tell_added(context, await (await _models(context)).add_starter())
    path = context.path(arguments.file)
    bar = WorkBar(path.name)
    async with showing(context, bar):
        card = await (await _models(context)).add_file(path, bar.take)
    return await _tell_added(context, card)


async def _download(context: CommandContext, arguments: argparse.Namespace) -> int:
    models = await _models(context)
    if arguments.url is None:
        if arguments.discard or arguments.sha256:
            raise UsageError("Say which download.", hint="Give its URL.")
        return await _list_cut_short(context, await models.cut_short())
    if arguments.discard:
        await models.discard(arguments.url)
        await context.tell("What came of it is deleted.")
        return 0
    bar = WorkBar("download")
    async with showing(context, bar):
        card = await models.download(arguments.url, arguments.sha256, bar.take)
    return await _tell_added(context, card)


async def _list_cut_short(context: CommandContext, found: tuple[CutShort, ...]) -> int:
    if context.as_json:
        await context.put_json([{"url": one.url, "sha256": one.sha256, "n_bytes": one.n_bytes} for one in found])
    elif found:
        await context.put_table(_CUT_SHORT, [(one.name, format_size(one.n_bytes), one.url) for one in found])
    else:
        await context.tell("No download waits to go on.")
    return 0


async def _tell_added(context: CommandContext, card: ModelCard) -> int:
    """Say what was added. Raises InvalidInput where it was, and may not be loaded."""
    if card.standing is Standing.REFUSED:
        words = f"{card.name} was added and may not be loaded: {card.words}"
        hint = f"Try it again with: trii models test {card.id[:SHORT]}, or remove it."
        raise InvalidInput(words, hint=hint, code="model.refused")
    if context.as_json:
        await context.put_json(facts(card))
        return 0
    await context.say(f"Model {card.id[:SHORT]}, {card.name}, {format_size(card.n_bytes)}, is there.")
    if card.words:
        await context.tell(card.words)
    if not card.modes and not card.is_embedding:
        await context.tell(f"Use it with: trii models use MODE {card.id[:SHORT]}")
    return 0


async def _remove(context: CommandContext, arguments: argparse.Namespace) -> int:
    gone = await (await _models(context)).remove((await _resolve(context, arguments.model)).id, for_good=True)
    if context.as_json:
        await context.put_json(facts(gone))
    else:
        modes = f"; nothing is used for {listed(gone.modes)} now" if gone.modes else ""
        await context.say(f"Model {gone.id[:SHORT]}, {gone.name}, is gone{modes}.")
    return 0


async def _show(context: CommandContext, arguments: argparse.Namespace) -> int:
    card = await _resolve(context, arguments.model)
    if context.as_json:
        await context.put_json(facts(card))
        return 0
    for name, text in details(card):
        await context.say(f"{name:<12}  {text}")
    if card.examined:
        await context.say("")
        await context.put_table(_EXAMINED, [examined_row(one) for one in card.examined])
    return 0


async def _use(context: CommandContext, arguments: argparse.Namespace) -> int:
    mode = Mode(arguments.mode)
    if arguments.model == NOBODY:
        await (await _models(context)).choose(mode, None)
        if context.as_json:
            await context.put_json({"mode": str(mode), "model": None})
        else:
            await context.say(f"No model is used for {mode}; its answers are in plain wording.")
        return 0
    card = await _resolve(context, arguments.model)
    await (await _models(context)).choose(mode, card.id)
    if context.as_json:
        await context.put_json({"mode": str(mode), "model": card.id})
        return 0
    await context.say(f"{card.name} is used for {mode}.")
    examined = card.examined_for(mode)
    if examined is None:
        await context.tell(f"It has not been tried for that: trii models test {card.id[:SHORT]} --mode {mode}")
    elif not examined.is_fit:
        await context.tell(f"{examined.words} Answers in this mode keep to plain wording.")
    return 0


async def _test(context: CommandContext, arguments: argparse.Namespace) -> int:
    card = await _resolve(context, arguments.model)
    found = []
    for mode in [Mode(text) for text in dict.fromkeys(arguments.mode or Mode)]:
        bar = WorkBar(f"{card.name} for {mode}")
        async with showing(context, bar):
            found.append(await (await _models(context)).examine(card.id, mode, bar.take))
    if context.as_json:
        await context.put_json([examined_facts(one) for one in found])
    else:
        await context.put_table(_EXAMINED, [examined_row(one) for one in found])
    return 0


async def _adapter(context: CommandContext, arguments: argparse.Namespace) -> int:
    card, mode, path = await _resolve(context, arguments.model), Mode(arguments.mode), context.path(arguments.file)
    adapters = (await _models(context)).adapters
    if str(arguments.file) == NOBODY and not path.exists():
        gone = await adapters.remove(card.id, mode)
        words = f"{card.name} goes without {gone.name} for {mode}."
    else:
        bar = WorkBar(path.name)
        async with showing(context, bar):
            added = await adapters.add(card.id, mode, path)
        adapter = added.adapter_for(mode)
        assert adapter is not None
        words = f"{card.name} goes with {adapter.name} for {mode}. Try it: trii models test {card.id[:SHORT]} --mode {mode}"
    if context.as_json:
        await context.put_json(facts(await _resolve(context, card.id)))
    else:
        await context.say(words)
    return 0


async def _projector(context: CommandContext, arguments: argparse.Namespace) -> int:
    card, path = await _resolve(context, arguments.model), context.path(arguments.file)
    projectors = (await _models(context)).projectors
    if str(arguments.file) == NOBODY and not path.exists():
        gone = await projectors.remove(card.id)
        words = f"{card.name} goes without {gone.name} and sees no pictures."
    else:
        bar = WorkBar(path.name)
        async with showing(context, bar):
            added = await projectors.add(card.id, path)
        assert added.projector is not None
        words = f"{card.name} sees pictures by {added.projector.name}."
    if context.as_json:
        await context.put_json(facts(await _resolve(context, card.id)))
    else:
        await context.say(words)
    return 0


# --- words ------------------------------------------------------------------------------------------------------------


class WorkBar(ProgressBar):
    """How far a model is on its way, with the time that is left."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._work: Work | None = None

    def take(self, work: Work) -> None:
        """This is how far it is; from any thread."""
        self._work = work

    def line(self, width: int) -> str:
        """The bar in at most ``width`` columns, "" while nothing is known."""
        work = self._work
        if work is None:
            return ""
        words = f"{_DOING[work.doing]}  {work.words}".strip()
        if work.doing is Doing.EXAMINING:
            words += f"  {work.n_done} of {work.n_total}" if work.n_total else ""
        elif work.n_done:
            words += f"  {format_size(work.n_done)}"
            words += f", {format_size(round(work.per_s))}/s" if work.per_s else ""
            words += f", {format_left(work.left_s)} left" if work.left_s is not None else ""
        return bar_line(work.title, work.share, words, width)


async def _key(context: CommandContext, arguments: argparse.Namespace) -> int:
    assistant = await context.backend.assistant.open()
    if arguments.service is None:
        states = await assistant.services()
        if context.as_json:
            await context.put_json([{"service": s.name, "model": s.model, "host": s.host, "has_key": s.has_key} for s in states])
        else:
            rows: list[tuple[str, ...]] = [(s.name, s.model, s.host, "kept" if s.has_key else "none") for s in states]
            await context.put_table(_SERVICES, rows)
        return 0
    if arguments.forget:
        await assistant.forget_key(arguments.service)
        await context.tell(f"The key of {arguments.service} is forgotten.")
        return 0
    if arguments.key_file is not None:
        key = await read_secret_file(context, arguments.key_file)
    else:
        key = await context.terminal.ask(f"Key of {arguments.service}: ") or ""
    await assistant.keep_key(arguments.service, key)
    await context.tell(f"The key of {arguments.service} is kept. It is asked only where Settings, Assistant allow it.")
    return 0


async def _models(context: CommandContext) -> Models:
    return (await context.backend.assistant.open()).models


async def _resolve(context: CommandContext, text: str) -> ModelCard:
    """The one model whose id or name begins so. Raises NotFound, InvalidInput."""
    cards = await (await _models(context)).cards()
    wanted = text.casefold()
    found = [card for card in cards if wanted in (card.id, card.name.casefold())] or [
        card for card in cards if wanted and (card.id.startswith(wanted) or card.name.casefold().startswith(wanted))
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(f"There is no model {text[:60]!r}.", hint="List them with: trii models list", code="model.unknown")
    raise InvalidInput(f"{len(found)} models begin with {text[:60]!r}.", hint="Give more of the id.", code="model.ambiguous")
