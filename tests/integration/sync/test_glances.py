"""Short reads by key see what was acknowledged, in one view, and never stand in the way of longer ones, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.storage.database import Database, Reading
from sync_server.storage.failures import Violated
from sync_server.storage.migrations import Migration
from sync_server.storage.opening import open_database
from sync_server.storage.sqlite_lines import AtOnce

NOTES = Migration("notes_0001", "CREATE TABLE notes (id BIGINT PRIMARY KEY, words TEXT NOT NULL);")
INSERT = "INSERT INTO notes (id, words) VALUES ($1, $2)"
NEWEST = "SELECT max(id) FROM notes"
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT count(*) FROM n"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await open_database(url, (NOTES,), ManualClock())
    try:
        yield database
    finally:
        await database.close()


def on_sqlite(folder: Path) -> AbstractAsyncContextManager[Database]:
    return opened(f"sqlite://{folder / 'server.db'}")


async def add(database: Database, number: int) -> None:
    async with database.write() as tx:
        await tx.run(INSERT, number, "words")


async def newest(reading: Reading) -> int | None:
    row = await reading.row(NEWEST)
    return None if row is None else row[0]


async def is_answered_at_once(database: Database) -> bool:
    """Whether a glance is over before the loop has turned once, so that no thread can have answered it."""
    task = asyncio.ensure_future(database.glance(newest))
    await asyncio.sleep(0)
    is_over = task.done()
    await task
    return is_over


async def test_a_glance_sees_every_write_that_was_acknowledged_before_it(database_url: str) -> None:
    async with opened(database_url) as database:
        for number in range(1, 40):
            await add(database, number)
            assert await database.glance(newest) == number


async def test_a_glance_is_one_view_while_others_write(database_url: str) -> None:
    async with opened(database_url) as database:
        await add(database, 1)

        async def look(reading: Reading) -> list[int | None]:
            before = await newest(reading)
            await add(database, 2)
            return [before, await newest(reading)]

        assert await database.glance(look) == [1, 1]
        assert await database.glance(newest) == 2


async def test_a_glance_amid_another_is_answered_all_the_same(database_url: str) -> None:
    async with opened(database_url) as database:
        await add(database, 1)
        go_on = asyncio.Event()

        async def hold(reading: Reading) -> int | None:
            found = await newest(reading)
            await go_on.wait()
            return found

        held = asyncio.ensure_future(database.glance(hold))
        await asyncio.sleep(0)
        await add(database, 2)
        assert await asyncio.gather(*(database.glance(newest) for _ in range(3))) == [2, 2, 2]
        go_on.set()
        assert await held == 1


async def test_a_glance_that_is_cancelled_leaves_the_next_one_a_new_view(database_url: str) -> None:
    async with opened(database_url) as database:
        has_read = asyncio.Event()

        async def hang(reading: Reading) -> None:
            await newest(reading)
            has_read.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(database.glance(hang))
        await has_read.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await add(database, 7)
        assert await database.glance(newest) == 7


async def test_a_mistake_in_a_glance_is_told_as_in_any_read(database_url: str) -> None:
    async with opened(database_url) as database:
        with pytest.raises(Violated):
            await database.glance(lambda reading: reading.rows("SELECT nothing FROM notes"))
        with pytest.raises(Violated):
            await database.glance(lambda reading: reading.rows("SELECT id FROM notes WHERE id = $1", 2**70))
        await add(database, 1)
        assert await database.glance(newest) == 1


async def test_a_closed_database_refuses_glances(database_url: str) -> None:
    async with opened(database_url) as database:
        pass
    with pytest.raises(Refused):
        await database.glance(newest)


async def test_sqlite_answers_a_glance_within_the_turn_of_the_loop_also_while_it_writes(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as sqlite:
        await add(sqlite, 1)
        assert await is_answered_at_once(sqlite)
        async with sqlite.write() as tx:
            await tx.run(INSERT, 2, "not committed")
            assert await is_answered_at_once(sqlite)
            assert await sqlite.glance(newest) == 1


async def test_what_turns_out_long_goes_to_a_thread_and_the_next_glance_is_short_again(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as sqlite:
        n_looks = 0

        async def look(reading: Reading) -> int:
            nonlocal n_looks
            n_looks += 1
            return (await reading.rows(LONG))[0][0]

        assert await sqlite.glance(look) == 50_000
        assert n_looks == 2
        assert await is_answered_at_once(sqlite)


async def test_glances_never_hold_what_a_scrub_needs(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as sqlite:
        await add(sqlite, 1)
        assert await sqlite.glance(newest) == 1
        await sqlite.scrub()
        assert await is_answered_at_once(sqlite)


async def test_after_a_view_that_waited_for_the_disk_nobody_is_let_in_for_a_while(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path):
        n_blocks = 5
        own = AtOnce(tmp_path / "server.db", lambda: n_blocks, slow_s=-1)
        own.open()
        try:
            assert own.take()
            assert await own.rows(NEWEST) == [(None,)]
            assert not own.take(), "two views at a time"
            own.give_back()  # it took long, but by no fault of the disk
            assert own.take()
            n_blocks += 8
            own.give_back()
            assert not own.take()
        finally:
            own.close()


async def test_what_readers_keep_of_the_file_in_memory_is_small_for_there_are_several(tmp_path):
    async def cache(view: Reading) -> int:
        return (await view.row("PRAGMA cache_size") or (0,))[0]

    async with on_sqlite(tmp_path) as database:
        async with database.read() as view:
            kept = [await cache(view)]
        kept.append(await database.glance(cache))
        async with database.write() as tx:
            kept.append(await cache(tx))

    assert kept == [-512, -512, -2_048]  # KiB
