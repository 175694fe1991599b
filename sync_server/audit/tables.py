"""The audit log's tables. Nothing in them is ever changed or deleted: the database itself refuses."""

from typing import Final

from sync_server.storage.migrations import Migration

TABLES: Final = (
    Migration(
        "audit_0001",
        """
        CREATE TABLE audit (
            n BIGINT PRIMARY KEY,
            ts BIGINT NOT NULL,
            org TEXT NOT NULL,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            body TEXT NOT NULL,
            salt TEXT NOT NULL,
            bh TEXT NOT NULL,
            h TEXT NOT NULL
        );
        CREATE INDEX audit_org ON audit (org, n);
        CREATE INDEX audit_actor ON audit (org, actor, n);
        CREATE TABLE audit_roots (
            n BIGINT PRIMARY KEY,
            day TEXT NOT NULL,
            h TEXT NOT NULL,
            signature TEXT NOT NULL
        );
        """,
        sqlite="""
        CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
        CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
        CREATE TRIGGER roots_unchanged BEFORE UPDATE ON audit_roots
            BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
        CREATE TRIGGER roots_kept BEFORE DELETE ON audit_roots
            BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
        """,
        postgresql="""
        CREATE FUNCTION audit_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the audit log is never changed'; END
        $$;
        CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_unchanged();
        CREATE TRIGGER audit_kept BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_unchanged();
        CREATE TRIGGER roots_unchanged BEFORE UPDATE OR DELETE ON audit_roots FOR EACH ROW EXECUTE FUNCTION audit_unchanged();
        CREATE TRIGGER roots_kept BEFORE TRUNCATE ON audit_roots FOR EACH STATEMENT EXECUTE FUNCTION audit_unchanged();
        """,
    ),
)
