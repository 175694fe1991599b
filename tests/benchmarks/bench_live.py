"""Six live charts at 20,000 ticks a second, with five indicators each: frames, input and ticks, beside one qasync loop (P2).

Run as ``python dev.py bench bench_live [--quick] [--seconds N] [--rate N] [--bars N] [--speed N] [--runs N] [--only SIDE]``.
Each run is a fresh window (offscreen, 1600 x 900, software raster, the program's own chart panels on a real home) and a
fresh world process: trades at due times fixed beforehand, and a hand that moves, turns the wheel and presses keys about 60
times a second. "Engine thread" is the program as it is composed; "one qasync loop" is the same backend, charts and feed on
the window's own loop. A tick goes trade, aggregator, bars, studies, snapshot, frame clock, paint; the market's time passes
faster than the clock, so that bars close while one looks.

Input is timed from when it was due until it is painted, a tick from when it was due until the window that holds it is
painted. Asserted at the end of every run: each trade stored, each bar and each value of each indicator the same as from all
trades in one batch (by pandas and ``compute``). Times are printed, never asserted.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

from tests.benchmarks._live_market import Setup

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"thread": "engine thread", "one_loop": "one qasync loop"}
FRAME_MS_MAX = 16.0
INPUT_MS_MAX = 32.0
QUANTILES = (50, 95, 99, 100)
RATIOS = (("frame p99", "frame", 99), ("input p50", "input", 50), ("input p99", "input", 99), ("tick to screen p99", "screen", 99))


def main() -> int:
    """Measure both sides in turn, print the table, the ratios, and how the cost grows with ticks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run of 6 s each over 10,000 bars, without growth")
    parser.add_argument("--seconds", type=float, default=25.0, help="measured, after the warm-up")
    parser.add_argument("--warm-up", type=float, default=4.0)
    parser.add_argument("--rate", type=int, default=20_000, help="ticks a second")
    parser.add_argument("--bars", type=int, default=100_000, help="one-minute bars of history a chart")
    parser.add_argument("--speed", type=float, default=60.0, help="seconds of the market in one of the clock")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=NAMES)
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.warm_up, options.runs, options.bars = 6.0, 2.0, 1, 10_000
    names = [options.only] if options.only else list(NAMES)
    runs: dict[str, list[dict]] = {name: [] for name in names}
    for seed in range(1, options.runs + 1):
        for name in names:
            runs[name].append(run_once(name, make_setup(options, seed, options.rate)))
    print_table(options, runs)
    if len(names) > 1:
        print_ratios(*(middle(runs[name]) for name in NAMES))
    if not options.quick:
        print_growth(options)
    return 0


def make_setup(options: argparse.Namespace, seed: int, rate: int) -> Setup:
    """One run's numbers."""
    return Setup(seed, rate, options.warm_up + options.seconds, options.warm_up, options.speed, options.bars)


def run_once(name: str, setup: Setup) -> dict:
    """One run in fresh processes; ticks lost are those sent and not counted."""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PySide6"}
    arguments = [str(value) for value in (setup.seed, setup.rate, setup.seconds, setup.speed)]
    world = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks._live_world", *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env
    )
    try:
        port = world.stdout.readline().strip()
        window = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks._live_window", name, port, msgspec.json.encode(setup).decode()],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=env,
            timeout=setup.seconds * 4 + 120,
            check=False,
        )
        if window.returncode:
            raise SystemExit(f"The window of {name} failed:\n{window.stderr}")
        n_sent = int(world.stdout.readline())
    finally:
        world.kill()
        world.wait()
    result = json.loads(window.stdout.splitlines()[-1])
    return {**result, "n_sent": n_sent, "n_lost": n_sent - result["n_ticks"], "load": os.getloadavg()[0]}


def middle(runs: list[dict]) -> dict:
    """The run with the median frame p99."""
    return sorted(runs, key=lambda run: at(run, "frame", 99))[len(runs) // 2]


def at(run: dict, kind: str, percent: float) -> float:
    """A quantile of what was measured, ms."""
    return float(np.percentile(run[kind], percent))


def print_table(options: argparse.Namespace, runs: dict[str, list[dict]]) -> None:
    """One row a side, as Markdown."""
    print(
        f"{options.rate:,} ticks/s into six charts of {options.bars:,} bars, five indicators each; "
        f"{options.seconds:.0f} s measured, median of {options.runs} (ms)\n"
    )
    kinds = ("frame", "frame_cpu", "input", "screen")
    words = {"frame": "frame", "frame_cpu": "its CPU", "input": "input to paint", "screen": "tick to screen"}
    heads = ["", *(f"{words[kind]} p50 / p95 / p99 / max" for kind in kinds), f"frames over {FRAME_MS_MAX:.0f}"]
    heads += ["frames/s", "pictures/s a chart", "busy with ticks", "CPU of the engine's thread", "CPU of the UI thread"]
    heads += ["ticks sent", "lost", "load"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, results in runs.items():
        run = middle(results)
        cells = [" / ".join(f"{at(run, kind, q):.1f}" for q in QUANTILES) for kind in kinds]
        cells += [f"{sum(ms > FRAME_MS_MAX for ms in run['frame'])} of {len(run['frame'])}"]
        cells += [f"{len(run['frame']) / run['seconds']:.0f}", f"{run['pictures_per_s']:.0f}", f"{run['engine_busy']:.0%}"]
        cells += [f"{run['engine_cpu']:.0%}", f"{run['ui_cpu']:.0%}"]
        cells += [f"{run['n_sent']:,}", str(max(r["n_lost"] for r in results)), f"{run['load']:.1f}"]
        spread = [at(r, "frame", 99) for r in results]
        print(f"| {NAMES[name]} | {' | '.join(cells)} |  <!-- frame p99 {min(spread):.1f} to {max(spread):.1f} -->")


def print_ratios(ours: dict, peer: dict) -> None:
    """How many times as long it takes on one loop, and the goals."""
    said = [f"{words} {at(peer, kind, q) / at(ours, kind, q):.2f}" for words, kind, q in RATIOS]
    print(f"\none qasync loop / engine thread: {', '.join(said)}")
    n_over = sum(ms > FRAME_MS_MAX for ms in ours["frame"])
    print(
        f"goals: frames over {FRAME_MS_MAX:.0f} ms {n_over} (0), ticks lost {ours['n_lost']} (0), "
        f"input p99 {at(ours, 'input', 99):.1f} ms (below {INPUT_MS_MAX:.0f})"
    )


def print_growth(options: argparse.Namespace) -> None:
    """What ticks cost the engine at three rates."""
    rates = (options.rate // 4, options.rate, options.rate * 4)
    runs = [run_once("thread", make_setup(options, 9, rate)) for rate in rates]
    for rate, run in zip(rates, runs, strict=True):
        print(
            f"  {rate:>7,} ticks/s: busy with ticks {run['engine_busy']:.1%}, frame p99 {at(run, 'frame', 99):.1f} ms, "
            f"input p99 {at(run, 'input', 99):.1f} ms, tick to screen p99 {at(run, 'screen', 99):.1f} ms, lost {run['n_lost']}"
        )
    exponent = math.log(runs[-1]["engine_busy"] / runs[0]["engine_busy"]) / math.log(rates[-1] / rates[0])
    print(f"The engine's time grows with ticks to the power {exponent:.2f}.")


if __name__ == "__main__":
    sys.exit(main())
