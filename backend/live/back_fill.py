"""Back-fill: bars that a feed has and the store lacks, fetched as jobs and merged without counting anything twice."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from backend.domain.bars import DAY_NS, MINUTE_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound, Unavailable
from backend.jobs.job import Job, Priority, Retry
from backend.jobs.job_store import NewJob
from backend.jobs.runner import JobContext, JobRunner
from backend.live.folds import MINUTE
from backend.market.feeds.feed import Feed
from backend.storage.market_store import MarketStore

log = logging.getLogger(__name__)

KIND: Final = "back-fill"
HOURLY: Final = BarSpec.parse("1h")
DAILY: Final = BarSpec.parse("1d")
FETCHED: Final = (DAILY, HOURLY, MINUTE)
"""What is kept of every instrument whose venue has it: a chart then finds years of days, months of hours, days of minutes."""
_DEPTH_NS: Final = {MINUTE: 3 * DAY_NS, HOURLY: 120 * DAY_NS, DAILY: 3_650 * DAY_NS}
_PIECE: Final = 5_000  # bars a publication
SETTLE_NS: Final = 5_000_000_000  # a venue's bar of a minute is there by then


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a job is to fetch: bars of a series with ``from_ns`` ≤ event_ns < ``to_ns``."""

    feed: str
    instrument: str
    spec: str
    from_ns: int
    to_ns: int

    @property
    def series(self) -> Series:
        """Whose bars."""
        return Series(InstrumentId.parse(self.instrument), BarSpec.parse(self.spec))


class BackFill:
    """Asks for and does the jobs.

    feed_of : the running feed of a name; None while it is off
    filled : awaited after bars were published, with what was asked for
    """

    def __init__(
        self,
        store: MarketStore,
        jobs: JobRunner,
        feed_of: Callable[[str], Feed | None],
        filled: Callable[[Wanted], Awaitable[None]],
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._feed_of = feed_of
        self._filled = filled
        jobs.register(KIND, "Filling in bars", self._run, retry=Retry(attempts_max=8, first_s=5.0))

    async def ask(self, feed: Feed, series: Series, span: tuple[int, int], *, due_ns: int = 0) -> Job | None:
        """Have the bars of a stretch of time fetched; None where the feed has no such bars."""
        if series.spec not in feed.abilities.bar_specs or span[0] >= span[1]:
            return None
        wanted = Wanted(feed.name, str(series.instrument), str(series.spec), *span)
        payload = msgspec.json.encode(wanted)
        # Short stretches are what somebody looks at just now.
        priority = Priority.NORMAL if span[1] - span[0] > DAY_NS else Priority.URGENT
        return await self._jobs.submit(NewJob(KIND, payload, payload.decode(), priority, due_ns, words=str(series)))

    async def start_of(self, series: Series, now_ns: int) -> int:
        """From when on bars of a series are missing: after the newest complete one, or as far back as is kept of its spec."""
        deepest_ns = now_ns - _DEPTH_NS.get(series.spec, DAY_NS)
        newest_ns = await newest_closed_ns(self._store, series)
        return deepest_ns if newest_ns is None else max(newest_ns + (series.spec.duration_ns or MINUTE_NS), deepest_ns)

    async def _run(self, context: JobContext) -> str:
        wanted = msgspec.convert(context.payload, Wanted)
        feed = self._feed_of(wanted.feed)
        if feed is None:
            raise Unavailable(f"The feed {wanted.feed} is off.", hint="Turn it on, then try again.", code="feed.off")
        series = wanted.series
        piece_ns = _PIECE * (series.spec.duration_ns or DAY_NS)
        n_bars, n_changed = 0, 0
        for at_ns in range(wanted.from_ns, wanted.to_ns, piece_ns):
            context.progress((at_ns - wanted.from_ns) / (wanted.to_ns - wanted.from_ns), f"{series}: {n_bars:,} bars")
            try:
                bars = await feed.fetch_bars(series, at_ns, min(at_ns + piece_ns, wanted.to_ns))
            except NotFound as e:
                log.info("No bars of %s from %s: %s", series, wanted.feed, e)
                continue
            if len(bars):
                with self._store.stage(series, wanted.feed) as stage:
                    stage.add(bars)
                    done = await self._store.publish(stage)
                n_bars += len(bars)
                n_changed += done.n_new + done.n_replaced
        await self._filled(wanted)
        if n_changed:
            # Bars that closed since the publication were made of what had been known before it.
            self._store.tell_changed(series, wanted.feed, wanted.from_ns)
        return f"{series}: bars fetched {n_bars:,}, changed {n_changed:,}"


async def newest_closed_ns(store: MarketStore, series: Series) -> int | None:
    """Event time of the newest complete bar of a series, from any source; None without any."""
    found = [stored for stored in await store.series(series.instrument) if stored.series == series]
    newest: int | None = None
    for stored in found:
        forming = store.forming(series, stored.source)
        last_ns = stored.last_ns
        if forming is not None and forming.event_ns == last_ns:
            before = await store.load(series, source=stored.source, to_ns=last_ns, from_ns=last_ns - 7 * DAY_NS)
            if not len(before):
                continue
            last_ns = int(before.event_ns[-1])
        newest = last_ns if newest is None else max(newest, last_ns)
    return newest
