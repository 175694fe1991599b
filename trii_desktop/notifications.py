"""Notices to the person: the list of all of them, newest first, with what can be done about each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from backend.clock import Clock
from backend.events import Level, Notice

N_KEPT: Final = 500


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Offer:
    """A button on a notice: what it says and what it does.

    action : id of the action that does the same, for notices that outlive the session; "" for none
    is_open : whether it can still be taken, as an undo can until it was done
    """

    title: str
    accept: Callable[[], None]
    action: str = ""
    is_open: Callable[[], bool] = _always


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice with the time it was raised last (UTC ns), how often, whether it was looked at, and perhaps a button.

    is_new : whether it came after the list was looked at the time before
    """

    notice: Notice
    at_ns: int
    offer: Offer | None = None
    n_times: int = 1
    is_read: bool = False
    is_new: bool = True


class Notices(QObject):
    """Every notice, newest first, up to 500; ``added`` carries the Entry, ``removed`` the Notice."""

    added = Signal(object)
    removed = Signal(object)
    cleared = Signal()
    was_read = Signal()
    offers_changed = Signal()  # by whoever knows that some can be taken no more, or again
    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.entries: list[Entry] = []

    def now_ns(self) -> int:
        """The time that notices are told at (UTC ns)."""
        return self._clock.now_ns()

    @property
    def n_unread(self) -> int:
        """How many were not looked at."""
        return sum(not entry.is_read for entry in self.entries)

    def add(self, notice: Notice, offer: Offer | None = None) -> None:
        """Keep ``notice`` and show it as a toast; one that was there already moves to the front and counts once more."""
        before = [entry for entry in self.entries if entry.notice == notice and entry.offer is None and offer is None]
        for old in before:
            self.entries.remove(old)
        entry = Entry(notice, self.now_ns(), offer, n_times=1 + sum(old.n_times for old in before))
        self.entries.insert(0, entry)
        del self.entries[N_KEPT:]
        self.changed.emit()
        self.added.emit(entry)

    def say(self, title: str, text: str = "", *, level: Level = Level.INFO, offer: Offer | None = None) -> None:
        """Tell something of our own."""
        self.add(Notice(level, title, text), offer)

    def restore(self, entries: Iterable[Entry]) -> None:
        """Put back what was told in earlier sessions, each at its time; what was told again since is there already."""
        known = {entry.notice for entry in self.entries}
        self.entries.extend(entry for entry in entries if entry.notice not in known)
        self.entries.sort(key=lambda entry: -entry.at_ns)
        del self.entries[N_KEPT:]
        self.changed.emit()

    def mark_read(self) -> None:
        """All of them were looked at; those that were not before stay marked as new until the next look."""
        if self.n_unread:
            self.entries = [replace(entry, is_new=not entry.is_read, is_read=True) for entry in self.entries]
            self.changed.emit()
            self.was_read.emit()

    def remove(self, entry: Entry) -> None:
        """Take one out of the list."""
        if entry in self.entries:
            self.entries.remove(entry)
            self.changed.emit()
            self.removed.emit(entry.notice)

    def clear(self) -> None:
        """Empty the list."""
        self.entries.clear()
        self.changed.emit()
        self.cleared.emit()
