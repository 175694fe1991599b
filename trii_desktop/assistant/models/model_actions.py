"""What can be done with models from the window: the dialog, and its deeds carried out on the engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.models.models import CutShort, Models
from backend.assistant.models.work import Work
from backend.bus import Subscription
from backend.errors import InvalidInput, TriiError
from backend.events import Level, ModelsChanged
from trii_desktop.assistant.models.models_dialog import ModelsDialog
from trii_desktop.assistant.models.words import TITLES
from trii_desktop.desk import Desk

_STOPPED = "model.stopped"
_TYPED = frozenset({"model.address", "model.hash_text"})


class ModelActions:
    """Methods that the action table names, and the deeds of the dialog."""

    def __init__(self, window: QWidget, desk: Desk, models: Models) -> None:
        self._window = window
        self._desk = desk
        self._models = models
        self.dialog: ModelsDialog | None = None
        self.has_starter = False
        self._cards: tuple[ModelCard, ...] = ()
        self._cut_short: tuple[CutShort, ...] = ()
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(ModelsChanged, self._models_changed)]

    def open_models(self, model_id: str = "") -> None:
        """Open the dialog of models, at one of them where it is named."""
        self._desk.start("Reading the models", self._open(model_id))

    def close(self) -> None:
        """Close the dialog and hear no more."""
        if self.dialog is not None:
            self.dialog.close()
        for subscription in self._subscriptions:
            subscription.close()

    # --- what the dialog shows ----------------------------------------------------------------------------------------

    def cards(self) -> tuple[ModelCard, ...]:
        """Every model, as last read."""
        return self._cards

    def works(self) -> tuple[Work, ...]:
        """What is under way now."""
        return self._models.works()

    def cut_short(self) -> tuple[CutShort, ...]:
        """Downloads that can go on, as last read."""
        return self._cut_short

    # --- deeds --------------------------------------------------------------------------------------------------------

    def add(self, path: Path) -> None:
        """Take a file in."""
        self._desk.start(f"Adding {path.name}", self._add(path))

    def add_starter(self) -> None:
        """Bring the starter model in."""
        self._desk.start("Adding the starter model", self._desk.bridge.call(self._models.add_starter()))

    def download(self, url: str, sha256: str, refuse: Callable[[str], None]) -> None:
        """Fetch a model; an error of what was typed is told to ``refuse``."""
        self._desk.start("Downloading a model", self._download(url, sha256, refuse))

    def discard(self, found: CutShort) -> None:
        """Delete what came of a download."""
        self._desk.start(f"Discarding {found.name}", self._discard(found.url))

    def stop(self, work: Work) -> None:
        """End what is under way."""
        self._desk.start(f"Stopping {work.title}", self._stop(work.id))

    def examine(self, card: ModelCard, modes: tuple[Mode, ...]) -> None:
        """Try what a model can do for these modes, one after the other."""
        self._desk.start(f"Examining {card.name}", self._examine(card, modes))

    def choose(self, mode: Mode, card: ModelCard | None) -> None:
        """Use a model for a mode, or none; that can be taken back."""
        self._desk.start(f"Choosing a model for {TITLES[mode]}", self._choose(mode, card))

    def add_adapter(self, card: ModelCard, mode: Mode, path: Path) -> None:
        """Let an adapter go with a model for a mode."""
        self._desk.start(f"Adding {path.name}", self._add_adapter(card, mode, path))

    def remove_adapter(self, card: ModelCard, mode: Mode) -> None:
        """Let a model go without its adapter for a mode; that can be taken back."""
        self._desk.start("Removing an adapter", self._remove_adapter(card, mode))

    def add_projector(self, card: ModelCard, path: Path) -> None:
        """Let a model see pictures by a projector."""
        self._desk.start(f"Adding {path.name}", self._add_projector(card, path))

    def remove_projector(self, card: ModelCard) -> None:
        """Let a model see no more; that can be taken back."""
        self._desk.start("Removing a projector", self._remove_projector(card))

    def remove(self, card: ModelCard) -> None:
        """Forget a model; that can be taken back."""
        self._desk.start(f"Removing {card.name}", self._remove(card))

    # --- on the engine ------------------------------------------------------------------------------------------------

    async def _open(self, model_id: str) -> None:
        await self._read()
        if self.dialog is None:
            self.dialog = ModelsDialog(self._window, self._desk.look, self)
            self.dialog.finished.connect(self._dialog_closed)
        self.dialog.refresh()
        self.dialog.choose(model_id)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    async def _read(self) -> None:
        call = self._desk.bridge.call
        self._cards = await call(self._models.cards())
        self._cut_short = await call(self._models.cut_short())
        self.has_starter = await call(self._models.starter()) is not None
        if self.dialog is not None:
            self.dialog.refresh()

    async def _add(self, path: Path) -> None:
        try:
            self._tell_added(await self._desk.bridge.call(self._models.add_file(path)))
        except TriiError as error:
            _let_pass(error)

    async def _download(self, url: str, sha256: str, refuse: Callable[[str], None]) -> None:
        try:
            self._tell_added(await self._desk.bridge.call(self._models.download(url, sha256)))
        except InvalidInput as error:
            if error.code not in _TYPED or self.dialog is None:
                raise
            refuse(f"{error.message} {error.hint}".strip())
        except TriiError as error:
            _let_pass(error)

    async def _discard(self, url: str) -> None:
        await self._desk.bridge.call(self._models.discard(url))

    async def _stop(self, work_id: str) -> None:
        await self._desk.bridge.call(self._models.stop(work_id))

    async def _examine(self, card: ModelCard, modes: tuple[Mode, ...]) -> None:
        try:
            for mode in modes:
                await self._desk.bridge.call(self._models.examine(card.id, mode))
        except TriiError as error:
            _let_pass(error)

    async def _choose(self, mode: Mode, card: ModelCard | None) -> None:
        before = next((one for one in self._cards if mode in one.modes), None)
        old_id, new_id = None if before is None else before.id, None if card is None else card.id
        try:
            await self._set(mode, new_id)
        except TriiError:
            await self._read()  # the box that was ticked is wrong now
            raise
        words = f"{card.name} is used for {TITLES[mode]}." if card is not None else f"No model is used for {TITLES[mode]}."
        self._desk.undo.push(words, lambda: self._set(mode, old_id), lambda: self._set(mode, new_id))
        if card is not None and card.examined_for(mode) is None:  # until it passed it says nothing there
            await self._examine(card, (mode,))

    async def _set(self, mode: Mode, model_id: str | None) -> None:
        await self._desk.bridge.call(self._models.choose(mode, model_id))

    async def _remove(self, card: ModelCard) -> None:
        gone = await self._desk.bridge.call(self._models.remove(card.id))

        async def restore() -> None:
            await self._desk.bridge.call(self._models.restore(gone))

        async def again() -> None:
            await self._desk.bridge.call(self._models.remove(card.id))

        self._desk.did(f"The model {card.name} was removed.", restore, again)

    async def _add_adapter(self, card: ModelCard, mode: Mode, path: Path) -> None:
        try:
            added = await self._desk.bridge.call(self._models.adapters.add(card.id, mode, path))
        except TriiError as error:
            _let_pass(error)
            return
        adapter = added.adapter_for(mode)
        assert adapter is not None
        words = f"{card.name} goes with {adapter.name} for {TITLES[mode]}."
        self._desk.notices.say(words, "Examine it again: what it showed before says nothing of it now.", level=Level.SUCCESS)

    async def _remove_adapter(self, card: ModelCard, mode: Mode) -> None:
        call, adapters = self._desk.bridge.call, self._models.adapters
        gone = await call(adapters.remove(card.id, mode))

        async def put_back() -> None:
            await call(adapters.put(card.id, gone))

        async def again() -> None:
            await call(adapters.remove(card.id, mode))

        self._desk.did(f"{card.name} goes without {gone.name} for {TITLES[mode]}.", put_back, again)

    async def _add_projector(self, card: ModelCard, path: Path) -> None:
        try:
            added = await self._desk.bridge.call(self._models.projectors.add(card.id, path))
        except TriiError as error:
            _let_pass(error)
            return
        assert added.projector is not None
        words = f"{card.name} sees pictures by {added.projector.name}."
        self._desk.notices.say(words, "Ask with /look what it sees in the chart.", level=Level.SUCCESS)

    async def _remove_projector(self, card: ModelCard) -> None:
        call, projectors = self._desk.bridge.call, self._models.projectors
        gone = await call(projectors.remove(card.id))

        async def put_back() -> None:
            await call(projectors.put(card.id, gone))

        async def again() -> None:
            await call(projectors.remove(card.id))

        self._desk.did(f"{card.name} goes without {gone.name} and sees no pictures.", put_back, again)

    def _tell_added(self, card: ModelCard) -> None:
        if card.standing is Standing.REFUSED:
            self._desk.notices.say(f"{card.name} was added, and is not loaded.", card.words, level=Level.WARNING)
        else:
            self._desk.notices.say(f"The model {card.name} is there.", card.words, level=Level.SUCCESS)
        if self.dialog is not None:
            self.dialog.choose(card.id)

    def _models_changed(self, _event: ModelsChanged) -> None:
        if self.dialog is not None:
            self._desk.start("Reading the models", self._read())

    def _dialog_closed(self, _result: int) -> None:
        self.dialog = None


def _let_pass(error: TriiError) -> None:
    """What somebody stopped is no news to them."""
    if error.code != _STOPPED:
        raise error
