"""Queries see segments and live rows as the store does, read only, and other programs may read the segments meanwhile."""

import asyncio
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from backend.domain.bars import DAY_NS, BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput, Unavailable
from backend.storage.duck import Census, QueryEngine
from backend.storage.manifest import Change
from backend.storage.segments import SeriesKey, write_segment
from tests.fakes.bars import DAYS, make_bars, make_days
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, open_store, publish

AAPL = InstrumentId("AAPL", "XNAS")


@pytest.fixture
def spill(home):
    return home.cache / "query"


def other(code):
    return Series(InstrumentId(code, "XNAS"), DAYS)


async def test_live_rows_win_over_segments_and_are_counted_once(home, spill):
    days = make_days(100)
    better = BarArrays(days.event_ns[98:], *(c[98:] + 1 for c in days.columns()))
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        await publish(store, days, source="feed")
        store.append(APPLE_DAYS, "feed", better)
        found = await queries.query("SELECT count(*) AS n, max(event_ns) AS newest, sum(close) AS total FROM bars")
        assert found.to_pylist() == [{"n": 100, "newest": days.event_ns[99], "total": pytest.approx(days.close.sum() + 2)}]
        await store.cut()
        assert (await queries.query("SELECT count(*) AS n FROM bars WHERE close > $1", [-1.0])).to_pylist() == [{"n": 100}]


async def test_an_empty_store_answers_with_no_rows(home, spill):
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        for table in ("bars", "trades", "stock_quotes", "stock_quotes_cents"):
            names = {"bars": "SELECT * FROM bars", "trades": "SELECT * FROM trades", "stock_quotes": "SELECT * FROM stock_quotes"}
            found = await queries.query(names.get(table, "SELECT * FROM stock_quotes_cents"))
            assert found.num_rows == 0
            assert found.num_columns > 4


async def test_closes_of_all_instruments_choose_sources_as_the_store_does(home, spill):
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        await publish(store, make_days(50, seed=1), other("ONE"))
        for source, seed in (("sample", 2), ("vendor", 3), ("import", 4)):
            await publish(store, make_days(50, seed=seed)[: 20 if source == "import" else 50], other("TWO"), source)
        await publish(store, make_days(5, seed=5), other("NEW"), "sample")
        store.append(other("LIVE"), "feed", make_days(3, seed=6))
        await publish(store, make_bars(500), APPLE_MINUTES)
        for limits in ({}, {"from_ns": int(make_days(50).event_ns[10])}, {"to_ns": int(make_days(50).event_ns[30])}):
            found = await queries.closes(DAYS, **limits)
            for code in ("ONE", "TWO", "NEW", "LIVE"):
                of_one = sorted((row["event_ns"], row["close"]) for row in found.to_pylist() if row["instrument"] == f"{code}.XNAS")
                expected = await store.load(other(code), **limits)
                assert of_one == list(zip(expected.event_ns.tolist(), expected.close.tolist(), strict=True))
            assert "AAPL.XNAS" not in found["instrument"].to_pylist()


async def test_trades_and_arrays_can_be_joined(home, spill):
    ticks = TradeArrays(np.arange(6, dtype=np.int64), np.arange(6.0), np.ones(6), np.zeros(6, np.int8))
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        store.append_trades(AAPL, "feed", ticks[:3])
        await store.cut()
        store.append_trades(AAPL, "feed", ticks[3:])
        wanted = pa.table({"wanted_ns": [1, 4]})
        found = await queries.query(
            "SELECT price FROM trades JOIN wanted ON wanted_ns = event_ns ORDER BY price", arrays={"wanted": wanted}
        )
        assert found["price"].to_pylist() == [1.0, 4.0]
        with pytest.raises(InvalidInput, match="wanted"):
            await queries.query("SELECT * FROM wanted")


