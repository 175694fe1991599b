"""Ways to lay bars out in files: one chart of one instrument, and a scan over thousands, for each of four layouts.

Run as ``python dev.py bench bench_layout [N_INSTRUMENTS]`` (5,000 by default, 10 years of days each). Every layout gives the
same answer before it is timed. The last rows are the store itself, as imports leave it and packed. Compared, never
asserted on time.
"""

import asyncio
import math
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backend.clock import SystemClock
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.storage.duck import QueryEngine
from backend.storage.ledger import open_ledger
from backend.storage.market_store import MarketStore, open_market_store
from backend.storage.money import MIGRATIONS
from backend.storage.paths import Home
from backend.storage.segments import BAR_COLUMNS, SeriesKey, write_segment

DAYS_EACH = 2_520
YEAR = 252
MINUTES = 1_000_000
REPEATS = 5
LAST_YEAR_NS = (DAYS_EACH - YEAR) * DAY_NS
SCAN = "SELECT instrument, max(close) AS top, count(*) AS n FROM read_parquet($1) WHERE event_ns >= $2 GROUP BY 1"
DAY = BarSpec.parse("1d")


def make_bars(n_bars: int, seed: int, step_ns: int) -> BarArrays:
    """A walk in cents."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, n_bars))), 2)
    open_ = np.concatenate((close[:1], close[:-1]))
    event_ns = np.arange(n_bars, dtype=np.int64) * step_ns
    volume = rng.integers(0, 1_000_000, n_bars).astype(np.float64)
    return BarArrays(event_ns, open_, np.maximum(open_, close) + 0.01, np.minimum(open_, close) - 0.01, close, volume)


WALKS = [make_bars(DAYS_EACH, seed, DAY_NS) for seed in range(64)]


def bars_of(instrument: int) -> BarArrays:
    """Daily bars of one of the instruments; 64 different walks in turn."""
    return WALKS[instrument % len(WALKS)]


def key_of(instrument: int) -> SeriesKey:
    """Its key in the files."""
    return SeriesKey(f"S{instrument:05d}.XNAS", "1d", "import")


def write_a_file_a_series(folder: Path, n: int) -> None:
    """5,000 files, each with one series."""
    for i in range(n):
        write_segment(folder, "bar", [(key_of(i), bars_of(i))])


def write_a_file_a_series_and_year(folder: Path, n: int) -> None:
    """Ten times as many files."""
    for i in range(n):
        for start in range(0, DAYS_EACH, YEAR):
            write_segment(folder, "bar", [(key_of(i), bars_of(i)[start : start + YEAR])])


def write_a_file_a_year(folder: Path, n: int) -> None:
    """One file a year with all instruments in it (in pieces of 500, to be written at all)."""
    for start in range(0, DAYS_EACH, YEAR):
        for first in range(0, n, 500):
            rows = [(key_of(i), bars_of(i)[start : start + YEAR]) for i in range(first, min(first + 500, n))]
            write_segment(folder, "bar", rows)


def write_packs(folder: Path, n: int, *, n_series: int) -> None:
    """Files of some series each, whole."""
    for first in range(0, n, n_series):
        write_segment(folder, "bar", [(key_of(i), bars_of(i)) for i in range(first, min(first + n_series, n))])


def scan(connection: duckdb.DuckDBPyConnection, files: list[str]) -> pa.Table:
    """The highest close of the last year of every instrument."""
    return connection.sql(SCAN, params=[files, LAST_YEAR_NS]).to_arrow_table()


def read_one(files: list[Path], name: str) -> int:
    """One instrument's bars from the files that hold it, by the row groups that hold it; rows that are its own."""
    n_rows = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            groups = [g for g in range(file.num_row_groups) if _may_hold(file.metadata.row_group(g), name)]
            table = file.read_row_groups(groups, columns=["instrument", "event_ns", *BAR_COLUMNS])
            n_rows += table.filter(pc.equal(table["instrument"].cast(pa.string()), name)).num_rows
    return n_rows


def _may_hold(group: Any, name: str) -> bool:
    statistics_of = group.column(0).statistics
    return bool(statistics_of.min <= name <= statistics_of.max)


