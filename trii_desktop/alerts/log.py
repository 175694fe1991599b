"""What fired, newest first: read once, then kept up by the events, for markers, the history and the count of unread ones."""

from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from backend.alerts.firing import Firing
from backend.bus import Subscription
from backend.events import AlertFired, ReplayMoved
from trii_desktop.desk import Desk

N_KEPT: Final = 500


class FiringLog(QObject):
    """The newest firings; those of a replay stand in ``replayed`` until it ends and are never counted.

    told : an AlertFired, as it comes; changed : there are others, or others were read
    """

    told = Signal(object)
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.firings: tuple[Firing, ...] = ()
        self.replayed: tuple[Firing, ...] = ()
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(AlertFired, self._fired),
            desk.bridge.subscribe(ReplayMoved, self._moved),
        ]

    @property
    def n_unread(self) -> int:
        """How many were not looked at."""
        return sum(not firing.is_read for firing in self.firings)

    def of(self, instrument: str) -> tuple[Firing, ...]:
        """What fired on one instrument, newest first, those of a replay too."""
        return tuple(firing for firing in (*self.replayed, *self.firings) if firing.instrument == instrument)

    def get(self, firing_id: str) -> Firing | None:
        """The firing ``firing_id``."""
        return next((firing for firing in (*self.replayed, *self.firings) if firing.id == firing_id), None)

    async def load(self) -> None:
        """Read what fired in earlier sessions; what is told meanwhile stays."""
        stored = await self._desk.bridge.call(self._desk.backend.alerts.history(None, N_KEPT))
        known = {firing.id for firing in stored}
        told = [firing for firing in self.firings if firing.id not in known]
        self.firings = tuple(sorted((*told, *stored), key=lambda firing: -firing.event_ns))[:N_KEPT]
        self.changed.emit()

    async def mark_read(self) -> None:
        """All of them were looked at."""
        unread = [firing.id for firing in self.firings if not firing.is_read]
        if unread:
            self.firings = tuple(replace(firing, is_read=True) for firing in self.firings)
            self.changed.emit()
            await self._desk.bridge.call(self._desk.backend.alerts.mark_read(tuple(unread)))

    def close(self) -> None:
        """Hear no more."""
        for subscription in self._subscriptions:
            subscription.close()

    def _fired(self, event: AlertFired) -> None:
        firing = _firing_of(event, self._desk.backend.clock.now_ns())
        if event.is_replay:
            self.replayed = (firing, *self.replayed)[:N_KEPT]
        elif self.get(event.firing) is None:
            self.firings = tuple(sorted((firing, *self.firings), key=lambda one: -one.event_ns))[:N_KEPT]
        self.told.emit(event)
        self.changed.emit()

    def _moved(self, event: ReplayMoved) -> None:
        if event.now_ns is None and self.replayed:
            self.replayed = ()
            self.changed.emit()


def _firing_of(event: AlertFired, now_ns: int) -> Firing:
    """What an event says of a firing; the two sides that were compared are only in the ledger."""
    return Firing(
        event.firing,
        event.alert,
        str(event.instrument),
        event.event_ns,
        now_ns,
        event.price,
        float("nan"),
        float("nan"),
        event.words,
        event.is_late,
        event.is_replay,
    )
