"""Deliveries on a real ledger and the one job runner, with a clock moved by hand and firings at will."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from backend.alerts.alert import Alert, Operator, PriceCondition
from backend.alerts.firing import Firing
from backend.bus import Bus
from backend.clock import Clock
from backend.delivery.carrier import Carrier
from backend.delivery.channel import Channel
from backend.delivery.deliveries import Deliveries, DeliveryParts
from backend.delivery.delivery import Delivery, DeliveryState
from backend.delivery.wires import Limits
from backend.events import EVENTS, Notice
from backend.jobs.job_store import JobStore
from backend.jobs.runner import JobRunner
from backend.storage import money
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from tests.fakes.waiting import until

LIMITS = Limits(connect_s=2, read_s=1, total_s=20)
ALERT = Alert("a1", "AAPL.XNAS", PriceCondition(Operator.ABOVE, 180.0), channels=("phone",))
SETTLED = {DeliveryState.SENT, DeliveryState.ROLLED_UP, DeliveryState.SUPPRESSED, DeliveryState.DEAD}


def firing(n: int, *, at_ns: int, alert: str = "a1", instrument: str = "AAPL.XNAS", **changes: Any) -> Firing:
    """A firing of its own."""
    words = f"{instrument} rose above 180.00 (180.{n:02})."
    made = Firing(f"f{n}", alert, instrument, at_ns, at_ns, 180.0 + n / 100, 180.0 + n / 100, 180.0, words)
    return replace(made, **changes)


@dataclass
class Delivering:
    """What a test of delivery works with."""

    deliveries: Deliveries
    runner: JobRunner
    ledger: Ledger
    bus: Bus
    clock: Any
    notices: list[Notice]

    async def fire(self, n: int, alert: Alert = ALERT, **changes: Any) -> None:
        """Queue one firing in a transaction of its own, and wake."""
        await self.fire_all([firing(n, at_ns=self.clock.now_ns(), **changes)], alert)

    async def fire_all(self, firings: list[Firing], alert: Alert = ALERT) -> None:
        """Queue firings in one transaction, and wake."""
        await self.ledger.write(lambda db: [self.deliveries.queue(db, one, alert) for one in firings])
        self.deliveries.wake()

    async def states(self) -> list[str]:
        """How each delivery stands, oldest first."""
        return [str(one.state) for one in reversed(await self.deliveries.list(5_000))]

    async def only(self) -> Delivery:
        """The only delivery."""
        (one,) = await self.deliveries.list()
        return one

    async def until_states(self, *wanted: str) -> None:
        """Wait until the deliveries stand like this, oldest first."""
        await self.until(lambda found: [str(one.state) for one in reversed(found)] == list(wanted))

    async def until(self, condition: Callable[[tuple[Delivery, ...]], bool]) -> None:
        """Wait until a condition about the deliveries, newest first, holds; jobs that are due begin meanwhile."""
        async with asyncio.timeout(20):
            while not condition(await self.deliveries.list(5_000)):
                await self.runner.look()
                await asyncio.sleep(0.005)

    async def at_rest(self) -> None:
        """Wait until no job of delivery runs and each channel has been looked at."""
        await until(lambda: not self.deliveries._awake.is_set() and not self.runner._running, what="rest")

    async def advance(self, seconds: float) -> None:
        """Move the clock, and let what has become due begin."""
        self.clock.advance(round(seconds * 1e9))
        self.deliveries.wake()
        await self.runner.look()


@asynccontextmanager
async def delivering(home: Home, clock: Clock, *, limits: Limits = LIMITS, begins: bool = True) -> AsyncIterator[Delivering]:
    """Open a home's ledger with deliveries on it; leaving ends what runs, as the program's end does."""
    path = home.ledgers / "money.db"
    async with (
        open_ledger(path, bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger,
        TaskOwner("test") as tasks,
    ):
        bus = Bus(EVENTS)
        notices: list[Notice] = []
        bus.subscribe(Notice, notices.append)
        runner = JobRunner(JobStore(ledger), bus, clock, tasks)
        deliveries = Deliveries(DeliveryParts(ledger, bus, clock, tasks, runner), Carrier(clock, limits))
        if begins:
            await deliveries.begin()
            await runner.begin()
        yield Delivering(deliveries, runner, ledger, bus, clock, notices)


def phone(address: str, **changes: Any) -> Channel:
    """The channel that the alerts of these tests name."""
    return Channel("phone", address, **changes)
