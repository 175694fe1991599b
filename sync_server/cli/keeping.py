"""``trii-sync backup``, ``restore`` and ``verify``."""

import asyncio
import datetime as dt
import getpass
import os
import secrets
import sys
from pathlib import Path
from typing import Final

from sync_server.audit.checking import check_audit
from sync_server.audit.export import is_export, verify_export
from sync_server.audit.links import Verdict
from sync_server.cli.terms import Command, office
from sync_server.clock import SystemClock
from sync_server.errors import Refused
from sync_server.files.checking import check_files
from sync_server.protocol.codes import Code
from sync_server.rooms.checking import check_rooms
from sync_server.storage.backup import BackupReport, create_backup, verify_backup
from sync_server.storage.keys import KEY_BYTES, format_key, parse_key
from sync_server.storage.restore import Place, restore_backup
from sync_server.storage.unlocking import Passphrase, RecoveryKey, Secret
from sync_server.tables import TABLES

PASSPHRASE: Final = "TRII_SYNC_PASSPHRASE"  # noqa: S105 - the name of a variable


async def backup(command: Command) -> int:
    """Write an encrypted backup of one moment, also while the server runs."""
    secret = _make_key(command) if command.asked.make_key else await _secret(command)
    async with office(command.config) as desk:
        report = await create_backup(desk.database, TABLES, command.config.data, command.asked.target, secret, desk.clock)
    _tell(command, report)
    return 0


async def scrub(command: Command) -> int:
    """Leave no byte of what was erased in the database's files; on PostgreSQL every table is written anew."""
    async with office(command.config) as desk:
        await desk.database.scrub()
    command.say("Nothing of what was erased is in the database's files. Backups made before still hold it.")
    return 0


async def restore(command: Command) -> int:
    """Verify a backup, and put it in the place of what is there, which is moved aside."""
    place = Place(command.config.data, command.config.database_url)
    checks = (check_audit, check_rooms, check_files)
    secret = await _secret(command)
    done = await restore_backup(command.asked.backup, secret, place, TABLES, SystemClock(), checks=checks)
    command.say(f"Restored: {done.n_rows:,} rows and {done.n_files:,} files as of {_moment(done.made_ms)}.")
    if done.aside:
        command.say(f"What was there before lies in {done.aside}.")
    command.say("Start the server; desktops bring back what they wrote since.")
    return 0


async def verify(command: Command) -> int:
    """Verify a backup from end to end, an exported audit log, or the server's own: every entry and every signed root."""
    if command.asked.backup is not None and is_export(command.asked.backup):
        with command.asked.backup.open("rb") as lines:
            return _say(command, await asyncio.to_thread(verify_export, lines))
    if command.asked.backup is not None:
        _tell(command, await asyncio.to_thread(verify_backup, command.asked.backup, await _secret(command)))
        return 0
    async with office(command.config) as desk:
        return _say(command, await desk.audit.verify())


def _say(command: Command, verdict: Verdict) -> int:
    for problem in verdict.problems:
        command.say(f"Entry {problem.n}: {problem.what}")
    command.say("The audit log is whole." if verdict.is_whole else "The audit log was changed.")
    return 0 if verdict.is_whole else 1


def _tell(command: Command, report: BackupReport) -> None:
    command.say(f"{report.path}: whole, {report.n_rows:,} rows and {report.n_files:,} files as of {_moment(report.made_ms)}.")


def _moment(ms: int) -> str:
    return f"{dt.datetime.fromtimestamp(ms // 1_000, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _make_key(command: Command) -> Secret:
    """A new recovery key, written to its file and nowhere else."""
    path: Path = command.asked.make_key
    key = secrets.token_bytes(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - wraps the descriptor that carries the mode
        file.write(format_key(key) + "\n")
    command.say(f"The recovery key is in {path}. Keep it apart from the backup: without it nobody can restore.")
    return RecoveryKey(key)


async def _secret(command: Command) -> Secret:
    """What opens the backup: a key's file, or a passphrase from the environment or typed. Raises Refused."""
    try:
        if command.asked.key is not None:
            return RecoveryKey(parse_key(command.asked.key.read_text(encoding="ascii")))
        text = os.environ.get(PASSPHRASE, "")
        if not text and sys.stdin.isatty():
            text = await asyncio.to_thread(getpass.getpass, "Passphrase of the backup: ", command.err)
        if not text:
            hint = f"Type one at a terminal, set {PASSPHRASE}, or name a key with --key."
            raise Refused(Code.BAD_BODY, "A backup is encrypted: it needs a passphrase or a key.", hint=hint)
        return Passphrase(text)
    except ValueError as error:
        raise Refused(Code.BAD_BODY, str(error)) from error
