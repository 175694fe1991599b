"""Rooms over real databases: what is acknowledged is stored, served and told in order, to those who may see it."""

import asyncio
import time
from collections.abc import Iterator

import msgspec
import pytest

from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.bodies import MsgDelete, MsgEdit, RoomEdit, RoomRole
from sync_server.protocol.chain import START, hash_after, is_intact, to_text
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Cursor, Event, Kind
from sync_server.protocol.fold import fold, parse_state
from sync_server.protocol.messages import Ev, Pull, Reader, Reads, Reset
from sync_server.rooms.shared_files import SharedFiles
from sync_server.rooms.store import EVENT_COLUMNS, event_of
from tests.fakes.rooms_house import House, address_of, open_house


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    with address_of(request.param, tmp_path) as address:
        yield address


def seqs(ev: Ev | Reset) -> list[int]:
    assert isinstance(ev, Ev), ev
    assert (ev.first, ev.last) == (ev.ev[0].s, ev.ev[-1].s)
    return [event.s for event in ev.ev]


async def filled(house: House, n: int, **fields: object):
    """A room of one person with ``n`` messages."""
    ann = house.writer()
    create = ann.create(**fields)
    await house.ok(ann, create, *(ann.say(create.r, f"message {number}") for number in range(n)))
    return ann, create.r


# --- entering and reading -------------------------------------------------------------------------------------------


async def test_what_was_pushed_is_pulled_with_the_hash_that_follows_from_it(url):
    async with open_house(url) as house:
        ann, bob = house.writer(), house.writer()
        create = ann.create(bob)
        await house.ok(ann, create, ann.say(create.r, "grüße \\u0000 🙂"), ann.say(create.r))
        await house.ok(bob, bob.say(create.r))

        ev = await house.rooms.pull(bob.actor, Pull(7, create.r, 0))
        assert seqs(ev) == [1, 2, 3, 4]
        assert (ev.e, ev.rid) == (1, 7)
        assert all(is_intact(event) for event in ev.ev)
        assert fold(ev.ev).messages[ev.ev[1].id].text == "grüße \\u0000 🙂"
        assert ev.h == to_text(hash_after(START, 1, ev.ev))


async def test_a_decision_holds_after_the_server_was_started_again(url):
    async with open_house(url) as house:
        ann, eve = house.writer(), house.writer()
        create = ann.create()
        said, refused = ann.say(create.r), eve.say(create.r)
        entered = await house.ok(ann, create, said)
        await house.push(eve, refused)
        await house.again()

        assert [(one.st, one.e, one.s) for one in await house.push(ann, said, create)] == [("dup", 1, 2), ("dup", 1, 1)]
        assert [(one.st, one.code) for one in await house.push(eve, refused)] == [("rej", "no_room")]
        assert [one.s for one in await house.ok(ann, ann.say(create.r))] == [entered[-1].s + 1]
        assert (await house.push(ann, ann.say(create.r, cseq=9)))[0].cseq == 4


async def test_many_callers_share_commits_and_every_log_is_whole(url):
    async with open_house(url) as house:
        people = [house.writer() for _ in range(6)]
        creates = [people[0].create(*people[1:]) for _ in range(2)]
        await house.ok(people[0], *creates)

        async def write(person):
            for _ in range(10):
                await house.ok(person, *(person.say(create.r) for create in creates for _ in range(2)))

        await asyncio.gather(*(write(person) for person in people))
        for create in creates:
            events = await house.everything(people[0], create.r)
            assert [event.s for event in events] == list(range(1, 122))
            heard = [event for told in house.heard if told.ev.r == create.r for event in told.ev.ev]
            assert heard == events
            (head,) = [head for head in await house.rooms.heads(people[0].actor) if head.r == create.r]
            assert head.s == 121


async def test_pages_go_on_from_both_ends(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 9)

        assert seqs(await house.rooms.pull(ann.actor, Pull(1, room, 1, after=4, limit=3))) == [5, 6, 7]
        assert seqs(await house.rooms.pull(ann.actor, Pull(1, room, 1, before=5, limit=3))) == [2, 3, 4]
        assert seqs(await house.rooms.pull(ann.actor, Pull(1, room, 1, before=3, limit=9))) == [1, 2]
        last = await house.rooms.pull(ann.actor, Pull(1, room, 1, after=10))
        whole = await house.everything(ann, room)
        assert (last.ev, last.first, last.last, last.h) == ((), 11, 10, to_text(hash_after(START, 1, whole)))


