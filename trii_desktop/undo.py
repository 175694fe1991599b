"""What can be taken back: the latest changes of this session, newest first."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what it was in words, and how to take it back."""

    title: str
    take_back: Callable[[], Awaitable[object]]


class UndoStack(QObject):
    """Remembers up to 100 changes; ``changed`` tells when there is another one to take back."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._steps: deque[Step] = deque(maxlen=DEPTH)

    @property
    def newest(self) -> Step | None:
        """The change that ``undo`` takes back next."""
        return self._steps[-1] if self._steps else None

    def push(self, title: str, take_back: Callable[[], Awaitable[object]]) -> Step:
        """Remember a change that was made."""
        step = Step(title, take_back)
        self._steps.append(step)
        self.changed.emit()
        return step

    async def undo(self, step: Step | None = None) -> Step | None:
        """Take back ``step``, or the newest change; None where there is nothing. A change that fails to be undone is forgotten."""
        chosen = step or self.newest
        if chosen is None or chosen not in self._steps:
            return None
        self._steps.remove(chosen)
        self.changed.emit()
        await chosen.take_back()
        return chosen
