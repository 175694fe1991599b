"""Carries warnings and errors to the ledger as they are told, and brings them back at the next start."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from backend.errors import TriiError
from backend.events import Notice
from backend.notices import KEPT_LEVELS, KeptNotice, NoticeStore
from trii_desktop.desk import Desk
from trii_desktop.notifications import Entry, Offer

log = logging.getLogger(__name__)

DAY_NS: Final = 86_400 * 10**9


class NoticeKeeping:
    """Follows the desk's notices until it is closed; ``offer_of`` makes the button of an action's id, None for one not there."""

    def __init__(self, desk: Desk, offer_of: Callable[[str], Offer | None]) -> None:
        self._desk = desk
        self._offer_of = offer_of
        notices = desk.notices
        for entry in notices.entries:
            self._added(entry)  # what was told while the backend was opening
        notices.added.connect(self._added)
        notices.removed.connect(self._removed)
        notices.cleared.connect(self._cleared)
        notices.was_read.connect(self._was_read)

    async def load(self) -> None:
        """Bring back what earlier sessions were told, for as many days as the settings say."""
        backend = self._desk.backend
        from_ns = backend.clock.now_ns() - backend.settings.current.notices.keep_days * DAY_NS
        kept = await self._desk.bridge.call(backend.kept_notices.since(from_ns))
        self._desk.notices.restore(self._entry(found) for found in kept)

    def close(self) -> None:
        """Follow no more."""
        notices = self._desk.notices
        notices.added.disconnect(self._added)
        notices.removed.disconnect(self._removed)
        notices.cleared.disconnect(self._cleared)
        notices.was_read.disconnect(self._was_read)

    def _entry(self, kept: KeptNotice) -> Entry:
        offer = self._offer_of(kept.action) if kept.action else None
        return Entry(kept.notice, kept.at_ns, offer, kept.n_times, kept.is_read, not kept.is_read)

    def _added(self, entry: Entry) -> None:
        if entry.notice.level in KEPT_LEVELS:
            action = entry.offer.action if entry.offer is not None else ""
            self._write(lambda store: store.keep(entry.notice, entry.at_ns, action))

    def _removed(self, notice: Notice) -> None:
        if notice.level in KEPT_LEVELS:
            self._write(lambda store: store.forget(notice))

    def _cleared(self) -> None:
        self._write(NoticeStore.clear)

    def _was_read(self) -> None:
        self._write(NoticeStore.mark_read)

    def _write(self, work: Callable[[NoticeStore], Coroutine[Any, Any, None]]) -> None:
        self._desk.tasks.start("keeping notices", self._write_now(work))

    async def _write_now(self, work: Callable[[NoticeStore], Coroutine[Any, Any, None]]) -> None:
        try:
            await self._desk.bridge.call(work(self._desk.backend.kept_notices))
        except TriiError as error:
            # Telling it by a notice would be one more to keep; the ledger tells its own troubles.
            log.warning("Notices could not be kept: %s", error)
