"""The feeds that run: each a task that hands its batches on, started and stopped as the person sets them up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from backend.bus import Bus
from backend.clock import Clock
from backend.errors import TriiError
from backend.events import notice_of
from backend.live.feed_book import FeedBook
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Feed, TickBatch
from backend.market.feeds.kinds import kind_of
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

AGAIN_S = 30.0


class FeedRuns:
    """Keeps one task a feed that is on.

    on_batch : awaited with each batch, before the next is asked for
    changed : called after feeds came or went
    """

    def __init__(self, book: FeedBook, clock: Clock, bus: Bus, tasks: TaskOwner) -> None:
        self._book = book
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._feeds: dict[str, Feed] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._guests: set[str] = set()
        self._changing = asyncio.Lock()
        self.on_batch: Callable[[Feed, TickBatch], Awaitable[None]]
        self.changed: Callable[[], None] = lambda: None

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """What runs, in the order in which it is asked."""
        return tuple(self._feeds.values())

    def get(self, name: str) -> Feed | None:
        """The running feed of a name."""
        return self._feeds.get(name)

    async def refresh(self, name: str = "") -> None:
        """Run what is on and stop what is not; start ``name`` anew, which was changed."""
        async with self._changing:
            wanted = {config.name: config for config in await self._book.list() if config.is_on}
            for gone in [one for one in self._running if one not in self._guests and (one not in wanted or one == name)]:
                await self._stop(gone)
            for config in wanted.values():
                if config.name not in self._running:
                    await self._start(config)
            self._feeds = {one: self._feeds[one] for one in (*self._guests, *wanted) if one in self._feeds}
        self.changed()

    def run(self, feed: Feed) -> None:
        """Run a feed that was not set up by a person, as tests and benchmarks do."""
        self._guests.add(feed.name)
        self._feeds[feed.name] = feed
        self._running[feed.name] = self._tasks.start(f"feed {feed.name}", self._hand_on(feed))
        self.changed()

    async def close(self) -> None:
        """Stop every feed; what they gave has been taken in."""
        async with self._changing:
            for name in tuple(self._running):
                await self._stop(name)

    async def _start(self, config: FeedConfig) -> None:
        try:
            feed = kind_of(config).make(config, self._clock, await self._book.secret_of(config.name))
        except TriiError as error:
            self._bus.publish(notice_of(error, f"The feed {config.name} cannot run."))
            return
        self._feeds[config.name] = feed
        task = self._tasks.start(f"feed {config.name}", self._hand_on(feed))
        self._running[config.name] = task
        task.add_done_callback(lambda done: self._ended(config, done))

    async def _stop(self, name: str) -> None:
        task = self._running.pop(name)
        self._feeds.pop(name, None)
        task.cancel()
        await asyncio.wait([task])

    async def _hand_on(self, feed: Feed) -> None:
        async with aclosing(feed.batches()) as batches:  # type: ignore[type-var]  # every feed's is a generator
            async for batch in batches:
                await self.on_batch(feed, batch)

    def _ended(self, config: FeedConfig, task: "asyncio.Task[None]") -> None:
        # A feed ends by itself only through a defect, which its task has told; the market goes on, so we try again.
        if task.cancelled() or self._running.get(config.name) is not task:
            return
        del self._running[config.name]
        log.error("The feed %s ended; it is started again in %s s.", config.name, AGAIN_S)
        asyncio.get_running_loop().call_later(AGAIN_S, self._restart)

    def _restart(self) -> None:
        if not self._tasks.is_closed:
            self._tasks.start("restart feeds", self.refresh())
