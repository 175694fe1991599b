"""`trii restore`: a backup back into a home, on this machine or a new one."""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from backend.commands.home_context import HomeContext
from backend.commands.numbers import format_count, format_size
from backend.commands.phrases import read_phrase
from backend.commands.times import format_instant
from backend.errors import InvalidInput, TriiError
from backend.storage.backup import verify_backup
from backend.storage.key_record import load_record
from backend.storage.restore import RestoreReport, restore_backup
from backend.storage.secrets import MasterKey, open_key, restore_key

OTHER_KEY: Final = "backup.other_key"


async def run_closed(context: HomeContext, arguments: argparse.Namespace) -> int:
    """Restore with this home's own key where it fits, else with the recovery phrase."""
    archive = context.path(arguments.file)
    phrase = None if arguments.phrase_file is None else await read_phrase(context, arguments.phrase_file)
    key = None if phrase is not None else await _own_key(context, archive)
    if key is None:
        phrase = phrase or await read_phrase(context, None)
        key = MasterKey.from_phrase(phrase)
    report = await asyncio.to_thread(restore_backup, archive, context.home, key, replace=arguments.replace)
    custody = None
    if phrase is not None:
        opened = await asyncio.to_thread(restore_key, context.home, phrase)
        custody = opened.custody
        for notice in opened.notices:
            await context.tell(f"warning: {notice}")
    if context.as_json:
        await context.put_json({**_facts(report), "custody": None if custody is None else custody.value})
        return 0
    await context.say(
        f"Restored {format_count(report.n_files, 'file')} ({format_size(report.content_bytes)}) "
        f"as of {format_instant(report.created_ns)} into {context.home.root}."
    )
    if report.set_aside is not None:
        await context.say(f"What the home held before lies in {report.set_aside}.")
    return 0


async def _own_key(context: HomeContext, archive: Path) -> MasterKey | None:
    """The key of this home if it opens the archive; None where the home has none or another."""
    if load_record(context.home) is None:
        return None

    def find() -> MasterKey | None:
        try:
            key = open_key(context.home).key
        except TriiError:  # a locked or lost key: the phrase is asked for instead
            return None
        try:
            verify_backup(archive, key)
        except InvalidInput as e:
            if e.code == OTHER_KEY:
                return None
            raise
        return key

    return await asyncio.to_thread(find)


def _facts(report: RestoreReport) -> dict[str, object]:
    return {
        "path": report.archive,
        "created": format_instant(report.created_ns),
        "version": report.app_version,
        "n_files": report.n_files,
        "content_bytes": report.content_bytes,
        "set_aside": report.set_aside,
        "seconds": round(report.seconds, 3),
    }
