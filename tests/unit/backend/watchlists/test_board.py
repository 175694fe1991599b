"""The latest figures of watched instruments, against bars in a real store."""

import asyncio
import math
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from backend.app import open_backend
from backend.domain.actions import Split
from backend.domain.bars import DAY_NS, Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind, PriceStep
from backend.events import FiguresChanged
from backend.watchlists.board import QuoteRow, quoted_decimals
from tests.fakes.waiting import until

ACME, EMPTY = InstrumentId("ACME", "LOCAL"), InstrumentId("EMPTY", "LOCAL")
DAILY = Series(ACME, BarSpec.parse("1d"))
FIRST_NS = 19_000 * DAY_NS


def _bars(closes, first=0):
    return BarArrays.of([Bar(FIRST_NS + (first + n) * DAY_NS, c, c, c, c, 10.0 * c) for n, c in enumerate(closes)])


async def _put(backend, series, bars):
    stage = backend.store.stage(series, "import")
    stage.add(bars)
    await backend.store.publish(stage)


@asynccontextmanager
async def _opened(home, closes):
    async with open_backend(home) as backend:
        await backend.catalog.put(Instrument(ACME, "Acme"), Instrument(EMPTY, "Nothing yet"))
        await _put(backend, DAILY, _bars(closes))
        yield backend


async def _row(backend, instrument=ACME):
    await until(lambda: instrument in backend.board.snapshot().rows)
    return backend.board.snapshot().rows[instrument]


async def test_change_is_against_the_session_before(home):
    async with _opened(home, [100.0, 104.0, 101.4]) as backend:
        backend.board.watch([ACME])
        row = await _row(backend)
        assert (row.name, row.last, row.volume, row.event_ns) == ("Acme", 101.4, 1014.0, FIRST_NS + 2 * DAY_NS)
        assert (row.change, row.change_pct) == (pytest.approx(-2.6), pytest.approx(-2.5))


async def test_new_bars_make_a_new_version_and_an_event(home):
    async with _opened(home, [100.0, 104.0]) as backend:
        versions = []
        subscription = backend.bus.subscribe(FiguresChanged, lambda event: versions.append(event.version))
        backend.board.watch([ACME])
        before = await _row(backend)
        old = backend.board.snapshot()
        await _put(backend, DAILY, _bars([110.0], first=2))
        await until(lambda: backend.board.snapshot().rows[ACME].last == 110.0)
        assert old.rows[ACME] is before
        assert versions == sorted(set(versions))
        assert versions[-1] == backend.board.snapshot().version
        subscription.close()


async def test_a_split_does_not_look_like_a_loss(home):
    async with _opened(home, [100.0, 51.0]) as backend:
        await backend.actions.add([Split(ACME, FIRST_NS + DAY_NS, Decimal(2))])
        backend.board.watch([ACME])
        row = await _row(backend)
        assert (row.last, row.change, row.change_pct) == (51.0, pytest.approx(1.0), pytest.approx(2.0))


async def test_an_instrument_without_bars_has_a_name_and_no_figures(home):
    async with _opened(home, [100.0]) as backend:
        backend.board.watch([EMPTY, InstrumentId("UNKNOWN", "LOCAL")])
        row = await _row(backend, EMPTY)
        assert row.name == "Nothing yet"
        assert row.last != row.last
        assert (await _row(backend, InstrumentId("UNKNOWN", "LOCAL"))).name == ""


async def test_one_bar_has_no_change(home):
    async with _opened(home, [100.0]) as backend:
        backend.board.watch([ACME])
        row = await _row(backend)
        assert row.last == 100.0
        assert row.change != row.change


async def test_what_is_not_watched_any_more_leaves_the_board(home):
    async with _opened(home, [100.0, 101.0]) as backend:
        backend.board.watch([ACME])
        await _row(backend)
        backend.board.watch([])
        assert dict(backend.board.snapshot().rows) == {}
        await _put(backend, DAILY, _bars([110.0], first=2))
        await asyncio.sleep(0)
        assert dict(backend.board.snapshot().rows) == {}


@pytest.mark.parametrize(
    ("kind", "prices", "decimals"),
    [
        ("stock", [27.875, 27.95], 2),
        ("stock", [0.1234, 0.125], 4),
        ("index", [6635.279785], 2),
        ("forex", [1.08425, 1.0843], 5),
        ("forex", [149.123, 149.5], 3),
        ("crypto", [64_123.5], 2),
        ("crypto", [0.00001234], 8),
        ("commodity", [100 / 3], 4),
        ("forex", [], 2),
    ],
)
def test_decimals_follow_the_way_an_instrument_is_quoted(kind, prices, decimals):
    assert quoted_decimals(Instrument(ACME, "Acme", InstrumentKind(kind)), prices) == decimals


def test_a_price_step_decides_the_decimals():
    steps = (PriceStep(Decimal(0), Decimal("0.0001")), PriceStep(Decimal(1), Decimal("0.25")), PriceStep(Decimal(1000), Decimal(5)))
    acme = Instrument(ACME, "Acme", price_steps=steps)

    assert [quoted_decimals(acme, [price]) for price in (0.5, 20.0, 2000.0)] == [4, 2, 0]


def test_an_empty_row_knows_nothing():
    row = QuoteRow(ACME)
    assert all(math.isnan(value) for value in (row.last, row.change, row.change_pct, row.volume))


async def test_the_trend_holds_the_newest_closes_without_splits(home):
    async with _opened(home, [float(n) for n in range(100, 140)]) as backend:
        await backend.actions.add([Split(ACME, FIRST_NS + 35 * DAY_NS, Decimal(2))])
        backend.board.watch([ACME])
        trend = (await _row(backend)).trend
        assert len(trend) == 30
        assert trend[:2] == (55.0, 55.5)
        assert trend[-1] == 139.0


async def test_in_a_replay_figures_are_those_of_its_moment(home):
    async with _opened(home, [400.0, 404.0, 408.0, 102.0, 103.0]) as backend:
        await backend.actions.add([Split(ACME, FIRST_NS + 3 * DAY_NS, 4)])
        backend.board.watch([ACME, EMPTY])
        row = await _row(backend)
        assert row.last == 103.0
        for place, last, change in ((1, 404.0, 4.0), (2, 102.0, 1.0), (3, 102.0, 0.0), (0, 400.0, math.nan)):
            await backend.replay.start(DAILY, FIRST_NS + place * DAY_NS)
            label = FIRST_NS + place * DAY_NS
            await until(lambda label=label: backend.board.snapshot().rows[ACME].event_ns == label)
            row = backend.board.snapshot().rows[ACME]
            assert row.last == last  # the split comes as its session opens, which is when the bar before is complete
            assert row.change == pytest.approx(change, nan_ok=True)
            assert row.trend[-1] == last
        await backend.replay.stop()
        await until(lambda: backend.board.snapshot().rows[ACME].last == 103.0)
