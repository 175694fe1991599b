"""Tries a feed's settings before anybody depends on them."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

from backend.clock import Clock
from backend.errors import TriiError
from backend.live.feed_book import FeedBook
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Feed, FeedState, FeedStatus
from backend.market.feeds.kinds import kind_of

TRIED_S: Final = 10.0
_STEP_S: Final = 0.05
_SAID: Final = {FeedState.LIVE, FeedState.REFUSED, FeedState.WAITING}


async def probe(book: FeedBook, config: FeedConfig, secrets: Mapping[str, str], clock: Clock) -> FeedStatus:
    """How far a connection comes within ten seconds: LIVE, or why not in ``words``. Raises InvalidInput.

    secrets : those typed just now; the others are the kept ones of this name
    """
    book.check(config)
    kept = await book.secret_of(config.name)
    feed = kind_of(config).make(config, clock, lambda name: secrets.get(name) or kept(name))
    reading = asyncio.get_running_loop().create_task(_read(feed), name="probe a feed")
    try:
        async with asyncio.timeout(TRIED_S):
            while True:  # a status is a value that is read, not waited for
                if feed.status.state in _SAID or reading.done():
                    break
                await asyncio.sleep(_STEP_S)
            status = feed.status  # before it is closed, which turns it off
            if status.state is FeedState.LIVE and feed.abilities.can_list:
                await feed.fetch_instruments()  # its REST service is needed as well
    except TimeoutError:
        return FeedStatus(FeedState.WAITING, f"It did not answer within {TRIED_S:.0f} s.")
    except TriiError as error:
        return FeedStatus(FeedState.WAITING, f"The stream is there; its REST service is not: {error}")
    finally:
        reading.cancel()
        await asyncio.wait([reading])
    return status


async def _read(feed: Feed) -> None:
    async with aclosing(feed.batches()) as batches:  # type: ignore[type-var]  # every feed's is a generator
        async for _ in batches:
            pass
