"""LoRA adapters of models, one a mode: taken in by copying, tried with their model in a process of its own, removed."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from backend.assistant.answers import Mode
from backend.assistant.engines.gguf_adapter import parse_adapter
from backend.assistant.models.files import hash_file
from backend.assistant.models.kept_files import KeptFiles
from backend.assistant.models.model import Adapter, ModelCard
from backend.assistant.models.parts import ModelParts
from backend.assistant.models.store import ADAPTERS, ModelStore
from backend.assistant.models.work import Doing, WorkBook, run_on_thread
from backend.errors import InvalidInput, NotFound


class Adapters:
    """Lives on the engine loop. An adapter changes what a model says, never what of it is shown as fact."""

    def __init__(self, parts: ModelParts, store: ModelStore, works: WorkBook, changed: Callable[[], None]) -> None:
        self._parts = parts
        self._store = store
        self._works = works
        self._changed = changed
        self._files = KeptFiles(parts.folder / ADAPTERS)

    async def add(self, model_id: str, mode: Mode, path: Path) -> ModelCard:
        """Let an adapter go with a model for a mode, in place of another; the model must be examined there again.

        Raises NotFound, InvalidInput for what is no adapter, one of another architecture, and one that fails its trial with the
        model, Unavailable for a disk that is full or refuses, no engine, or where it was stopped; then nothing is changed.
        """
        card = (await self._store.must_find(model_id)).card
        card.check_usable()
        head = await asyncio.to_thread(parse_adapter, path)
        if head.architecture != card.architecture:
            raise InvalidInput(
                f"The adapter {path.name} was made for {head.architecture}, {card.name} is a {card.architecture} model.",
                hint="Choose one that was made for this model.",
                code="models.adapter",
            )
        with self._works.under(path.name, Doing.COPYING, model=card.id, mode=mode) as tally:
            sha256 = await run_on_thread(partial(hash_file, path))
            kept = await self._files.take(path, sha256, "adapter")
            tally.turn_to(Doing.TRYING)
            await self._parts.probe_adapter(Path(card.path), kept)
        adapter = Adapter(mode, head.name, str(kept), sha256, head.n_bytes, head.rank, self._parts.clock.now_ns())
        return await self.put(card.id, adapter)

    async def put(self, model_id: str, adapter: Adapter) -> ModelCard:
        """Let one that was tried with the model go with it: undoes ``remove``. Raises NotFound, also where its file is gone."""
        if not await asyncio.to_thread(Path(adapter.path).is_file):
            raise NotFound(f"The adapter {adapter.name} is not there any more.", hint="Add it again.", code="models.no_adapter")
        card = await self._store.put_adapter(model_id, adapter)
        self._changed()
        return card

    async def remove(self, model_id: str, mode: Mode) -> Adapter:
        """Let a model go without its adapter for a mode; as it was. Its file goes at the next start. Raises NotFound."""
        adapter = (await self._store.must_find(model_id)).card.adapter_for(mode)
        if adapter is None:
            raise NotFound("It has no adapter for this mode.", code="models.no_adapter")
        await self._store.remove_adapter(model_id, mode)
        self._changed()
        return adapter

    async def sweep(self) -> None:
        """Delete files of adapters that go with no model, and what came of a copy that was cut short."""
        await self._files.sweep(await self._store.adapter_hashes())
