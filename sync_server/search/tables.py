"""Tables of search: messages as they are found, and how far each room's log is indexed. The index itself fills from them."""

from typing import Final

from sync_server.storage.migrations import Migration

TABLES: Final = (
    Migration(
        "search_0001",
        """
        CREATE TABLE search_messages (
            no BIGINT PRIMARY KEY,
            room TEXT NOT NULL,
            org TEXT NOT NULL,
            id TEXT NOT NULL,
            seq BIGINT NOT NULL,
            ts BIGINT NOT NULL,
            sender TEXT NOT NULL,
            thread TEXT NOT NULL,
            body TEXT NOT NULL,
            words TEXT NOT NULL,
            has_file BOOLEAN NOT NULL,
            has_image BOOLEAN NOT NULL,
            has_link BOOLEAN NOT NULL
        );
        CREATE UNIQUE INDEX search_messages_by_id ON search_messages (room, id);
        CREATE INDEX search_messages_by_time ON search_messages (org, ts, no);
        CREATE INDEX search_messages_of_room ON search_messages (room, ts, no);

        CREATE TABLE search_instruments (
            no BIGINT NOT NULL,
            instrument TEXT NOT NULL,
            PRIMARY KEY (instrument, no)
        );
        CREATE INDEX search_instruments_of_message ON search_instruments (no);

        CREATE TABLE search_cursors (
            room TEXT PRIMARY KEY,
            epoch BIGINT NOT NULL,
            seq BIGINT NOT NULL
        );

        CREATE TABLE search_chores (
            name TEXT PRIMARY KEY
        );
        """,
        sqlite="""
        CREATE VIRTUAL TABLE search_index USING fts5 (
            words, content = 'search_messages', content_rowid = 'no', tokenize = 'unicode61 remove_diacritics 0'
        );
        CREATE TRIGGER search_index_added AFTER INSERT ON search_messages BEGIN
            INSERT INTO search_index (rowid, words) VALUES (new.no, new.words);
        END;
        CREATE TRIGGER search_index_removed AFTER DELETE ON search_messages BEGIN
            INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.no, old.words);
        END;
        CREATE TRIGGER search_index_changed AFTER UPDATE OF words ON search_messages BEGIN
            INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.no, old.words);
            INSERT INTO search_index (rowid, words) VALUES (new.no, new.words);
        END;
        """,
        postgresql="""
        CREATE INDEX search_index ON search_messages USING GIN (array_to_tsvector(string_to_array(words, ' ')));
        """,
    ),
)
