"""Both databases keep the same promises to whoever stores in them."""

import asyncio

import pytest

from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.storage.database import Database
from sync_server.storage.failures import Violated
from sync_server.storage.migrations import Migration
from sync_server.storage.opening import open_database

NOTES = Migration(
    "notes_0001",
    """
    CREATE TABLE notes (
        id BIGINT PRIMARY KEY,
        words TEXT NOT NULL,
        data BYTEA,
        is_old BOOLEAN NOT NULL DEFAULT FALSE
    );
    CREATE INDEX notes_words ON notes (words);
    """,
)
WORDS = "naïve \"double\" 'single' $9 \U0001f4c8"
INSERT = "INSERT INTO notes (id, words) VALUES ($1, $2)"


async def opened(url: str, *more: Migration) -> Database:
    return await open_database(url, (NOTES, *more), ManualClock())


async def add(database: Database, *numbers: int, then_raise: type[Exception] | None = None) -> None:
    async with database.write() as tx:
        for number in numbers:
            await tx.run(INSERT, number, "words")
        if then_raise is not None:
            raise then_raise


async def ids(database: Database) -> list[int]:
    async with database.read() as view:
        return [row[0] for row in await view.rows("SELECT id FROM notes ORDER BY id")]


async def test_what_a_block_wrote_is_there_for_the_next_reader_and_after_opening_again(database_url: str) -> None:
    database = await opened(database_url)
    async with database.write() as tx:
        assert await tx.run(INSERT, 1, "one") == 1
        await tx.run_many(INSERT, [(2, "two"), (3, "three")])
        assert await tx.row("SELECT count(*) FROM notes") == (3,)
    assert await ids(database) == [1, 2, 3]
    await database.close()
    database = await opened(database_url)
    assert await ids(database) == [1, 2, 3]
    await database.close()


async def test_values_come_back_as_they_went_in_and_parameters_are_numbered_not_counted(database_url: str) -> None:
    database = await opened(database_url)
    async with database.write() as tx:
        row = await tx.row(
            "INSERT INTO notes (is_old, data, words, id) VALUES ($4, $3, $2, $1) RETURNING id, words, data, is_old, '$1'",
            2**62,
            WORDS,
            bytes(range(256)),
            True,
        )
    assert row == (2**62, WORDS, bytes(range(256)), True, "$1")
    async with database.read() as view:
        assert await view.rows("SELECT words FROM notes WHERE id = $1 AND id = $1 AND is_old", 2**62) == [(row[1],)]
        (is_old,) = await view.row("SELECT is_old FROM notes") or (None,)
        assert is_old is True
    await database.close()


async def test_text_sorts_by_its_bytes_and_like_minds_capitals(database_url: str) -> None:
    database = await opened(database_url)
    words = ["a-b", "ab", "B", "a_c", "Zebra", "äpfel", "a0"]
    async with database.write() as tx:
        await tx.run_many(INSERT, list(enumerate(words)))
    async with database.read() as view:
        assert [row[0] for row in await view.rows("SELECT words FROM notes ORDER BY words")] == sorted(words, key=str.encode)
        assert await view.rows("SELECT words FROM notes WHERE words LIKE 'z%'") == []
    await database.close()


async def test_a_block_that_raises_leaves_nothing(database_url: str) -> None:
    database = await opened(database_url)
    with pytest.raises(KeyError):
        await add(database, 1, then_raise=KeyError)
    assert await ids(database) == []
    await database.close()


async def swallow_a_failure(database: Database) -> None:
    async with database.write() as tx:
        await tx.run(INSERT, 1, "one")
        with pytest.raises(Violated):
            await tx.run(INSERT, 1, "again")
        with pytest.raises(Violated, match="earlier statement"):
            await tx.run(INSERT, 2, "two")


async def test_after_a_statement_failed_nothing_is_stored_even_when_the_error_is_swallowed(database_url: str) -> None:
    database = await opened(database_url)
    with pytest.raises(Violated, match="nothing of it was stored"):
        await swallow_a_failure(database)
    assert await ids(database) == []
    async with database.write() as tx:
        await tx.run(INSERT, 3, "three")
    assert await ids(database) == [3]
    await database.close()


async def test_a_view_stays_what_it_was_while_others_write(database_url: str) -> None:
    database = await opened(database_url)
    async with database.read() as view:
        assert await view.rows("SELECT id FROM notes") == []
        async with database.write() as tx:
            await tx.run(INSERT, 1, "one")
        assert await view.rows("SELECT id FROM notes") == []
    assert await ids(database) == [1]
    await database.close()


async def test_writers_take_turns_and_each_sees_all_that_came_before(database_url: str) -> None:
    first, second = await opened(database_url), await opened(database_url)

    async def count_up(database: Database) -> None:
        for _ in range(20):
            async with database.write() as tx:
                (most,) = await tx.row("SELECT coalesce(max(id), 0) FROM notes") or (0,)
                await tx.run(INSERT, most + 1, "next")

    await asyncio.gather(count_up(first), count_up(second), count_up(first))
    assert await ids(first) == list(range(1, 61))
    await first.close()
    await second.close()


async def test_a_writer_that_is_cancelled_stores_nothing_and_lets_the_next_one_in(database_url: str) -> None:
    database = await opened(database_url)
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.write() as tx:
            await tx.run(INSERT, 1, "one")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as tx:
        await tx.run(INSERT, 2, "two")
    assert await ids(database) == [2]
    await database.close()


async def test_a_cancelled_statement_leaves_the_database_usable(database_url: str) -> None:
    database = await opened(database_url)
    slow = (
        "SELECT pg_sleep(5)"
        if database.kind == "postgresql"
        else "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
    )

    async def write_slowly() -> None:
        async with database.write() as tx:
            await tx.run(INSERT, 1, "one")
            await tx.rows(slow)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(write_slowly(), 0.05)
    assert await ids(database) == []
    async with database.write() as tx:
        await tx.run(INSERT, 2, "two")
    assert await ids(database) == [2]
    await database.close()


async def test_a_view_does_not_write(database_url: str) -> None:
    database = await opened(database_url)
    with pytest.raises((Violated, Refused)):
        async with database.read() as view:
            await view.rows("INSERT INTO notes (id, words) VALUES (1, 'one') RETURNING id")
    assert await ids(database) == []
    await database.close()


async def test_many_readers_share_few_threads_or_connections(database_url: str) -> None:
    database = await opened(database_url)
    async with database.write() as tx:
        await tx.run_many(INSERT, [(n, "words") for n in range(50)])
    assert await asyncio.gather(*(ids(database) for _ in range(60))) == [list(range(50))] * 60
    await database.close()


async def test_a_closed_database_says_so(database_url: str) -> None:
    database = await opened(database_url)
    await database.close()
    await database.close()
    with pytest.raises(Refused, match="closed") as refused:
        await add(database, 1)
    assert refused.value.code == "busy"
    with pytest.raises(Refused, match="closed"):
        await ids(database)


async def test_an_address_that_is_none_is_refused(tmp_path: object) -> None:
    for url in ("mysql://host/name", "sqlite://relative.db", "sqlite://", ""):
        with pytest.raises(Refused, match="no address of a database"):
            await opened(url)
    with pytest.raises(Refused, match="cannot be reached"):
        await opened(f"postgresql://postgres@/nothing?host={tmp_path}")
