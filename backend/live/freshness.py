"""How fresh feeds are: their states told when they change, their lag when it is too long, and up to when all has come."""

from collections.abc import Iterable
from typing import Final

from backend.bus import Bus
from backend.clock import Clock
from backend.domain.bars import MINUTE_NS
from backend.events import FeedChanged, FeedLagging
from backend.market.feeds.feed import Feed, FeedState, FeedStatus, TickBatch

LAG_MS: Final = 250.0
CAUGHT_UP_MS: Final = 50.0
_TELL_NS: Final = 1_000_000_000
GRACE_NS: Final = 1_500_000_000  # trades of a bar may be that late before the clock closes it


class _Ahead:
    """How far the newest trades' times are ahead of the moments at which they were read, at most, in the last two minutes."""

    def __init__(self) -> None:
        self.ns: int | None = None
        self._minute = 0
        self._now: int | None = None

    def take(self, batch: TickBatch) -> None:
        """Note the newest trade of a batch."""
        newest_ns = max((int(trades.event_ns[-1]) for trades in batch.trades.values() if len(trades)), default=None)
        if newest_ns is None:
            return
        ahead_ns, minute = newest_ns - batch.received_ns, batch.received_ns // MINUTE_NS
        before = self._now
        if minute != self._minute:
            self._minute, self._now = minute, None
        self._now = ahead_ns if self._now is None else max(self._now, ahead_ns)
        self.ns = self._now if before is None else max(self._now, before)


class Freshness:
    """Lives on the engine thread."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock = clock
        self._bus = bus
        self._told: dict[str, tuple[FeedState, str]] = {}
        self._lagging: dict[str, int] = {}  # feed: when it was last told
        self._taken_ns: dict[str, int] = {}  # feed: when the newest batch that was taken in had been read
        self._ahead: dict[str, _Ahead] = {}

    def took(self, feed: Feed, batch: TickBatch) -> None:
        """A batch has been taken in: say when it had waited for long, and when that is over."""
        now_ns = self._clock.now_ns()
        self._taken_ns[feed.name] = batch.received_ns
        if not batch.is_late:
            self._ahead.setdefault(feed.name, _Ahead()).take(batch)
        lag_ms = (now_ns - batch.received_ns) / 1e6
        told_ns = self._lagging.get(feed.name)
        if lag_ms > LAG_MS and (told_ns is None or now_ns - told_ns >= _TELL_NS):
            self._lagging[feed.name] = now_ns
            n_waiting = sum(len(trades) for trades in batch.trades.values())
            self._bus.publish(FeedLagging(feed.name, lag_ms, n_waiting))
        elif lag_ms < CAUGHT_UP_MS and told_ns is not None:
            del self._lagging[feed.name]
            self._bus.publish(FeedLagging(feed.name, 0.0, 0))

    def over_ns(self, feed: Feed) -> int | None:
        """Up to which event time no trade is waited for any more; None while that cannot be said."""
        # What was read before the newest batch was taken in before it; what is on its way has some time left. The clock of
        # this machine may be wrong: trades themselves say how far the venue's is.
        status, taken_ns, ahead = feed.status, self._taken_ns.get(feed.name), self._ahead.get(feed.name)
        if taken_ns is None or ahead is None or ahead.ns is None or status.state is not FeedState.LIVE:
            return None
        return taken_ns + min(status.skew_ns - round(status.delay_s * 1e9), ahead.ns) - GRACE_NS

    def look(self, feeds: Iterable[Feed]) -> dict[str, FeedStatus]:
        """The status of each feed, told where it changed."""
        statuses = {feed.name: feed.status for feed in feeds}
        for name, status in statuses.items():
            told = (status.state, status.words)
            if self._told.get(name) != told:
                self._told[name] = told
                self._bus.publish(FeedChanged(name, status.state, status.words))
        for gone in self._told.keys() - statuses.keys():
            del self._told[gone]
            self._taken_ns.pop(gone, None)
            self._ahead.pop(gone, None)
            self._lagging.pop(gone, None)
            self._bus.publish(FeedChanged(gone, FeedState.OFF))
        return statuses
