"""Instruments that only feeds know: found among what they serve, and waited for until their first bars are there."""

import asyncio
import logging
from typing import Final

from backend.bus import Bus
from backend.domain.bars import Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import NotFound, TriiError, Unavailable
from backend.events import BarsChanged, BarsSaved, FeedChanged, JobChanged
from backend.live.live import Live
from backend.market.history import History

log = logging.getLogger(__name__)

ARRIVAL_S: Final = 30.0


async def await_bars(live: Live, history: History, bus: Bus, series: Series, *, wait_s: float = ARRIVAL_S) -> None:
    """Follow an instrument until bars of ``series`` can be made of its feed's history or first trades.

    Raises NotFound where no feed that is on serves it, Unavailable where none came in time, with what the feed says.
    """
    instrument = series.instrument
    if live.feed_of(instrument) is None:
        raise NotFound(
            f"There are no bars of {instrument} yet.",
            hint="Import a file that holds them, or connect a feed.",
            code="chart.no_bars",
        )
    came = asyncio.Event()

    def wake(_event: object) -> None:
        came.set()

    subscriptions = [bus.subscribe(kind, wake) for kind in (BarsChanged, BarsSaved, JobChanged, FeedChanged)]
    following = await live.follow(instrument)
    try:
        async with asyncio.timeout(wait_s):
            while not history.can_make(instrument, series.spec):
                await came.wait()
                came.clear()
    except TimeoutError:
        feed = live.feed_of(instrument)
        said = feed.status.words if feed is not None else ""
        raise Unavailable(
            f"No bars of {instrument} came within {wait_s:.0f} s. {said}".rstrip(), hint="Look at File, Connect live data."
        ) from None
    finally:
        for subscription in subscriptions:
            subscription.close()
        await following.close()


async def find_served(live: Live, query: str, *, n_max: int) -> tuple[Instrument, ...]:
    """What feeds that are on serve and ``query`` names by the beginning of its code or a word of its name, shortest codes first."""
    text = query.strip().upper()
    if not text:
        return ()
    found: dict[InstrumentId, Instrument] = {}
    for feed in live.runs.feeds:
        if feed.abilities.can_list:
            try:
                listed = await live.joining.listed(feed)
            except TriiError as error:
                log.info("What %s serves cannot be listed: %s", feed.name, error)
                continue
            found.update((i, one) for i, one in listed.items() if _is_named(one, text))
    return tuple(sorted(found.values(), key=_by_code)[:n_max])


def _is_named(one: Instrument, text: str) -> bool:
    return str(one.id).startswith(text) or any(word.startswith(text) for word in one.name.upper().split())


def _by_code(one: Instrument) -> tuple[int, str]:
    return len(one.id.code), str(one.id)
