"""A server's rooms come back from a backup as their members left them, and only where every chain of hashes holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sync_server.actor import Role
from sync_server.audit.checking import check_audit
from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.files.checking import check_files
from sync_server.protocol.bodies import Erase, MsgEdit
from sync_server.protocol.events import Cursor, Kind
from sync_server.rooms.checking import check_rooms
from sync_server.storage.backup import create_backup
from sync_server.storage.database import Database
from sync_server.storage.keys import check_keys, load_keys
from sync_server.storage.opening import open_database
from sync_server.storage.portable import find_shape
from sync_server.storage.restore import Place, restore_backup
from sync_server.storage.unlocking import RecoveryKey
from sync_server.tables import TABLES
from tests.fakes.postgres import fresh_postgres
from tests.fakes.rooms_house import House

SECRET = RecoveryKey(bytes(range(32)))
CHECKS = (check_audit, check_rooms, check_files)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Database]:
    database = await open_database(place.url, TABLES, ManualClock())
    try:
        await check_keys(database, load_keys(place.data))
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def housed(place: Place) -> AsyncIterator[House]:
    async with opened(place) as database:
        house = House(database, ManualClock())
        await house.begin_search()
        await house.rooms.begin()
        try:
            yield house
        finally:
            await house.rooms.close()
            await house.search.close()


async def restore(backup: Path, place: Place) -> None:
    await restore_backup(backup, SECRET, place, TABLES, ManualClock(), checks=CHECKS)


async def test_every_table_of_the_product_can_be_backed_up_whole_in_the_same_form(tmp_path: Path) -> None:
    """Columns of both databases alike: what one has, the other restores."""
    names = [name for step in TABLES for name in step.tables()]
    assert len(names) == len(set(names)) > 20
    shapes = []
    with fresh_postgres() as url:
        for place in (Place(tmp_path, url), Place(tmp_path, f"sqlite://{tmp_path / 'sync.db'}")):
            async with open_view(place) as (view, kind):
                shapes.append([await find_shape(view, kind, name) for name in names])
    assert shapes[0] == shapes[1]


@asynccontextmanager
async def open_view(place: Place) -> AsyncIterator[tuple[object, str]]:
    database = await open_database(place.url, TABLES, ManualClock())
    try:
        async with database.read() as view:
            yield view, database.kind
    finally:
        await database.close()


async def test_rooms_come_back_event_by_event_in_the_other_database_and_begin_a_new_epoch(
    database_url: str, tmp_path: Path
) -> None:
    place = Place(tmp_path / "data", database_url)
    async with housed(place) as house:
        ann, bob = house.writer(), house.writer()
        make = ann.create(bob)
        room = make.r
        await house.ok(ann, make, *(ann.say(room, f"call {n} at the öpen") for n in range(40)))
        said = await house.everything(ann, room)
        await house.ok(ann, ann.op(room, MsgEdit(target=said[3].id, text="changed"), base=said[-1].s))
        before = await house.everything(ann, room)
        await create_backup(house.database, TABLES, place.data, tmp_path / "b.triisync", SECRET, house.clock)
        await house.ok(ann, ann.say(room, "lost to the server, kept by the desktop"))
        (head,) = await house.rooms.heads(ann.actor)
    with fresh_postgres() as url:
        other = Place(
            tmp_path / "other", url if database_url.startswith("sqlite") else f"sqlite://{tmp_path / 'other' / 'sync.db'}"
        )
        await restore(tmp_path / "b.triisync", other)
        async with housed(other) as house:
            house.people |= {(ann.org, ann.user), (bob.org, bob.user)}
            after = await house.everything(ann, room)
            assert after[:-1] == before
            assert after[-1].k == Kind.FAILOVER
            (fresh,) = await house.rooms.heads(ann.actor)
            assert fresh.e > head.e
            (reset,) = await house.rooms.check(ann.actor, [Cursor(room, head.e, head.s)])
            assert (reset.why, reset.e) == ("epoch", fresh.e)
            await house.ok(bob, bob.say(room, "on we go", base=fresh.s))
            await house.again()
            assert len(await house.everything(ann, room)) == len(after) + 1  # no second epoch at the next start


async def test_a_restored_postgresql_knows_its_tables_before_anybody_asks(tmp_path: Path) -> None:
    place = Place(tmp_path / "data", f"sqlite://{tmp_path / 'data' / 'sync.db'}")
    async with housed(place) as house:
        ann = house.writer()
        make = ann.create()
        await house.ok(ann, make, *(ann.say(make.r, f"call {n}") for n in range(60)))
        await create_backup(house.database, TABLES, place.data, tmp_path / "b.triisync", SECRET, house.clock)
    with fresh_postgres() as url:
        other = Place(tmp_path / "other", url)
        await restore(tmp_path / "b.triisync", other)
        async with opened(other) as database, database.read() as view:
            sql = "SELECT CAST(c.reltuples AS BIGINT) FROM pg_class c WHERE c.oid = to_regclass($1)"
            assert await view.row(sql, "trii.events") == (61,)
            assert await view.row("SELECT count(*) > 0 FROM pg_stats WHERE schemaname = $1 AND tablename = 'events'", "trii") == (
                True,
            )


CHANGES = {
    "a body": ("UPDATE events SET body = replace(body, 'call 7', 'call 8') WHERE seq = 9", "event 9 is not what its author sent"),
    "an author": ("UPDATE events SET author = 'eve' WHERE seq = 9", "event 9 does not follow from what stands before it"),
    "a hole": ("DELETE FROM events WHERE seq = 9", "event 10 of epoch 1 does not follow event 8"),
    "a cut end": ("DELETE FROM events WHERE seq > 9", "its events end with 9 of 1"),
    "an epoch": ("UPDATE events SET epoch = 2 WHERE seq = 9", "event 9 does not follow"),
    "a room": ("DELETE FROM rooms", "its events have no room"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_backup_of_a_room_that_somebody_changed_is_refused(database_url: str, tmp_path: Path, change: str) -> None:
    place = Place(tmp_path / "data", database_url)
    statement, match = CHANGES[change]
    async with housed(place) as house:
        ann = house.writer()
        make = ann.create()
        await house.ok(ann, make, *(ann.say(make.r, f"call {n}") for n in range(15)))
    async with opened(place) as database:
        async with database.write() as tx:
            assert await tx.run(statement) > 0
        await create_backup(database, TABLES, place.data, tmp_path / "b.triisync", SECRET, ManualClock())
    other = Place(tmp_path / "other", f"sqlite://{tmp_path / 'other' / 'sync.db'}")
    with pytest.raises(Refused, match=match):
        await restore(tmp_path / "b.triisync", other)


async def test_erased_words_are_not_in_a_backup_and_the_chain_holds_without_them(database_url: str, tmp_path: Path) -> None:
    place = Place(tmp_path / "data", database_url)
    async with housed(place) as house:
        ann = house.writer(Role.ADMIN)
        make = ann.create()
        await house.ok(ann, make, ann.say(make.r, "my word is unspeakable"), ann.say(make.r, "hello"))
        events = await house.everything(ann, make.r)
        await house.ok(ann, ann.op(make.r, Erase(targets=(events[1].id,)), base=events[-1].s))
        await create_backup(house.database, TABLES, place.data, tmp_path / "b.triisync", SECRET, house.clock)
    other = Place(tmp_path / "other", f"sqlite://{tmp_path / 'other' / 'sync.db'}")
    await restore(tmp_path / "b.triisync", other)
    async with opened(other) as database, database.read() as view:
        assert await view.rows("SELECT seq FROM events WHERE body LIKE '%unspeakable%'") == []
        assert await view.rows("SELECT seq FROM events WHERE body IS NULL") == [(2,)]
    assert not any(b"unspeakable" in path.read_bytes() for path in other.data.rglob("*") if path.is_file())
