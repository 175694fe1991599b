"""What was acknowledged survives kills, full disks and databases that go away; what cannot be stored is said, and later it can."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import asyncpg
import pytest

from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.storage.database import Database
from sync_server.storage.opening import open_database
from tests.fakes.postgres import postgres
from tests.fakes.small_disk import small_disk, why_no_small_disk
from tests.fakes.sync_writer import INSERT, TABLES
from tests.fakes.waiting import until


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await open_database(url, TABLES, ManualClock())
    try:
        yield database
    finally:
        await database.close()


async def add(database: Database, number: int, words: str = "words") -> None:
    async with database.write() as tx:
        await tx.run(INSERT, number, number, words)


async def ids(database: Database) -> list[int]:
    async with database.read() as view:
        return [row[0] for row in await view.rows("SELECT id FROM written ORDER BY id")]


class Writer:
    """The writing process."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.sync_writer", url], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
        )
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()

    def read_until(self, n_lines: int) -> None:
        assert self._process.stdout is not None
        while len(self.lines) < n_lines:
            line = self._process.stdout.readline()
            assert line, f"the writer ended by itself after {self.lines[-3:]}"
            self.lines.append(line.decode().strip())

    def kill(self) -> int:
        """Kill it with signal 9; the last row that it was told is durable."""
        assert self._process.stdout is not None
        self._process.kill()
        with self._process.stdout as stdout:
            self.lines += stdout.read().decode().split("\n")[:-1]  # the last line may be half
        self._process.wait(30)
        return max((int(line) for line in self.lines if line.isdecimal()), default=0)


async def test_a_server_killed_while_it_commits_has_lost_nothing_and_halved_nothing(database_url: str) -> None:
    acknowledged = 0
    for n_lines in (1, 7, 40):
        with Writer(database_url) as writer:
            await asyncio.to_thread(writer.read_until, n_lines)
            acknowledged = await asyncio.to_thread(writer.kill)
        async with opened(database_url) as database:
            found = await ids(database)
            assert found == list(range(1, len(found) + 1))
            assert len(found) >= acknowledged
            assert len(found) % 2 == 0
            async with database.read() as view:
                assert await view.rows("SELECT id FROM written w WHERE NOT EXISTS (SELECT 1 FROM written WHERE id = w.twin)") == []
    assert acknowledged >= 2 * (1 + 7 + 40)


async def test_a_database_killed_under_the_server_recovers_with_all_that_was_acknowledged(postgres_url: str) -> None:
    with Writer(postgres_url) as writer:
        await asyncio.to_thread(writer.read_until, 20)
        for _ in range(2):
            await asyncio.to_thread(postgres().kill)
            n_lines = len(writer.lines)
            await asyncio.to_thread(postgres().start)
            await asyncio.to_thread(writer.read_until, n_lines + 20)
        acknowledged = await asyncio.to_thread(writer.kill)
    numbers = [int(line) for line in writer.lines if line.isdecimal()]
    assert numbers == sorted(set(numbers))
    async with opened(postgres_url) as database:
        found = await ids(database)
        assert found == list(range(1, len(found) + 1))
        assert acknowledged <= len(found) <= acknowledged + 2


