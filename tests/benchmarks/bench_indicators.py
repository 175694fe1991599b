"""Indicators beside TA-Lib, talipp and polars: one long series (P3), many short ones (P4), bar by bar (P5).

Run as ``python dev.py bench bench_indicators``. Answers are compared before anything is timed. Memory that was freed is kept by
the process, as in a workstation that has run for a while, so that neither side pays the system for fresh pages at each call.
"""

import ctypes
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import talib
from talib import stream as talib_stream

from backend.domain.bars import MINUTE_NS, BarArrays
from backend.indicators import Member, StreamGroup, compute, stream, warm
from tests.benchmarks._peers import peer_python
from tests.fakes.indicator_bars import make_bars

SIZES = (10_000, 100_000, 1_000_000)
KINDS = ("walk", "rising", "falling", "constant")
N_SERIES, N_SHORT, N_THREADS = 500, 5_000, 2
N_WARM, N_LIVE = 1_000, 20_000
TALIPP = "talipp==2.5.0"

# Ours, how it is called, TA-Lib's, whether its stream has a handle of one value or of the bar's fields.
Pair = tuple[str, dict[str, Any], Callable[[BarArrays], Any]]
PAIRS: dict[str, Pair] = {
    "SMA 20": ("sma", {}, lambda b: talib.SMA(b.close, 20)),
    "EMA 20": ("ema", {}, lambda b: talib.EMA(b.close, 20)),
    "WMA 20": ("wma", {}, lambda b: talib.WMA(b.close, 20)),
    "BBANDS 20": ("bollinger", {}, lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0)),
    "KC 20 10": ("keltner", {"source": "hlc3"}, lambda b: talib.KC(b.high, b.low, b.close, 20, 10, 2.0)),
    "DONCHIAN 20": ("donchian", {}, lambda b: talib.DONCHIAN(b.high, b.low, 20)),
    "DONCHIAN 200": ("donchian", {"period": 200}, lambda b: talib.DONCHIAN(b.high, b.low, 200)),
    "SUPERTREND 10": ("supertrend", {}, lambda b: talib.SUPERTREND(b.high, b.low, b.close, 10, 3.0)),
    "RSI 14": ("rsi", {}, lambda b: talib.RSI(b.close, 14)),
    "MACD": ("macd", {}, lambda b: talib.MACD(b.close, 12, 26, 9)),
    "STOCH 14": ("stochastic", {}, lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)),
    "ADX, DI 14": ("adx", {}, lambda b: tuple(f(b.high, b.low, b.close, 14) for f in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI))),
    "ATR 14": ("atr", {}, lambda b: talib.ATR(b.high, b.low, b.close, 14)),
    "OBV": ("obv", {}, lambda b: talib.OBV(b.close, b.volume)),
    "VWAP": ("vwap", {}, lambda b: talib.VWAP(b.high, b.low, b.close, b.volume)),
    "HA": ("heikin_ashi", {}, lambda b: talib.HA(b.open, b.high, b.low, b.close)),
}
HANDLES: dict[str, tuple[str, tuple[Any, ...], tuple[str, ...]]] = {
    "sma": ("SMA", (20,), ("close",)),
    "ema": ("EMA", (20,), ("close",)),
    "wma": ("WMA", (20,), ("close",)),
    "bollinger": ("BBANDS", (20, 2.0, 2.0), ("close",)),
    "donchian": ("DONCHIAN", (20,), ("high", "low")),
    "supertrend": ("SUPERTREND", (10, 3.0), ("high", "low", "close")),
    "rsi": ("RSI", (14,), ("close",)),
    "macd": ("MACD", (12, 26, 9), ("close",)),
    "stochastic": ("STOCH", (14, 3, 0, 3, 0), ("high", "low", "close")),
    "adx": ("ADX", (14,), ("high", "low", "close")),
    "atr": ("ATR", (14,), ("high", "low", "close")),
    "obv": ("OBV", (), ("close", "volume")),
    "heikin_ashi": ("HA", (), ("open", "high", "low", "close")),
}


