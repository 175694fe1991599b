"""How a model comes in: copied or downloaded, read, tried in a process of its own, kept under its hash, and given a card."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from backend.assistant.answers import Mode
from backend.assistant.models.addresses import check_address, check_sha256, file_name, shown
from backend.assistant.models.download import Download
from backend.assistant.models.files import Kept, ModelFiles, Part, check_source, hash_file, look_at
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.models.parts import Header, ModelParts
from backend.assistant.models.starter import Starter
from backend.assistant.models.store import KeptModel, ModelStore, Unfinished
from backend.assistant.models.work import Doing, Progress, Tally, WorkBook, run_on_thread
from backend.errors import Conflict, InvalidInput, TriiError, Unavailable
from backend.market.feeds.line_failures import plain_text
from backend.storage.faults import reach

log = logging.getLogger(__name__)

ID_LETTERS: Final = 16
_ADOPTED: Final = "found in the folder of models"


class Arrivals:
    """Takes models in. One file or address at a time comes once.

    settling : held while a file that is there gets its card, and by whoever deletes one
    changed : called when a download has begun
    """

    def __init__(
        self, parts: ModelParts, files: ModelFiles, store: ModelStore, works: WorkBook, changed: Callable[[], None]
    ) -> None:
        self._parts = parts
        self._files = files
        self._store = store
        self._works = works
        self._begun = changed
        self._coming: set[str] = set()
        self.settling = asyncio.Lock()

    async def add_file(self, path: Path, tell: Progress | None) -> ModelCard:
        """Copy a file in and give it a card; the same content again is no copy."""
        with self._once(f"file {path}", path.name), self._works.under(path.name, Doing.COPYING, tell=tell) as tally:
            await run_on_thread(lambda _stop: self._check(path))
            copy = partial(self._files.copy_in, path, tally.count)
            while True:
                arrived = await run_on_thread(copy, _let_go)
                card = await self._settle(arrived, path.stem, f"file {path}", tally)
                if card is not None:
                    return card

    async def download(self, url: str, sha256: str, tell: Progress | None) -> ModelCard:
        """Fetch a file and give it a card; a download that was cut short goes on where it was."""
        url, sha256 = check_address(url), check_sha256(sha256)
        name = file_name(url)
        with self._once(f"download {url}", name), self._works.under(name, Doing.DOWNLOADING, tell=tell) as tally:
            if sha256 and (there := await self._known(sha256)) is not None:
                return there.card
            await self._store.begin_download(Unfinished(url, sha256, self._parts.clock.now_ns()))
            self._begun()
            download = Download(url, sha256, self._files, self._parts.rules)
            try:
                part = await download.run(tally)
                card = await self._settle(part, Path(name).stem, shown(url), tally)
                assert card is not None  # a part is nobody else's
            except TriiError as e:
                if not isinstance(e, Unavailable):  # nothing will come of trying the same again
                    await self._end(download, url)
                raise
            await self._end(download, url)
            return card

    def is_coming(self, url: str) -> bool:
        """Whether a download is under way."""
        return f"download {url}" in self._coming

    async def discard(self, unfinished: Unfinished) -> None:
        """Delete what came of a download that was cut short. Raises Conflict while it is under way."""
        with self._once(f"download {unfinished.url}", file_name(unfinished.url)):
            download = Download(unfinished.url, unfinished.sha256, self._files, self._parts.rules)
            await self._end(download, unfinished.url)

    async def adopt(self, path: Path) -> ModelCard | None:
        """Give a whole file of ours its card: the process ended before it had one, or the ledger was lost.

        None where it is not what its name says.
        """
        with self._works.under(path.name, Doing.CHECKING) as tally:
            sha256 = await run_on_thread(partial(hash_file, path))
            kept = self._files.find(path.stem)
            if sha256 != path.stem or kept is None:
                return None
            async with self.settling:
                return await self._put(kept, await self._read(path), path.stem[:ID_LETTERS], _ADOPTED, tally)

    async def add_starter(self, starter: Starter, sha256: str) -> ModelCard:
        """Give the starter model a card where it lies, and choose it for Fast where nothing is chosen."""
        kept = look_at(starter.path, sha256)
        if kept is None:
            raise Unavailable(f"{starter.path} is not there.", hint="Set the program up again.", code="model.no_file")
        header = await self._read(starter.path)
        card = self._card(kept, header, starter.path.stem, starter.origin)
        card = replace(card, name=starter.name, licence=header.licence or starter.licence)
        return await self._store.put(KeptModel(card, is_ours=False, modified_ns=kept.modified_ns), fresh_for=Mode.FAST)

    async def try_out(self, path: Path) -> tuple[Standing, str, int]:
        """How far a model may be trusted after its trial, why, and how many tokens it knows."""
        try:
            loaded = await self._parts.probe(path)
        except InvalidInput as e:
            return Standing.REFUSED, e.message, 0
        except Unavailable as e:
            return Standing.UNTRIED, e.message, 0
        return Standing.TRIED, "", loaded.n_vocab

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _end(self, download: Download, url: str) -> None:
        """Leave nothing of a download that is over."""
        await run_on_thread(lambda _stop: download.forget())
        await self._store.end_download(url)

    async def _settle(self, arrived: Part | Kept, name: str, origin: str, tally: Tally) -> ModelCard | None:
        """Read, try and keep what has arrived; None where the file that was there already has been deleted meanwhile.

        Raises InvalidInput for what is no model; then nothing of it stays.
        """
        try:
            async with self.settling:
                known = await self._known(arrived.sha256)
                if known is not None:
                    await run_on_thread(lambda _stop: _drop(arrived))
                    return known.card
                if isinstance(arrived, Kept) and self._files.find(arrived.sha256) is None:
                    return None
                try:
                    header = await self._read(arrived.path)
                except InvalidInput:
                    await run_on_thread(lambda _stop: _drop(arrived))
                    raise
                return await self._put(arrived, header, name, origin, tally)
        finally:
            _let_go(arrived)

    async def _put(self, arrived: Part | Kept, header: Header, name: str, origin: str, tally: Tally) -> ModelCard:
        title = _name_of(header, arrived.path, name)
        tally.name(title)
        tally.turn_to(Doing.TRYING)
        standing, words, n_vocab = await self.try_out(arrived.path)
        kept = arrived if isinstance(arrived, Kept) else await run_on_thread(lambda _stop: self._files.keep(arrived))
        card = replace(self._card(kept, header, name, origin), name=title, standing=standing, words=words)
        card = replace(card, n_vocab=n_vocab or card.n_vocab)
        put = await self._store.put(KeptModel(card, is_ours=True, modified_ns=kept.modified_ns))
        reach("model.carded")
        return put

    def _card(self, kept: Kept, header: Header, name: str, origin: str) -> ModelCard:
        return ModelCard(
            id=kept.sha256[:ID_LETTERS],
            name=_name_of(header, kept.path, name),
            path=str(kept.path),
            sha256=kept.sha256,
            n_bytes=kept.n_bytes,
            architecture=plain_text(header.architecture),
            n_parameters=header.n_parameters,
            quantisation=plain_text(header.quantisation),
            n_ctx_train=header.n_ctx_train,
            n_layers=header.n_layers,
            n_vocab=header.n_vocab,
            has_template=bool(header.template),
            is_embedding=header.is_embedding,
            licence=plain_text(header.licence),
            origin=plain_text(origin),
            added_ns=self._parts.clock.now_ns(),
        )

    async def _known(self, sha256: str) -> KeptModel | None:
        """The model with this content, where it has a card and its file is there."""
        found = await self._store.find(sha256[:ID_LETTERS])
        if found is None or found.removed_ns or found.card.sha256 != sha256:
            return None
        kept = look_at(Path(found.card.path), sha256)
        return found if kept is not None and kept.n_bytes == found.card.n_bytes else None

    async def _read(self, path: Path) -> Header:
        return await run_on_thread(lambda _stop: self._parts.parse_header(path))

    def _check(self, path: Path) -> None:
        """Refuse what is no model before gigabytes of it are copied."""
        check_source(path)
        self._parts.parse_header(path)

    @contextlib.contextmanager
    def _once(self, what: str, name: str) -> Iterator[None]:
        if what in self._coming:
            raise Conflict(f"{name} is being taken in already.", hint="Wait until that is done.", code="model.coming")
        self._coming.add(what)
        try:
            yield
        finally:
            self._coming.discard(what)


def _name_of(header: Header, path: Path, name: str) -> str:
    """What it is called: as its file says, unless that only took it from the file's name, which is a hash here."""
    said = plain_text(header.name)
    return said if said and said != path.stem else plain_text(name) or path.stem[:ID_LETTERS]


def _let_go(arrived: Part | Kept) -> None:
    if isinstance(arrived, Part):
        arrived.close()


def _drop(arrived: Part | Kept) -> None:
    if isinstance(arrived, Part):
        arrived.drop()
