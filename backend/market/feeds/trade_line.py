"""The trades of one instrument on their way through a feed: none twice, and none before those that were missed."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Final

from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.market.feeds.feed import Gap
from backend.market.feeds.tick_queue import Print, TickQueue

REMEMBERED_NS: Final = 120 * SECOND_NS
_PRUNE_AT: Final = 4096


class TradeLine:
    """Hands trades on to the queue; while something that was missed is fetched, live ones are held.

    newest_ns, newest_key : event time and key of the newest trade handed on; 0 and None before the first
    began_ns : event time of the first; earlier ones are history, and not missed
    """

    def __init__(self, instrument: InstrumentId, queue: TickQueue) -> None:
        self.instrument = instrument
        self.newest_ns = self.began_ns = 0
        self.newest_key: Hashable = None
        self._queue = queue
        self._seen: dict[Hashable, int] = {}
        self._prune_at = _PRUNE_AT
        self._held: list[Print] | None = None

    @property
    def is_healing(self) -> bool:
        """Whether live trades wait for earlier ones."""
        return self._held is not None

    @property
    def first_held(self) -> Print | None:
        """The first live trade that waits."""
        return self._held[0] if self._held else None

    @property
    def held_keys(self) -> frozenset[Hashable]:
        """Of the live trades that wait."""
        return frozenset(one.key for one in self._held or ())

    def is_known(self, one: Print) -> bool:
        """Whether a trade was handed on already, or is older than anybody asked for."""
        return one.key in self._seen or one.event_ns < self.began_ns

    def hear(self, prints: Sequence[Print]) -> int:
        """Take live trades; how many were handed on."""
        if self._held is not None:
            self._held += prints
            return 0
        return self._hand_on(prints, is_late=False)

    def skip(self, prints: Sequence[Print]) -> None:
        """Know these trades without handing them on: they happened before anybody asked."""
        self._seen.update((one.key, one.event_ns) for one in prints)
        self.newest_ns = self.began_ns = max((one.event_ns for one in prints), default=0)

    def hold(self) -> None:
        """Hold live trades from now on: something before them is missing."""
        if self._held is None:
            self._held = []

    def hold_anew(self) -> None:
        """Hold live trades from now on and let go of those held so far: more is missing behind them, and all of it is fetched."""
        self._held = []

    def heal(self, prints: Sequence[Print]) -> int:
        """Hand on trades that were missed and have been fetched; those known already are left out."""
        return self._hand_on([one for one in prints if not self.is_known(one)], is_late=True)

    def release(self, *, missing_from_ns: int | None = None, now_ns: int = 0) -> int:
        """Hand on what was held; how many that were.

        missing_from_ns : what happened from then on to the first held trade (to ``now_ns`` where there is none) is a gap
        """
        held, self._held = self._held or [], None
        if missing_from_ns is not None:
            to_ns = max(min((one.event_ns for one in held), default=now_ns), self.newest_ns + 2)
            from_ns = missing_from_ns if missing_from_ns < to_ns else self.newest_ns + 1
            self._queue.put_gap(Gap(self.instrument, from_ns, to_ns))
        return self._hand_on(held, is_late=False)

    def _hand_on(self, prints: Iterable[Print], *, is_late: bool) -> int:
        fresh: list[Print] = []
        for one in prints:
            if one.key not in self._seen:
                self._seen[one.key] = one.event_ns
                fresh.append(one)
        if not fresh:
            return 0
        newest_ns = max(one.event_ns for one in fresh)
        self.began_ns = self.began_ns or min(one.event_ns for one in fresh)
        self.newest_ns, self.newest_key = max(self.newest_ns, newest_ns), fresh[-1].key
        self._queue.put_trades(self.instrument, fresh, is_late=is_late)
        if len(self._seen) > self._prune_at:
            self._forget()
        return len(fresh)

    def _forget(self) -> None:
        """Trades are repeated soon after or not at all."""
        oldest_ns = self.newest_ns - REMEMBERED_NS
        self._seen = {key: at_ns for key, at_ns in self._seen.items() if at_ns >= oldest_ns}
        self._prune_at = max(_PRUNE_AT, 2 * len(self._seen))
