"""`trii backup`: everything in one encrypted file, verified after writing."""

import argparse
import asyncio
from pathlib import Path

from backend.commands.context import CommandContext
from backend.commands.numbers import format_count, format_size
from backend.commands.times import format_instant
from backend.errors import InvalidInput
from backend.storage.backup import BackupReport, backup_name, create_backup, record_backup


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Write the archive, remember that it was made, and tell where it is."""
    backend = context.backend
    target = _choose_target(context, arguments.file, backend.clock.now_ns())
    await backend.store.flush()
    report = await asyncio.to_thread(create_backup, backend.home, backend.key.key, target, now_ns=backend.clock.now_ns())
    await record_backup(backend.money, report)
    if context.as_json:
        await context.put_json(_facts(report))
        return 0
    content = f"{format_count(report.n_files, 'file')}, {format_size(report.content_bytes)}"
    await context.say(f"{report.path}  ({content} in {format_size(report.archive_bytes)}, read back whole)")
    await context.tell("It opens with the recovery phrase alone: 'trii recovery show'.")
    return 0


def _choose_target(context: CommandContext, file: Path | None, now_ns: int) -> Path:
    if file is None:
        return context.home.backups / backup_name(now_ns)
    target = context.path(file)
    if not target.is_dir() and not target.parent.is_dir():
        raise InvalidInput(f"There is no folder {target.parent}.", hint="Make it first.", code="backup.out")
    return target


def _facts(report: BackupReport) -> dict[str, object]:
    return {
        "path": report.path,
        "created": format_instant(report.created_ns),
        "version": report.app_version,
        "n_files": report.n_files,
        "content_bytes": report.content_bytes,
        "archive_bytes": report.archive_bytes,
        "verified": True,
        "seconds": round(report.write_s + report.verify_s, 3),
    }
