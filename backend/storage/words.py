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
        "0003_conversations",
        # Deleted words leave the index at once ("secure-delete"); pages are overwritten where the store asks for it.
        """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY CHECK (id <> ''),
            title TEXT NOT NULL,
            plain_title TEXT NOT NULL,
            is_named INTEGER NOT NULL DEFAULT 0,
            made_ns INTEGER NOT NULL,
            changed_ns INTEGER NOT NULL,
            instrument TEXT NOT NULL DEFAULT '',
            is_pinned INTEGER NOT NULL DEFAULT 0,
            n_turns INTEGER NOT NULL DEFAULT 0,
            leaf TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX conversations_by_time ON conversations (is_pinned DESC, changed_ns DESC, id);
        CREATE TABLE turns (
            row INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (id <> ''),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            parent TEXT REFERENCES turns (id),
            speaker TEXT NOT NULL CHECK (speaker IN ('person', 'assistant')),
            at_ns INTEGER NOT NULL,
            text TEXT NOT NULL,
            content BLOB NOT NULL
        ) STRICT;
        CREATE INDEX turns_by_place ON turns (conversation, parent, row);
        CREATE INDEX turns_by_parent ON turns (parent);
        CREATE VIRTUAL TABLE turn_words USING fts5 (
            text, content = 'turns', content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2'
        );
        INSERT INTO turn_words (turn_words, rank) VALUES ('secure-delete', 1);
        CREATE TRIGGER turn_words_added AFTER INSERT ON turns BEGIN
            INSERT INTO turn_words (rowid, text) VALUES (new.row, new.text);
        END;
        CREATE TRIGGER turn_words_removed AFTER DELETE ON turns BEGIN
            INSERT INTO turn_words (turn_words, rowid, text) VALUES ('delete', old.row, old.text);
        END;
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
