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
    Migration(
        "0006_chat",
        # Servers that this desktop belongs to, and of each the copies of rooms: events as they came, and what they say as messages.
        # The index of words is kept by the mirror: a trigger would have it written out after every row.
        # What a person wrote lies in the outbox, or staged while its files are on their way, until its event has come back.
        """
        CREATE TABLE chat_servers (
            id TEXT PRIMARY KEY CHECK (id <> ''),
            url TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            pin TEXT NOT NULL,
            authority TEXT NOT NULL,
            org TEXT NOT NULL,
            user TEXT NOT NULL,
            email TEXT NOT NULL,
            person TEXT NOT NULL,
            role TEXT NOT NULL,
            device TEXT NOT NULL,
            session TEXT NOT NULL,
            is_signed_in INTEGER NOT NULL,
            is_wanted INTEGER NOT NULL,
            joined_ms INTEGER NOT NULL,
            last_live_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_rooms (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            server TEXT NOT NULL REFERENCES chat_servers (id),
            e INTEGER NOT NULL DEFAULT 0,
            s INTEGER NOT NULL DEFAULT 0,
            h TEXT NOT NULL DEFAULT '',
            floor INTEGER NOT NULL DEFAULT 0,
            has_older INTEGER NOT NULL DEFAULT 0,
            info TEXT NOT NULL DEFAULT '',
            head INTEGER NOT NULL DEFAULT 0,
            read INTEGER NOT NULL DEFAULT 0,
            is_left INTEGER NOT NULL DEFAULT 0,
            notify TEXT NOT NULL DEFAULT '',
            is_starred INTEGER NOT NULL DEFAULT 0,
            draft TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX chat_rooms_by_server ON chat_rooms (server);
        CREATE TABLE chat_counts (
            server TEXT NOT NULL REFERENCES chat_servers (id),
            room TEXT NOT NULL,
            cseq INTEGER NOT NULL,
            PRIMARY KEY (server, room)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_people (
            server TEXT NOT NULL REFERENCES chat_servers (id),
            user TEXT NOT NULL,
            name TEXT NOT NULL,
            handle TEXT NOT NULL,
            role TEXT NOT NULL,
            is_gone INTEGER NOT NULL,
            seen_ms INTEGER NOT NULL,
            PRIMARY KEY (server, user)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_reads (
            room INTEGER NOT NULL REFERENCES chat_rooms (key),
            user TEXT NOT NULL,
            s INTEGER NOT NULL,
            PRIMARY KEY (room, user)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_events (
            room INTEGER NOT NULL REFERENCES chat_rooms (key),
            s INTEGER NOT NULL,
            e INTEGER NOT NULL,
            id TEXT NOT NULL,
            a TEXT NOT NULL,
            d TEXT NOT NULL,
            k TEXT NOT NULL,
            ts INTEGER NOT NULL,
            bh TEXT NOT NULL,
            b TEXT,
            n TEXT NOT NULL,
            rec INTEGER NOT NULL,
            PRIMARY KEY (room, s)
        ) STRICT;
        CREATE INDEX chat_events_by_id ON chat_events (id);
        CREATE TABLE chat_touches (
            room INTEGER NOT NULL,
            target TEXT NOT NULL,
            s INTEGER NOT NULL,
            PRIMARY KEY (room, target, s)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_messages (
            key INTEGER PRIMARY KEY,
            room INTEGER NOT NULL REFERENCES chat_rooms (key),
            id TEXT NOT NULL,
            s INTEGER NOT NULL,
            a TEXT NOT NULL,
            ts INTEGER NOT NULL,
            thread TEXT NOT NULL,
            text TEXT NOT NULL,
            state TEXT NOT NULL,
            is_gone INTEGER NOT NULL,
            is_pinned INTEGER NOT NULL,
            names_me INTEGER NOT NULL,
            n_files INTEGER NOT NULL,
            n_links INTEGER NOT NULL,
            instruments TEXT NOT NULL,
            UNIQUE (room, id)
        ) STRICT;
        CREATE INDEX chat_messages_by_place ON chat_messages (room, thread, s);
        CREATE INDEX chat_messages_by_seq ON chat_messages (room, s, is_gone, a, names_me);
        CREATE INDEX chat_messages_by_id ON chat_messages (id);
        CREATE TABLE chat_message_files (
            room INTEGER NOT NULL,
            message TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            PRIMARY KEY (room, message, sha256)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX chat_message_files_by_content ON chat_message_files (sha256);
        CREATE TABLE chat_aside (
            room INTEGER NOT NULL REFERENCES chat_rooms (key),
            id TEXT NOT NULL,
            s INTEGER NOT NULL,
            event TEXT NOT NULL,
            PRIMARY KEY (room, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_outbox (
            place INTEGER PRIMARY KEY AUTOINCREMENT,
            server TEXT NOT NULL REFERENCES chat_servers (id),
            id TEXT NOT NULL UNIQUE,
            room TEXT NOT NULL,
            k TEXT NOT NULL,
            b TEXT NOT NULL,
            n TEXT NOT NULL,
            cseq INTEGER NOT NULL,
            base INTEGER NOT NULL,
            cts INTEGER NOT NULL,
            rec INTEGER NOT NULL,
            e INTEGER NOT NULL DEFAULT 0,
            s INTEGER NOT NULL DEFAULT 0,
            code TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX chat_outbox_by_room ON chat_outbox (room, place);
        CREATE TABLE chat_staged (
            id TEXT PRIMARY KEY,
            server TEXT NOT NULL REFERENCES chat_servers (id),
            room TEXT NOT NULL,
            body TEXT NOT NULL,
            made_ms INTEGER NOT NULL,
            why TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE chat_files (
            sha256 TEXT PRIMARY KEY,
            blob TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            mime TEXT NOT NULL,
            used_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE VIRTUAL TABLE chat_words USING fts5 (
            text, content = 'chat_messages', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
        );
        INSERT INTO chat_words (chat_words, rank) VALUES ('secure-delete', 1);
        """,
    ),
    Migration(
        "0007_chat_offers",
        # Files of one's own messages that a restored server may have lost: offered to it again.
        """
        CREATE TABLE chat_offers (
            server TEXT NOT NULL REFERENCES chat_servers (id),
            room TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            file TEXT NOT NULL,
            PRIMARY KEY (server, room, sha256)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0008_templates",
        """
        CREATE TABLE prompt_versions (
            template TEXT NOT NULL,
            number INTEGER NOT NULL,
            text TEXT NOT NULL,
            made_ns INTEGER NOT NULL,
            PRIMARY KEY (template, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE prompt_uses (template TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE prompt_trials (
            template TEXT NOT NULL,
            number INTEGER NOT NULL,
            model TEXT NOT NULL,
            n_passed INTEGER NOT NULL,
            n_asked INTEGER NOT NULL,
            first_token_ms REAL NOT NULL,
            at_ns INTEGER NOT NULL,
            PRIMARY KEY (template, number, model)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0009_adapters",
        """
        CREATE TABLE model_adapters (
            model TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            mode TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            name TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            rank INTEGER NOT NULL,
            added_ns INTEGER NOT NULL,
            PRIMARY KEY (model, mode)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0010_projectors",
        """
        CREATE TABLE model_projectors (
            model TEXT PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
            sha256 TEXT NOT NULL,
            name TEXT NOT NULL,
            n_bytes INTEGER NOT NULL,
            style TEXT NOT NULL,
            added_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "0011_conversation_modes",
        "ALTER TABLE conversations ADD COLUMN mode TEXT NOT NULL DEFAULT '';",
    ),
)
