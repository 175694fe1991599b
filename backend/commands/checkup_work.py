"""The doctor's look at a running program's own work: how late it is, how long it takes, and what its handlers failed on."""

from collections.abc import Iterator
from typing import Any, Final

from backend.app import Backend
from backend.commands.findings import Finding, ok, warning
from backend.telemetry.metrics import Distribution

_MEASURED: Final = (
    ("engine", "engine.lag_ms", "The engine wakes", "late", 50.0),
    ("commits", "ledger.commit_ms", "A write to a ledger takes", "", 250.0),
    ("live bars", "market.save_ms", "Live bars are saved", "after they came", 250.0),
    ("frames", "ui.frame_ms", "A frame takes", "", 16.0),
)
_SLOW: Final = "Something else keeps this computer busy, or this is a defect: the log says more."


def look_at_work(backend: Backend) -> Iterator[Finding]:
    """What was measured since the program started, where it was; a program of one command has measured nothing."""
    values = backend.metrics.read()
    for subject, name, verb, ending, p99_ms_max in _MEASURED:
        spread = values.get(name)
        if isinstance(spread, Distribution) and spread.n:
            yield _tell(subject, f"{verb} {_ms(spread)} {ending}".rstrip() + ".", spread, p99_ms_max)
    if backend.api.address:
        yield ok("scripts", f"Scripts are served at {backend.api.address}.", address=backend.api.address)
    letters = backend.bus.dead_letters
    if letters:
        newest = letters[-1]
        yield warning(
            "handlers",
            f"{len(letters)} events were lost on handlers that failed, the newest {newest.event.NAME}: {newest.error}",
            "This is a defect of the program; the log has the details.",
            handlers=sorted({letter.handler for letter in letters}),
        )


def _tell(subject: str, text: str, spread: Distribution, p99_ms_max: float) -> Finding:
    facts: dict[str, Any] = {"n": spread.n, "p50_ms": spread.p50, "p95_ms": spread.p95, "p99_ms": spread.p99, "max_ms": spread.max}
    return ok(subject, text, **facts) if spread.p99 <= p99_ms_max else warning(subject, text, _SLOW, **facts)


def _ms(spread: Distribution) -> str:
    return f"{spread.p50:.1f} ms (99 % of {spread.n} within {spread.p99:.1f}, the worst {spread.max:.1f})"
