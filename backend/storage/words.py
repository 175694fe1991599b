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
        "0004_models",
        """
        CREATE TABLE models (
            id TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            file TEXT NOT NULL,
            is_ours INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            name TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            architecture TEXT NOT NULL,
            n_parameters INTEGER NOT NULL,
            quantisation TEXT NOT NULL,
            n_ctx_train INTEGER NOT NULL,
            n_layers INTEGER NOT NULL,
            n_vocab INTEGER NOT NULL,
            has_template INTEGER NOT NULL,
            is_embedding INTEGER NOT NULL,
            licence TEXT NOT NULL,
            origin TEXT NOT NULL,
            standing TEXT NOT NULL,
            words TEXT NOT NULL,
            added_ns INTEGER NOT NULL,
            removed_ns INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_examinations (
            model TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            mode TEXT NOT NULL,
            machine TEXT NOT NULL,
            is_fit INTEGER NOT NULL,
            words TEXT NOT NULL,
            first_token_ms REAL NOT NULL,
            tokens_per_s REAL NOT NULL,
            obedience REAL NOT NULL,
            at_ns INTEGER NOT NULL,
            PRIMARY KEY (model, mode)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_choices (
            mode TEXT PRIMARY KEY,
            model TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE model_downloads (
            url TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL,
            began_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
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
