"""A process that watches alerts over a market of known prices, and says what it has seen and told; made to be killed.

Run as ``python -m tests.fakes.alert_watcher HOME N SEED``. It looks at the trades of the market of SEED, one a second, up to the
N-th, from the one on that is not recorded yet, as a feed fills its gaps; records them as the tick path does; prints ``seen N``
after each and ``told EVENT_NS LEVEL`` for each firing that it is told of.
"""

import asyncio
import itertools
import random
import sys
from pathlib import Path

from backend.alerts.alert import Repeat
from backend.app import open_backend
from backend.clock import ManualClock
from backend.domain.bars import BarArrays, Series
from backend.events import AlertFired
from backend.storage.paths import Home
from tests.fakes.alerting import ACME, MINUTE, START_NS, open_alerts, price_alert
from tests.fakes.live_market import LiveMarket

LEVELS = (98.0, 99.0, 100.0, 101.0, 102.0)
SECOND_NS = 1_000_000_000


def prices_of(seed: int, n: int) -> list[float]:
    """The prices of a market: it wanders around 100, and never stands at a level."""
    draw = random.Random(seed)
    found, price = [], 100.25
    for _ in range(n):
        price += draw.choice([-0.5, 0.5]) + (100.25 - price) * 0.02
        found.append(round(price, 3) + 0.0005)
    return found


def crossings_of(prices: list[float]) -> set[tuple[int, float]]:
    """When a price rises above a level, as someone with a pencil finds it: event time and level."""
    steps = itertools.pairwise(prices)
    return {(event_ns(n), level) for n, (old, new) in enumerate(steps, 1) for level in LEVELS if old <= level < new}


def event_ns(n: int) -> int:
    """When the n-th trade happens."""
    return START_NS + n * SECOND_NS


async def first_unrecorded(root: Path) -> int:
    """The number of the first trade that no run before has recorded for good."""
    async with open_backend(Home(root), clock=ManualClock(START_NS), watch=False) as backend:
        trades = await backend.store.load_trades(ACME, "feed")
        return (int(trades.event_ns[-1]) - START_NS) // SECOND_NS + 1 if len(trades) else 0


async def watch(root: Path, n_trades: int, seed: int) -> None:
    """Look at trades until killed, or to the last."""
    prices = prices_of(seed, n_trades)
    first = await first_unrecorded(root)
    clock = ManualClock(event_ns(first))
    async with open_alerts(Home(root), clock) as opened:
        alerts, store = opened.alerts, opened.backend.store
        opened.backend.bus.subscribe(AlertFired, lambda event: say(f"told {event.event_ns} {levels[event.alert]}"))
        if not await alerts.rows():
            for level in LEVELS:
                await alerts.add(price_alert(level, repeat=Repeat.EVERY_TIME))
        levels = {row.alert.id: row.alert.condition.value for row in await alerts.rows()}
        market = LiveMarket(START_NS - SECOND_NS)
        for n, price in enumerate(prices):
            change = market.trade(price)
            if n < first:
                continue  # the minute under way is made whole, as the tick path does
            clock.advance(max(event_ns(n) - clock.now_ns(), 0))
            store.append_trades(ACME, "feed", change.trades)
            for bars in change.closed.values():
                store.append(Series(ACME, MINUTE), "feed", bars)
            store.append(Series(ACME, MINUTE), "feed", BarArrays.of([change.forming[MINUTE]]), forming=True)
            alerts.evaluate(change)
            say(f"seen {n}")
            await asyncio.sleep(0 if n % 7 else 0.001)
            if n % 40 == 0:
                await alerts.pulse()


def say(line: str) -> None:
    """One whole line, now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
