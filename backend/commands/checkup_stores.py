"""The doctor's look at open stores: key, ledgers, market segments, calendars, backups."""

from collections.abc import AsyncIterator
from typing import Any, Final

from backend.app import Backend
from backend.commands.checkup_work import look_at_work
from backend.commands.findings import Finding, Health, ok, problem, warning
from backend.commands.numbers import format_count, format_size
from backend.commands.times import format_instant
from backend.domain.bars import DAY_NS
from backend.errors import TriiError
from backend.events import Level
from backend.storage.backup import last_backup
from backend.storage.duck import QueryEngine
from backend.storage.ledger import Ledger
from backend.storage.secrets import Custody

BACKUP_AGE_DAYS_MAX: Final = 30


async def look_at_stores(backend: Backend, *, is_quick: bool) -> AsyncIterator[Finding]:
    """Everything that only open stores can tell; ``is_quick`` leaves out what reads every stored byte."""
    for notice in backend.notices:
        if notice.level in (Level.WARNING, Level.ERROR) and notice.code != "key.unprotected":
            text = " ".join(part for part in (notice.title, notice.text) if part)
            yield (problem if notice.level is Level.ERROR else warning)("opening", text, notice.hint, code=notice.code)
    yield _custody(backend)
    if not is_quick:
        yield await _ledger("money", backend.money)
        yield await _ledger("words", backend.words)
    yield await _market(backend, is_quick=is_quick)
    yield await _calendars(backend)
    yield await _backups(backend)
    for finding in look_at_work(backend):
        yield finding


def _custody(backend: Backend) -> Finding:
    custody = backend.key.custody
    if custody is Custody.DEVICE_FILE:
        return warning(
            "key",
            f"THE LEDGERS ARE NOT PROTECTED: their key lies in the open in {backend.home.device_key}.",
            "Set a passphrase: trii recovery passphrase",
            custody=custody.value,
        )
    keeper = "the system's keyring" if custody is Custody.KEYRING else "a vault under your passphrase"
    return ok("key", f"The ledgers' key lies in {keeper}.", custody=custody.value)


async def _ledger(name: str, ledger: Ledger) -> Finding:
    subject = f"{name}.db"
    try:
        problems = await ledger.check()
    except TriiError as e:
        return problem(subject, e.message, e.hint, code=e.code)
    if problems:
        return problem(
            subject, f"It is damaged: {problems[0]}", "Restore a backup: trii restore FILE --replace", problems=list(problems)
        )
    size = ledger.path.stat().st_size
    return ok(subject, f"Every page of {format_size(size)} is sound.", bytes=size)


async def _market(backend: Backend, *, is_quick: bool) -> Finding:
    stored = await backend.store.series()
    n_bars = sum(series.n_bars for series in stored)
    facts: dict[str, Any] = {"n_series": len(stored), "n_bars": n_bars}
    content = f"{format_count(n_bars, 'bar')} in {format_count(len(stored), 'series', 'series')}"
    if is_quick:
        return ok("market", content, **facts)
    verified = await backend.store.verify()
    facts |= {"n_segments": verified.n_segments, "bytes": verified.n_bytes, "damaged": list(verified.damaged)}
    if verified.damaged:
        text = f"{content}; damaged and set aside: {', '.join(verified.damaged)}."
        return problem("market", text, "Import those bars again, or restore a backup.", **facts)
    async with QueryEngine(backend.store, backend.home.cache / "query") as queries:
        census = await queries.census()
    facts |= {"n_counted": census.n_bars, "n_impossible": census.n_impossible, "n_double": census.n_double}
    if census.n_impossible or census.n_double:
        text = f"{content}; {census.n_impossible} cannot be and {census.n_double} stand there twice."
        return problem("market", text, "Please report this; importing those bars again repairs them.", **facts)
    segments = format_count(verified.n_segments, "segment")
    return ok("market", f"{content}; {segments} of {format_size(verified.n_bytes)} are sound.", **facts)


async def _calendars(backend: Backend) -> Finding:
    names = sorted({instrument.calendar for instrument in await backend.catalog.all()})
    failed = {}
    for name in names:
        try:
            backend.calendars.sessions(name)
        except TriiError as e:
            failed[name] = e.message
    if failed:
        return problem("calendars", f"{next(iter(failed.values()))}", "Correct the instruments that use it.", failed=failed)
    return ok("calendars", f"{', '.join(names)} can be read." if names else "No instrument needs one yet.", calendars=names)


async def _backups(backend: Backend) -> Finding:
    last = await last_backup(backend.money)
    if last is None:
        if not await backend.store.series():
            return ok("backup", "There is nothing to back up yet.")
        return warning("backup", "There is no backup.", "Make one: trii backup FILE")
    made_ns, path = last
    age_days = (backend.clock.now_ns() - made_ns) // DAY_NS
    facts = {"path": path, "made": format_instant(made_ns)}
    if age_days > BACKUP_AGE_DAYS_MAX:
        return warning("backup", f"The last one is {age_days} days old.", "Make one: trii backup FILE", **facts)
    return Finding("backup", Health.OK, f"The last one is of {format_instant(made_ns)}: {path}", "", facts)
