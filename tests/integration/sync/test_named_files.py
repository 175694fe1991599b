"""A message may name only a file that its author gave to the room, or reads there: nobody shows what is not there or not theirs."""

from collections.abc import Iterator

import msgspec
import pytest

from sync_server.files.files import DAMAGED
from sync_server.protocol.bodies import File, MsgCreate, MsgDelete
from sync_server.protocol.events import Op
from sync_server.rooms.shared_files import _READABLE, _SHOWN
from tests.fakes.room_ops import Writer
from tests.fakes.rooms_house import House, address_of, open_house

BOOK = "a" * 64


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    with address_of(request.param, tmp_path) as address:
        yield address


def naming(writer: Writer, room: str, *sha256s: str) -> Op:
    """A message with these files."""
    files = tuple(File(sha256=sha256, name="book.csv", mime="text/csv", size=1) for sha256 in sha256s)
    return writer.op(room, MsgCreate(text="the book", files=files))


async def code(house: House, writer: Writer, op: Op) -> str:
    """Why an operation was refused, empty where it entered; it is the same however often it is sent."""
    first, second = [(await house.push(writer, op))[0] for _ in range(2)]
    assert first.code == second.code
    return first.code


async def in_a_room(house: House, *, shows_history: bool = True) -> tuple[Writer, Writer, str]:
    ann, bob = house.writer(), house.writer()
    create = ann.create(bob, shows_history=shows_history)
    await house.ok(ann, create)
    return ann, bob, create.r


async def test_a_file_that_was_never_uploaded_cannot_be_named(url):
    async with open_house(url) as house:
        ann, _, room = await in_a_room(house)
        assert await code(house, ann, naming(ann, room, BOOK)) == "no_file"
        await house.give(ann, room, BOOK)
        assert await code(house, ann, naming(ann, room, BOOK)) == ""
        assert await code(house, ann, naming(ann, room, BOOK, "b" * 64)) == "no_file"


async def test_a_name_written_in_another_way_does_not_pass_by_the_check(url):
    async with open_house(url) as house:
        ann, bob, room = await in_a_room(house)
        await house.give(ann, room, BOOK)
        hidden = naming(bob, room, BOOK)
        hidden = msgspec.structs.replace(hidden, b=hidden.b.replace('"files"', '"\\u0066iles"'))
        assert await code(house, bob, hidden) == "no_file"


async def test_what_somebody_else_gave_to_the_room_is_named_only_once_it_is_shown_there(url):
    async with open_house(url) as house:
        ann, bob, room = await in_a_room(house)
        await house.give(ann, room, BOOK)
        assert await code(house, bob, naming(bob, room, BOOK)) == "no_file"
        shown = naming(ann, room, BOOK)
        await house.ok(ann, shown)
        assert await code(house, bob, naming(bob, room, BOOK)) == ""


async def test_a_deleted_file_is_brought_back_by_nobody_but_who_gave_it(url):
    async with open_house(url) as house:
        ann, bob, room = await in_a_room(house)
        await house.give(ann, room, BOOK)
        shown = naming(ann, room, BOOK)
        await house.ok(ann, shown, ann.op(room, MsgDelete(shown.id)))
        assert await code(house, bob, naming(bob, room, BOOK)) == "no_file"
        assert await code(house, ann, naming(ann, room, BOOK)) == ""


async def test_who_came_later_to_a_room_that_hides_its_past_cannot_name_a_file_of_before(url):
    async with open_house(url) as house:
        ann, _, room = await in_a_room(house, shows_history=False)
        late = house.writer()
        await house.give(ann, room, BOOK)
        await house.ok(ann, naming(ann, room, BOOK), ann.seat(room, late.user))
        assert await code(house, late, naming(late, room, BOOK)) == "no_file"


async def test_a_file_of_another_room_or_of_another_organisation_cannot_be_named(url):
    async with open_house(url) as house:
        ann, _, room = await in_a_room(house)
        eve = house.writer(org="018f0000-0000-7000-8000-000000000002")
        other, theirs = ann.create(), eve.create()
        await house.ok(ann, other)
        await house.ok(eve, theirs)
        await house.give(ann, other.r, BOOK)
        await house.give(eve, theirs.r, "b" * 64)
        assert await code(house, ann, naming(ann, room, BOOK)) == "no_file"
        assert await code(house, ann, naming(ann, room, "b" * 64)) == "no_file"
        assert await code(house, eve, naming(eve, room, "b" * 64)) == "no_room"


async def test_a_file_that_the_disk_lost_is_asked_for_again_before_it_is_named(url):
    async with open_house(url) as house:
        ann, _, room = await in_a_room(house)
        await house.give(ann, room, BOOK)
        async with house.database.write() as tx:
            await tx.run("UPDATE files SET dropped_ms = $1", DAMAGED)
        assert await code(house, ann, naming(ann, room, BOOK)) == "no_file"


async def test_after_a_restore_a_message_comes_back_before_its_file_and_without_one_nothing_is_believed(url):
    async with open_house(url) as house:
        ann, bob, room = await in_a_room(house)
        early = msgspec.structs.replace(naming(ann, room, BOOK), rec=True)
        assert await code(house, ann, early) == "no_file"
        await house.rooms.fork(room, why="restored from a backup")
        assert await code(house, ann, msgspec.structs.replace(naming(ann, room, BOOK), rec=True)) == ""
        await house.give(ann, room, "b" * 64)
        assert await code(house, bob, msgspec.structs.replace(naming(bob, room, "b" * 64), rec=True)) == "no_file"


async def test_files_are_found_by_their_content_and_not_by_going_through_the_room(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house, house.database.read() as view:
            for sql, args in ((_READABLE, ("room", BOOK, 1)), (_SHOWN.format("$2"), ("room", BOOK))):
                (first, *_) = [row[3] for row in await view.rows(f"EXPLAIN QUERY PLAN {sql}", *args)]
                assert "message_files_by_content (room=? AND sha256=?)" in first
