"""Tables of the money ledger: every capability appends its own migration."""

from typing import Final

from backend.storage.migrations import Migration

MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(
        "0001_backups",
        """
        CREATE TABLE backups (
            id INTEGER PRIMARY KEY,
            made_ns INTEGER NOT NULL,
            path TEXT NOT NULL,
            bytes INTEGER NOT NULL CHECK (bytes > 0),
            n_files INTEGER NOT NULL CHECK (n_files >= 0),
            seconds REAL NOT NULL CHECK (seconds >= 0)
        ) STRICT;
        CREATE INDEX backups_by_time ON backups (made_ns DESC);
        """,
    ),
    Migration(
        "0002_market",
        """
        CREATE TABLE market_state (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('bar', 'trade', 'revision')),
            n_rows INTEGER NOT NULL CHECK (n_rows > 0),
            n_bytes INTEGER NOT NULL CHECK (n_bytes > 0),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            created_ns INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE segment_parts (
            segment INTEGER NOT NULL REFERENCES segments (id),
            first_row INTEGER NOT NULL CHECK (first_row >= 0),
            instrument TEXT NOT NULL,
            spec TEXT NOT NULL,
            source TEXT NOT NULL,
            n_rows INTEGER NOT NULL CHECK (n_rows > 0),
            first_ns INTEGER NOT NULL,
            last_ns INTEGER NOT NULL CHECK (last_ns >= first_ns),
            PRIMARY KEY (segment, first_row)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE bar_revisions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            made_ns INTEGER NOT NULL,
            instrument TEXT NOT NULL,
            spec TEXT NOT NULL,
            source TEXT NOT NULL,
            reason TEXT NOT NULL,
            n_rows INTEGER NOT NULL CHECK (n_rows > 0),
            first_ns INTEGER NOT NULL,
            last_ns INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX bar_revisions_by_series ON bar_revisions (instrument, spec, made_ns);
        CREATE TABLE bar_revision_segments (
            revision INTEGER NOT NULL REFERENCES bar_revisions (id),
            segment INTEGER NOT NULL REFERENCES segments (id),
            PRIMARY KEY (revision, segment)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE bar_edits (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            made_ns INTEGER NOT NULL,
            undone_ns INTEGER,
            instrument TEXT NOT NULL,
            spec TEXT NOT NULL,
            source TEXT NOT NULL,
            event_ns INTEGER NOT NULL,
            old_bar TEXT NOT NULL,
            new_bar TEXT
        ) STRICT;
        CREATE INDEX bar_edits_by_series ON bar_edits (instrument, spec, source, event_ns);
        CREATE TABLE instruments (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            currency TEXT NOT NULL,
            calendar TEXT NOT NULL,
            timezone TEXT NOT NULL,
            price_steps TEXT NOT NULL,
            lot TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE corporate_actions (
            instrument TEXT NOT NULL,
            ex_ns INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('split', 'dividend')),
            value TEXT NOT NULL,
            PRIMARY KEY (instrument, ex_ns, kind)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0003_imports",
        """
        CREATE TABLE imports (
            import_id TEXT PRIMARY KEY,
            started_ns INTEGER NOT NULL,
            finished_ns INTEGER NOT NULL,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            member TEXT NOT NULL,
            series TEXT NOT NULL,
            source TEXT NOT NULL,
            n_accepted INTEGER NOT NULL,
            n_same INTEGER NOT NULL,
            n_missing INTEGER NOT NULL,
            n_refused INTEGER NOT NULL,
            n_repaired INTEGER NOT NULL,
            n_replaced INTEGER NOT NULL,
            n_actions INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            revision_id INTEGER,
            rows_path TEXT,
            plan TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX imports_by_time ON imports (started_ns DESC);
        CREATE INDEX imports_by_fingerprint ON imports (fingerprint, series);
        CREATE TABLE watched_files (
            path TEXT PRIMARY KEY,
            size INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            taken_bytes INTEGER NOT NULL,
            taken_lines INTEGER NOT NULL,
            head_hash TEXT NOT NULL,
            tail_hash TEXT NOT NULL,
            error TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0004_watchlists",
        """
        CREATE TABLE watchlists (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL CHECK (name <> ''),
            position INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE watchlist_instruments (
            watchlist_id TEXT NOT NULL REFERENCES watchlists (id),
            instrument TEXT NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (watchlist_id, instrument)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0005_watchlist_sections",
        # Sections share the numbering of positions with the instruments of their list.
        """
        CREATE TABLE watchlist_sections (
            watchlist_id TEXT NOT NULL REFERENCES watchlists (id),
            name TEXT NOT NULL CHECK (name <> ''),
            position INTEGER NOT NULL,
            is_collapsed INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (watchlist_id, name)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0006_jobs",
        """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            payload BLOB NOT NULL,
            key TEXT NOT NULL DEFAULT '',
            priority INTEGER NOT NULL DEFAULT 1,
            state TEXT NOT NULL DEFAULT 'waiting',
            n_attempts INTEGER NOT NULL DEFAULT 0,
            created_ns INTEGER NOT NULL,
            due_ns INTEGER NOT NULL,
            started_ns INTEGER NOT NULL DEFAULT 0,
            finished_ns INTEGER NOT NULL DEFAULT 0,
            progress REAL NOT NULL DEFAULT 0,
            words TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX jobs_waiting ON jobs (due_ns) WHERE state = 'waiting';
        CREATE UNIQUE INDEX jobs_open ON jobs (kind, key) WHERE key <> '' AND state IN ('waiting', 'running');
        CREATE TABLE job_schedules (
            name TEXT PRIMARY KEY,
            next_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0007_drawings",
        """
        CREATE TABLE drawings (
            instrument TEXT NOT NULL,
            id TEXT NOT NULL,
            position INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (instrument, id)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0008_workspaces",
        """
        CREATE TABLE workspaces (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL CHECK (name <> ''),
            position INTEGER NOT NULL,
            is_current INTEGER NOT NULL DEFAULT 0,
            content BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0009_study_templates",
        """
        CREATE TABLE study_templates (
            key TEXT PRIMARY KEY,
            body BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0010_drawing_styles",
        """
        CREATE TABLE drawing_styles (
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            name TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (kind, key)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0011_credentials",
        # Values are NULL where the system's keyring keeps them; a keyring cannot be asked for what it holds.
        """
        CREATE TABLE credentials (
            place TEXT NOT NULL,
            name TEXT NOT NULL,
            entry TEXT NOT NULL,
            value TEXT,
            PRIMARY KEY (place, name)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0012_feeds",
        """
        CREATE TABLE feeds (
            name TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0013_alerts",
        # No firing refers to its alert: firings are kept for good, alerts may go.
        """
        CREATE TABLE alerts (
            id TEXT PRIMARY KEY,
            instrument TEXT NOT NULL,
            name TEXT NOT NULL,
            is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
            body BLOB NOT NULL,
            state BLOB NOT NULL DEFAULT x'',
            seen BLOB NOT NULL DEFAULT x'',
            is_resting INTEGER NOT NULL DEFAULT 0 CHECK (is_resting IN (0, 1)),
            n_fired INTEGER NOT NULL DEFAULT 0 CHECK (n_fired >= 0),
            last_fired_ns INTEGER NOT NULL DEFAULT 0,
            created_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX alerts_by_instrument ON alerts (instrument) WHERE is_enabled = 1;
        CREATE TABLE firings (
            id TEXT PRIMARY KEY,
            alert_id TEXT NOT NULL,
            instrument TEXT NOT NULL,
            event_ns INTEGER NOT NULL,
            fired_ns INTEGER NOT NULL,
            price REAL,
            value REAL,
            level REAL,
            words TEXT NOT NULL,
            is_late INTEGER NOT NULL CHECK (is_late IN (0, 1)),
            is_read INTEGER NOT NULL DEFAULT 0 CHECK (is_read IN (0, 1))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX firings_by_alert ON firings (alert_id, fired_ns DESC);
        CREATE INDEX firings_by_time ON firings (fired_ns DESC);
        """,
    ),
    Migration(
        "0014_delivery",
        # The addresses of channels hold secrets: they are in no other place than this encrypted file.
        """
        CREATE TABLE delivery_channels (
            name TEXT PRIMARY KEY CHECK (name <> ''),
            address TEXT NOT NULL CHECK (address <> ''),
            masked TEXT NOT NULL,
            body BLOB NOT NULL,
            is_on INTEGER NOT NULL,
            tokens REAL NOT NULL,
            tokens_ns INTEGER NOT NULL,
            sent_ns INTEGER NOT NULL DEFAULT 0,
            held_ns INTEGER NOT NULL DEFAULT 0,
            n_failures INTEGER NOT NULL DEFAULT 0,
            n_dropped INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            firing TEXT NOT NULL,
            channel TEXT NOT NULL,
            body_kind TEXT NOT NULL CHECK (body_kind IN ('plain', 'enriched', 'test')),
            alert TEXT NOT NULL,
            instrument TEXT NOT NULL,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            event_ns INTEGER NOT NULL,
            is_urgent INTEGER NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dead', 'rolled_up', 'suppressed')),
            created_ns INTEGER NOT NULL,
            due_ns INTEGER NOT NULL,
            finished_ns INTEGER NOT NULL DEFAULT 0,
            n_attempts INTEGER NOT NULL DEFAULT 0,
            told_by INTEGER NOT NULL DEFAULT 0,
            may_repeat INTEGER NOT NULL DEFAULT 0,
            words TEXT NOT NULL DEFAULT '',
            UNIQUE (firing, channel, body_kind)
        ) STRICT;
        CREATE INDEX deliveries_open ON deliveries (channel, due_ns) WHERE state IN ('queued', 'sending', 'failed');
        CREATE TABLE delivery_attempts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            at_ns INTEGER NOT NULL,
            ended_ns INTEGER NOT NULL DEFAULT 0,
            outcome TEXT NOT NULL CHECK (outcome IN ('sending', 'sent', 'failed', 'unknown')),
            words TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX delivery_attempts_open ON delivery_attempts (id) WHERE outcome = 'sending';
        CREATE TABLE delivery_attempt_members (
            delivery INTEGER NOT NULL REFERENCES deliveries (id),
            attempt INTEGER NOT NULL REFERENCES delivery_attempts (id),
            PRIMARY KEY (delivery, attempt)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delivery_attempt_members_by_attempt ON delivery_attempt_members (attempt);
        """,
    ),
)
