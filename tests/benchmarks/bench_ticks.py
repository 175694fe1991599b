"""Trades to bars in memory, and trades to disk: ours beside pandas and polars, and beside the bare disk (P9).

Run as ``python dev.py bench bench_ticks``. All sides cut the same trades into the same one-minute bars; the answers are
compared before anything is timed. Compared, never asserted on time.
"""

import asyncio
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from backend.clock import SystemClock
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.market.aggregate import TradeAggregator
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.storage.market_store import open_market_store
from backend.storage.paths import Home

SIZES = (1_000_000, 3_000_000, 10_000_000)
SPECS = ("1s", "1m", "1h", "100t", "5000v", "0.5r")
BATCH = 20_000
REPEATS = 5
FIRST_DAY = 19_700
BTC = InstrumentId("BTCUSDT", "BINANCE")
_LABELS = np.arange(FIRST_DAY - 1, FIRST_DAY + 400, dtype=np.int64) * DAY_NS
SESSIONS = SessionTable("24/7", _LABELS, _LABELS, _LABELS + DAY_NS)


def make_trades(n: int) -> TradeArrays:
    """Trades 26 ms apart on the average, whatever ``n``; a random walk of prices, whole quantities."""
    rng = np.random.default_rng(n)
    event_ns = FIRST_DAY * DAY_NS + np.cumsum(rng.integers(0, 52_000_000, n))
    price = np.round(100 + np.cumsum(rng.normal(0, 0.01, n)), 2)
    return TradeArrays(event_ns, price, rng.integers(1, 100, n).astype(np.float64), np.zeros(n, np.int8))


def ours(trades: TradeArrays, spec: str = "1m") -> BarArrays:
    """All bars, the one under way too."""
    aggregator = TradeAggregator(BarSpec.parse(spec), SESSIONS)
    closed = aggregator.apply(trades)
    last = aggregator.forming()
    assert last is not None
    tail = BarArrays.of([last])
    columns = (np.concatenate(pair) for pair in zip(closed.columns(), tail.columns(), strict=True))
    return BarArrays(np.concatenate((closed.event_ns, tail.event_ns)), *columns)


def with_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """The usual way in pandas."""
    by_minute = frame.resample("1min")
    return by_minute["price"].ohlc().assign(volume=by_minute["quantity"].sum()).dropna()


def with_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """The usual way in polars, all cores."""
    price = pl.col("price")
    return frame.group_by_dynamic("time", every="1m").agg(
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        pl.col("quantity").sum().alias("volume"),
    )


def check_equal(trades: TradeArrays, pandas_frame: pd.DataFrame, polars_frame: pl.DataFrame) -> None:
    """All three must give the same bars, to the last bit."""
    bars, theirs, others = ours(trades), with_pandas(pandas_frame), with_polars(polars_frame)
    assert np.array_equal(bars.event_ns, theirs.index.to_numpy().astype("datetime64[ns]").astype(np.int64))
    assert np.array_equal(bars.event_ns, others["time"].cast(pl.Int64).to_numpy())
    for name, column in zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True):
        assert np.array_equal(column, theirs[name].to_numpy()), name
        assert np.array_equal(column, others[name].to_numpy()), name


def median_s(call: Callable[[], Any]) -> tuple[float, float, float]:
    """Median, fastest and slowest of some calls after one to warm up."""
    call()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), min(seconds), max(seconds)


