"""Whatever fails under the sequencer: nothing acknowledged is lost, nothing else is told, and the next operation finds it whole."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from sync_server.errors import Refused
from sync_server.protocol.chain import START, hash_after
from sync_server.protocol.codes import Code
from sync_server.protocol.events import OpState
from sync_server.protocol.messages import Reader, Reads
from sync_server.rooms import sequencer
from sync_server.storage.database import Database, Reading
from sync_server.storage.failures import cannot_store
from tests.fakes.room_ops import Writer
from tests.fakes.rooms_house import House, address_of, open_house

SEED = 4_711


def lives(url: str, room: str, n_statements: int) -> dict[str, int]:
    """What a process acknowledged before it died there."""
    arguments = [sys.executable, "-m", "tests.fakes.dying_rooms", url, room, str(n_statements), str(SEED)]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == -9, ended.stderr
    return {identity: int(s) for identity, s in (line.split() for line in ended.stdout.splitlines())}


# Statements before the end: those of the first commit, then each of the second, its commit, and the moment after it.
@pytest.mark.parametrize(("kind", "points"), [("sqlite", range(6, 11)), ("postgresql", (8, 9, 10))], ids=["sqlite", "postgresql"])
async def test_a_process_killed_anywhere_in_a_commit_loses_nothing_acknowledged(kind, points, tmp_path):
    """Its writer then goes on as a device does: it sends again what was not acknowledged."""
    for n_statements in points:
        folder = tmp_path / str(n_statements)
        folder.mkdir()
        writer = Writer(seed=SEED)
        room = Writer(seed=1).id()
        with address_of(kind, folder) as url:
            acked = await asyncio.to_thread(lives, url, room, n_statements)
            async with open_house(url) as house:
                house.people.add((writer.org, writer.user))
                sent = [writer.create(room=room), *(writer.say(room) for _ in range(21))]
                results = await house.push(writer, *sent)
                events = await house.everything(writer, room)

        assert acked
        assert {result.st for result in results} <= {OpState.DUP, OpState.OK}
        assert acked.items() <= {result.id: result.s for result in results if result.st is OpState.DUP}.items()
        assert [(event.s, event.id) for event in events] == [(result.s, result.id) for result in results]
        assert [event.s for event in events] == list(range(1, 23))


async def test_a_full_disk_answers_busy_and_recovers(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann = house.writer()
            create = ann.create()
            await house.ok(ann, create)
            await let_grow(house, 8)
            results, waiting = [], []
            for _ in range(40):
                op = ann.say(create.r, "x" * 2_000)
                (result,) = await house.push(ann, op)
                if result.st is OpState.RETRY:
                    waiting.append(op)
                    assert (result.code, result.after > 0) == (Code.BUSY, True)
                    break
                results.append(result)
            assert waiting
            assert len(await house.everything(ann, create.r)) == 1 + len(results)

            await let_grow(house, 100_000)
            await house.ok(ann, *waiting)
            events = await house.everything(ann, create.r)
            assert [event.s for event in events] == list(range(1, 3 + len(results)))
            assert [told.ev.last for told in house.heard] == [event.s for event in events]


async def let_grow(house: House, n_pages: int) -> None:
    """The disk has room for this many more pages."""
    async with house.database.write() as tx:
        row = await tx.row("PRAGMA page_count")
        assert row is not None
        await tx.rows(f"PRAGMA max_page_count = {row[0] + n_pages}")


class Away:
    """A database that cannot be written to while ``is_away``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def write(self) -> Any:
        if self.is_away:
            raise cannot_store("it is away")
        return self._database.write()


