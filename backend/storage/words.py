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
)
