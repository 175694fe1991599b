"""The models of this installation: taken in, listed, examined on this machine, chosen for modes, removed."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from backend.assistant.answers import Mode
from backend.assistant.models.adapters import Adapters
from backend.assistant.models.addresses import file_name, shown
from backend.assistant.models.arrivals import Arrivals
from backend.assistant.models.download import Download
from backend.assistant.models.examining import Examiner, machine_mark
from backend.assistant.models.files import ModelFiles, hash_file, look_at
from backend.assistant.models.model import Examined, ModelCard, Standing
from backend.assistant.models.parts import ModelParts
from backend.assistant.models.projectors import Projectors
from backend.assistant.models.starter import Starter
from backend.assistant.models.store import KeptModel, ModelStore, missing
from backend.assistant.models.work import Doing, Progress, Work, WorkBook, run_on_thread
from backend.domain.bars import SECOND_NS
from backend.errors import NotFound, TriiError, Unavailable
from backend.events import ModelsChanged

log = logging.getLogger(__name__)

_TRY_AGAIN_NS: Final = 60 * SECOND_NS


@dataclass(frozen=True, slots=True)
class CutShort:
    """A download that can go on: where from, what it is called, and the bytes that are here."""

    url: str
    sha256: str
    name: str
    shown: str
    n_bytes: int


class Models:
    """Lives on the engine thread; ``works`` may be read from any. Everything else is asked for over the bridge."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: ModelParts) -> None:
        self._parts = parts
        self._files = ModelFiles(parts.folder, reserve_bytes=parts.reserve_bytes)
        self._store = ModelStore(parts.ledger, parts.folder, machine_mark())
        self._works = WorkBook()
        self._arrivals = Arrivals(parts, self._files, self._store, self._works, self._changed)
        self.adapters = Adapters(parts, self._store, self._works, self._changed)
        self.projectors = Projectors(parts, self._store, self._works, self._changed)
        self._examining = asyncio.Lock()
        self._readying = asyncio.Lock()
        self._trying = asyncio.Lock()
        self._failed_ns: dict[str, int] = {}  # models that could not even be tried, and when
        self._is_ready = False

    async def begin(self) -> None:
        """Make ready, then look in the background at files without a card and at models that nobody has tried."""
        await self._ready()
        self._parts.tasks.start("looking at models", self._look_around())

    # --- what there is ------------------------------------------------------------------------------------------------

    async def cards(self) -> tuple[ModelCard, ...]:
        """Every model, by name; one whose file is gone is refused and says so."""
        await self._ready()
        kept = await self._store.load()
        return await run_on_thread(lambda _stop: tuple(_seen(one) for one in kept))

    async def card(self, model_id: str) -> ModelCard:
        """One model. Raises NotFound."""
        await self._ready()
        return await run_on_thread(partial(_seen_on_thread, await self._store.must_find(model_id)))

    async def card_for(self, mode: Mode) -> ModelCard | None:
        """The model chosen for a mode, tried at least once; None where there is none that may be loaded.

        Whether it is fit to phrase for that mode, its ``examined_for`` says.
        """
        card = await self.chosen_for(mode)
        if card is not None and card.standing is Standing.UNTRIED:
            tried = await self._tried(card)
            card = tried.fitted(mode) if tried.is_usable else None
        return card

    async def chosen_for(self, mode: Mode) -> ModelCard | None:
        """The same at once: nobody may have tried it yet, so that it is nothing to be loaded."""
        await self._ready()
        chosen = await self._store.chosen(mode)
        card = await self._checked(chosen) if chosen is not None else None
        return card.fitted(mode) if card is not None and card.is_usable else None

    def works(self) -> tuple[Work, ...]:
        """What is under way; from any thread."""
        return self._works.works()

    async def stop(self, work_id: str) -> None:
        """End what is under way. Raises NotFound where it is over."""
        self._works.stop(work_id)

    async def cut_short(self) -> tuple[CutShort, ...]:
        """Downloads that were begun, are not under way, and can go on."""
        await self._ready()
        found = []
        for one in await self._store.downloads():
            if not self._arrivals.is_coming(one.url):
                download = Download(one.url, one.sha256, self._files, self._parts.rules)
                n_bytes = await asyncio.to_thread(download.count_kept)
                found.append(CutShort(one.url, one.sha256, file_name(one.url), shown(one.url), n_bytes))
        return tuple(found)

    async def starter(self) -> Starter | None:
        """The starter model, where its package is installed."""
        return await asyncio.to_thread(self._parts.find_starter)

    # --- changes ------------------------------------------------------------------------------------------------------

    async def add_file(self, path: Path, on_progress: Progress | None = None) -> ModelCard:
        """Take a GGUF file in by copying it. A model whose trial fails is kept, refused and says why.

        Raises NotFound, InvalidInput for what is no model, Conflict while the same file comes in already, Unavailable
        for a disk that is full or refuses, which leaves everything as it was, or where it was stopped.
        """
        await self._ready()
        card = await self._arrivals.add_file(path, on_progress)
        self._changed()
        return card

    async def download(self, url: str, sha256: str = "", on_progress: Progress | None = None) -> ModelCard:
        """Fetch a GGUF file over https and take it in; what came of a break stays, and the same call goes on from there.

        Raises InvalidInput for an address or a file that is none, NotFound, Conflict, Unavailable (network, disk, stopped).
        """
        await self._ready()
        try:
            return await self._arrivals.download(url, sha256, on_progress)
        finally:
            self._changed()

    async def discard(self, url: str) -> None:
        """Delete what came of a download that was cut short. Raises NotFound, Conflict while it is under way."""
        for one in await self._store.downloads():
            if one.url == url:
                await self._arrivals.discard(one)
                self._changed()
                return
        raise NotFound("There is no such download.", code="model.no_download")

    async def add_starter(self) -> ModelCard:
        """Bring the starter model in, also after it was removed. Raises Unavailable where its package is not installed."""
        await self._ready()
        starter = await self.starter()
        if starter is None:
            raise Unavailable(
                "The starter model is not installed.",
                hint="Set the program up with its 'ai' part, or add a .gguf file of your own.",
                code="model.no_starter",
            )
        card = await self._arrivals.add_starter(starter, await run_on_thread(partial(hash_file, starter.path)))
        self._changed()
        return card

    async def choose(self, mode: Mode, model_id: str | None) -> None:
        """Choose a model for a mode, or none. Raises NotFound, InvalidInput for one that may not be loaded."""
        await self._ready()
        if model_id is not None:
            _seen(await self._store.must_find(model_id)).check_usable()
        await self._store.choose(mode, model_id)
        self._changed()

    async def remove(self, model_id: str, *, for_good: bool = False) -> ModelCard:
        """Forget a model; as it was, for ``restore``. Its file goes after a while, or at once ``for_good``. Raises NotFound.

        A file that is not in our folder, as the starter model's, is never deleted.
        """
        await self._ready()
        now_ns = self._parts.clock.now_ns()
        before = await self._store.remove(model_id, now_ns)
        if for_good:
            await self._purge((model_id,))
        else:
            self._parts.tasks.start("deleting a removed model", self._purge_later(model_id, now_ns))
        self._changed()
        return before

    async def restore(self, card: ModelCard) -> ModelCard:
        """Take a removal back. Raises NotFound where its file is deleted by now."""
        back = await self._store.restore(card)
        self._changed()
        return back

    async def examine(self, model_id: str, mode: Mode, on_progress: Progress | None = None) -> Examined:
        """Try what a model can do for a mode on this machine, and record it; takes a minute or more.

        Raises NotFound, InvalidInput for one that may not be loaded, Unavailable where the engine breaks off or it was stopped;
        then what was recorded before stays.
        """
        await self._ready()
        card = await self._checked(await self._store.must_find(model_id))
        if card.is_embedding:
            card.check_usable()
        with self._works.under(card.name, Doing.EXAMINING, model=card.id, mode=mode, tell=on_progress) as tally:
            if self._examining.locked():
                tally.say("Waits until another examination is done.")
            async with self._examining:
                if card.standing in (Standing.UNTRIED, Standing.REFUSED):
                    tally.turn_to(Doing.TRYING)
                    card = await self._tried(card, again=True)
                    card.check_usable()
                examined = await Examiner(self._parts.make_engine, self._parts.clock).examine(card.fitted(mode), mode, tally)
            await self._store.put_examined(card.id, examined)
        self._changed()
        return examined

    # --- at the start -------------------------------------------------------------------------------------------------

    async def _ready(self) -> None:
        """Finish what an earlier process left, and find the starter model; once."""
        async with self._readying:
            if self._is_ready:
                return
            removed = await self._store.load(removed=True)
            await self._purge([one.card.id for one in removed if one.is_ours])
            await run_on_thread(lambda _stop: self._files.sweep(self._parts.clock.now_ns()))
            await self.adapters.sweep()
            await self.projectors.sweep()
            await self._find_starter()
            self._is_ready = True

    async def _find_starter(self) -> None:
        """Give the starter model its card the first time, and follow its file where that moved; a removed one stays so."""
        starter = await self.starter()
        if starter is None:
            return
        known = [*await self._store.load(), *await self._store.load(removed=True)]
        found = look_at(starter.path, "")
        if found is None or any((one.card.path, one.modified_ns) == (str(starter.path), found.modified_ns) for one in known):
            return
        try:
            sha256 = await run_on_thread(partial(hash_file, starter.path))
            same = next((one for one in known if one.card.sha256 == sha256), None)
            if same is None or not (same.is_ours or same.removed_ns):
                await self._arrivals.add_starter(starter, sha256)
                self._changed()
        except TriiError as e:
            log.warning("The starter model %s cannot be used: %s", starter.path, e)

    async def _look_around(self) -> None:
        known = {one.card.sha256 for one in (*await self._store.load(), *await self._store.load(removed=True))}
        for path in await run_on_thread(lambda _stop: self._files.orphans(known)):
            try:
                if await self._arrivals.adopt(path) is None:
                    log.warning("%s is not what its name says and was left alone.", path)
                else:
                    self._changed()
            except TriiError as e:
                log.warning("%s cannot be taken up: %s", path, e)
        for card in await self.cards():
            if card.standing is Standing.UNTRIED and card.modes:
                await self._tried(card)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _checked(self, kept: KeptModel) -> ModelCard:
        """Its card; a file that was written since is read again, and refused where it is another one."""
        card, path = kept.card, Path(kept.card.path)
        found = await run_on_thread(lambda _stop: look_at(path, card.sha256))
        if found is None:
            return missing(kept)
        if (found.n_bytes, found.modified_ns) == (card.n_bytes, kept.modified_ns):
            return card
        with self._works.under(card.name, Doing.CHECKING, model=card.id):
            if found.n_bytes == card.n_bytes and await run_on_thread(partial(hash_file, path)) == card.sha256:
                await self._store.touch(card.id, found.modified_ns)
                return card
        words = "Its file was changed since it was added. Remove it, and add it again if the change was yours."
        changed = await self._store.stand(card.id, Standing.REFUSED, words)
        self._changed()
        return changed

    async def _tried(self, card: ModelCard, *, again: bool = False) -> ModelCard:
        """Its card after a trial; one that could not be tried a moment ago is left, unless ``again``."""
        async with self._trying:
            failed_ns = self._failed_ns.get(card.id)
            now_ns = self._parts.clock.monotonic_ns()
            if failed_ns is not None and now_ns - failed_ns < _TRY_AGAIN_NS and not again:
                return card
            found = await self._store.find(card.id)
            if found is not None and found.card.standing in (Standing.TRIED, Standing.READY):
                return found.card  # while this waited, another trial went well
            standing, words, n_vocab = await self._arrivals.try_out(Path(card.path))
            if standing is Standing.UNTRIED:
                self._failed_ns[card.id] = now_ns
            tried = await self._store.stand(card.id, standing, words, n_vocab)
            self._changed()
            return tried

    async def _purge_later(self, model_id: str, removed_ns: int) -> None:
        await asyncio.sleep(self._parts.undo_s)
        found = await self._store.find(model_id)
        if found is not None and found.removed_ns == removed_ns:  # else it came back, and was perhaps removed once more
            await self._purge((model_id,))

    async def _purge(self, ids: Iterable[str]) -> None:
        """Delete the files of removed models, then their rows; what the disk refuses is tried at the next start."""
        for model_id in ids:
            async with self._arrivals.settling:  # else it might come in again just now
                found = await self._store.find(model_id)
                if found is not None and found.removed_ns and found.is_ours:
                    with contextlib.suppress(Unavailable):
                        await asyncio.to_thread(self._files.delete, found.card.sha256)
                        await self._store.forget((model_id,))

    def _changed(self) -> None:
        self._parts.bus.publish(ModelsChanged())


def _seen(kept: KeptModel) -> ModelCard:
    """The card of a model, or that of one whose file is gone. Blocks on the disk."""
    found = look_at(Path(kept.card.path), kept.card.sha256)
    return kept.card if found is not None and found.n_bytes == kept.card.n_bytes else missing(kept)


def _seen_on_thread(kept: KeptModel, _stop: object) -> ModelCard:
    return _seen(kept)
