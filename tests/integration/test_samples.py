"""The bars that ship with the program: complete, on their calendars, and imported once."""

import csv

import numpy as np
import pytest

from backend.clock import ManualClock
from backend.domain.actions import Split
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentKind
from backend.market.calendars import Calendars
from backend.market.importers import Choices
from backend.market.samples import FOLDER, SAMPLES, load_samples
from tests.fakes.importing import NOW_NS, open_workshop
from tests.fakes.market import same

DAYS = BarSpec.parse("1d")


async def test_every_sample_is_imported_once_whole_and_under_a_source_of_its_own(home):
    async with open_workshop(home) as shop:
        reports = await load_samples(shop.importer)
        stored = await shop.store.series()
        again = await load_samples(shop.importer)
        actions = {str(s.instrument): await shop.actions.list(s.instrument) for s in SAMPLES}
        kinds = {str(i.id): i.kind for i in await shop.catalog.all()}
    told = {str(r.series.instrument): (r.n_accepted, r.n_missing, r.n_refused + r.n_same + r.n_repaired) for r in reports}
    assert told == {
        "AAPL.XNAS": (3270, 0, 0),
        "MSFT.XNAS": (3270, 0, 0),
        "SPX.INDEX": (5031, 0, 0),
        "COMP.INDEX": (5031, 0, 0),
        "VIX.INDEX": (1259, 46, 0),
        "WTI.FRED": (8321, 290, 0),
    }
    assert {found.source for found in stored} == {"sample"}
    assert again == ()
    assert {name: sum(isinstance(a, Split) for a in found) for name, found in actions.items() if found} == {
        "AAPL.XNAS": 2,
        "MSFT.XNAS": 1,
    }
    assert kinds["WTI.FRED"] is InstrumentKind.COMMODITY


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
async def test_stored_samples_are_the_numbers_of_the_file(home, sample):
    with (FOLDER / sample.file).open(newline="") as file:
        names, *rows = csv.reader(file)
    closes = [float(row[names.index("Close") if "Close" in names else 1]) for row in rows if row[1] != "."]
    async with open_workshop(home) as shop:
        await load_samples(shop.importer, [sample])
        bars = await shop.store.load(Series(sample.instrument, DAYS))
    assert bars.close.tolist() == closes
    assert bars.is_close_only == ("Close" not in names)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.calendar != "24/7"], ids=lambda sample: sample.file)
async def test_samples_of_exchanges_lie_on_sessions_without_holes(home, sample):
    async with open_workshop(home) as shop:
        await load_samples(shop.importer, [sample])
        bars = await shop.store.load(Series(sample.instrument, DAYS))
    table = Calendars(home.cache, ManualClock(NOW_NS)).sessions(sample.calendar)
    inside = (table.label_ns >= bars.event_ns[0]) & (table.label_ns <= bars.event_ns[-1])
    assert np.setdiff1d(bars.event_ns, table.label_ns).size == 0
    assert np.setdiff1d(table.label_ns[inside], bars.event_ns).size <= 1


async def test_own_bars_of_a_series_are_shown_instead_of_its_sample(home):
    sample = SAMPLES[0]
    async with open_workshop(home) as shop:
        await load_samples(shop.importer, [sample])
        (plan,) = await shop.importer.preview(FOLDER / sample.file, Choices(instrument=str(sample.instrument)))
        shipped = await shop.store.load(plan.series)
        await shop.importer.run(plan)
        assert same(await shop.store.load(plan.series), shipped)
        assert sorted(record.source for record in await shop.importer.history()) == ["import", "sample"]
        assert shop.store.sources(plan.series) == ["import", "sample"]


def test_the_folder_of_samples_says_where_each_file_comes_from():
    text = (FOLDER / "README.md").read_text()
    assert all(f"`{path.name}`" in text for path in FOLDER.glob("*.csv"))
    assert {path.name for path in FOLDER.glob("*.csv")} == {sample.file for sample in SAMPLES}
