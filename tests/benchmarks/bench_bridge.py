"""One loop, an engine thread or an engine process: 20,000 ticks a second into six charts, frames and keys measured.

Run as ``python dev.py bench bench_bridge [--quick] [--seconds N] [--rate N]``. Every run is a fresh window (offscreen,
1600 x 900, software raster, the real chart) and a fresh feed process that sends seeded ticks as JSON over loopback and
presses keys. "Frames first" is the engine thread that waits while a frame is painted. "Other engine work" is 1 ms
slices of Python, half of the time. Runs alternate between the candidates; the table shows the run with the median frame
p99. Nothing here asserts a time; decision 0040 quotes the table.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CANDIDATES = {
    "one_loop": "a: one qasync loop",
    "thread": "b: engine thread",
    "polite": "b+: engine thread, frames first",
    "process": "c: engine process",
}
COLUMNS = (
    ("frame p50", "frame_ms_p50"),
    ("p95", "frame_ms_p95"),
    ("p99", "frame_ms_p99"),
    ("max", "frame_ms_max"),
    ("gap p99", "gap_ms_p99"),
    ("key p50", "key_ms_p50"),
    ("key p99", "key_ms_p99"),
    ("engine lag p99", "lag_ms_p99"),
    ("tick late p99", "late_ms_p99"),
)


def main() -> None:
    """Measure all candidates, idle and busy, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of 5 s each")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--rate", type=int, default=20_000, help="ticks a second")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=CANDIDATES)
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.runs = 5.0, 1
    names = [options.only] if options.only else list(CANDIDATES)
    for title, busy in (("ticks alone", 0.0), ("ticks, and other engine work half of the time", 0.5)):
        runs: dict[str, list[dict]] = {name: [] for name in names}
        for i in range(options.runs):
            for name in names:
                runs[name].append(run_once(name, seed=i + 1, options=options, busy=busy))
        print_table(f"{options.rate:,} ticks/s, {title} (ms; median of {options.runs})", runs)


def run_once(candidate: str, *, seed: int, options: argparse.Namespace, busy: float) -> dict:
    """One run in fresh processes; ticks lost are those sent and not applied."""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PySide6"}
    feed = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks._bridge_feed", str(seed), str(options.rate), str(options.seconds)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=env,
    )
    try:
        port = feed.stdout.readline().strip()
        window = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks._bridge_window", candidate, port, str(busy)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=env,
            timeout=options.seconds * 4 + 60,
            check=False,
        )
        if window.returncode:
            raise SystemExit(f"The window of {candidate} failed:\n{window.stderr}")
        n_sent = int(feed.stdout.readline())
    finally:
        feed.kill()
        feed.wait()
    result = json.loads(window.stdout.splitlines()[-1])
    return {**result, "n_lost": n_sent - result["n_ticks"] + result["n_missed"]}


def print_table(title: str, runs: dict[str, list[dict]]) -> None:
    """One row a candidate, as Markdown."""
    print(f"\n{title}\n")
    heads = ["", *(head for head, _ in COLUMNS), "frames/s", "CPU s", "lost"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, results in runs.items():
        median = sorted(results, key=lambda r: r["frame_ms_p99"])[len(results) // 2]
        cells = [f"{median[key]:.1f}" for _, key in COLUMNS]
        spread = [r["frame_ms_p99"] for r in results]
        cells += [f"{median['n_frames'] / median['seconds']:.0f}", f"{median['cpu_s']:.1f}", str(max(r["n_lost"] for r in results))]
        print(f"| {CANDIDATES[name]} | {' | '.join(cells)} |  <!-- frame p99 {min(spread):.1f} to {max(spread):.1f} -->")


if __name__ == "__main__":
    main()
