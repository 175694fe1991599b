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
    Migration(
        "0005_assistant",
        """
        CREATE TABLE assistant_answers (
            key TEXT PRIMARY KEY,
            text TEXT NOT NULL,
            model TEXT NOT NULL,
            place TEXT NOT NULL,
            at_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX assistant_answers_by_time ON assistant_answers (at_ns DESC);
        CREATE TABLE assistant_spending (
            month TEXT NOT NULL,
            service TEXT NOT NULL,
            n_calls INTEGER NOT NULL,
            n_prompt INTEGER NOT NULL,
            n_generated INTEGER NOT NULL,
            cost_usd REAL NOT NULL,
            PRIMARY KEY (month, service)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
