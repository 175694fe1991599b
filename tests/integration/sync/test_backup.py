"""A backup made while others write brings a whole server back, in either database, and a damaged one touches nothing."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sync_server.actor import Actor, Role
from sync_server.audit.audit import Audit, AuditEntry
from sync_server.audit.checking import check_audit
from sync_server.audit.tables import TABLES as AUDIT
from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.files.blobs import Blobs
from sync_server.files.checking import check_files
from sync_server.files.files import FileLimits, Files, NewFile
from sync_server.files.tables import TABLES as FILES
from sync_server.protocol.ids import IdMaker
from sync_server.storage.backup import BackupReport, create_backup, verify_backup
from sync_server.storage.database import Database
from sync_server.storage.keys import check_keys, load_keys
from sync_server.storage.migrations import Migration
from sync_server.storage.opening import open_database
from sync_server.storage.ownership import owned
from sync_server.storage.restore import Place, Restored, restore_backup, settle_restore, waiting_restore
from sync_server.storage.tables import TABLES as STORAGE
from sync_server.storage.unlocking import Passphrase, RecoveryKey, Secret
from tests.fakes.postgres import fresh_postgres, postgres
from tests.fakes.sample_files import png
from tests.fakes.small_disk import small_disk, why_no_small_disk

NOTES = Migration(
    "notes_0001",
    """
    CREATE TABLE notes (
        room TEXT NOT NULL,
        n BIGINT NOT NULL,
        words TEXT,
        data BYTEA,
        is_old BOOLEAN NOT NULL,
        PRIMARY KEY (room, n)
    );
    """,
    # What one database has for itself is not in a backup and fills itself again.
    sqlite="""
    CREATE VIRTUAL TABLE found USING fts5(words, content='');
    CREATE TRIGGER found_notes AFTER INSERT ON notes BEGIN INSERT INTO found (rowid, words) VALUES (new.rowid, new.words); END;
    """,
    postgresql="""
    ALTER TABLE notes ADD COLUMN found TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', coalesce(words, ''))) STORED;
    """,
)
TABLES = (*STORAGE, *AUDIT, *FILES, NOTES)
CHECKS = (check_audit, check_files)
SECRET = RecoveryKey(bytes(range(32)))
ANN = Actor("ann", "one", Role.OWNER, "d", "s")
PICTURE = png(900, 700)
INSERT = "INSERT INTO notes (room, n, words, data, is_old) VALUES ($1, $2, $3, $4, $5)"


class AllRights:
    """Everybody may do everything."""

    async def may_post(self, actor: Actor, room: str) -> bool:
        return True

    async def may_read(self, actor: Actor, room: str, sha256: str) -> bool:
        return True


class Running:
    """A server without an edge."""

    def __init__(self, place: Place, database: Database, clock: ManualClock) -> None:
        self.place = place
        self.database = database
        self.clock = clock
        self.keys = load_keys(place.data)
        self.audit = Audit(database, self.keys, clock, place.data)
        blobs = Blobs(place.data / "files", self.keys)
        self.files = Files(database, blobs, clock, IdMaker(os.urandom), AllRights(), limits=FileLimits())

    async def add(self, first: int, last: int) -> None:
        for start in range(first, last, 100):
            async with self.database.write() as tx:
                for n in range(start, min(last, start + 100)):
                    await tx.run(INSERT, f"room {n % 3}", n, f"wörds {n}" if n % 7 else None, os.urandom(n % 50), n % 2 == 0)
                    await self.audit.note(tx, AuditEntry("one", "note.add", "ann", str(n)))

    async def send(self, content: bytes) -> None:
        upload = await self.files.begin(ANN, "desk", NewFile(hashlib.sha256(content).hexdigest(), len(content)))
        await self.files.append(ANN, upload.id, 0, content)
        await self.files.finish(ANN, upload.id)

    async def notes(self) -> list[tuple[object, ...]]:
        async with self.database.read() as view:
            return list(await view.rows("SELECT room, n, words, data, is_old FROM notes ORDER BY n"))

    async def back_up(self, target: Path, secret: Secret = SECRET) -> BackupReport:
        return await create_backup(self.database, TABLES, self.place.data, target, secret, self.clock)


@asynccontextmanager
async def running(place: Place, tables: tuple[Migration, ...] = TABLES) -> AsyncIterator[Running]:
    clock = ManualClock()
    with owned(place.data):
        database = await open_database(place.url, tables, clock)
        try:
            await check_keys(database, load_keys(place.data))
            yield Running(place, database, clock)
        finally:
            await database.close()


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    return Place(tmp_path / "data", database_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def other_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(tmp_path / "other", f"sqlite://{tmp_path / 'other' / 'server.db'}")
        return
    with fresh_postgres() as url:
        yield Place(tmp_path / "other", url)


def files_of(place: Place) -> list[Path]:
    """Files on the disk but for those that a server of these tests always has."""
    known = {"server.db", "keys.json", "audit-roots.jsonl", ".owner"}
    return [path for path in place.data.rglob("*") if path.is_file() and path.name not in known and "server.db-" not in path.name]


async def restore(backup: Path, place: Place, secret: Secret = SECRET, tables: tuple[Migration, ...] = TABLES) -> Restored:
    return await restore_backup(backup, secret, place, tables, ManualClock(), checks=CHECKS)


async def test_a_backup_of_either_database_restores_into_either(place: Place, other_place: Place, tmp_path: Path) -> None:
    async with running(place) as server:
        await server.add(0, 530)  # more than a page
        await server.send(PICTURE)
        await server.audit.sign_day()
        before, pin = await server.notes(), server.keys.pin
        report = await server.back_up(tmp_path / "b.triisync")
    assert (report.n_files, report.kind) == (3, server.database.kind)
    restored = await restore(tmp_path / "b.triisync", other_place)
    assert (restored.id, restored.n_files, restored.n_rows) == (report.id, 3, report.n_rows)
    async with running(other_place) as server:
        assert await server.notes() == before
        assert server.keys.pin == pin
        assert (await server.audit.verify()).n_entries == 530
        assert await server.files.read(ANN, hashlib.sha256(PICTURE).hexdigest(), 0, len(PICTURE)) == PICTURE
        async with server.database.read() as view:
            if server.database.kind == "sqlite":
                found = await view.rows("SELECT rowid FROM found WHERE found MATCH 'wörds'")
            else:
                found = await view.rows("SELECT n FROM notes WHERE found @@ to_tsquery('simple', 'wörds')")
        assert len(found) == sum(1 for n in range(530) if n % 7)
        await server.add(530, 533)
        assert (await server.audit.verify()).is_whole


async def test_a_restored_server_knows_that_its_rooms_need_a_new_epoch_until_they_have_one(place: Place, tmp_path: Path) -> None:
    async with running(place) as server:
        await server.add(0, 3)
        assert await waiting_restore(server.database) is None
        report = await server.back_up(tmp_path / "b.triisync")
        await server.add(3, 9)
    restored = await restore(tmp_path / "b.triisync", place)
    async with running(place) as server:
        waiting = await waiting_restore(server.database)
        assert waiting is not None
        assert (waiting.id, waiting.made_ms, waiting.restored_ms) == (report.id, report.made_ms, restored.restored_ms)
        assert len(await server.notes()) == 3
        async with server.database.write() as tx:
            await settle_restore(tx)
        assert await waiting_restore(server.database) is None
        again = await server.back_up(tmp_path / "again.triisync")
    await restore(tmp_path / "again.triisync", place)
    async with running(place) as server:
        waiting = await waiting_restore(server.database)
        assert waiting is not None
        assert waiting.id == again.id


async def test_a_backup_made_while_others_write_is_one_moment_that_verifies(place: Place, tmp_path: Path) -> None:
    async with running(place) as server:
        await server.add(0, 300)
        done = asyncio.Event()

        async def go_on() -> int:
            n = 300
            while not done.is_set():
                await server.add(n, n + 1)
                n += 1
            return n

        async with asyncio.TaskGroup() as group:
            writing = group.create_task(go_on())
            await server.back_up(tmp_path / "b.triisync")
            done.set()
        assert writing.result() > 300
    await restore(tmp_path / "b.triisync", place)
    async with running(place) as server:
        notes = await server.notes()
        verdict = await server.audit.verify()
        assert [row[1] for row in notes] == list(range(len(notes)))
        assert 300 <= len(notes) == verdict.n_entries
        assert verdict.is_whole


async def test_what_was_there_is_moved_aside_whole(place: Place, tmp_path: Path) -> None:
    async with running(place) as server:
        await server.add(0, 2)
        await server.back_up(tmp_path / "b.triisync")
        await server.add(2, 5)
        await server.send(PICTURE)
    restored = await restore(tmp_path / "b.triisync", place)
    aside = Path(restored.aside)
    assert aside.parent == place.data
    assert (aside / "keys.json").exists()
    assert len(files_of(Place(aside, ""))) == 1
    if place.url.startswith("sqlite"):
        async with running(Place(aside, f"sqlite://{aside / 'server.db'}")) as server:
            assert len(await server.notes()) == 5
    else:
        name = place.url.partition("@/")[2].partition("?")[0]
        (schema,) = postgres().ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'trii%before%'", name).split()
        assert postgres().ask(f"SELECT count(*) FROM {schema}.notes", name).strip() == "5"
    async with running(place) as server:
        assert len(await server.notes()) == 2


async def untouched(
    place: Place, backup: Path, match: str, secret: Secret = SECRET, tables: tuple[Migration, ...] = TABLES
) -> Refused:
    """Restore what must be refused; the server is as it was, and nothing is left lying about."""
    with pytest.raises(Refused, match=match) as refused:
        await restore(backup, place, secret, tables)
    assert sorted(path.name for path in place.data.iterdir() if not path.name.startswith((".owner", "server.db-"))) == sorted(
        ["audit-roots.jsonl", "files", "keys.json", *(["server.db"] if place.url.startswith("sqlite") else [])]
    )
    async with running(place) as server:
        assert len(await server.notes()) == 4
        assert (await server.audit.verify()).is_whole
        assert await waiting_restore(server.database) is None
    return refused.value


@asynccontextmanager
async def with_backup(place: Place, target: Path, secret: Secret = SECRET) -> AsyncIterator[Path]:
    async with running(place) as server:
        await server.add(0, 3)
        await server.send(PICTURE)
        await server.audit.sign_day()
        await server.back_up(target, secret)
        await server.add(3, 4)
    yield target


async def test_a_flipped_bit_anywhere_is_refused_and_nothing_is_replaced(place: Place, tmp_path: Path) -> None:
    async with with_backup(place, tmp_path / "b.triisync") as backup:
        whole = backup.read_bytes()
        for at in (3, 30, 100, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[at] ^= 1
            backup.write_bytes(bytes(changed))
            await untouched(place, backup, "no whole backup|is not the recovery key")
        for shorter in (0, 50, len(whole) // 2, len(whole) - 1):
            backup.write_bytes(whole[:shorter])
            await untouched(place, backup, "no whole backup")
        backup.write_bytes(whole + b"x")
        await untouched(place, backup, "no whole backup")
        backup.unlink()
        await untouched(place, backup, "cannot be read")


async def test_only_its_own_passphrase_or_key_opens_a_backup(tmp_path: Path) -> None:
    place = Place(tmp_path / "data", f"sqlite://{tmp_path / 'data' / 'server.db'}")
    words = Passphrase("correct horse battery")
    async with with_backup(place, tmp_path / "b.triisync", words) as backup:
        await untouched(place, backup, "not the passphrase of this backup", Passphrase("correct horse batters"))
        await untouched(place, backup, "is opened by a passphrase", SECRET)
        assert verify_backup(backup, words).n_files == 3
        assert b"room 1" not in backup.read_bytes()
        await restore(backup, place, words)
    async with running(place) as server:
        assert len(await server.notes()) == 3
        await server.back_up(tmp_path / "key.triisync")
        with pytest.raises(Refused, match="never overwrites"):
            await server.back_up(tmp_path / "key.triisync")
    with pytest.raises(Refused, match="not the recovery key"):
        await restore(tmp_path / "key.triisync", place, RecoveryKey(bytes(32)))
    with pytest.raises(ValueError, match="at least 12 letters"):
        Passphrase("too short")
    assert "horse" not in repr(words)


async def test_a_backup_of_a_newer_server_is_refused_and_one_of_an_older_is_brought_up_to_date(
    place: Place, tmp_path: Path
) -> None:
    async with with_backup(place, tmp_path / "b.triisync") as backup:
        with pytest.raises(Refused, match="newer server: it has notes_0001"):
            await restore(backup, Place(tmp_path / "old", f"sqlite://{tmp_path / 'old' / 'server.db'}"), tables=TABLES[:-1])
        newer = Migration("notes_0002", "ALTER TABLE notes ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';")
        await restore(backup, place, tables=(*TABLES, newer))
    async with running(place, (*TABLES, newer)) as server, server.database.read() as view:
        assert await view.rows("SELECT DISTINCT mood FROM notes") == [("calm",)]


async def test_a_backup_of_a_log_that_somebody_changed_is_refused(place: Place, other_place: Place, tmp_path: Path) -> None:
    async with with_backup(other_place, tmp_path / "good.triisync"):
        pass
    async with running(place) as server:
        await server.add(0, 3)
        if server.database.kind == "sqlite":
            forge = ("DROP TRIGGER audit_unchanged", "UPDATE audit SET body = replace(body, 'ann', 'eve') WHERE n = 2")
        else:
            forge = ("ALTER TABLE audit DISABLE TRIGGER USER", "UPDATE audit SET body = replace(body, 'ann', 'eve') WHERE n = 2")
        async with server.database.write() as tx:
            for statement in forge:
                await tx.run(statement)
        await server.back_up(tmp_path / "forged.triisync")
    await untouched(other_place, tmp_path / "forged.triisync", "entry 2 of the audit log: its content is not what was written")


async def test_a_file_that_was_damaged_before_the_backup_costs_that_file_alone(place: Place, tmp_path: Path) -> None:
    async with running(place) as server:
        await server.send(PICTURE)
        (broken,) = files_of(place)
        broken.write_bytes(broken.read_bytes()[:-1])
        await server.send(small := png(31, 31))
        await server.back_up(tmp_path / "b.triisync")
    await restore(tmp_path / "b.triisync", place)
    async with running(place) as server:
        assert await server.files.read(ANN, hashlib.sha256(small).hexdigest(), 0, len(small)) == small
        with pytest.raises(Refused, match="damaged"):
            await server.files.read(ANN, hashlib.sha256(PICTURE).hexdigest(), 0, len(PICTURE))
        await server.send(PICTURE)
        assert await server.files.read(ANN, hashlib.sha256(PICTURE).hexdigest(), 0, len(PICTURE)) == PICTURE


async def test_a_server_that_runs_is_not_restored_over(place: Place, tmp_path: Path) -> None:
    async with with_backup(place, tmp_path / "b.triisync") as backup, running(place) as server:
        with pytest.raises(Refused, match="already runs on"):
            await restore(backup, place)
        assert len(await server.notes()) == 4


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    if why := why_no_small_disk():
        pytest.skip(why)
    with small_disk(tmp_path / "disk", 1) as disk:
        yield disk


async def test_a_backup_that_does_not_fit_leaves_nothing_behind(place: Place, full_disk: Path) -> None:
    async with running(place) as server:
        for _ in range(3):
            await server.send(os.urandom(300_000).hex().encode())
        with pytest.raises(Refused, match="No space left"):
            await server.back_up(full_disk / "b.triisync")
    assert files_of(Place(full_disk, "")) == []
