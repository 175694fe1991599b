"""What every panel is given: the backend and the bridge to it, the frame clock, tasks, look, notices and undo."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from backend.app import Backend
from backend.errors import TriiError
from backend.events import Level, notice_of
from backend.tasks import TaskOwner
from trii_desktop.bridge import Bridge
from trii_desktop.engine_side import EngineSide
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.notifications import Notices, Offer
from trii_desktop.sight.freshness import Sight
from trii_desktop.undo import Step, UndoStack


@dataclass(frozen=True, slots=True)
class Desk:
    """The composed parts, handed to constructors by ``app.py`` and nowhere else."""

    backend: Backend
    bridge: Bridge[Backend]
    engine: EngineSide
    frames: FrameClock
    tasks: TaskOwner
    look: Look
    notices: Notices
    undo: UndoStack
    sight: Sight
    is_safe: bool = False  # whether this start keeps to the default workspace, without plugins and studies

    def start(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        """Run what the user asked for; where it cannot be done, say so in a notice titled ``name``."""
        task = self.tasks.start(name, self._told(name, coro))
        task.add_done_callback(lambda _: coro.close())  # one that was cancelled before it began

    def did(
        self, title: str, take_back: Callable[[], Awaitable[object]], do_again: Callable[[], Awaitable[object]] | None = None
    ) -> Step:
        """Say that something was changed, and offer to take it back; the step that does."""
        step = self.undo.push(title, take_back, do_again)

        def take_back_now() -> None:
            self.start("Undo", self.undo.undo(step))

        self.notices.say(title, offer=Offer("Undo", take_back_now, is_open=lambda: self.undo.is_done(step)))
        return step

    async def _told(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        try:
            await coro
        except TriiError as error:
            self.notices.add(notice_of(error, f"{name} was not possible.", level=Level.WARNING))
