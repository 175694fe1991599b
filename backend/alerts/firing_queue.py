"""Firings on their way into the ledger: stored in groups, told when they are durable, never lost while it refuses."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from backend.alerts.alert import Alert
from backend.alerts.firing import Firing
from backend.alerts.store import AlertStore, Fired, QueueDelivery
from backend.domain.instruments import InstrumentId
from backend.errors import CorruptData, TriiError, Unavailable
from backend.events import AlertFired, Event, Level, Notice, notice_of

log = logging.getLogger(__name__)

RETRY_S: Final = 1.0
GROUP_MAX: Final = 256
_TOLD_MAX: Final = 5


class FiringQueue:
    """Writes what fired in one transaction after the other, and publishes ``AlertFired`` for each that was new.

    queue_delivery : called inside the transaction for each new firing; wake : called after its commit
    stored : called with those that were new, before they are published
    """

    def __init__(self, store: AlertStore, publish: Callable[[Event], None], stored: Callable[[tuple[Firing, ...]], None]) -> None:
        self._store = store
        self._publish = publish
        self._stored = stored
        self.queue_delivery: QueueDelivery = _deliver_nothing
        self.wake: Callable[[], None] = lambda: None
        self._waiting: list[Fired] = []
        self._came = asyncio.Event()
        self._writing = asyncio.Lock()
        self._is_refused = False
        self._n_told = 0  # of those that wait, how many were told while the ledger refused

    @property
    def waiting_ids(self) -> frozenset[str]:
        """Alerts with firings that are not stored yet."""
        return frozenset(one.firing.alert_id for one in self._waiting)

    def put(self, fired: Fired) -> None:
        """Have a firing stored with the next group."""
        self._waiting.append(fired)
        self._came.set()

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            if not await self.flush():
                await asyncio.sleep(RETRY_S)
                self._came.set()

    async def flush(self) -> bool:
        """Store all that waits now; whether that was possible. What was not is told and waits on."""
        async with self._writing:
            while self._waiting:
                group = self._waiting[:GROUP_MAX]
                try:
                    fresh = await self._record(group)
                except (Unavailable, CorruptData) as error:
                    self._tell_refusal(error)
                    return False
                del self._waiting[: len(group)]
                self._n_told = max(self._n_told - len(group), 0)
                self._tell({one.firing.id: one for one in group}, fresh)
            if self._is_refused:
                self._is_refused = False
                self._publish(Notice(Level.SUCCESS, "The firings of alerts that waited are stored now."))
            return True

    async def _record(self, group: list[Fired]) -> tuple[Firing, ...]:
        """Store firings with their deliveries; without them where those cannot be queued: no firing is lost to a channel."""
        try:
            return await self._store.record(group, self.queue_delivery)
        except (Unavailable, CorruptData):
            raise
        except (TriiError, ArithmeticError, LookupError, TypeError, ValueError) as error:  # a defect there costs no firing here
            log.exception("Deliveries of %d firings could not be queued.", len(group))
            self._publish(notice_of(error, "What fired could not be queued for its channels."))
            return await self._store.record(group, _deliver_nothing)

    def _tell(self, group: dict[str, Fired], fresh: tuple[Firing, ...]) -> None:
        if not fresh:
            return
        self._stored(fresh)
        self.wake()
        for firing in fresh:
            self._publish(event_of(firing, group[firing.id]))

    def _tell_refusal(self, error: TriiError) -> None:
        self._is_refused = True
        news = self._waiting[self._n_told :]
        log.error("%d firings wait for the ledger: %s", len(self._waiting), error)
        if not news:
            return
        self._n_told = len(self._waiting)
        said = " ".join(one.firing.words for one in news[:_TOLD_MAX])
        more = f" And {len(news) - _TOLD_MAX} more." if len(news) > _TOLD_MAX else ""
        title = "An alert fired and cannot be stored." if len(news) == 1 else f"{len(news)} alerts fired and cannot be stored."
        hint = f"{error} They are kept in memory and stored as soon as that is possible."
        self._publish(Notice(Level.ERROR, title, said + more, hint, "alert.not_stored"))


def _deliver_nothing(_db: Any, _firing: Firing, _alert: Alert) -> None:
    """Where nobody delivers."""


def event_of(firing: Firing, fired: Fired) -> AlertFired:
    """What the bus is told of a firing."""
    alert = fired.alert
    return AlertFired(
        firing.id,
        firing.alert_id,
        InstrumentId.parse(firing.instrument),
        alert.name or InstrumentId.parse(firing.instrument).code,
        f"{firing.words} {alert.message}".strip(),
        firing.event_ns,
        firing.price,
        alert.sound,
        is_late=firing.is_late,
        is_replay=firing.is_replay,
    )
