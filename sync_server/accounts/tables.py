"""The tables of accounts. Every row carries its organisation; addresses and secrets are sealed or hashed, never plain."""

from typing import Final

from sync_server.storage.migrations import Migration

TABLES: Final = (
    Migration(
        "accounts_0001",
        """
CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    handle TEXT NOT NULL,
    email_index TEXT,
    email_sealed BYTEA,
    password TEXT NOT NULL DEFAULT '',
    secret_ms BIGINT NOT NULL DEFAULT 0,
    made_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    disabled_ms BIGINT NOT NULL DEFAULT 0,
    deleted_ms BIGINT NOT NULL DEFAULT 0,
    trading_style TEXT NOT NULL DEFAULT '',
    risk_tolerance TEXT NOT NULL DEFAULT '',
    preferences TEXT NOT NULL DEFAULT '{}',
    factor_sealed BYTEA,
    factor_ms BIGINT NOT NULL DEFAULT 0,
    factor_step BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_email ON users (email_index);
CREATE UNIQUE INDEX users_handle ON users (org, handle);
CREATE INDEX users_changed ON users (changed_ms);
CREATE TABLE recovery_codes (
    hash BYTEA PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    used_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    device TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    began_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    stepped_ms BIGINT NOT NULL DEFAULT 0,
    ended_ms BIGINT NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id, ended_ms);
CREATE INDEX sessions_ended ON sessions (ended_ms);
CREATE TABLE refreshes (
    hash BYTEA PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    session TEXT NOT NULL REFERENCES sessions (id),
    made_ms BIGINT NOT NULL,
    used_ms BIGINT,
    successor BYTEA
);
CREATE UNIQUE INDEX refreshes_live ON refreshes (session) WHERE used_ms IS NULL;
CREATE INDEX refreshes_session ON refreshes (session);
CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0,
    withdrawn_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invitations_org ON invitations (org, made_ms);
CREATE TABLE resets (
    hash BYTEA PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    used_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX resets_user ON resets (user_id);
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    made_by TEXT NOT NULL REFERENCES users (id),
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    networks TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL DEFAULT 0,
    address TEXT NOT NULL DEFAULT '',
    ended_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_keys_org ON api_keys (org, made_ms);
CREATE INDEX api_keys_maker ON api_keys (made_by, ended_ms);
CREATE INDEX api_keys_ended ON api_keys (ended_ms);
CREATE TABLE replies (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    org TEXT NOT NULL,
    asked BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    made_ms BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE INDEX replies_made ON replies (made_ms);
""",
    ),
)
