"""Whatever people ask for in whatever order and batches: logs are whole, decisions are for ever, counts keep their order."""

from collections import defaultdict

import hypothesis
import msgspec
from hypothesis import strategies as st

from sync_server.protocol.bodies import MsgDelete, MsgEdit, PinSet, ReactSet, RoomEdit, RoomRole
from sync_server.protocol.chain import START, hash_after
from sync_server.protocol.events import Op, OpState
from sync_server.protocol.fold import fold
from sync_server.rooms.rooms import split
from tests.fakes.planned_rooms import PlannedRooms
from tests.fakes.room_ops import Writer

N_PEOPLE, N_ROOMS = 4, 2
# What one person does next: say, change, seat somebody, or send again what was sent before, in order or not.
DEEDS = st.tuples(
    st.integers(0, N_PEOPLE - 1),
    st.integers(0, N_ROOMS - 1),
    st.sampled_from(
        ["say", "say", "edit", "delete", "react", "pin", "seat", "unseat", "name", "again", "late", "other body", "borrow"]
    ),
    st.integers(0, 50),
)
SCRIPTS = st.lists(st.lists(DEEDS, min_size=1, max_size=12), min_size=1, max_size=8)


class Play:
    """People, their rooms, and every operation they ever made."""

    def __init__(self) -> None:
        self.people = [Writer(seed=seed + 1) for seed in range(N_PEOPLE)]
        self.rooms = PlannedRooms(*self.people)
        first = self.people[0]
        creates = [
            first.create(self.people[1], is_open=True),
            first.create(*self.people[1:3], shows_history=False),
        ]
        self.places = [create.r for create in creates]
        self.made: list[tuple[Writer, Op]] = [(first, create) for create in creates]
        self.answers: dict[tuple[str, str], list] = defaultdict(list)
        self.ask(self.made)

    def ask(self, batch: list[tuple[Writer, Op]]) -> None:
        for (writer, op), result in zip(batch, self.rooms.ask(batch), strict=True):
            self.answers[writer.actor.device, op.id].append((op, result))

    def op(self, who: int, where: int, deed: str, pick: int) -> tuple[Writer, Op]:
        writer, room = self.people[who], self.places[where]
        messages = [op.id for _, op in self.made if op.k == "msg.create"] or [writer.id()]
        target, other = messages[pick % len(messages)], self.people[pick % N_PEOPLE]
        old = self.made[pick % len(self.made)]
        if deed == "again":
            return old
        if deed == "other body":
            return old[0], msgspec.structs.replace(old[1], b='{"text":"something else"}')
        if deed == "borrow":
            return writer, writer.say(room, id=old[1].id)
        if deed == "late":
            return writer, writer.say(room, cseq=writer.counts.get(room, 0) + 2 + pick % 3)
        body = {
            "edit": MsgEdit(target, "edited"),
            "delete": MsgDelete(target),
            "react": ReactSet(target, "👍", on=bool(pick % 2)),
            "pin": PinSet(target),
            "name": RoomEdit("Name"),
        }.get(deed)
        if body is not None:
            op = writer.op(room, body, base=pick)
        elif deed == "say":
            op = writer.say(room)
        else:
            op = writer.seat(room, other.user, None if deed == "unseat" else RoomRole.MEMBER)
        self.made.append((writer, op))
        return writer, op


def played(script) -> Play:
    play = Play()
    for deeds in script:
        play.ask([play.op(*deed) for deed in deeds])
    return play


@hypothesis.given(SCRIPTS)
def test_every_log_is_whole_and_its_chain_follows(script):
    play = played(script)

    for room, view in play.rooms.rooms.items():
        events = play.rooms.events[room]
        assert [event.s for event in events] == list(range(1, len(events) + 1))
        assert view.seq == len(events)
        assert view.hash == hash_after(START, 1, events)


@hypothesis.given(SCRIPTS)
def test_what_was_acknowledged_stands_once_where_it_was_told_and_a_decision_never_changes(script):
    play = played(script)

    for (device, identity), answers in play.answers.items():
        places = {(op.r, result.s) for op, result in answers if result.st in (OpState.OK, OpState.DUP)}
        standing = {
            (room, event.s)
            for room, events in play.rooms.events.items()
            for event in events
            if (event.d, event.id) == (device, identity)
        }
        assert places <= standing
        assert len(standing) <= 1
        by_content = defaultdict(list)
        for op, result in answers:
            if result.st is not OpState.RETRY:
                by_content[op.r, op.k, op.b, op.n].append((result.st, result.s, result.code))
        for told in by_content.values():
            assert len({(s, code) for _, s, code in told}) == 1
            assert [st for st, _, _ in told].count(OpState.OK) <= 1


@hypothesis.given(SCRIPTS)
def test_what_a_device_enters_stands_in_the_order_of_its_counts(script):
    play = played(script)
    counts = {(device, identity): answers for (device, identity), answers in play.answers.items()}

    for room, events in play.rooms.events.items():
        by_device = defaultdict(list)
        for event in events:
            (told,) = {op.cseq for op, result in counts[event.d, event.id] if result.st is OpState.OK and op.r == room}
            by_device[event.d].append(told)
        assert all(cseqs == sorted(set(cseqs)) for cseqs in by_device.values())


@hypothesis.given(SCRIPTS)
def test_seats_are_those_of_the_fold_at_every_event_and_nobody_is_told_of_what_they_may_not_see(script):
    play = played(script)
    told: dict[tuple[str, str], set[int]] = defaultdict(set)
    for planned in play.rooms.plans:
        for log in planned.logs:
            for committed in split(log):
                for user in committed.members_after:
                    told[log.after.room, user] |= {event.s for event in committed.ev.ev}

    for room, events in play.rooms.events.items():
        members: list[set[str]] = []
        state = None
        for event in events:
            state = fold([event], state)
            members.append(set(state.room.seats))
        view = play.rooms.rooms[room]
        assert {user: seat.role for user, seat in view.seats.items()} == state.room.seats
        assert {user: seat.since for user, seat in view.seats.items()} == state.room.since
        for writer in play.people:
            may_see = {s for s, seated in enumerate(members, 1) if writer.user in seated}
            assert told[room, writer.user] == may_see


@hypothesis.given(SCRIPTS)
def test_rules_and_fold_agree_about_every_message(script):
    play = played(script)

    for room, events in play.rooms.events.items():
        for message in fold(events).messages.values():
            view = play.rooms.messages[room, message.id]
            assert (view.s, view.author) == (message.s, message.a)
            assert view.is_deleted == message.is_deleted
            if not message.is_deleted:
                assert (view.edited_s, view.editor) == (message.edited_s, message.editor)


@hypothesis.given(SCRIPTS, st.randoms(use_true_random=False))
def test_how_operations_are_cut_into_batches_changes_nothing(script, chance):
    together, apart = Play(), Play()
    deeds = [deed for part in script for deed in part]
    asked = [together.op(*deed) for deed in deeds]
    assert [op for _, op in asked] == [op for _, op in (apart.op(*deed) for deed in deeds)]

    whole = together.rooms.ask(asked)
    parts = []
    rest = [(apart.people[together.people.index(writer)], op) for writer, op in asked]
    while rest:
        n = chance.randint(1, len(rest))
        parts += apart.rooms.ask(rest[:n])
        rest = rest[n:]
    # A device that is held back stays so to the end of its batch: smaller batches can only let more through.
    held = {index for index, result in enumerate(whole) if result.st is OpState.RETRY}
    if not held:
        assert list(whole) == parts
        assert together.rooms.events == apart.rooms.events
