"""The mirror keeps of a device's actions what the simulator's disk keeps of them: cursors, outbox, places and counts."""

import asyncio
from functools import partial

from backend.chat.room_rows import find_room, load_aside
from sync_server.protocol.actions import SaveEvents, SaveOp, StartFrom
from sync_server.protocol.bodies import MsgCreate, RoomCreate, RoomEdit, RoomKind, format_body
from sync_server.protocol.events import Cursor, Event, Kind, Op
from sync_server.protocol.fold import fold
from tests.fakes.chatting import DEVICE, ME, SERVER, add_account, mirrored_state, open_desk
from tests.simulator.copies import Copies, actions_on
from tests.simulator.runs import LONG
from tests.simulator.scenario import Scenario

ROOM = "01a0c450-73d0-7db1-874b-d0e6eb5068dc"


def op_of(text, count):
    return Op(f"op-{count}", ROOM, Kind.MSG_CREATE, format_body(MsgCreate(text)), "salt", count, 0, 1_790_000_000_000)


def outbox_of(kept):
    """Operations room by room, in the order in which they wait, without those refused; and what is known of each."""
    known = {one.id: one for one in kept.settled}
    rooms = {}
    for op in kept.outbox:
        if op.id not in known or not known[op.id].code:
            rooms.setdefault(op.r, []).append((op.id, op.cseq, op.base, op.rec, known.get(op.id)))
    return rooms, {identity: one.code for identity, one in known.items() if one.code}


def kept_aside(db, room):
    return {event.id: event.b for event in load_aside(db, find_room(db, room).key)}


async def test_an_operation_that_waits_stays_while_its_room_begins_anew(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        first, second = op_of("first", 1), op_of("second", 2)
        await desk.mirror.keep(SERVER, [SaveOp(first), SaveOp(second), StartFrom(Cursor(ROOM, 1, 40, "h"))])
        assert (await desk.mirror.load(SERVER)).outbox == (first, second)
        await desk.mirror.keep(SERVER, [StartFrom(Cursor(ROOM, 2, 3, "h"), again=(first,))])
        assert (await desk.mirror.load(SERVER)).outbox == (second, first)


async def test_a_room_that_begins_anew_is_what_its_new_history_says(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        create = Event(1, "e1", ME, DEVICE, Kind.ROOM_CREATE, 1, "h", format_body(RoomCreate(RoomKind.GROUP, "Rates")))
        edit = Event(2, "e2", ME, DEVICE, Kind.ROOM_EDIT, 2, "h", format_body(RoomEdit(topic="Lost with the server's newest hour")))
        await desk.mirror.keep(SERVER, [SaveEvents(Cursor(ROOM, 1, 2, "h"), (create, edit))])
        await desk.mirror.keep(SERVER, [StartFrom(Cursor(ROOM))])
        shown = await desk.words.read(partial(mirrored_state, room=ROOM))
        assert shown.room.name == "Rates"  # it has a name while its history comes
        await desk.mirror.keep(SERVER, [SaveEvents(Cursor(ROOM, 2, 1, "h"), (create,))])
        shown = await desk.words.read(partial(mirrored_state, room=ROOM))
        assert shown.to_text() == fold([create]).to_text()


async def test_what_devices_did_through_a_whole_story_is_kept_as_the_simulator_keeps_it(home):
    scenario = await asyncio.to_thread(told, 10_655)
    n_starts = n_waited = 0
    async with open_desk(home) as desk:
        await add_account(desk)
        for device in scenario.devices:
            actions = list(actions_on(device.disk))
            if not any(isinstance(action, StartFrom) for action in actions):
                continue
            copies = Copies(device.disk, ME, DEVICE)
            for first in range(0, len(actions), 50):
                await desk.mirror.keep(SERVER, actions[first : first + 50])
            kept, expected = await desk.mirror.load(SERVER), copies.kept()
            assert outbox_of(kept) == outbox_of(expected), device.name
            assert {cursor.r: cursor for cursor in kept.cursors} == {cursor.r: cursor for cursor in expected.cursors if cursor.e}
            assert kept.counts == expected.counts
            assert kept.left == {cursor.r for cursor in expected.cursors if cursor.e and cursor.r in expected.left}
            for room, copy in copies.rooms.items():
                if copy.cursor is not None:
                    shown = await desk.words.read(partial(mirrored_state, room=room))
                    shown.ts = copy.shown.ts  # behind a snapshot no row says it
                    assert shown.to_text() == copy.shown.to_text(), (device.name, room)
                    aside = await desk.words.read(partial(kept_aside, room=room))
                    assert aside == {key: event.b for key, event in copy.unconfirmed.items()}, (device.name, room)
            n_starts += sum(isinstance(action, StartFrom) for action in actions)
            n_waited += len(expected.outbox)
            await desk.mirror.wipe(SERVER)
    assert n_starts > 20
    assert n_waited > 0


def told(seed):
    scenario = Scenario(seed, LONG)
    scenario.run()
    return scenario
