"""Projectors of models, one a model: with it a model sees pictures. Taken in by copying, tried in a process of its own, removed."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.gguf_projector import check_projector, parse_projector
from backend.assistant.models.files import hash_file
from backend.assistant.models.kept_files import KeptFiles
from backend.assistant.models.model import ModelCard, Projector
from backend.assistant.models.parts import ModelParts
from backend.assistant.models.store import PROJECTORS, ModelStore
from backend.assistant.models.work import Doing, WorkBook, run_on_thread
from backend.errors import NotFound


class Projectors:
    """Lives on the engine loop. What a model sees is never shown as fact."""

    def __init__(self, parts: ModelParts, store: ModelStore, works: WorkBook, changed: Callable[[], None]) -> None:
        self._parts = parts
        self._store = store
        self._works = works
        self._changed = changed
        self._files = KeptFiles(parts.folder / PROJECTORS)

    async def add(self, model_id: str, path: Path) -> ModelCard:
        """Let a model see with this projector, in place of another.

        Raises NotFound, InvalidInput for what is no projector, one that is not as wide as the model, and one that fails its
        trial with it, Unavailable for a disk that is full or refuses, no engine, or where it was stopped; nothing is changed then.
        """
        card = (await self._store.must_find(model_id)).card
        card.check_usable()
        head = await asyncio.to_thread(parse_projector, path)
        await asyncio.to_thread(_check_width, path, Path(card.path))
        with self._works.under(path.name, Doing.COPYING, model=card.id) as tally:
            sha256 = await run_on_thread(partial(hash_file, path))
            kept = await self._files.take(path, sha256, "projector")
            tally.turn_to(Doing.TRYING)
            await self._parts.probe_projector(Path(card.path), kept)
        projector = Projector(head.name, str(kept), sha256, head.n_bytes, head.style, self._parts.clock.now_ns())
        return await self.put(card.id, projector)

    async def put(self, model_id: str, projector: Projector) -> ModelCard:
        """Let one that was tried with the model go with it: undoes ``remove``. Raises NotFound, also where its file is gone."""
        if not await asyncio.to_thread(Path(projector.path).is_file):
            words = f"The projector {projector.name} is not there any more."
            raise NotFound(words, hint="Add it again.", code="models.no_projector")
        card = await self._store.put_projector(model_id, projector)
        self._changed()
        return card

    async def remove(self, model_id: str) -> Projector:
        """Let a model see no more; what it saw with. Its file goes at the next start. Raises NotFound."""
        projector = (await self._store.must_find(model_id)).card.projector
        if projector is None:
            raise NotFound("It has no projector.", code="models.no_projector")
        await self._store.remove_projector(model_id)
        self._changed()
        return projector

    async def sweep(self) -> None:
        """Delete files of projectors that go with no model, and what came of a copy that was cut short."""
        await self._files.sweep(await self._store.projector_hashes())


def _check_width(projector: Path, model: Path) -> None:
    check_projector(projector, parse_header(model))
