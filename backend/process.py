"""This process as its owner sees it: logs, crash reports and metrics, from its first moment to its last."""

import contextlib
import logging
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from backend import __version__
from backend.crash import CrashReporter
from backend.jobs.warm_up import CACHE_VARIABLE, KERNELS
from backend.settings import Privacy
from backend.storage.paths import Home
from backend.telemetry.logs import Logs, setup_logs
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """What tells about this process's own work."""

    logs: Logs
    crashes: CrashReporter
    metrics: Metrics

    def follow(self, privacy: Privacy) -> None:
        """Keep what the person allows, for as long as they say."""
        self.logs.keep(privacy.log_days)
        self.crashes.is_keeping = privacy.crash_reports


@contextlib.contextmanager
def watched_process(home: Home, *, stderr_level: int | None = None) -> Iterator[Process]:
    """Log to ``home``, report what nobody catches, and keep compiled kernels in its cache, until the end of the block.

    stderr_level : records of this level and above are also written to stderr; None for none
    """
    level = logging.DEBUG if os.environ.get("TRII_DEBUG") else logging.INFO
    logs = setup_logs(home, level=level, stderr_level=stderr_level)
    crashes = CrashReporter(home, logs.last_lines)
    cache_before = os.environ.get(CACHE_VARIABLE)
    os.environ.setdefault(CACHE_VARIABLE, str(home.cache / KERNELS))
    try:
        crashes.install()
        log.info("TRII %s starts on %s, Python %s.", __version__, platform.system(), platform.python_version())
        yield Process(logs, crashes, Metrics())
    finally:
        log.info("TRII ends.")
        crashes.close()
        logs.close()
        if cache_before is None:
            os.environ.pop(CACHE_VARIABLE, None)
