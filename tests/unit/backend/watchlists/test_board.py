"""The latest figures of watched instruments, against bars in a real store."""

import asyncio
import math
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from backend.app import open_backend
from backend.domain.actions import Split
from backend.domain.bars import DAY_NS, Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.events import FiguresChanged
from backend.watchlists.board import QuoteRow, count_decimals
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


def test_decimals_are_those_the_prices_are_quoted_with():
    assert count_decimals([430.47, 441.4]) == 2
    assert count_decimals([1.08425, 1.0843]) == 5
    assert count_decimals([100.0]) == 2
    assert count_decimals([1 / 3 * 100]) == 2
    assert count_decimals([1 / 3]) == 4
    assert count_decimals([]) == 2


def test_an_empty_row_knows_nothing():
    row = QuoteRow(ACME)
    assert all(math.isnan(value) for value in (row.last, row.change, row.change_pct, row.volume))