async def test_a_page_ends_before_it_becomes_too_large(url):
    async with open_house(url) as house:
        ann = house.writer()
        create = ann.create()
        await house.ok(ann, create, *(ann.say(create.r, "x" * 11_000) for _ in range(100)))

        page = await house.rooms.pull(ann.actor, Pull(1, create.r, 0, limit=500))
        assert 40 < len(page.ev) < 60
        assert page.h == to_text(hash_after(START, 1, page.ev))
        assert len(await house.everything(ann, create.r)) == 101


async def test_heads_are_the_persons_rooms_the_latest_first(url):
    async with open_house(url) as house:
        ann, bob = house.writer(), house.writer()
        first, second, other = ann.create(bob), ann.create(bob), bob.create()
        await house.ok(ann, first)
        house.clock.advance(10)
        await house.ok(ann, second)
        house.clock.advance(10)
        await house.ok(ann, ann.say(first.r))
        await house.ok(bob, other)

        assert [(head.r, head.s) for head in await house.rooms.heads(ann.actor)] == [(first.r, 2), (second.r, 1)]
        assert {about.room: about.n_members for about in await house.rooms.about(ann.actor)} == {first.r: 2, second.r: 2}


@pytest.mark.parametrize("odd", ["\0" * 36, "\ud800" * 36, "' OR 1=1; --".ljust(36)], ids=["zero", "half a sign", "sql"])
async def test_what_no_database_can_hold_is_refused_like_anything_that_is_not_there(url, odd):
    async with open_house(url) as house:
        ann, room = await filled(house, 1)
        for fields in ({"id": odd}, {"r": odd}):
            (result,) = await house.push(ann, msgspec.structs.replace(ann.say(room, cseq=3), **fields))
            assert (result.st, result.code) == ("rej", "bad_frame")
        assert await house.rooms.pull(ann.actor, Pull(1, odd, 0)) == Reset(odd, ResetReason.PERM)
        assert await house.rooms.check(ann.actor, [Cursor(odd, 1, 1)]) == (Reset(odd, ResetReason.PERM),)
        assert await house.rooms.read_to(ann.actor, odd, 1, 1) is None
        with pytest.raises(Refused):
            await house.rooms.hold(house.writer(Role.COMPLIANCE).actor, odd, "why")
        assert not await SharedFiles(house.database).may_post(ann.actor, odd)


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"], ids=["zero", "half a sign"])
async def test_signs_that_no_database_can_hold_do_not_get_there_by_a_body(url, sign):
    async with open_house(url) as house:
        ann, room = await filled(house, 1)
        bodies = [
            (Kind.MSG_DELETE, '{"target":"%s"}' % (sign * 36)),
            (Kind.MEMBER_SET, '{"u":"%s"}' % (sign * 36)),
            (Kind.ROOM_EDIT, f'{{"name":"{sign}"}}'),
            ("\0" * 20, "{}"),
        ]
        for cseq, (kind, text) in enumerate(bodies, 3):
            (result,) = await house.push(ann, ann.say(room, k=kind, b=text, cseq=cseq))
            assert (result.st, result.code in ("no_target", "bad_body", "unknown_kind")) == ("rej", True), (kind, result)
        await house.push(ann, ann.say(room, b=f'{{"text":"{sign} said"}}', cseq=7))
        (head,) = await house.rooms.heads(ann.actor)
        assert head.s == (3 if sign == "\\u0000" else 2)


# --- who sees what --------------------------------------------------------------------------------------------------