async def test_a_database_that_is_away_is_told_and_used_again_when_it_is_back(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        await add(database, 1)
        await asyncio.to_thread(postgres().stop)
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                await add(database, 2)
            assert (refused.value.code, refused.value.status) == ("busy", 503)
            assert refused.value.after_ms > 0
            with pytest.raises(Refused):
                await ids(database)
        await asyncio.to_thread(postgres().start)
        await add(database, 3)
        assert await asyncio.gather(*(ids(database) for _ in range(12))) == [[1, 3]] * 12


async def test_connections_cut_within_a_transaction_leave_nothing_of_it(postgres_url: str) -> None:
    async with opened(postgres_url) as database:

        async def be_cut() -> None:
            async with database.write() as tx:
                await tx.run(INSERT, 1, 1, "words")
                name = postgres_url.partition("@/")[2].partition("?")[0]
                await asyncio.to_thread(
                    postgres().ask, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                )
                await tx.run(INSERT, 2, 2, "words")

        with pytest.raises(Refused, match="cannot store"):
            await be_cut()
        await add(database, 3)
        assert await ids(database) == [3]


class LossyWire:
    """Stands between server and database on a socket of its own, and cuts a connection around its next COMMIT."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder = folder
        self._target = target
        self.cut = ""  # "before" or "after" the database has it
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.folder / ".s.PGSQL.5432")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await until(lambda: not self._tasks, what="the wire's ends")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._target)
        back = asyncio.ensure_future(self._carry(inner_reader, writer))
        try:
            while content := await reader.read(65_536):
                if b"COMMIT" in content and self.cut:
                    cut, self.cut = self.cut, ""
                    back.cancel()
                    await asyncio.wait([back])
                    if cut == "after":
                        inner_writer.write(content)
                        assert await inner_reader.read(65_536)
                    break
                inner_writer.write(content)
        except ConnectionError:
            pass
        finally:
            back.cancel()
            for end in (inner_writer, writer):
                end.close()
            await asyncio.wait([back])
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while content := await reader.read(65_536):
                writer.write(content)
            writer.close()


async def test_a_commit_whose_answer_was_lost_is_acknowledged_if_and_only_if_it_was_kept(postgres_url: str) -> None:
    folder = Path(postgres().folder) / "wire"
    folder.mkdir(exist_ok=True)
    async with LossyWire(folder, f"{postgres().folder}/.s.PGSQL.5432") as wire:
        url = postgres_url.partition("?")[0] + f"?host={folder}"
        async with opened(url) as database:
            await add(database, 1)
            wire.cut = "after"
            await add(database, 2)  # kept, and so acknowledged
            assert wire.cut == ""
            wire.cut = "before"
            with pytest.raises(Refused, match="cannot store"):
                await add(database, 3)
            assert await ids(database) == [1, 2]
            await add(database, 4)
            assert await ids(database) == [1, 2, 4]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    if why := why_no_small_disk():
        pytest.skip(why)
    with small_disk(tmp_path / "disk", 8) as folder:
        yield folder


async def fill_up_and_recover(database: Database, make_space: Callable[[], None]) -> None:
    number = 0
    with pytest.raises(Refused) as refused:  # noqa: PT012  # until the disk is full
        for number in range(1, 10_000):
            await add(database, number, os.urandom(50_000).hex())
    assert (refused.value.code, refused.value.status, refused.value.after_ms > 0) == ("busy", 503, True)
    assert number > 5
    kept = list(range(1, number))
    assert await ids(database) == kept
    with pytest.raises(Refused):
        await add(database, number, os.urandom(200_000).hex())
    assert await ids(database) == kept
    make_space()
    await add(database, number, os.urandom(50_000).hex())
    assert await ids(database) == [*kept, number]


async def test_a_full_disk_is_told_loses_nothing_and_is_written_to_again_when_there_is_space(disk: Path) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    url = f"sqlite://{disk / 'server.db'}"
    async with opened(url) as database:
        await fill_up_and_recover(database, ballast.unlink)
        kept = await ids(database)
    async with opened(url) as database:
        assert await ids(database) == kept
        async with database.read() as view:
            assert await view.rows("PRAGMA integrity_check") == [("ok",)]


async def test_a_full_disk_under_postgresql_is_told_and_recovered_from(disk: Path, postgres_url: str) -> None:
    space = disk / "space"
    space.mkdir()
    os.chown(space, *owner_of(postgres().folder))
    for folder in disk.parents:  # the database's user must get there
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    name = postgres_url.partition("@/")[2].partition("?")[0]
    postgres().ask(f"CREATE TABLESPACE small LOCATION '{space}'")
    try:
        async with opened(postgres_url) as database:
            postgres().ask("ALTER TABLE trii.written SET TABLESPACE small", name)
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(4_000_000))
            await fill_up_and_recover(database, ballast.unlink)
    finally:
        postgres().drop(postgres_url)
        postgres().ask("DROP TABLESPACE small")


def owner_of(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid


async def test_a_file_that_another_process_holds_for_writing_is_told_as_busy(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path / 'server.db'}"
    async with opened(url) as first, opened(url) as second:

        async def be_refused() -> None:
            async with first.write() as tx:
                await tx.run(INSERT, 1, 1, "words")
                await add(second, 2)

        with pytest.raises(Refused, match="locked"):
            await be_refused()
        await add(second, 3)
        assert await ids(first) == [3]


async def test_deleted_words_are_nowhere_in_the_files_after_scrubbing(tmp_path: Path) -> None:
    secret = "account 4711 " * 3_000
    folder = tmp_path / "data"
    async with opened(f"sqlite://{folder / 'server.db'}") as database:
        await add(database, 1, secret)
        await add(database, 2)
        assert any(b"account 4711" in path.read_bytes() for path in folder.iterdir())
        async with database.write() as tx:
            await tx.run("DELETE FROM written WHERE id = 1")
        await database.scrub()
        assert not any(b"account 4711" in path.read_bytes() for path in folder.iterdir())
        assert await ids(database) == [2]


async def test_deleted_words_are_nowhere_in_the_tables_of_postgresql_after_scrubbing(postgres_url: str) -> None:
    folder = postgres().folder / "data" / "base"
    secret = "account 4712 " * 60  # stored as it is, not compressed

    def is_there() -> bool:
        postgres().ask("CHECKPOINT")
        return any(b"account 4712 account" in path.read_bytes() for path in folder.rglob("*") if path.is_file())

    async with opened(postgres_url) as database:
        await add(database, 1, secret)
        await add(database, 2)
        assert await asyncio.to_thread(is_there)
        async with database.write() as tx:
            await tx.run("DELETE FROM written WHERE id = 1")
        await database.scrub()
        assert not await asyncio.to_thread(is_there)
        assert await ids(database) == [2]


async def test_a_read_that_is_given_up_as_its_transaction_begins_leaves_no_transaction_behind(postgres_url, monkeypatch):
    begun, execute = asyncio.Event(), asyncpg.Connection.execute

    async def held(self, query, *args, **more):
        done = await execute(self, query, *args, **more)
        if query.startswith("BEGIN"):
            begun.set()
            await asyncio.Event().wait()
        return done

    async with opened(postgres_url) as database:
        await add(database, 1)
        with monkeypatch.context() as patched:
            patched.setattr(asyncpg.Connection, "execute", held)
            reading = asyncio.ensure_future(ids(database))
            await begun.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert await ids(database) == [1]  # and nothing was logged of a transaction that was still open
