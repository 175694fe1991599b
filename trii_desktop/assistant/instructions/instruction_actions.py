"""What can be done with instructions from the window: their dialog, and its deeds carried out on the engine."""

from typing import Any

from PySide6.QtWidgets import QWidget

from backend.assistant.models.work import Work
from backend.assistant.templates.store import Trial
from backend.assistant.templates.template import SHIPPED, Template
from backend.assistant.templates.templates import Templates
from backend.bus import Subscription
from backend.errors import TriiError
from backend.events import Level, TemplatesChanged
from trii_desktop.assistant.instructions.instructions_dialog import TITLES, InstructionsDialog
from trii_desktop.desk import Desk

_STOPPED = "model.stopped"


class InstructionActions:
    """Opens the dialog; changes can be taken back."""

    def __init__(self, window: QWidget, desk: Desk, templates: Templates) -> None:
        self._window = window
        self._desk = desk
        self._templates = templates
        self._read_last: tuple[Template, ...] = ()
        self._trials: dict[str, tuple[Trial, ...]] = {}
        self.dialog: InstructionsDialog | None = None
        self._subscription: Subscription[Any] = desk.bridge.subscribe(TemplatesChanged, self._changed)

    def open_instructions(self) -> None:
        """Open the dialog of instructions."""
        self._desk.start("Reading the instructions", self._open())

    def close(self) -> None:
        """Close the dialog and hear no more."""
        self._subscription.close()
        if self.dialog is not None:
            self.dialog.close()

    # --- what the dialog shows ----------------------------------------------------------------------------------------

    def templates(self) -> tuple[Template, ...]:
        """Every template, as last read."""
        return self._read_last

    def trials(self, name: str) -> tuple[Trial, ...]:
        """What its versions showed, as last read."""
        return self._trials.get(name, ())

    def works(self) -> tuple[Work, ...]:
        """Comparisons under way."""
        return self._templates.works()

    # --- deeds --------------------------------------------------------------------------------------------------------

    def save(self, name: str, text: str) -> None:
        """Keep a text as another version."""
        self._desk.start("Saving the instructions", self._save(name, text))

    def use(self, name: str, number: int) -> None:
        """Use a version; that can be taken back."""
        self._desk.start("Choosing the instructions", self._use(name, number))

    def remove(self, name: str, number: int) -> None:
        """Forget a version; that can be taken back."""
        self._desk.start("Deleting a version", self._remove(name, number))

    def compare(self, name: str, first: int, second: int) -> None:
        """Put two versions against each other."""
        self._desk.start("Comparing instructions", self._compare(name, first, second))

    def stop(self, work: Work) -> None:
        """End a comparison."""
        self._desk.start("Stopping the comparison", self._desk.bridge.call(self._templates.stop(work.id)))

    # --- on the engine ------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        await self._read()
        if self.dialog is None:
            self.dialog = InstructionsDialog(self._window, self)
            self.dialog.finished.connect(self._closed)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    async def _read(self) -> None:
        self._read_last = await self._desk.bridge.call(self._templates.all())
        for one in self._read_last:
            self._trials[one.name] = await self._desk.bridge.call(self._templates.trials(one.name))
        if self.dialog is not None:
            self.dialog.refresh()

    async def _save(self, name: str, text: str) -> None:
        made = await self._desk.bridge.call(self._templates.save(name, text))
        await self._read()
        if self.dialog is not None and self.dialog.name == name:
            self.dialog.choose(made.number)

    async def _use(self, name: str, number: int) -> None:
        call, templates = self._desk.bridge.call, self._templates
        before = await call(templates.use(name, number))

        async def go_back() -> None:
            await call(templates.use(name, before))

        async def again() -> None:
            await call(templates.use(name, number))

        which = "the shipped version" if number == SHIPPED else f"version {number}"
        self._desk.did(f"{TITLES[name]} follow {which} of the instructions now.", go_back, again)

    async def _remove(self, name: str, number: int) -> None:
        call, templates = self._desk.bridge.call, self._templates
        gone = await call(templates.remove(name, number))

        async def bring_back() -> None:
            await call(templates.restore(gone))

        async def again() -> None:
            await call(templates.remove(name, number))

        self._desk.did(f"Version {number} of the instructions was deleted.", bring_back, again)

    async def _compare(self, name: str, first: int, second: int) -> None:
        try:
            found = await self._desk.bridge.call(self._templates.compare(name, first, second))
        except TriiError as error:
            if error.code != _STOPPED:
                raise
            return
        if self.dialog is not None and self.dialog.name == name:
            self.dialog.show_outcome(found)
        else:
            self._desk.notices.say("The comparison of instructions is done.", "Its dialog shows it.", level=Level.SUCCESS)

    def _changed(self, _event: TemplatesChanged) -> None:
        if self.dialog is not None:
            self._desk.start("Reading the instructions", self._read())

    def _closed(self, _result: int) -> None:
        self.dialog = None
