"""What events come to: the fold against its naive twin, from snapshots, from erased logs, in any order that authors allow."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.protocol import bodies, fold
from sync_server.protocol.events import Event, Kind, Op
from tests.naive.sync_room import message_of, room_of

IDS = tuple(f"0190b000-0000-7000-8000-{n:012d}" for n in range(5))
PEOPLE = tuple(f"0190a000-0000-7000-8000-{n:012d}" for n in range(3))
ids, people = st.sampled_from(IDS), st.sampled_from(PEOPLE)
words = st.text(max_size=8)
roles = st.sampled_from([*bodies.RoomRole, None])

# One case a kind: what its body may be.
CASES = {
    Kind.ROOM_CREATE: st.builds(
        bodies.RoomCreate,
        kind=st.sampled_from(bodies.RoomKind),
        name=words,
        topic=words,
        members=st.lists(st.builds(bodies.Seat, u=people, role=roles), max_size=3).map(tuple),
        is_open=st.booleans(),
        shows_history=st.booleans(),
    ),
    Kind.ROOM_EDIT: st.builds(bodies.RoomEdit, name=st.none() | st.text(min_size=1, max_size=8), topic=st.none() | words),
    Kind.MEMBER_SET: st.builds(bodies.MemberSet, u=people, role=roles),
    Kind.MSG_CREATE: st.builds(
        bodies.MsgCreate, text=words, thread=st.just("") | ids, mentions=st.lists(people, max_size=2).map(tuple)
    ),
    Kind.MSG_EDIT: st.builds(bodies.MsgEdit, target=ids, text=words),
    Kind.MSG_DELETE: st.builds(bodies.MsgDelete, target=ids),
    Kind.REACT_SET: st.builds(bodies.ReactSet, target=ids, emoji=st.sampled_from("+-"), on=st.booleans()),
    Kind.PIN_SET: st.builds(bodies.PinSet, target=ids, on=st.booleans()),
    Kind.ERASE: st.builds(bodies.Erase, targets=st.lists(ids, min_size=1, max_size=2).map(tuple)),
    Kind.FAILOVER: st.builds(bodies.Failover, fork=st.integers(0, 9)),
}

MESSAGE_KINDS = [kind for kind in Kind if kind.startswith(("msg", "react", "pin"))]


@st.composite
def logs(draw, kinds=tuple(Kind)):
    """A room's log: its beginning, then anything."""
    log = [event_of(1, Kind.ROOM_CREATE, draw(CASES[Kind.ROOM_CREATE]), draw(people), IDS[0])]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=25)):
        log.append(event_of(len(log) + 1, kind, draw(CASES[kind]), draw(people), draw(ids)))
    return log


def event_of(s, kind, body, author, identity):
    return Event(s, identity, author, f"{author}-desk", kind, 1_000 + s, "", bodies.format_body(body), "")


def test_every_kind_has_a_case_and_a_body():
    assert set(CASES) == set(Kind) == set(bodies.BODIES)


@given(logs())
def test_a_fold_is_what_the_naive_twin_says_of_the_whole_log(log):
    state = fold.fold(log)
    twin = room_of(log)
    assert state.room is not None
    assert (state.room.name, state.room.topic) == (twin["name"], twin["topic"])
    assert {user: (role, state.room.since[user]) for user, role in state.room.seats.items()} == twin["seats"]
    for identity in IDS:
        message, expected = state.messages.get(identity), message_of(log, identity)
        assert (message is None) == (expected is None)
        if message is not None:
            said = {name: getattr(message, name) for name in expected if name != "reactions"}
            assert said == {name: value for name, value in expected.items() if name != "reactions"}
            reactions = {(emoji, user) for emoji, users in message.reactions for user in users}
            assert reactions == expected.get("reactions", set())


@given(logs(), st.integers(0, 26))
def test_a_snapshot_and_what_follows_are_the_whole_log(log, cut):
    begun = fold.parse_state(fold.fold(log[:cut]).to_text())
    assert fold.fold(log[cut:], begun).to_text() == fold.fold(log).to_text()


@given(logs(), st.data())
def test_events_that_come_twice_change_nothing(log, data):
    doubled = [event for event in log for _ in range(data.draw(st.integers(1, 2)))]
    assert fold.fold(doubled).to_text() == fold.fold(log).to_text()


@given(logs())
def test_a_log_whose_erased_bodies_are_gone_comes_to_the_same(log):
    erased = {target for event in log for target in targets_of(event)}
    purged = [event if not belongs(event, erased) else msgspec.structs.replace(event, b=None) for event in log]
    whole, bare = fold.fold(log), fold.fold(purged)
    gone = {identity for identity in erased & whole.messages.keys() if whole.messages[identity].is_erased}
    assert {identity: bare.messages[identity] for identity in gone} == {identity: whole.messages[identity] for identity in gone}
    if gone == erased & whole.messages.keys():  # none was erased before it was said
        assert bare.to_text() == whole.to_text()