async def test_while_the_database_is_away_everything_is_refused_and_afterwards_nothing_is_missing(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as opened:
            await opened.rooms.close()
            away = Away(opened.database)
            house = House(away, opened.clock)
            await house.rooms.begin()
            ann = house.writer()
            create = ann.create()
            await house.ok(ann, create)
            away.is_away = True
            said = ann.say(create.r)
            assert [(one.st, one.code, one.after) for one in await house.push(ann, said)] == [("retry", "busy", 1_000)]
            with pytest.raises(Refused):
                await house.rooms.read_to(ann.actor, create.r, 1, 1)
            with pytest.raises(Refused):
                await house.rooms.fork(create.r)
            assert [event.s for event in await house.everything(ann, create.r)] == [1]

            away.is_away = False
            await house.ok(ann, said)
            marks = await house.rooms.read_to(ann.actor, create.r, 1, 2)
            assert marks == Reads(create.r, (Reader(ann.user, 2),))
            assert [told.ev.last for told in house.heard] == [1, 2]
            await house.rooms.close()


class Broken(House):
    """A house in which looking up one user fails."""

    poison = ""

    async def _people_of(self, reading: Reading, org: str, users: Sequence[str]) -> frozenset[str]:
        if self.poison in users:
            raise LookupError("the directory is broken")
        return await super()._people_of(reading, org, users)


@pytest.mark.logs("the directory is broken")
async def test_one_caller_whose_operation_cannot_be_decided_does_not_stop_the_others(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as opened:
            await opened.rooms.close()
            house = Broken(opened.database, opened.clock)
            ann, bob, eve = house.writer(), house.writer(), house.writer()
            house.poison = bob.user
            await house.rooms.begin()
            create, poisoned = ann.create(), eve.create(bob)

            fine, bad = await asyncio.gather(house.push(ann, create, ann.say(create.r)), house.push(eve, poisoned))
            assert [result.st for result in fine] == ["ok", "ok"]
            assert [(result.st, result.code) for result in bad] == [("retry", "busy")]
            house.poison = ""
            await house.ok(eve, poisoned)
            await house.rooms.close()


async def test_closing_stores_what_was_taken_and_refuses_what_comes_later(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann = house.writer()
            create = ann.create()
            taken = [asyncio.ensure_future(house.push(ann, op)) for op in (create, ann.say(create.r))]
            await asyncio.sleep(0)
            await house.rooms.close()
            late = await house.push(ann, ann.say(create.r))

            assert [result.st for one in taken for result in await one] == ["ok", "ok"]
            assert [(result.st, result.code) for result in late] == [("retry", "busy")]
            with pytest.raises(Refused):
                await house.rooms.fork(create.r)


async def test_who_goes_away_while_waiting_leaves_the_others_their_results(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann, bob = house.writer(), house.writer()
            create = ann.create(bob)
            await house.ok(ann, create)
            gone = asyncio.ensure_future(house.push(bob, bob.say(create.r)))
            stays = asyncio.ensure_future(house.push(ann, ann.say(create.r)))
            await asyncio.sleep(0)
            gone.cancel()

            assert [result.s for result in await stays] == [3]  # what was taken is entered, heard or not
            assert len(await house.everything(ann, create.r)) == 3


async def test_more_than_can_wait_is_told_to_come_later(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann = house.writer()
            create = ann.create()
            await house.ok(ann, create)
            crowd = [ann.say(create.r) for _ in range(sequencer.WAITING_OPS + 1)]

            assert {result.code for result in await house.push(ann, *crowd)} == {Code.BUSY}
            await house.ok(ann, crowd[0])


async def test_two_servers_on_one_database_never_write_one_place_twice(tmp_path):
    """Only one may run; where a second does by mistake, the log stays whole."""
    with address_of("postgresql", tmp_path) as url:
        async with open_house(url) as one, open_house(url) as other:
            ann, bob = one.writer(), one.writer()
            other.people = one.people
            create = ann.create(bob)
            await one.ok(ann, create)
            await other.ok(bob, bob.say(create.r))  # the first one's view of the room is old now
            said = ann.say(create.r)
            results = await one.ok(ann, said)

            events = await one.everything(ann, create.r)
            assert [result.s for result in results] == [3]
            assert [event.s for event in events] == [1, 2, 3]
            async with one.database.read() as reading:
                row = await reading.row("SELECT hash FROM rooms WHERE room = $1", create.r)
            assert row is not None
            assert bytes(row[0]) == hash_after(START, 1, events)
