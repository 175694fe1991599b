"""Erasing destroys words everywhere and leaves the chain whole; a legal hold keeps them and says so."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.bodies import Erase, File, MsgCreate, MsgDelete, MsgEdit, ReactSet
from sync_server.protocol.chain import START, hash_after, is_intact, to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.fold import fold, parse_state
from sync_server.protocol.messages import Pull
from sync_server.rooms.shared_files import SharedFiles, files_of
from tests.fakes.room_ops import NOW_MS
from tests.fakes.rooms_house import House, address_of, open_house

SECRET = "the name that must go"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    with address_of(request.param, tmp_path) as address:
        yield address


async def spoken(house: House):
    """A room where something was said that will be erased."""
    ann, boss = house.writer(), house.writer(Role.ADMIN)
    create = ann.create(boss)
    said = ann.say(create.r, SECRET)
    edit = ann.op(create.r, MsgEdit(said.id, SECRET + " again"))
    await house.ok(ann, create, said, edit, ann.op(create.r, ReactSet(said.id, "👍")), ann.say(create.r, "stays"))
    return ann, boss, create.r, said


async def test_what_is_erased_is_gone_and_the_chain_still_verifies(url):
    async with open_house(url) as house:
        ann, boss, room, said = await spoken(house)
        before = await house.rooms.pull(ann.actor, Pull(1, room, 0))
        await house.ok(boss, boss.op(room, Erase((said.id,))))

        ev = await house.rooms.pull(ann.actor, Pull(1, room, 0))
        assert [event.b is None for event in ev.ev] == [False, True, True, False, False, False]
        assert all(is_intact(event) for event in ev.ev)
        assert ev.h == to_text(hash_after(START, 1, ev.ev))
        assert to_text(hash_after(START, 1, ev.ev[:5])) == before.h
        state = fold(ev.ev)
        assert (state.messages[said.id].is_erased, state.messages[said.id].text) == (True, "")
        assert house.erased == [(room, said.id)]
        assert [(entry.kind, entry.actor, entry.about) for entry in house.noted] == [("room.erase", boss.user, room)]


async def test_a_copy_that_saw_the_words_and_one_that_did_not_agree(url):
    async with open_house(url) as house:
        ann, boss, room, said = await spoken(house)
        seen = fold((await house.rooms.pull(ann.actor, Pull(1, room, 0))).ev)
        await house.ok(boss, boss.op(room, Erase((said.id,))))
        whole = (await house.rooms.pull(ann.actor, Pull(1, room, 0))).ev

        assert fold(whole[5:], seen).to_text() == fold(whole).to_text()


async def test_the_same_words_again_are_still_known_after_they_were_erased(url):
    async with open_house(url) as house:
        ann, boss, room, said = await spoken(house)
        await house.ok(boss, boss.op(room, Erase((said.id,))))

        assert [(one.st, one.s) for one in await house.push(ann, said)] == [("dup", 2)]
        assert [one.code for one in await house.push(ann, msgspec.structs.replace(said, b='{"text":"x"}'))] == ["id_taken"]
        assert [one.code for one in await house.push(ann, ann.op(room, MsgEdit(said.id, "back")))] == ["deleted"]


async def test_a_snapshot_made_before_is_destroyed_with_the_words(url):
    async with open_house(url) as house:
        ann, boss, room, said = await spoken(house)
        assert SECRET in (await house.rooms.snapshot(ann.actor, room)).state
        await house.ok(boss, boss.op(room, Erase((said.id,))))

        snapshot = await house.rooms.snapshot(ann.actor, room)
        assert SECRET not in snapshot.state
        assert parse_state(snapshot.state).messages[said.id].is_erased


async def test_a_legal_hold_keeps_what_should_be_erased_until_it_is_released(url):
    async with open_house(url) as house:
        _, boss, room, said = await spoken(house)
        eye = house.writer(Role.COMPLIANCE)
        await house.rooms.hold(eye.actor, room, "case 7")
        assert [one.code for one in await house.push(boss, boss.op(room, Erase((said.id,))))] == ["held"]
        with pytest.raises(Refused) as refused:
            await house.rooms.fork(room, 2)
        assert refused.value.code is Code.HELD
        assert [(hold.room, hold.user, hold.why) for hold in await house.rooms.holds(eye.actor)] == [(room, eye.user, "case 7")]

        await house.rooms.release(eye.actor, room, "case closed")
        await house.ok(boss, boss.op(room, Erase((said.id,))))
        assert [entry.kind for entry in house.noted] == ["room.hold", "room.release", "room.erase"]


async def test_holds_are_listed_page_by_page(url):
    async with open_house(url) as house:
        eye = house.writer(Role.COMPLIANCE)
        rooms = [(await spoken(house))[2] for _ in range(3)]
        for room in rooms:
            await house.rooms.hold(eye.actor, room, "case 7")
        first = await house.rooms.holds(eye.actor, limit=2)
        rest = await house.rooms.holds(eye.actor, first[-1].room, limit=2)

        assert [hold.room for hold in (*first, *rest)] == sorted(rooms)
        assert (len(first), len(rest)) == (2, 1)


async def test_holds_are_set_and_seen_only_by_those_who_may(url):
    async with open_house(url) as house:
        ann, _, room, _ = await spoken(house)
        other = house.writer(Role.COMPLIANCE, org="018f0000-0000-7000-8000-000000000002")

        for actor, code in ((ann.actor, Code.NOT_ALLOWED), (other.actor, Code.NO_ROOM)):
            with pytest.raises(Refused) as refused:
                await house.rooms.hold(actor, room, "none of theirs")
            assert refused.value.code is code
        assert await house.rooms.holds(other.actor) == ()
        assert not house.noted


@pytest.mark.parametrize("role", [Role.MEMBER, Role.MODERATOR, Role.COMPLIANCE])
async def test_only_admins_erase(tmp_path, role):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann, _, room, said = await spoken(house)
            one = house.writer(role)
            await house.ok(ann, ann.seat(room, one.user))

            assert [result.code for result in await house.push(one, one.op(room, Erase((said.id,))))] == ["not_allowed"]


async def test_erasing_asks_for_a_second_factor_shown_lately(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            _, boss, room, said = await spoken(house)
            house.clock.jump(NOW_MS + 16 * 60 * 1000)

            assert [result.code for result in await house.push(boss, boss.op(room, Erase((said.id,))))] == ["step_up"]


async def test_no_byte_of_what_was_erased_is_left_in_the_files(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann, boss, room, said = await spoken(house)
            await house.rooms.snapshot(ann.actor, room)
            assert holds(tmp_path, SECRET)
            await house.ok(boss, boss.op(room, Erase((said.id,))))
            await house.database.scrub()

            assert not holds(tmp_path, SECRET)
            assert not holds(tmp_path, said.n)


def holds(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_files_are_used_and_read_until_no_message_names_them(url):
    async with open_house(url) as house:
        ann, boss, room, _ = await spoken(house)
        files = SharedFiles(house.database)
        one, two, three = ("a" * 64, "b" * 64, "c" * 64)
        said = [
            ann.op(room, MsgCreate(text=one, files=tuple(file_of(sha256) for sha256 in some)))
            for some in ((one, two), (two,), (three,))
        ]
        await house.give(ann, room, one, two, three)
        await house.ok(ann, *said)
        asked = ann.org, room, (one, two, three, "d" * 64)
        assert await files.used(*asked) == {one, two, three}
        assert await files.used("another organisation", *asked[1:]) == frozenset()
        assert await files.may_read(boss.actor, room, one)
        assert not await files.may_read(house.writer().actor, room, one)
        async with house.database.read() as reading:
            assert await files_of(reading, room, [said[0].id]) == (one, two)

        await house.ok(ann, ann.op(room, MsgDelete(said[2].id)))
        await house.ok(boss, boss.op(room, Erase((said[0].id,))))
        assert await files.used(*asked) == {two}
        assert [await files.may_read(ann.actor, room, sha256) for sha256 in (one, two, three)] == [False, True, False]


async def test_a_file_from_before_somebodys_joining_is_not_theirs_where_the_past_is_hidden(url):
    async with open_house(url) as house:
        ann, bob = house.writer(), house.writer()
        create = ann.create(shows_history=False)
        files = SharedFiles(house.database)
        early, late = "a" * 64, "b" * 64
        seat = ann.seat(create.r, bob.user)
        await house.give(ann, create.r, early, late)
        named = [ann.op(create.r, MsgCreate(text="", files=(file_of(sha256),))) for sha256 in (early, late)]
        await house.ok(
            ann, create, *(msgspec.structs.replace(op, cseq=cseq) for cseq, op in enumerate((named[0], seat, named[1]), 2))
        )

        assert [await files.may_read(bob.actor, create.r, sha256) for sha256 in (early, late)] == [False, True]
        assert [await files.may_read(ann.actor, create.r, sha256) for sha256 in (early, late)] == [True, True]


def file_of(sha256: str) -> File:
    return File(sha256=sha256, name="book.csv", mime="text/csv", size=1)
