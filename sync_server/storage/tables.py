"""What the server remembers of itself: single facts, and restores after which rooms have yet to begin a new epoch."""

from typing import Final

from sync_server.storage.migrations import Migration

TABLES: Final = (
    Migration(
        "storage_0001",
        """
        CREATE TABLE facts (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        );
        CREATE TABLE restores (
            id TEXT PRIMARY KEY,
            made_ms BIGINT NOT NULL,
            restored_ms BIGINT NOT NULL,
            is_settled BOOLEAN NOT NULL
        );
        """,
    ),
)
