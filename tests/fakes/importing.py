"""An importer over a real store in a test's home, and a short cut from a file to its bars without a store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.bus import Bus
from backend.clock import Clock, ManualClock
from backend.domain.bars import BarArrays
from backend.errors import NotFound
from backend.events import EVENTS, Event
from backend.market.action_log import ActionLog
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.importers import Choices, Importer, ImportPlan, ImportReport, RowNote
from backend.market.importers.checks import RowJudge, Tally, judge_all
from backend.market.importers.containers import find_places
from backend.market.importers.parts import ImportParts
from backend.market.importers.preview import make_plan, rules_of
from backend.market.importers.tables import open_rows, read_heads
from backend.storage.ledger import Ledger, open_ledger
from backend.storage.market_store import MarketStore, open_market_store
from backend.storage.money import MIGRATIONS
from backend.storage.paths import Home
from tests.fakes.market import KEY

NOW_NS = 1_800_000_000 * 1_000_000_000
"""January 2027: after every file that tests import."""


@dataclass
class Workshop:
    """All that an import needs, open."""

    home: Home
    ledger: Ledger
    store: MarketStore
    catalog: Catalog
    actions: ActionLog
    bus: Bus
    importer: Importer
    events: list[Event] = field(default_factory=list)

    async def take(self, path: Path, choices: Choices | None = None) -> ImportReport:
        """Import the only table of a file."""
        (plan,) = await self.importer.preview(path, choices)
        return await self.importer.run(plan)


@asynccontextmanager
async def open_workshop(home: Home, clock: Clock | None = None) -> AsyncIterator[Workshop]:
    """Open an importer in ``home``; every event is kept."""
    clock = clock or ManualClock(NOW_NS)
    bus = Bus()
    async with (
        open_ledger(home.ledgers / "money.db", KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger,
        open_market_store(home, ledger, clock, publish=bus.publish) as store,
    ):
        catalog, actions = Catalog(ledger, bus.publish), ActionLog(ledger)
        importer = Importer(ImportParts(store, catalog, actions, ledger, bus, clock, Calendars(home.cache, clock), home.imports))
        shop = Workshop(home, ledger, store, catalog, actions, bus, importer)
        for kind in EVENTS:
            bus.subscribe(kind, shop.events.append)
        yield shop


class NoInstruments:
    """A catalog that knows nothing."""

    async def get(self, instrument):
        raise NotFound(f"No {instrument}.")

    async def resolve(self, text):
        raise NotFound(f"No {text}.")


@dataclass
class Taken:
    """What a file held: its bars, the rows not simply taken, the counts."""

    plan: ImportPlan
    bars: BarArrays
    notes: list[RowNote]
    tally: Tally


def take_tables(path: Path, choices: Choices | None = None) -> list[Taken]:
    """Read every table of a file as the importer does, up to the stage."""
    wanted = choices or Choices()
    clock = ManualClock(NOW_NS)

    async def plans() -> list[ImportPlan]:
        heads = [head for place in find_places(path) for head in read_heads(place, wanted)]
        return [await make_plan(head, wanted, NoInstruments(), clock, symbol=wanted.symbol or "") for head in heads]

    return [take_rows(plan) for plan in asyncio.run(plans())]


def take_rows(plan: ImportPlan) -> Taken:
    """Read the rows of a plan."""
    notes: list[RowNote] = []
    judge = RowJudge(rules_of(plan, NOW_NS), notes.append)
    pieces = []
    if plan.is_ready:
        with open_rows(plan, lambda: False) as reader:
            pieces = [judged.bars for judged in judge_all(reader.blocks(), judge)]
    if plan.is_descending:
        pieces.reverse()
    columns = zip(*((p.event_ns, *p.columns()) for p in pieces), strict=True) if pieces else ()
    bars = BarArrays(*(np.concatenate(column) for column in columns)) if pieces else BarArrays.empty()
    return Taken(plan, bars, notes, judge.tally)


def take_text(tmp_path: Path, text: str | bytes, file_name: str = "AAPL_1d.csv", **choices) -> Taken:
    """Write a file and read its only table."""
    path = tmp_path / file_name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (taken,) = take_tables(path, Choices(**choices))
    return taken
