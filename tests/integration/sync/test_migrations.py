"""Tables are brought to this version in steps that are never half done and never undone by an older server."""

import pytest

from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.storage.database import Database
from sync_server.storage.migrations import Migration
from sync_server.storage.opening import open_database

FIRST = Migration("a_0001", "CREATE TABLE a (id BIGINT PRIMARY KEY);")
SECOND = Migration("b_0001", "CREATE TABLE b (id BIGINT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'none; yet');")
BROKEN = Migration("c_0001", "CREATE TABLE c (id BIGINT PRIMARY KEY); CREATE TABLE a (id BIGINT PRIMARY KEY);")
GUARDED = Migration(
    "d_0001",
    "CREATE TABLE d (id BIGINT PRIMARY KEY);",
    sqlite="CREATE TRIGGER d_keeps BEFORE DELETE ON d BEGIN SELECT RAISE(ABORT, 'd; is kept'); END;",
    postgresql="""
    CREATE FUNCTION d_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'd; is kept'; END $$;
    CREATE TRIGGER d_keeps BEFORE DELETE ON d FOR EACH ROW EXECUTE FUNCTION d_keeps();
    """,
)


async def opened(url: str, *steps: Migration) -> Database:
    return await open_database(url, steps, ManualClock(5_000))


async def steps_of(url: str, *steps: Migration) -> list[tuple[object, ...]]:
    database = await opened(url, *steps)
    async with database.read() as view:
        rows = await view.rows("SELECT position, name, applied_ms FROM migrations ORDER BY position")
    await database.close()
    return list(rows)


async def test_steps_are_applied_once_in_order_and_later_ones_are_added(database_url: str) -> None:
    assert await steps_of(database_url, FIRST) == [(1, "a_0001", 5_000)]
    assert await steps_of(database_url, FIRST, SECOND) == [(1, "a_0001", 5_000), (2, "b_0001", 5_000)]
    assert await steps_of(database_url, FIRST, SECOND) == [(1, "a_0001", 5_000), (2, "b_0001", 5_000)]


async def test_a_step_that_fails_leaves_the_database_as_it_was(database_url: str) -> None:
    await steps_of(database_url, FIRST)
    with pytest.raises(Refused, match="c_0001 failed"):
        await opened(database_url, FIRST, SECOND, BROKEN)
    assert await steps_of(database_url, FIRST) == [(1, "a_0001", 5_000)]
    assert await steps_of(database_url, FIRST, SECOND) == [(1, "a_0001", 5_000), (2, "b_0001", 5_000)]


async def test_a_database_of_a_newer_server_is_refused_by_name(database_url: str) -> None:
    await steps_of(database_url, FIRST, SECOND)
    with pytest.raises(Refused, match="newer server: it has b_0001, unknown here") as refused:
        await opened(database_url, FIRST)
    assert "restore a backup" in refused.value.hint
    assert len(await steps_of(database_url, FIRST, SECOND)) == 2


async def test_a_step_that_was_edited_after_its_release_is_refused(database_url: str) -> None:
    await steps_of(database_url, FIRST)
    with pytest.raises(Refused, match="another build: a_0001"):
        await opened(database_url, Migration("a_0001", "CREATE TABLE a (id BIGINT PRIMARY KEY, more TEXT);"))
    assert await steps_of(database_url, Migration("a_0001", "CREATE TABLE a\n  (id BIGINT PRIMARY KEY);")) != []


async def test_a_database_has_its_own_triggers(database_url: str) -> None:
    database = await opened(database_url, GUARDED)
    async with database.write() as tx:
        await tx.run("INSERT INTO d (id) VALUES (1)")

    async def delete() -> None:
        async with database.write() as tx:
            await tx.run("DELETE FROM d")

    with pytest.raises(Exception, match="d; is kept"):
        await delete()
    await database.close()


def test_names_and_checksums_tell_steps_apart() -> None:
    assert FIRST.tables() == ("a",)
    assert BROKEN.tables() == ("c", "a")
    assert FIRST.checksum() != SECOND.checksum()
    assert Migration("x", "A;", sqlite="B;").checksum() != Migration("x", "A;", postgresql="B;").checksum()
