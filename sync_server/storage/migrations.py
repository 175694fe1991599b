"""Bring a database's tables to this version: named steps in order, all or nothing, never over what a newer version made."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, LiteralString

import msgspec

from sync_server.storage.failures import cannot_open

TABLE: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS migrations (
    position BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    checksum TEXT NOT NULL,
    applied_ms BIGINT NOT NULL
)
"""
LIST: Final[LiteralString] = "SELECT name, checksum FROM migrations ORDER BY position"
NOTE: Final[LiteralString] = "INSERT INTO migrations (position, name, checksum, applied_ms) VALUES ($1, $2, $3, $4)"

_CREATED: Final = re.compile(r"(?:^|;)\s*CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE | re.MULTILINE)


class Migration(msgspec.Struct, frozen=True):
    """One step: a name that never changes, as "rooms_0001", and statements ended by semicolons.

    ``sql`` is for both databases; ``sqlite`` and ``postgresql`` follow it in the one or the other: triggers, full-text search.
    What ``sql`` creates is what backups hold: the rest must fill itself from it. A step that has been released is never edited.
    """

    name: str
    sql: LiteralString
    sqlite: LiteralString = ""
    postgresql: LiteralString = ""

    def checksum(self) -> str:
        """SHA-256 of the step's text without differences in white space, in hexadecimal."""
        words = "\0".join(" ".join(part.split()) for part in (self.sql, self.sqlite, self.postgresql))
        return hashlib.sha256(words.encode("utf-8")).hexdigest()

    def tables(self) -> tuple[str, ...]:
        """Names of the tables that both databases have from this step, in the order they are created."""
        return tuple(_CREATED.findall(self.sql))


class Applied(msgspec.Struct, frozen=True):
    """A step that a database or a backup has."""

    name: str
    checksum: str


def missing_steps(have: Sequence[Applied], steps: Sequence[Migration], place: str) -> tuple[Migration, ...]:
    """The steps that ``place`` still needs. Raises Refused where it has a step that is unknown here or differs from ours."""
    known = {step.name: step.checksum() for step in steps}
    if len(known) != len(steps):
        raise ValueError(f"Two migrations share a name: {sorted(step.name for step in steps)}.")
    unknown = [step.name for step in have if step.name not in known]
    if unknown:
        raise cannot_open(
            f"{place} was written by a newer server: it has {', '.join(unknown)}, unknown here.",
            "Run that server again, or restore a backup made by this version.",
        )
    changed = [step.name for step in have if known[step.name] != step.checksum]
    if changed:
        raise cannot_open(
            f"{place} was made by another build: {', '.join(changed)} is not what this server knows by that name.",
            "Run the server that made it, or restore a backup made by this version.",
        )
    names = {step.name for step in have}
    return tuple(step for step in steps if step.name not in names)


def split_statements(sql: str) -> Iterator[str]:
    """Cut a script for SQLite into its statements; triggers stay whole."""
    text = ""
    for piece in sql.split(";")[:-1]:
        text += piece + ";"
        if sqlite3.complete_statement(text):
            yield text.strip()
            text = ""
    if text.strip() or sql.rpartition(";")[2].strip():
        raise ValueError(f"The last statement does not end with a semicolon: {(text or sql)[-60:]!r}.")
