"""Tables of rooms. ``usr`` is a person's id; hashes are the 32 raw bytes, but ``body_hash`` is text as it travels."""

from typing import Final

from sync_server.storage.migrations import Migration

_ROOMS: Final = """
CREATE TABLE rooms (
    room TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    topic TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    shows_history BOOLEAN NOT NULL,
    made_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);
CREATE INDEX rooms_of_org ON rooms (org, is_open);

CREATE TABLE seats (
    room TEXT NOT NULL,
    usr TEXT NOT NULL,
    org TEXT NOT NULL,
    role TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (room, usr)
);
CREATE INDEX seats_of_person ON seats (usr, org);

CREATE TABLE events (
    room TEXT NOT NULL,
    seq BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    id TEXT NOT NULL,
    author TEXT NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    ts BIGINT NOT NULL,
    body_hash TEXT NOT NULL,
    body TEXT,
    salt TEXT NOT NULL,
    is_rec BOOLEAN NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (room, seq)
);
CREATE UNIQUE INDEX events_by_id ON events (id, device);

CREATE TABLE edits (
    room TEXT NOT NULL,
    target TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (room, target, seq)
);

CREATE TABLE changes (
    room TEXT NOT NULL,
    id TEXT NOT NULL,
    edited_s BIGINT NOT NULL,
    editor TEXT NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    is_erased BOOLEAN NOT NULL,
    PRIMARY KEY (room, id)
);

CREATE TABLE message_files (
    room TEXT NOT NULL,
    id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (room, id, sha256)
);
CREATE INDEX message_files_by_content ON message_files (room, sha256);

CREATE TABLE refusals (
    device TEXT NOT NULL,
    id TEXT NOT NULL,
    room TEXT NOT NULL,
    kind TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (device, id)
);

CREATE TABLE counts (
    device TEXT NOT NULL,
    room TEXT NOT NULL,
    cseq BIGINT NOT NULL,
    PRIMARY KEY (device, room)
);

CREATE TABLE reads (
    room TEXT NOT NULL,
    usr TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (room, usr)
);

CREATE TABLE holds (
    room TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    usr TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    why TEXT NOT NULL
);

CREATE TABLE forks (
    room TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    fork BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (room, epoch)
);

CREATE TABLE snapshots (
    room TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    state BYTEA NOT NULL,
    made_ms BIGINT NOT NULL
);
"""

# Where the message stands, so that who may read its file is answered from the index of contents alone.
_PLACES: Final = """
ALTER TABLE message_files ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE message_files SET seq = coalesce((
    SELECT MIN(e.seq) FROM events e WHERE e.room = message_files.room AND e.id = message_files.id AND e.kind = 'msg.create'
), 0);
"""

_ERASURES: Final = """
CREATE TABLE erasures (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    subject TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_ms BIGINT NOT NULL,
    executed_by TEXT NOT NULL,
    done_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    n_messages BIGINT NOT NULL,
    n_held BIGINT NOT NULL
);
CREATE INDEX erasures_of_org ON erasures (org, id);
"""

TABLES: Final = (Migration("rooms_0001", _ROOMS), Migration("rooms_0002", _PLACES), Migration("rooms_0003", _ERASURES))
