"""What can be taken back and done again: the latest changes of this session, newest first."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

DEPTH: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One change: what it was in words, how to take it back, and how to do it again where that can be done."""

    title: str
    take_back: Callable[[], Awaitable[object]]
    do_again: Callable[[], Awaitable[object]] | None = None


class UndoStack(QObject):
    """Remembers up to 100 changes; ``changed`` tells when there is another one to take back or to do again.

    Whoever asks faster than changes can be taken back waits: one after the other, each whole.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._done: deque[Step] = deque(maxlen=DEPTH)
        self._undone: deque[Step] = deque(maxlen=DEPTH)
        self._turn = asyncio.Lock()
        self._displaced: tuple[Step | None, tuple[Step, ...]] = (None, ())  # the newest step, and what it made undoable no more

    @property
    def newest(self) -> Step | None:
        """The change that ``undo`` takes back next."""
        return self._done[-1] if self._done else None

    @property
    def next_again(self) -> Step | None:
        """The change that ``redo`` does again next."""
        return self._undone[-1] if self._undone else None

    def push(
        self, title: str, take_back: Callable[[], Awaitable[object]], do_again: Callable[[], Awaitable[object]] | None = None
    ) -> Step:
        """Remember a change that was made; what was taken back before it can no longer be done again."""
        step = Step(title, take_back, do_again)
        self._displaced = (step, tuple(self._undone))
        self._done.append(step)
        self._undone.clear()
        self.changed.emit()
        return step

    def is_done(self, step: Step) -> bool:
        """Whether ``step`` is among the changes that can be taken back."""
        return step in self._done

    def is_known(self, step: Step) -> bool:
        """Whether ``step`` can be taken back or done again."""
        return step in self._done or step in self._undone

    def withdraw(self, *steps: Step) -> None:
        """Forget ``steps``, as if they had never been pushed: what was to be done again before the newest of them, is again."""
        displacing, undone = self._displaced
        if displacing in steps and displacing in self._done and not self._undone:
            self._undone.extend(undone)
        self._done = deque((step for step in self._done if step not in steps), maxlen=DEPTH)
        self._undone = deque((step for step in self._undone if step not in steps), maxlen=DEPTH)
        self.changed.emit()

    async def undo(self, step: Step | None = None) -> Step | None:
        """Take back ``step``, or the newest change; None where there is nothing. A change that fails to be undone is forgotten."""
        async with self._turn:
            chosen = step or self.newest
            if chosen is None or chosen not in self._done:
                return None
            self._done.remove(chosen)
            self.changed.emit()
            await chosen.take_back()
            if chosen.do_again is not None:
                self._undone.append(chosen)
                self.changed.emit()
            return chosen

    async def redo(self) -> Step | None:
        """Do the change again that was taken back last; None where there is none. One that fails is forgotten."""
        async with self._turn:
            chosen = self.next_again
            if chosen is None or chosen.do_again is None:
                return None
            self._undone.remove(chosen)
            self.changed.emit()
            await chosen.do_again()
            self._done.append(chosen)
            self.changed.emit()
            return chosen