async def test_who_has_no_seat_sees_nothing_and_cannot_tell_whether_there_is_anything(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 1)
        eve = house.writer(org="018f0000-0000-7000-8000-000000000002")
        there = ann.direct(house.writer())
        await house.ok(ann, there)
        twin = house.writer(org=eve.org, user=ann.user)  # the same id in another organisation is another person

        for stranger in (house.writer(), eve, twin):
            for place in (room, there.r, ann.direct(eve).r):
                # Of any direct room, there or not, a copy is told that nothing is left of it.
                gone = Reset(place, ResetReason.PERM) if place == room else Reset(place, ResetReason.HASH, 1, h=to_text(START))
                assert await house.rooms.pull(stranger.actor, Pull(1, place, 0)) == Reset(place, ResetReason.PERM)
                assert await house.rooms.pull(stranger.actor, Pull(1, place, 1, after=1)) == gone
                assert await house.rooms.check(stranger.actor, [Cursor(place, 1, 1)]) == (gone,)
                assert await house.rooms.reads(stranger.actor, place) is None
                assert await house.rooms.read_to(stranger.actor, place, 1, 1) is None
                with pytest.raises(Refused) as refused:
                    await house.rooms.snapshot(stranger.actor, place)
                assert refused.value.code is Code.NO_ROOM
            assert await house.rooms.heads(stranger.actor) == ()


async def test_a_room_that_hides_its_past_is_served_from_the_joining_on(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 5, shows_history=False)
        bob = house.writer()
        await house.ok(ann, ann.seat(room, bob.user), ann.say(room))

        reset = await house.rooms.pull(bob.actor, Pull(1, room, 0))
        whole = await house.everything(ann, room)
        assert (reset.why, reset.floor, reset.h) == (ResetReason.FLOOR, 7, to_text(hash_after(START, 1, whole[:6])))
        assert seqs(await house.rooms.pull(bob.actor, Pull(1, room, reset.e, after=6))) == [7, 8]
        assert seqs(await house.rooms.pull(bob.actor, Pull(1, room, reset.e, before=8))) == [7]
        assert (await house.rooms.pull(bob.actor, Pull(1, room, reset.e, before=7))).ev == ()
        assert [head.floor for head in await house.rooms.heads(bob.actor)] == [7]
        assert [one.why for one in await house.rooms.check(bob.actor, [Cursor(room, 1, 3)])] == [ResetReason.FLOOR]

        snapshot = await house.rooms.snapshot(bob.actor, room)
        assert (snapshot.s, snapshot.h) == (6, reset.h)
        state = parse_state(snapshot.state)
        assert not state.messages
        assert state.room == fold(whole[:6]).room
        assert fold(whole[6:], state).room == fold(whole).room


async def test_after_losing_the_seat_nothing_is_served_and_a_new_seat_has_its_own_floor(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 1, shows_history=False)
        bob = house.writer()
        await house.ok(ann, ann.seat(room, bob.user), ann.say(room), ann.seat(room, bob.user, None), ann.say(room))
        assert await house.rooms.pull(bob.actor, Pull(1, room, 1, after=3)) == Reset(room, ResetReason.PERM)

        await house.ok(ann, ann.seat(room, bob.user), ann.say(room))
        assert seqs(await house.rooms.pull(bob.actor, Pull(1, room, 1, after=6))) == [7, 8]
        assert isinstance(await house.rooms.pull(bob.actor, Pull(1, room, 1, after=3)), Reset)


async def test_listeners_hear_seats_change_apart_from_what_is_said(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 0)
        bob = house.writer()
        house.heard.clear()
        operations = [
            ann.say(room),
            ann.seat(room, bob.user),
            ann.say(room),
            ann.say(room),
            ann.seat(room, bob.user, None),
            ann.say(room),
        ]
        await house.ok(ann, *operations)

        alone, both = {ann.user}, {ann.user, bob.user}
        told = [(seqs(one.ev), set(one.members_before), set(one.members_after)) for one in house.heard]
        assert told == [
            ([2], alone, alone),
            ([3], alone, both),
            ([4, 5], both, both),
            ([6], both, alone),
            ([7], alone, alone),
        ]
        whole = await house.everything(ann, room)
        assert [one.ev.h for one in house.heard] == [to_text(hash_after(START, 1, whole[: one.ev.last])) for one in house.heard]
        assert await house.rooms.members(room) == alone


