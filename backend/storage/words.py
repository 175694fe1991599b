"""Tables of the words ledger: every capability appends its own migration."""

from typing import Final

from backend.storage.migrations import Migration

MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(
        "0001_facts",
        """
        CREATE TABLE facts (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            changed_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0002_notices",
        """
        CREATE TABLE notices (
            id INTEGER PRIMARY KEY,
            at_ns INTEGER NOT NULL,
            level TEXT NOT NULL,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            hint TEXT NOT NULL,
            code TEXT NOT NULL,
            action TEXT NOT NULL,
            n_times INTEGER NOT NULL DEFAULT 1,
            is_read INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX notices_by_time ON notices (at_ns DESC);
        """,
    ),
)