def keep_memory() -> str:
    """Tell the allocator to keep what is freed, for both sides; says whether it listened."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        kept = libc.mallopt(-1, 1 << 30) and libc.mallopt(-3, 1 << 30)  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
    except OSError:
        kept = 0
    return "kept by the process" if kept else "as the system gives it"


def minutes(n_bars: int, kind: str = "walk", seed: int = 1) -> BarArrays:
    """Bars of one minute."""
    bars = make_bars(n_bars, kind=kind, seed=seed)
    return BarArrays(bars.event_ns[0] + MINUTE_NS * np.arange(n_bars, dtype=np.int64), *bars.columns())


def median_s(call: Callable[[], Any], budget_s: float = 0.25) -> tuple[float, float, float]:
    """Median, fastest and slowest of 5 to 60 calls after one to warm up."""
    call()
    seconds: list[float] = []
    while len(seconds) < 5 or (sum(seconds) < budget_s and len(seconds) < 60):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), min(seconds), max(seconds)


def as_arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    """TA-Lib's one array or several, as a list."""
    return [result] if isinstance(result, np.ndarray) else list(result)


def check_equal(bars: BarArrays) -> None:
    """Both sides give the same values, 1e-9 of each or 1e-9 of the prices where a value is next to nothing."""
    size = float(np.max(bars.high))
    for label, (name, options, theirs) in PAIRS.items():
        sessions = {"sessions": np.zeros(len(bars))} if name == "vwap" else {}
        for ours, expected in zip(compute(name, bars, **options, **sessions).values(), as_arrays(theirs(bars)), strict=True):
            given = ~np.isnan(expected)
            given[:400] = False  # TA-Lib's KC begins its range later
            np.testing.assert_allclose(ours[given], expected[given], rtol=1e-9, atol=1e-9 * size, err_msg=label)


def compare_long() -> None:
    """P3: one series, one thread, three sizes, and inputs that bring slow algorithms into trouble."""
    check_equal(minutes(20_000))
    print("P3  one series, one thread; ms at 1M bars, median (fastest to slowest); ratio above 1: ours is faster")
    growth: list[float] = []
    ratios: dict[tuple[str, int], list[float]] = {}
    for label, (name, options, theirs) in PAIRS.items():
        cells, times = [], []
        for kind in KINDS:
            for n_bars in SIZES if kind == "walk" else SIZES[-1:]:
                bars = minutes(n_bars, kind)
                ours, least, most = median_s(lambda n=name, b=bars, o=options: compute(n, b, **o))
                other, *_ = median_s(lambda t=theirs, b=bars: t(b))
                ratios.setdefault((kind, n_bars), []).append(other / ours)
                cells.append(f"{other / ours:6.2f}")
                if kind == "walk":
                    times.append(ours)
                    shown = f"{ours * 1e3:6.2f} ({least * 1e3:.2f} to {most * 1e3:.2f})  TA-Lib {other * 1e3:6.2f}"
        growth.append(math.log(times[-1] / times[0]) / math.log(SIZES[-1] / SIZES[0]))
        print(f"  {label:<14} {shown:<44} ratios: " + " ".join(cells), flush=True)
    for (kind, n_bars), values in ratios.items():
        print(f"  geometric mean, {kind:<8} {n_bars:>9,} bars: {statistics.geometric_mean(values):.2f}, least {min(values):.2f}")
    print(f"  time grows with bars to the power {statistics.mean(growth):.2f}")


