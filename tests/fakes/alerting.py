"""Alerts over a real home: ledger, market store and catalog are the program's own, time stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from backend.alerts.alert import Alert, Condition, Operator, PriceCondition, new_id
from backend.alerts.alerts import Alerts
from backend.app import Backend, open_backend
from backend.clock import ManualClock
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.events import AlertFired, Notice
from backend.storage.paths import Home

ACME = InstrumentId("ACME", "XNAS")
MINUTE = BarSpec.parse("1m")
MINUTE_NS = 60_000_000_000
START_NS = 1_704_724_200 * 1_000_000_000


@dataclass
class Alerting:
    """Open alerts, what stands below them, and what the bus has told."""

    backend: Backend
    alerts: Alerts
    clock: ManualClock
    fired: list[AlertFired] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


@asynccontextmanager
async def open_alerts(home: Home, clock: ManualClock, *, begin: bool = True) -> AsyncIterator[Alerting]:
    """Alerts over ``home``; ACME is known and trades around the clock in cents."""
    async with open_backend(home, clock=clock, watch=False) as backend:
        await backend.catalog.put(Instrument(ACME, "Acme", price_steps=CENT))
        opened = Alerting(backend, backend.alerts, clock)
        backend.bus.subscribe(AlertFired, opened.fired.append)
        backend.bus.subscribe(Notice, opened.notices.append)
        if begin:
            await backend.alerts.begin()
        yield opened


def price_alert(value: float = 180.0, operator: Operator = Operator.CROSSES_ABOVE, **changes: object) -> Alert:
    """An alert on the price of ACME."""
    return alert_on(PriceCondition(operator, value), **changes)


def alert_on(condition: Condition, **changes: object) -> Alert:
    """An alert on ACME."""
    return Alert(**({"id": new_id(), "instrument": str(ACME), "condition": condition} | changes))


async def store_bars(backend: Backend, bars: BarArrays, spec: BarSpec = MINUTE) -> Series:
    """Store bars of ACME as an import does."""
    series = Series(ACME, spec)
    with backend.store.stage(series, "import") as stage:
        stage.add(bars)
        await backend.store.publish(stage)
    return series


def minutes(closes: list[float], start_ns: int = START_NS, spread: float = 0.0) -> BarArrays:
    """Bars of a minute that close so, each opening at the close before it."""
    close = np.array(closes, np.float64)
    opened = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    times = start_ns + np.arange(len(close), dtype=np.int64) * MINUTE_NS
    return BarArrays(times, opened, high, low, close, np.full(len(close), 100.0))