async def test_the_first_design_names_its_columns_its_own_way(home, spill):
    bars = BarArrays(np.array([DAY_NS + 1000], np.int64), *(np.array([v]) for v in (1.23456, 2.0, 1.0, 1.5, np.nan)))
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        await publish(store, bars)
        (row,) = (await queries.query("SELECT * FROM stock_quotes_cents")).to_pylist()
        assert (row["symbol"], row["interval"], str(row["open"]), row["volume"]) == ("AAPL.XNAS", "1d", "1.23", None)
        assert row["time"].isoformat() == "1970-01-02T00:00:00.000001+00:00"
        assert str((await queries.query("SELECT open FROM stock_quotes"))["open"][0]) == "1.23456000"


@pytest.mark.parametrize(
    "sql",
    ["COPY bars TO 'out.csv'", "CREATE TABLE t (a INT)", "SELECT 1; SELECT 2", "DROP VIEW bars", "SELEC 1", "ATTACH 'x.db'", ""],
)
async def test_a_query_only_reads(home, spill, sql):
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        with pytest.raises(InvalidInput):
            await queries.query(sql)
        assert (await queries.query("SELECT 1 AS one"))["one"].to_pylist() == [1]


async def test_files_outside_the_store_are_out_of_reach(home, spill, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        with pytest.raises(InvalidInput, match=r"(?i)permission|disabled"):
            await queries.query("SELECT * FROM read_csv($1)", [str(secret)])


async def test_a_cancelled_query_ends_and_the_next_one_runs(home, spill):
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        await queries.query("SELECT 1")
        slow = asyncio.create_task(queries.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"))
        await asyncio.wait([slow], timeout=0.2)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await queries.query("SELECT 2 AS two"))["two"].to_pylist() == [2]


async def test_a_query_that_needs_too_much_memory_is_refused(home, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder, so nothing can be spilled")
    async with open_store(home) as store, QueryEngine(store, nowhere / "x", memory_bytes=20 * 2**20) as queries:
        with pytest.raises(Unavailable):
            await queries.query("SELECT list(range) FROM range(50000000)")


async def test_another_process_reads_the_segments_while_the_store_is_open(home):
    code = "import duckdb, sys; print(duckdb.sql(f\"SELECT count(*), min(instrument) FROM '{sys.argv[1]}/*.parquet'\").fetchall())"
    async with open_store(home) as store:
        await publish(store, make_days(321))
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", code, str(store.folder)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[(321, 'AAPL.XNAS')]"
        await publish(store, make_days(322))


READ_ONE = """
import asyncio, sys
from pathlib import Path
from backend.storage.paths import Home
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, open_store

async def main():
    async with open_store(Home(Path(sys.argv[1]))) as store:
        print(len(await store.load(APPLE_DAYS)), len(await store.load(APPLE_MINUTES)))
        print(sorted({"pandas", "numba", "duckdb", "exchange_calendars", "pyarrow.dataset"} & set(sys.modules)))

asyncio.run(main())
"""


async def test_reading_stored_series_loads_no_heavy_library(home):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        store.append(APPLE_MINUTES, "feed", make_bars(20))
    command = [sys.executable, "-c", READ_ONE, str(home.root)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["100 20", "[]"]


async def test_the_census_counts_every_bar_once_and_finds_what_no_bar_may_be(home, spill):
    days = make_days(50)
    twin = SeriesKey.of(APPLE_DAYS, "import")
    nonsense = BarArrays(
        days.event_ns[:2] + 5, *(column[:2] for column in (days.open, days.low, days.high, days.close, days.volume))
    )
    async with open_store(home) as store, QueryEngine(store, spill) as queries:
        assert await queries.census() == Census(0, 0, 0)
        for number in range(5):
            await publish(store, make_days(20, seed=number), other(f"S{number}"))
        store.append(other("S1"), "import", make_days(21, seed=1)[19:])
        assert await queries.census() == Census(101, 0, 0)
        written = write_segment(store.folder, "bar", [(twin, nonsense)])
        await store._publisher.commit(Change((written, write_segment(store.folder, "bar", [(twin, nonsense)]))), lambda *_: None)
        assert await queries.census() == Census(105, 4, 2)