async def test_compliance_reads_any_room_and_every_reading_is_noted(url):
    async with open_house(url) as house:
        _, room = await filled(house, 2, shows_history=False)
        eye = house.writer(Role.COMPLIANCE)

        assert seqs(await house.rooms.pull(eye.actor, Pull(1, room, 0))) == [1, 2, 3]
        assert [(entry.kind, entry.actor, entry.about) for entry in house.noted] == [("room.read_any", eye.user, room)]
        assert await house.rooms.heads(eye.actor) == ()


async def test_open_rooms_are_listed_for_the_organisation(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 0, is_open=True)
        await filled(house, 0)
        bob, eve = house.writer(), house.writer(org="018f0000-0000-7000-8000-000000000002")

        assert [(one.room, one.is_member) for one in await house.rooms.open_rooms(ann.actor)] == [(room, True)]
        assert [(one.room, one.is_member, one.n_members) for one in await house.rooms.open_rooms(bob.actor)] == [(room, False, 1)]
        assert await house.rooms.open_rooms(eve.actor) == ()
        assert await house.rooms.open_rooms(house.writer(Role.GUEST).actor) == ()
        await house.ok(bob, bob.seat(room, bob.user))
        assert await house.rooms.seats(bob.actor, room) == {ann.user: RoomRole.OWNER, bob.user: RoomRole.MEMBER}


# --- reading marks --------------------------------------------------------------------------------------------------


async def test_reading_marks_only_grow_and_never_pass_the_log(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 4)

        assert await house.rooms.read_to(ann.actor, room, 1, 3) == Reads(room, (Reader(ann.user, 3),))
        assert await house.rooms.read_to(ann.actor, room, 1, 2) is None
        assert await house.rooms.read_to(ann.actor, room, 1, 3) is None
        assert await house.rooms.read_to(ann.actor, room, 1, 99) is None
        assert await house.rooms.read_to(ann.actor, room, 2, 4) is None
        assert await house.rooms.reads(ann.actor, room) == Reads(room, (Reader(ann.user, 3),))
        assert [head.read for head in await house.rooms.heads(ann.actor)] == [3]
        marks = await asyncio.gather(*(house.rooms.read_to(ann.actor, room, 1, seq) for seq in (4, 5, 4)))
        assert marks[1] == Reads(room, (Reader(ann.user, 5),))
        assert await house.rooms.reads(ann.actor, room) == Reads(room, (Reader(ann.user, 5),))


# --- copies that cannot go on ---------------------------------------------------------------------------------------


async def test_a_copy_that_is_the_servers_history_goes_on(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 4)
        whole = await house.everything(ann, room)
        cursors = [Cursor(room, 1, s, to_text(hash_after(START, 1, whole[:s]))) for s in range(6)]

        assert [await house.rooms.check(ann.actor, [cursor]) for cursor in cursors] == [()] * 6


async def test_a_copy_that_differs_begins_anew(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 4)
        wrong = to_text(b"\1" * 32)

        for cursor in (Cursor(room, 1, 5, wrong), Cursor(room, 1, 3, wrong), Cursor(room, 1, 6), Cursor(room, 2, 3)):
            (reset,) = await house.rooms.check(ann.actor, [cursor])
            assert (reset.why, reset.floor, reset.snap) == (ResetReason.HASH, 1, "")
            assert reset.h == to_text(START)


