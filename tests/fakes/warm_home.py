"""A home whose cache is full, so that nobody who opens it starts a child process that compiles kernels beside the test."""

import json

from backend.clock import SystemClock
from backend.jobs.warm_up import STAMP, stamp_of
from backend.market.calendars import Calendars
from backend.storage.paths import Home


def make_warm(home: Home, *calendars: str) -> None:
    """Build the session tables and write the stamp. The kernels of a test's own process lie beside their sources."""
    clock = SystemClock()
    tables = Calendars(home.cache, clock)
    for name in calendars:
        tables.sessions(name)
    (home.cache / STAMP).write_text(json.dumps(stamp_of(calendars, clock)), encoding="utf-8")