def compare_in_memory() -> None:
    """One-minute bars at three sizes, three sides."""
    print("Trades to one-minute bars in memory, million trades a second, median (slowest to fastest):")
    took: dict[str, list[float]] = {"ours": [], "pandas": [], "polars": []}
    for n in SIZES:
        trades = make_trades(n)
        index = pd.DatetimeIndex(trades.event_ns)
        pandas_frame = pd.DataFrame({"price": trades.price, "quantity": trades.quantity}, index=index)
        polars_frame = pl.DataFrame({"time": trades.event_ns, "price": trades.price, "quantity": trades.quantity}).with_columns(
            pl.from_epoch("time", "ns").set_sorted()
        )
        check_equal(trades, pandas_frame, polars_frame)
        sides = {
            "ours": lambda t=trades: ours(t),
            "pandas": lambda f=pandas_frame: with_pandas(f),
            "polars": lambda f=polars_frame: with_polars(f),
        }
        for name, call in sides.items():
            middle, fastest, slowest = median_s(call)
            took[name].append(middle)
            ratio = middle / took["ours"][-1]
            spread = f"({n / slowest / 1e6:.1f} to {n / fastest / 1e6:.1f})"
            print(f"  {n:>10,}  {name:<7} {n / middle / 1e6:8.1f} M/s {spread:<18} ours is {ratio:5.1f} times as fast")
    for name, seconds in took.items():
        grows = math.log(seconds[-1] / seconds[0]) / math.log(SIZES[-1] / SIZES[0])
        print(f"  {name}: time grows with n to the power {grows:.2f}")
    trades = make_trades(SIZES[-1])
    print(f"Other cuts of {SIZES[-1]:,} trades:")
    for spec in SPECS:
        middle, *_ = median_s(lambda spec=spec: ours(trades, spec))
        print(f"  {spec:<6} {SIZES[-1] / middle / 1e6:8.1f} M/s")


async def store_all(home: Home, trades: TradeArrays) -> tuple[float, float]:
    """Seconds until every trade and bar is durable, and until all of it lies in segments; fed batch by batch."""
    ledger = open_ledger(home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine)
    async with ledger as opened, open_market_store(home, opened, SystemClock()) as store:
        series = Series(BTC, BarSpec.parse("1m"))
        aggregator = TradeAggregator(series.spec, SESSIONS)
        started = time.perf_counter()
        for first in range(0, len(trades), BATCH):
            batch = trades[first : first + BATCH]
            store.append_trades(BTC, "bench", batch)
            bars = aggregator.apply(batch)
            if len(bars):
                store.append(series, "bench", bars)
            # The store takes no more than some million rows ahead of the disk: a feed faster than the disk has to wait.
            await (store.flush() if first % (50 * BATCH) == 0 else asyncio.sleep(0))
        await store.flush()
        durable_s = time.perf_counter() - started
        await store.cut()
        cut_s = time.perf_counter() - started
        kept = await store.load_trades(BTC, "bench")
        assert np.array_equal(kept.event_ns, trades.event_ns)
        assert np.array_equal(kept.price, trades.price)
    return durable_s, cut_s


def write_bare(path: Path, n_bytes: int) -> float:
    """Seconds the disk takes for as many bytes in large writes with one sync every 250 ms, as the log does."""
    piece = os.urandom(BATCH * 25)
    started = synced = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(0, n_bytes, len(piece)):
            file.write(piece)
            if time.perf_counter() - synced > 0.25:
                file.flush()
                os.fsync(file.fileno())
                synced = time.perf_counter()
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - started


def compare_to_disk() -> None:
    """Trades with their one-minute bars into the store, beside the bare disk."""
    print(f"Trades and their bars to disk, batches of {BATCH:,}:")
    for n in SIZES:
        trades = make_trades(n)
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # a real disk; the system's folder may be memory
            home = Home(Path(name) / "home")
            home.make()
            durable_s, cut_s = asyncio.run(store_all(home, trades))
            bare_s = write_bare(Path(name) / "bare", n * 25)
        print(
            f"  {n:>10,}  durable {n / durable_s / 1e6:6.2f} M/s, in segments {n / cut_s / 1e6:6.2f} M/s, "
            f"bare disk {n / bare_s / 1e6:6.2f} M/s of 25 bytes"
        )


def main() -> None:
    """Both comparisons."""
    compare_in_memory()
    compare_to_disk()


if __name__ == "__main__":
    main()