async def test_after_a_fork_copies_go_on_from_what_is_common(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 9)
        whole = await house.everything(ann, room)
        h = {s: to_text(hash_after(START, 1, whole[:s])) for s in range(11)}
        said = ann.say(room, "lost")
        lost = (await house.ok(ann, said))[0].s
        epoch = await house.rooms.fork(room, 7, "the other region took over")
        assert epoch > 1

        # A copy beyond the fork, at it, and before it.
        (reset,) = await house.rooms.check(ann.actor, [Cursor(room, 1, 10, h[10])])
        assert (reset.why, reset.e, reset.fork, reset.h) == (ResetReason.EPOCH, epoch, 7, h[7])
        assert await house.rooms.pull(ann.actor, Pull(1, room, 1, after=10)) == reset
        assert await house.rooms.pull(ann.actor, Pull(1, room, 1, after=lost)) == reset
        at_fork = await house.rooms.pull(ann.actor, Pull(1, room, 1, after=7))
        assert (at_fork.why, at_fork.e, at_fork.fork, at_fork.h) == (ResetReason.EPOCH, epoch, 7, h[7])
        before = await house.rooms.pull(ann.actor, Pull(1, room, 1, after=4))
        assert (before.e, seqs(before), before.h) == (1, [5, 6, 7], h[7])
        assert await house.rooms.check(ann.actor, [Cursor(room, 1, 4, h[4])]) == ()

        # In the new epoch.
        ev = await house.rooms.pull(ann.actor, Pull(1, room, epoch, after=7))
        assert (ev.e, [event.k for event in ev.ev]) == (epoch, [Kind.FAILOVER])
        assert ev.h == to_text(hash_after(hash_after(START, 1, whole[:7]), epoch, ev.ev))
        assert house.heard[-1].ev == msgspec.structs.replace(ev, rid=0)
        assert [head.e for head in await house.rooms.heads(ann.actor)] == [epoch]

        # What was lost is entered again under the same id, at the count that the server names.
        lost_op = msgspec.structs.replace(said, rec=True)
        (held_back,) = await house.push(ann, lost_op)
        assert (held_back.st, held_back.code, held_back.cseq) == ("retry", "out_of_order", 12)
        (again,) = await house.ok(ann, msgspec.structs.replace(lost_op, cseq=12))
        assert (again.e, again.s) == (epoch, 9)


async def test_two_forks_are_passed_one_after_the_other(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 4)
        first = await house.rooms.fork(room, 3)
        await house.ok(ann, ann.say(room), ann.say(room))
        second = await house.rooms.fork(room, 5)
        assert second > first

        (reset,) = await house.rooms.check(ann.actor, [Cursor(room, 1, 5)])
        assert (reset.e, reset.fork) == (first, 3)
        middle = await house.rooms.pull(ann.actor, Pull(1, room, first, after=3))
        assert (middle.e, seqs(middle)) == (first, [4, 5])
        onwards = await house.rooms.pull(ann.actor, Pull(1, room, first, after=5))
        assert (onwards.why, onwards.e, onwards.fork) == (ResetReason.EPOCH, second, 5)
        assert seqs(await house.rooms.pull(ann.actor, Pull(1, room, second, after=5))) == [6]
        older = await house.rooms.pull(ann.actor, Pull(1, room, second, before=6))
        assert (older.e, seqs(older)) == (first, [4, 5])
        assert [event.s for event in await house.everything(ann, room)] == [1, 2, 3, 4, 5, 6]


async def test_a_fork_takes_back_what_came_after_it(url):
    async with open_house(url) as house:
        ann, bob = house.writer(), house.writer()
        create = ann.create()
        said = ann.say(create.r)
        await house.ok(ann, create, said, ann.say(create.r), ann.op(create.r, MsgEdit(said.id, "kept")))
        later = [ann.op(create.r, RoomEdit("Other")), ann.seat(create.r, bob.user), ann.op(create.r, MsgDelete(said.id))]
        await house.ok(ann, *later)
        await house.rooms.read_to(ann.actor, create.r, 1, 7)
        await house.rooms.fork(create.r, 4)

        assert await house.rooms.members(create.r) == {ann.user}
        assert await house.rooms.heads(bob.actor) == ()
        (about,) = await house.rooms.about(ann.actor)
        assert about.name == "Rates"
        assert [head.read for head in await house.rooms.heads(ann.actor)] == [4]
        state = fold(await house.everything(ann, create.r))
        assert (state.messages[said.id].text, state.messages[said.id].is_deleted) == ("kept", False)
        await house.ok(ann, ann.op(create.r, MsgEdit(said.id, "again"), base=5))


async def test_rooms_begin_a_new_epoch_after_a_restore(url):
    async with open_house(url) as house:
        ann, _ = await filled(house, 2)
        await house.rooms.close()
        async with house.database.write() as tx:
            await tx.run("INSERT INTO restores (id, made_ms, restored_ms, is_settled) VALUES ($1, $2, $3, $4)", "r1", 1, 2, False)
        house.rooms = house.new_rooms()
        await house.rooms.begin()

        (head,) = await house.rooms.heads(ann.actor)
        assert (head.s, head.e > 1) == (4, True)
        await house.again()
        assert (await house.rooms.heads(ann.actor))[0].e == head.e