def median_ms(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median of some calls, after one to warm up."""
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1e3


def show(name: str, n_files: int, n_bytes: int, chart_ms: float, scan_ms: float) -> None:
    """One line of the table."""
    print(
        f"{name:<34} {n_files:>7,} files {n_bytes / 2**20:8.1f} MiB   chart {chart_ms:8.2f} ms   scan {scan_ms:9.1f} ms", flush=True
    )


def compare_layouts(folder: Path, n: int) -> None:
    """Each layout with all instruments; the one of years a series with a tenth, for it takes so many files."""
    layouts: list[tuple[str, Callable[[Path, int], None], int]] = [
        ("a file a series and year (of 1/10)", write_a_file_a_series_and_year, max(n // 10, 1)),
        ("a file a series", write_a_file_a_series, n),
        ("a file a year, 500 series each", write_a_file_a_year, n),
        ("packs of 26 series", lambda f, k: write_packs(f, k, n_series=26), n),
        ("packs of 104 series", lambda f, k: write_packs(f, k, n_series=104), n),
        ("packs of 416 series", lambda f, k: write_packs(f, k, n_series=416), n),
    ]
    connection = duckdb.connect(config={"threads": 2})
    for number, (name, write, count) in enumerate(layouts):
        place = folder / str(number)
        place.mkdir()
        write(place, count)
        paths = sorted(place.iterdir())
        wanted = key_of(count // 2).instrument
        holders = [path for path in paths if _file_may_hold(path, wanted)]
        assert read_one(holders, wanted) == DAYS_EACH
        found = scan(connection, [str(path) for path in paths])
        assert (found.num_rows, sum(found["n"].to_pylist())) == (count, count * YEAR)
        chart_ms = median_ms(lambda h=holders, w=wanted: read_one(h, w))
        scan_ms = median_ms(lambda p=paths: scan(connection, [str(path) for path in p]))
        show(name, len(paths), sum(path.stat().st_size for path in paths), chart_ms, scan_ms)
        shutil.rmtree(place)


def _file_may_hold(path: Path, name: str) -> bool:
    # What the manifest's statistics answer in the store; not part of what is timed.
    with pq.ParquetFile(path) as file:
        return any(_may_hold(file.metadata.row_group(g), name) for g in range(file.num_row_groups))


async def fill(store: MarketStore, n: int) -> float:
    """Publish every instrument by its own import; seconds."""
    started = time.perf_counter()
    for i in range(n):
        with store.stage(Series(InstrumentId(f"S{i:05d}", "XNAS"), DAY), "import") as stage:
            stage.add(bars_of(i))
            await store.publish(stage)
    return time.perf_counter() - started


async def median_of(call: Callable[[], Any]) -> float:
    """As ``median_ms``, of a coroutine."""
    await call()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1e3


async def measure_store(home: Home, n: int) -> None:
    """The store after as many imports as there are instruments, then packed, then with 1M minute bars."""
    ledger = open_ledger(home.ledgers / "money.db", bytes(32), MIGRATIONS, backups=home.backups, quarantine=home.quarantine)
    async with (
        ledger as money,
        open_market_store(home, money, SystemClock()) as store,
        QueryEngine(store, home.cache / "q") as queries,
    ):
        fill_s = await fill(store, n)
        print(f"{n:,} imports, one a series: {fill_s:.1f} s, {fill_s / n * 1e3:.2f} ms each")
        one = Series(InstrumentId(f"S{n // 2:05d}", "XNAS"), DAY)
        for state in ("store, as imported", "store, packed"):
            assert len(await store.load(one)) == DAYS_EACH
            last_year = await queries.closes(DAY, from_ns=LAST_YEAR_NS)
            assert last_year.num_rows == n * YEAR
            chart_ms = await median_of(lambda: store.load(one))
            scan_ms = await median_of(lambda: queries.closes(DAY, from_ns=LAST_YEAR_NS))
            paths = list(store.folder.iterdir())
            show(state, len(paths), sum(path.stat().st_size for path in paths), chart_ms, scan_ms)
            started = time.perf_counter()
            n_packed = await store.pack()
            if n_packed:
                print(f"packing {n_packed:,} files: {time.perf_counter() - started:.1f} s")
        await measure_minutes(store)


async def measure_minutes(store: MarketStore) -> None:
    """How reading one long series grows: 10 k, 100 k and 1 M bars of one minute."""
    costs = []
    for n_bars in (MINUTES // 100, MINUTES // 10, MINUTES):
        series = Series(InstrumentId(f"LONG{n_bars}", "XNAS"), BarSpec.parse("1m"))
        with store.stage(series, "import") as stage:
            stage.add(make_bars(n_bars, 7, MINUTE_NS))
            await store.publish(stage)
        costs.append((n_bars, await median_of(lambda s=series: store.load(s))))
        print(f"chart of {n_bars:>9,} minute bars: {costs[-1][1]:7.2f} ms")
    growth = math.log(costs[-1][1] / costs[-2][1]) / math.log(costs[-1][0] / costs[-2][0])
    print(f"cost grows with bars to the power {growth:.2f}")


def main() -> None:
    """Run all layouts, then the store; an argument sets the number of instruments."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    print(f"{n:,} instruments of {DAYS_EACH:,} days; scan: highest close of the last year of each")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # a real disk; the system's folder may be memory
        compare_layouts(Path(name), n)
        home = Home(Path(name) / "home")
        home.make()
        asyncio.run(measure_store(home, n))


if __name__ == "__main__":
    main()