def compare_many() -> None:
    """P4: many short series; ours on two threads, TA-Lib in a loop, polars for those it has."""
    series = [minutes(N_SHORT, seed=seed) for seed in range(N_SERIES)]
    parts = [series[k::N_THREADS] for k in range(N_THREADS)]
    print(f"P4  {N_SERIES} series of {N_SHORT:,} bars, ms: ours on {N_THREADS} threads, ours on one, TA-Lib in a loop")
    ratios = []
    with ThreadPoolExecutor(N_THREADS) as pool:
        for label, (name, options, theirs) in PAIRS.items():

            def some(part: list[BarArrays], name: str = name, options: dict[str, Any] = options) -> None:
                for bars in part:
                    compute(name, bars, **options)

            both, *_ = median_s(lambda some=some: list(pool.map(some, parts)))
            one, *_ = median_s(lambda some=some: some(series))
            loop, *_ = median_s(lambda t=theirs: [t(bars) for bars in series])
            ratios.append(loop / both)
            print(f"  {label:<14} {both * 1e3:7.2f} {one * 1e3:7.2f} {loop * 1e3:7.2f}  ratio {loop / both:5.2f}", flush=True)
    print(f"  geometric mean {statistics.geometric_mean(ratios):.2f}, least {min(ratios):.2f}")
    frame = pl.DataFrame({"series": np.repeat(np.arange(N_SERIES), N_SHORT), "close": np.concatenate([b.close for b in series])})
    mean = pl.col("close").rolling_mean(20).over("series")
    took, *_ = median_s(lambda: frame.select(mean))
    np.testing.assert_allclose(frame.select(mean)["close"].to_numpy()[-1], compute("sma", series[-1])["value"][-1], rtol=1e-9)
    print(f"  polars, SMA 20 on all cores: {took * 1e3:.2f}")


def each_ns(call: Callable[[Any], Any], values: list[Any]) -> float:
    """Nanoseconds a call, median of 7 rounds."""
    rounds = []
    for _ in range(7):
        started = time.perf_counter_ns()
        for value in values:
            call(value)
        rounds.append((time.perf_counter_ns() - started) / len(values))
    return statistics.median(rounds)


def compare_streams() -> None:
    """P5: a group of 20 in one call, beside TA-Lib's handles and talipp, one call an indicator."""
    bars = minutes(N_WARM + N_LIVE)
    history, live = bars[:N_WARM], [bars.bar(row) for row in range(N_WARM, len(bars))]
    talipp = talipp_ns(bars)
    print("P5  nanoseconds an indicator: 20 of one kind in one group, update and peek; TA-Lib's handle, update and peek; talipp")
    for name, (function, params, fields) in HANDLES.items():
        group = StreamGroup([Member(str(k), name) for k in range(20)])
        group.sweep(history)
        columns = [getattr(history, field) for field in fields]
        handle = getattr(talib_stream, function)(*columns, *params)
        rows = [tuple(getattr(bar, field) for field in fields) for bar in live]
        peek, other_peek = each_ns(group.peek, live) / 20, each_ns(lambda row, h=handle: h.peek(*row), rows)
        update, other = each_ns(group.update, live) / 20, each_ns(lambda row, h=handle: h.update(*row), rows)
        print(
            f"  {name:<12} {update:6.1f} {peek:6.1f}   {other:6.0f} {other_peek:6.0f}   {talipp.get(name, math.nan):8.0f}",
            flush=True,
        )
    names = [*(pair[0] for pair in PAIRS.values()), "rsi", "ema", "atr", "bollinger"]
    mixed = StreamGroup([Member(str(place), name) for place, name in enumerate(names)])
    mixed.sweep(history)
    update, peek = each_ns(mixed.update, live) / len(names), each_ns(mixed.peek, live) / len(names)
    print(f"  a mixed group of {len(names)}: update {update:.1f}, peek {peek:.1f} ns an indicator (goal 50)")


def talipp_ns(bars: BarArrays) -> dict[str, float]:
    """Nanoseconds an update of talipp, after its last values were compared with ours; empty where it cannot be had."""
    python = peer_python("talipp", TALIPP, "numpy")
    if python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npy"
        np.save(path, np.column_stack(bars.columns()))
        peer = Path(__file__).parent / "_talipp_peer.py"
        done = subprocess.run([str(python), str(peer), str(path), str(N_WARM)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"   talipp is left out: {done.stderr[-300:]}", file=sys.stderr)
        return {}
    found = json.loads(done.stdout)
    for name, one in found.items():
        ours = next(iter(stream(name).sweep(bars).values()))[-1]
        assert math.isclose(ours, one["last"], rel_tol=1e-9, abs_tol=1e-9 * bars.close[-1]), name
    return {name: one["ns"] for name, one in found.items()}


def main() -> None:
    """All three comparisons."""
    warm()
    print(f"Memory: {keep_memory()}.")
    compare_long()
    compare_many()
    compare_streams()


if __name__ == "__main__":
    main()