async def test_a_room_that_a_restore_has_lost_comes_back_by_those_who_have_it(url):
    async with open_house(url) as house:
        ann, bob = house.writer(), house.writer()
        create = ann.create(bob)
        lost = [create, ann.say(create.r)]
        for person in (ann, bob):
            expected = Reset(create.r, ResetReason.HASH, 1, h=to_text(START))
            assert await house.rooms.check(person.actor, [Cursor(create.r, 1, 3)]) == (expected,)
            assert await house.rooms.pull(person.actor, Pull(1, create.r, 1, after=3)) == expected
            assert await house.rooms.pull(person.actor, Pull(1, create.r, 1)) == Reset(create.r, ResetReason.PERM)
        again = bob.say(create.r, rec=True)
        assert [(one.st, one.code) for one in await house.push(bob, again)] == [("retry", "no_room")]

        entered = await house.ok(ann, *(msgspec.structs.replace(op, rec=True) for op in lost))
        await house.ok(bob, again)
        assert entered[0].e > 1_000_000
        assert [event.id for event in await house.everything(bob, create.r)] == [op.id for op in (*lost, again)]


async def test_no_epoch_begins_where_there_is_nothing(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 2)

        for place, at in ((ann.id(), None), (room, 0), (room, 4)):
            with pytest.raises(Refused):
                await house.rooms.fork(place, at)
        assert (await house.rooms.heads(ann.actor))[0].e == 1


# --- snapshots ------------------------------------------------------------------------------------------------------


async def test_a_long_room_begins_with_its_snapshot(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 1_200)
        bob = house.writer()
        await house.ok(ann, ann.seat(room, bob.user), ann.say(room, "newest"))

        reset = await house.rooms.pull(bob.actor, Pull(1, room, 0))
        assert (reset.why, reset.snap) == (ResetReason.FLOOR, f"/v1/rooms/{room}/snapshot")
        snapshot = await house.rooms.snapshot(bob.actor, room)
        assert (snapshot.s, snapshot.h) == (reset.floor - 1, reset.h)
        tail = await house.rooms.pull(bob.actor, Pull(1, room, snapshot.e, after=snapshot.s))
        older = await house.rooms.pull(bob.actor, Pull(1, room, snapshot.e, before=snapshot.s + 1))
        assert older.last == snapshot.s
        state = fold(tail.ev, parse_state(snapshot.state))
        assert len(state.messages) == 1_201
        assert state.to_text() == fold(await all_events(house, room)).to_text()


async def test_a_snapshot_is_made_anew_when_the_room_has_grown_or_a_day_has_passed(url):
    async with open_house(url) as house:
        ann, room = await filled(house, 1_050)
        await until(lambda: made_at(house, room), 1_051)
        await house.ok(ann, *(ann.say(room) for _ in range(9_000)))
        await house.ok(ann, *(ann.say(room) for _ in range(999)))
        assert await made_at(house, room) == 1_051
        await house.ok(ann, ann.say(room))
        await until(lambda: made_at(house, room), 11_051)
        house.clock.advance(24 * 3600 * 1000)
        await house.ok(ann, ann.say(room))
        await until(lambda: made_at(house, room), 11_052)

        snapshot = await house.rooms.snapshot(ann.actor, room)
        assert parse_state(snapshot.state).to_text() == fold(await all_events(house, room)).to_text()


async def made_at(house: House, room: str) -> int:
    async with house.database.read() as reading:
        row = await reading.row("SELECT seq FROM snapshots WHERE room = $1", room)
    return row[0] if row else 0


async def until(look, wanted) -> None:
    deadline = time.monotonic() + 20
    while (seen := await look()) != wanted:
        assert time.monotonic() < deadline, f"{seen} did not become {wanted}"
        await asyncio.sleep(0.01)


async def all_events(house: House, room: str) -> list[Event]:
    """The whole log, past what is served."""
    async with house.database.read() as reading:
        return [
            event_of(row) for row in await reading.rows(f"SELECT {EVENT_COLUMNS} FROM events WHERE room = $1 ORDER BY seq", room)
        ]
