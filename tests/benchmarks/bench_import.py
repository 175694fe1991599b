"""One-minute bars from CSV and Parquet into the store, every check on, beside DuckDB's COPY and polars (P8).

Run as ``python dev.py bench bench_import [ROWS ...]``. What each side ends with is compared before anything is timed.
DuckDB copies into a table of a database file and, as a second way, into a Parquet file; neither checks a price. polars
only reads into memory. Compared, never asserted on time.
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

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from backend.bus import Bus
from backend.clock import SystemClock
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.market.action_log import ActionLog
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.importers import Choices, Importer, ImportReport
from backend.market.importers.parts import ImportParts
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.storage.market_store import open_market_store
from backend.storage.paths import Home

SIZES = (1_000_000, 5_000_000, 10_000_000)
REPEATS = 3
BTC = Series(InstrumentId("BTCUSDT", "BINANCE"), BarSpec.parse("1m"))
NAMES = ("open", "high", "low", "close", "volume")
START_NS = 1_104_710_400 * 1_000_000_000  # 2005-01-03


def make_bars(n: int) -> BarArrays:
    """A random walk in cents, one bar a minute without gaps, and whole volumes."""
    rng = np.random.default_rng(n)
    close = np.round(100 + np.abs(rng.normal(0, 0.02, n).cumsum()), 2)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.round(np.maximum(opened, close) + rng.integers(0, 9, n) / 100, 2)
    low = np.round(np.minimum(opened, close) - rng.integers(0, 9, n) / 100, 2)
    event_ns = START_NS + np.arange(n, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, opened, high, low, close, rng.integers(1, 100_000, n).astype(np.float64))


def write_files(folder: Path, bars: BarArrays) -> tuple[Path, Path]:
    """The same bars as CSV and as Parquet, as common tools write them."""
    columns = dict(zip(NAMES, bars.columns(), strict=True))
    columns["volume"] = bars.volume.astype(np.int64)
    table = pa.table({"time": pa.array(bars.event_ns // 10**9, pa.timestamp("s")), **columns})
    pyarrow.csv.write_csv(table, folder / "bars.csv", pyarrow.csv.WriteOptions(quoting_style="none"))
    pyarrow.parquet.write_table(table, folder / "bars.parquet")
    return folder / "bars.csv", folder / "bars.parquet"


async def import_file(folder: Path, path: Path, *, keep: bool = False) -> tuple[float, ImportReport, BarArrays | None]:
    """Seconds that one import into a fresh home takes, preview included, until all of it is durable."""
    home, clock, bus = Home(folder / "home"), SystemClock(), Bus()
    shutil.rmtree(home.root, ignore_errors=True)
    home.make()
    ledger = open_ledger(home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine)
    async with ledger as opened, open_market_store(home, opened, clock, publish=bus.publish) as store:
        importer = Importer(
            ImportParts(store, Catalog(opened), ActionLog(opened), opened, bus, clock, Calendars(home.cache, clock), home.imports)
        )
        started = time.perf_counter()
        (plan,) = await importer.preview(path, Choices(instrument=str(BTC.instrument), timezone="UTC"))
        report = await importer.run(plan)
        seconds = time.perf_counter() - started
        return seconds, report, await store.load(BTC) if keep else None


def duckdb_table(folder: Path, path: Path) -> None:
    """COPY into a table of a database file, closed afterwards so that all of it is durable."""
    (folder / "peer.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "peer.duckdb")) as connection:
        connection.execute("CREATE TABLE bars (time TIMESTAMP, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE)")
        options = "(HEADER)" if path.suffix == ".csv" else "(FORMAT parquet)"
        connection.execute(f"COPY bars FROM '{path}' {options}")


def duckdb_parquet(folder: Path, path: Path) -> None:
    """COPY into a Parquet file."""
    read = "read_csv" if path.suffix == ".csv" else "read_parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM {read}('{path}')) TO '{folder / 'peer.parquet'}' (FORMAT parquet)")


def with_polars(path: Path) -> pl.DataFrame:
    """Read into memory, times parsed."""
    return pl.read_csv(path, try_parse_dates=True) if path.suffix == ".csv" else pl.read_parquet(path)


def check_equal(folder: Path, path: Path, bars: BarArrays) -> None:
    """The store, DuckDB and polars must hold the same bars, to the last bit."""
    _, report, stored = asyncio.run(import_file(folder, path, keep=True))
    assert stored is not None
    assert (report.n_accepted, report.n_notes) == (len(bars), 0)
    duckdb_table(folder, path)
    with duckdb.connect(str(folder / "peer.duckdb")) as connection:
        theirs = connection.execute("SELECT epoch_ns(time) AS event_ns, * EXCLUDE time FROM bars ORDER BY time").fetchnumpy()
    others = with_polars(path)
    assert np.array_equal(stored.event_ns, bars.event_ns)
    assert np.array_equal(theirs["event_ns"], bars.event_ns)
    assert np.array_equal(others["time"].dt.epoch("ns").to_numpy(), bars.event_ns)
    for name, ours, made in zip(NAMES, stored.columns(), bars.columns(), strict=True):
        assert np.array_equal(ours, made), name
        assert np.array_equal(theirs[name], made), name
        assert np.array_equal(others[name].cast(pl.Float64).to_numpy(), made), name


def timed(call: Callable[[], float | None]) -> tuple[float, float, float]:
    """Median, fastest and slowest of some calls; a call may tell its seconds itself."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        told = call()
        seconds.append(told if told is not None else time.perf_counter() - started)
    return statistics.median(seconds), min(seconds), max(seconds)


def silent(call: Callable[..., object], *arguments: object) -> Callable[[], None]:
    """The call without its result."""

    def run() -> None:
        call(*arguments)

    return run


def compare(folder: Path, n: int, took: dict[str, dict[str, list[float]]]) -> None:
    """Both formats at one size."""
    bars = make_bars(n)
    for path in write_files(folder, bars):
        if n == SIZES[0]:
            check_equal(folder, path, bars)
        kind = path.suffix[1:]
        sides: dict[str, Callable[[], float | None]] = {
            "ours": lambda path=path: asyncio.run(import_file(folder, path))[0],
            "duckdb table": silent(duckdb_table, folder, path),
            "duckdb parquet": silent(duckdb_parquet, folder, path),
            "polars read": silent(with_polars, path),
        }
        print(f"{n:>10,} rows of {kind}, {path.stat().st_size / 1e6:,.0f} MB")
        for name, call in sides.items():
            middle, fastest, slowest = timed(call)
            took.setdefault(kind, {}).setdefault(name, []).append(middle)
            ratio = middle / took[kind]["ours"][-1]
            print(
                f"  {name:<15} {middle:7.3f} s ({fastest:.3f} to {slowest:.3f})  ours runs at {ratio:5.2f} of its speed", flush=True
            )


def main() -> None:
    """Compare at three sizes and say how time grows."""
    sizes = tuple(int(text.replace("_", "")) for text in sys.argv[1:]) or SIZES
    took: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            compare(Path(folder), n, took)
    if len(sizes) < 2:
        return
    for kind, sides in took.items():
        for name, seconds in sides.items():
            grows = math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])
            print(f"{kind}, {name}: time grows with n to the power {grows:.2f}")


if __name__ == "__main__":
    main()
