"""P11: from the start of the process to the first candle pixels of ten years of daily bars, and the memory then.

Every program draws the same 2,520 bars into a window of its own, offscreen, on a disk cache that a first, uncounted
round has warmed. A probe inside the process (``_start_probe.py``) looks at the picture after each paint of a chart
until candles are found in it; the time is that of the paint, on a clock all processes share. Rounds go through all
programs in turn, so that what else the machine does falls on all alike.

Memory is the resident set of the process: at that paint, ten seconds later, and once more after weekly bars were
asked for, which loads calendars and kernels.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.benchmarks._peers import ROOT, peer_python

PROBE = Path(__file__).with_name("_start_probe.py")
SAMPLE = ROOT / "resources" / "samples" / "AAPL_1d.csv"
N_BARS = 2520  # ten years of sessions
IDLE_S = 10.0
DEADLINE_S = 120.0
MIB = 1 << 20
LEFT_OUT = "An Electron shell is left out: its npm package fetches the program itself from a release host."


@dataclass
class Contender:
    """One program: how it is started, and what was measured."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    painted_mib: list[float] = field(default_factory=list)
    idle_mib: list[float] = field(default_factory=list)
    warm_mib: list[float] = field(default_factory=list)


def main() -> int:
    """Measure and print; a table in Markdown for docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description="P11: start to first candles, and memory.")
    parser.add_argument("--rounds", type=int, default=10, help="counted starts of each program (10)")
    parser.add_argument("--only", help="names of programs, separated by commas")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        contenders = find_contenders(Path(scratch), options.only)
        for number in range(options.rounds + 1):
            for contender in contenders:
                measure(contender, is_counted=number > 0, is_last=number == options.rounds)
    report(contenders, options.rounds)
    return 0


def find_contenders(scratch: Path, only: str | None) -> list[Contender]:
    """Ours and the peers that can be installed here, each with the same bars."""
    bars = scratch / "AAPL_1d.csv"
    heading, *rows = SAMPLE.read_text().splitlines()
    bars.write_text("\n".join((heading, *rows[-N_BARS:])) + "\n")
    home = scratch / "home"
    trii = [sys.executable, "-P", "-m", "trii_desktop", "--home", str(home)]
    subprocess.run([*trii, "import", str(bars), "--instrument", "AAPL.XNAS"], env=environment(), check=True, capture_output=True)
    found = [
        Contender("trii", [sys.executable, str(PROBE), "trii", "open", "AAPL", "--home", str(home)]),
        Contender("pyqtgraph example (PySide6)", [sys.executable, str(PROBE), "pyqtgraph", str(bars)]),
    ]
    peers = (("finplot example (PyQt6)", "finplot", ("finplot", "PyQt6")), ("VeighNa chart widget", "veighna", ("vnpy",)))
    for title, name, packages in peers:
        python = None if only and name not in only else peer_python(name, *packages)
        if python is not None:
            found.append(Contender(title, [str(python), str(PROBE), name, str(bars)]))
    print(LEFT_OUT)
    return [c for c in found if only is None or any(word in c.command for word in only.split(","))]


def environment() -> dict[str, str]:
    """Offscreen, no keyring, and bytecode kept as everywhere."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYQTGRAPH_QT_LIB", "TRII_HOME", "DISPLAY")
    }
    return {**kept, "QT_QPA_PLATFORM": "offscreen", "TRII_KEYRING": "off"}


@contextmanager
def started(command: list[str]) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A process with the instant of its start on the shared clock; killed afterwards."""
    began_ns = time.monotonic_ns()
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        try:
            yield began_ns, process
        finally:
            process.kill()


def measure(contender: Contender, *, is_counted: bool, is_last: bool) -> None:
    """Start it once; on the last round also wait and look at its memory again."""
    forget_starts(contender)
    with started(contender.command) as (began_ns, process):
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{contender.name} ended without a picture.")
        said = json.loads(line)
        memory = psutil.Process(process.pid)
        painted_mib = memory.memory_info().rss / MIB
        if not is_counted:
            return
        contender.seconds.append((said["painted_ns"] - began_ns) / 1e9)
        contender.cpu_seconds.append(said["cpu_s"])
        contender.painted_mib.append(painted_mib)
        if is_last:
            time.sleep(IDLE_S)
            contender.idle_mib.append(memory.memory_info().rss / MIB)
            warm_up(contender, memory)


def forget_starts(contender: Contender) -> None:
    """Starts that are killed count as crashed, and two of them lead to safe mode, which is not what is measured."""
    if "--home" in contender.command:
        home = Path(contender.command[contender.command.index("--home") + 1])
        (home / "run" / "starts.json").unlink(missing_ok=True)


def warm_up(contender: Contender, memory: psutil.Process) -> None:
    """Ask our own program for weekly bars, which loads calendars and kernels, and look again."""
    if "trii" not in contender.command:
        return
    home = contender.command[contender.command.index("--home") + 1]
    asked = [sys.executable, "-P", "-m", "trii_desktop", "--home", home, "bars", "AAPL", "--interval", "1w", "--adjusted"]
    subprocess.run(asked, env=environment(), check=True, capture_output=True, timeout=DEADLINE_S)
    contender.warm_mib.append(memory.memory_info().rss / MIB)


def report(contenders: list[Contender], rounds: int) -> None:
    """A table: medians and spread, and how many times as long as ours each peer takes."""
    ours = statistics.median(contenders[0].seconds)
    print(f"\n{rounds} starts each after an uncounted one; {N_BARS} daily bars; offscreen, software raster.\n")
    print("| program | median s | least to most | CPU s | against ours | MiB at the paint | 10 s later | warmed up |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for each in contenders:
        median = statistics.median(each.seconds)
        idle, warm = (f"{values[0]:.0f}" if values else "" for values in (each.idle_mib, each.warm_mib))
        print(
            f"| {each.name} | {median:.2f} | {min(each.seconds):.2f} to {max(each.seconds):.2f} "
            f"| {statistics.median(each.cpu_seconds):.2f} | {median / ours:.2f} x "
            f"| {statistics.median(each.painted_mib):.0f} | {idle} | {warm} |"
        )


if __name__ == "__main__":
    sys.exit(main())
