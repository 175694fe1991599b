"""Files, the rooms they were given to and by whom, and uploads under way."""

from typing import Final

from sync_server.storage.migrations import Migration

TABLES: Final = (
    Migration(
        "files_0001",
        """
        CREATE TABLE files (
            org TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            size BIGINT NOT NULL,
            mime TEXT NOT NULL,
            width BIGINT NOT NULL,
            height BIGINT NOT NULL,
            owner TEXT NOT NULL,
            made_ms BIGINT NOT NULL,
            dropped_ms BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (org, sha256)
        );
        CREATE INDEX files_owner ON files (org, owner);
        CREATE INDEX files_dropped ON files (dropped_ms);
        CREATE TABLE room_files (
            org TEXT NOT NULL,
            room TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            name TEXT NOT NULL,
            owner TEXT NOT NULL,
            made_ms BIGINT NOT NULL,
            PRIMARY KEY (org, room, sha256)
        );
        CREATE INDEX room_files_content ON room_files (org, sha256);
        CREATE INDEX room_files_made ON room_files (made_ms);
        CREATE TABLE uploads (
            id TEXT PRIMARY KEY,
            org TEXT NOT NULL,
            owner TEXT NOT NULL,
            room TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            size BIGINT NOT NULL,
            mime TEXT NOT NULL,
            name TEXT NOT NULL,
            received BIGINT NOT NULL,
            stored BIGINT NOT NULL,
            touched_ms BIGINT NOT NULL,
            is_done BOOLEAN NOT NULL
        );
        CREATE INDEX uploads_owner ON uploads (org, owner, sha256);
        CREATE INDEX uploads_touched ON uploads (touched_ms);
        """,
    ),
    Migration(
        "files_0002",
        """
        CREATE TABLE file_givers (
            room TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            usr TEXT NOT NULL,
            org TEXT NOT NULL,
            PRIMARY KEY (room, sha256, usr)
        );
        INSERT INTO file_givers (room, sha256, usr, org) SELECT room, sha256, owner, org FROM room_files;
        """,
    ),
)