def targets_of(event):
    return bodies.parse_body(event.k, event.b).targets if event.k == Kind.ERASE else ()


def belongs(event, erased):
    """Whether the event is one of the messages, or an edit of one."""
    if event.k == Kind.MSG_CREATE:
        return event.id in erased
    return event.k == Kind.MSG_EDIT and bodies.parse_body(event.k, event.b).target in erased


@given(logs(kinds=(Kind.REACT_SET,)), st.randoms(use_true_random=False))
def test_reactions_are_the_same_in_any_order_that_keeps_each_authors_own(log, chance):
    born = [event_of(2 + n, Kind.MSG_CREATE, bodies.MsgCreate("x"), PEOPLE[0], identity) for n, identity in enumerate(IDS)]
    reactions = log[1:]
    by_author = [[event for event in reactions if event.a == author] for author in PEOPLE]
    shuffled = []
    while any(by_author):
        mine = chance.choice([events for events in by_author if events])
        shuffled.append(mine.pop(0))

    def reactions_after(events):
        placed = [msgspec.structs.replace(event, s=s) for s, event in enumerate([log[0], *born, *events], 1)]
        return {identity: message.reactions for identity, message in fold.fold(placed).messages.items()}

    assert reactions_after(shuffled) == reactions_after(reactions)


@given(logs(), st.sampled_from([*Kind, "poll.open", ""]), st.text(max_size=60) | st.none(), ids)
def test_no_body_whatever_stops_the_fold(log, kind, body, identity):
    state = fold.fold(log)
    state.apply(Event(len(log) + 1, identity, PEOPLE[0], "d", kind, 0, "", body, ""))
    assert fold.parse_state(state.to_text()).to_text() == state.to_text()


def test_a_body_nested_deeper_than_any_program_writes_changes_nothing():
    deep = '{"text":"x","more":' + "[" * 100_000 + "]" * 100_000 + "}"
    assert fold.fold([Event(1, IDS[0], PEOPLE[0], "d", Kind.MSG_CREATE, 0, "", deep, "")]).messages == {}


@given(logs(), st.lists(st.sampled_from(MESSAGE_KINDS), max_size=6), st.data())
def test_what_waits_looks_as_it_will_once_it_has_its_place(log, kinds, data):
    state = fold.fold(log)
    before = state.to_text()
    made = [(f"0190c000-0000-7000-8000-{n:012d}", kind, data.draw(CASES[kind])) for n, kind in enumerate(kinds)]
    ops = [Op(identity, "r", kind, bodies.format_body(body), "", n) for n, (identity, kind, body) in enumerate(made, 1)]
    seen = state.overlay(ops, PEOPLE[1])
    assert state.to_text() == before
    placed = [event_of(len(log) + n, kind, body, PEOPLE[1], identity) for n, (identity, kind, body) in enumerate(made, 1)]
    became = fold.fold([*log, *placed])
    assert seen.messages.keys() == became.messages.keys()
    for identity, message in seen.messages.items():
        later = became.messages[identity]
        assert (message.text, message.reactions, message.pinned, message.is_deleted, message.is_erased) == (
            later.text,
            later.reactions,
            later.pinned,
            later.is_deleted,
            later.is_erased,
        )


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FAILOVER])
def test_every_kind_but_a_failover_changes_something(kind):
    chance = random.Random(7)
    born = [event_of(n + 1, Kind.MSG_CREATE, bodies.MsgCreate("x"), PEOPLE[0], identity) for n, identity in enumerate(IDS)]
    body = {
        Kind.ROOM_CREATE: bodies.RoomCreate(bodies.RoomKind.GROUP, "made"),
        Kind.ROOM_EDIT: bodies.RoomEdit("renamed"),
        Kind.MEMBER_SET: bodies.MemberSet(PEOPLE[2]),
        Kind.MSG_CREATE: bodies.MsgCreate("new"),
        Kind.MSG_EDIT: bodies.MsgEdit(IDS[1], "edited"),
        Kind.MSG_DELETE: bodies.MsgDelete(IDS[1]),
        Kind.REACT_SET: bodies.ReactSet(IDS[1], "+"),
        Kind.PIN_SET: bodies.PinSet(IDS[1]),
        Kind.ERASE: bodies.Erase((IDS[1],)),
    }[kind]
    begin = [] if kind is Kind.ROOM_CREATE else born
    state = fold.RoomState() if kind is Kind.ROOM_CREATE else fold.fold(begin)
    room, messages = state.room, dict(state.messages)
    state.apply(event_of(len(begin) + 1, kind, body, PEOPLE[1], f"new-{chance.random()}"))
    assert (state.room, state.messages) != (room, messages)
