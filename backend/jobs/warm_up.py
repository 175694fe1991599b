"""A child process of low priority that fills the cache: session tables and compiled kernels, so that no window waits.

Both bring imports that hold the interpreter for seconds; in a child they cost the window nothing. A stamp in the
cache tells whether there is anything to do, so that most starts need no child.
"""

import asyncio
import datetime as dt
import importlib.metadata
import json
import logging
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psutil

from backend import __version__
from backend.clock import Clock, SystemClock
from backend.errors import TriiError
from backend.storage.durable import write_durably
from backend.storage.paths import Home

log = logging.getLogger(__name__)

STAMP: Final = "warm.json"
KERNELS: Final = "kernels"
CACHE_VARIABLE: Final = "NUMBA_CACHE_DIR"
_NICENESS: Final = 15
_KERNELS: Final = 2  # counts what is compiled, so that a home that was warm before a change is warmed again


async def warm_up(home: Home, calendars: Iterable[str], clock: Clock) -> bool:
    """Fill the cache of ``home`` in a child process unless the stamp says it is full; whether a child ran to its end.

    Cancelling ends the child. What the child cannot do is done by whoever needs it first, so a failure is only logged.
    """
    wanted = stamp_of(calendars, clock)
    if getattr(sys, "frozen", False) or _is_warm(home, wanted):
        return False
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "backend.jobs.warm_up",
        str(home.root),
        json.dumps(wanted),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, CACHE_VARIABLE: str(home.cache / KERNELS)},
    )
    try:
        _, said = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        log.info("The warm-up ended with %s: %s", child.returncode, said.decode("utf-8", "replace").strip()[-2000:])
        return False
    log.info("The cache was filled in %.1f s.", time.perf_counter() - began)
    return True


def fill_cache(home: Home, stamp: dict[str, object]) -> None:
    """The child's work: build the session tables, compile the kernels, then write the stamp. Raises TriiError."""
    import numpy as np  # noqa: PLC0415 - arrays; the parent only asks for the stamp

    from backend import indicators, patterns  # noqa: PLC0415 - same
    from backend.domain.bars import BarSpec  # noqa: PLC0415 - same
    from backend.domain.ticks import TradeArrays  # noqa: PLC0415 - same
    from backend.market.aggregate import TradeAggregator  # noqa: PLC0415 - same
    from backend.market.calendars import ALWAYS, Calendars  # noqa: PLC0415 - same

    calendars = Calendars(home.cache, SystemClock())
    for name in _names_of(stamp):
        try:
            calendars.sessions(name)
        except TriiError as e:
            log.info("No session table of %s: %s", name, e)
    two = np.zeros(2)
    trades = TradeArrays(np.zeros(2, np.int64), two, two, np.zeros(2, np.int8))
    TradeAggregator(BarSpec.parse("1m"), calendars.sessions(ALWAYS)).apply(trades)  # compiles, and keeps what it compiled
    indicators.warm()
    patterns.warm()
    write_durably(home.cache / STAMP, json.dumps(stamp).encode())


def stamp_of(calendars: Iterable[str], clock: Clock) -> dict[str, object]:
    """What the stamp of a full cache says: the session tables in it, their year, and all that compiled kernels depend on."""
    versions = {name: importlib.metadata.version(name) for name in ("numba", "numpy", "exchange-calendars")}
    versions["python"] = ".".join(map(str, sys.version_info[:3]))
    year = dt.datetime.fromtimestamp(clock.now_ns() // 10**9, dt.UTC).year
    return {
        "trii": __version__,
        "kernels": _KERNELS,
        **versions,
        "year": year,
        "calendars": sorted(set(calendars)),
    }


def _names_of(stamp: dict[str, object]) -> list[str]:
    names = stamp.get("calendars")
    return [str(name) for name in names] if isinstance(names, list) else []


def _is_warm(home: Home, wanted: dict[str, object]) -> bool:
    try:
        found = json.loads((home.cache / STAMP).read_bytes())
    except (OSError, ValueError):
        return False
    if not isinstance(found, dict) or not set(_names_of(wanted)) <= set(_names_of(found)):
        return False
    return {**found, "calendars": None} == {**wanted, "calendars": None}


def _lower_priority() -> None:
    own = psutil.Process()
    own.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else _NICENESS)


if __name__ == "__main__":
    _lower_priority()
    fill_cache(Home(Path(sys.argv[1])), json.loads(sys.argv[2]))
