"""The server's side of a connection, without sockets: who may say what, how fast, and how it ends."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.actor import Actor, Role
from sync_server.edge.acts import Beat, Close, Fetch, Pace, Read, Recheck, Submit, Tell, Verify, Write
from sync_server.edge.session import MAX_EARLY, MAX_OPEN, Figures, ServerSession
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import CloseCode, Code
from sync_server.protocol.events import Cursor, Op, OpResult, OpState
from sync_server.protocol.limits import Limits
from sync_server.protocol.messages import (
    Bye,
    Err,
    Ev,
    Head,
    Hello,
    Pull,
    Push,
    ReadUp,
    Renew,
    Res,
    Reset,
    RoomHead,
    Said,
    Say,
    Welcome,
)

NOW = 1_790_000_000_000
ROOM = "01990000-0000-7000-8000-0000000000aa"
OTHER_ROOM = "01990000-0000-7000-8000-0000000000bb"
ANN = Actor(user="ann", org="org", role=Role.MEMBER, device="laptop", session="s1", until_ms=NOW + 900_000)


def free(_pace, _key):
    return 0


def session_of(take=free, codec=Codec.JSON, **figures):
    made = ServerSession("c1", codec, take, Figures(**figures))
    made.opened(NOW)
    return made


def live(take=free, **figures):
    made = session_of(take, **figures)
    say(made, Hello("token", "laptop"))
    made.admitted(ANN, (), NOW)
    return made


def say(session, message):
    return session.received(encode(message, session.codec))


def op(n, room=ROOM, kind="msg.create"):
    return Op(f"01990000-0000-7000-8000-{n:012x}", room, kind, "{}", "AAAAAAAAAAAAAAAAAAAAAA", n)


def bye_code(acts):
    assert [type(act) for act in acts] == [Write, Close]
    assert isinstance(acts[0].message, Bye)
    assert acts[0].message.code == acts[1].code
    return acts[1].code


def test_a_connection_that_says_nothing_is_closed_after_five_seconds():
    session = session_of()

    assert session.tick(NOW + 4_999) == []
    assert bye_code(session.tick(NOW + 5_000)) == CloseCode.NOT_SIGNED_IN
    assert session.tick(NOW + 6_000) == []


def test_what_the_server_was_late_by_is_added_to_the_time_that_a_device_has_for_hello():
    session = session_of()

    assert session.tick(NOW + 30_000, late_ms=26_000) == []
    assert session.tick(NOW + 30_999) == []
    assert bye_code(session.tick(NOW + 31_000)) == CloseCode.NOT_SIGNED_IN


def test_a_server_that_was_late_before_a_connection_began_closes_it_no_sooner():
    session = session_of()

    assert session.tick(NOW, late_ms=60_000) == []
    assert session.tick(NOW + 64_999) == []
    assert bye_code(session.tick(NOW + 65_000)) == CloseCode.NOT_SIGNED_IN


def test_a_clock_that_goes_back_does_not_lengthen_the_wait_for_hello():
    assert bye_code(session_of().tick(NOW - 3_600_000)) == CloseCode.NOT_SIGNED_IN


def test_a_server_that_cannot_look_at_the_token_in_time_says_so():
    session = session_of()
    say(session, Hello("token", "laptop"))

    assert session.tick(NOW + 19_999) == []
    assert bye_code(session.tick(NOW + 20_000)) == CloseCode.LIMITED


def test_hello_has_its_token_looked_at_and_is_welcomed():
    session = session_of()
    cursor = Cursor(ROOM, 1, 5, "h")
    reset = Reset(ROOM, "floor", 1, floor=3)

    assert say(session, Hello("token", "laptop", (cursor,))) == [Verify("token", "laptop", (cursor,))]
    welcome, told_reset = session.admitted(ANN, (RoomHead(ROOM, 1, 9),), NOW, resets=(reset,))
    assert welcome.message == Welcome("c1", "ann", "one", NOW, ANN.until_ms, Limits(), 20_000, (RoomHead(ROOM, 1, 9),))
    assert told_reset.message == reset


@pytest.mark.parametrize("message", [Push(1, ()), Pull(1, ROOM, 1), ReadUp(ROOM, 1, 1), Say("typing", ROOM), Renew("t")])
def test_nothing_but_hello_is_heard_from_a_stranger(message):
    assert bye_code(say(session_of(), message)) == CloseCode.NOT_SIGNED_IN


def test_another_version_is_told_which_one_is_spoken():
    assert bye_code(say(session_of(), Hello("token", "laptop", v=2))) == CloseCode.VERSION


def test_more_rooms_than_one_connection_may_follow_are_refused():
    cursors = (Cursor(ROOM),) * 3

    assert bye_code(say(session_of(limits=Limits(rooms=2)), Hello("t", "laptop", cursors))) == CloseCode.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"t":"hello"}',
        b'{"t":"nothing"}',
        b'{"t":"push","rid":"1","ops":[]}',
        b"\xff\xfe",
        b"[" * 20_000,
    ],
)
def test_what_is_no_message_ends_the_connection(data):
    assert bye_code(live().received(data)) == CloseCode.BAD_FRAME


def test_a_message_over_the_bound_ends_the_connection_unread():
    assert bye_code(live(limits=Limits(frame=100)).received(b"{" * 101)) == CloseCode.TOO_LARGE


@given(st.binary(max_size=200))
def test_no_bytes_of_a_stranger_do_more_than_end_the_connection(data):
    for codec in Codec:
        session = session_of(codec=codec)

        acts = session.received(data)

        assert bye_code(acts) in (CloseCode.BAD_FRAME, CloseCode.NOT_SIGNED_IN, CloseCode.VERSION)
        assert session.received(data) == []


def test_what_is_said_before_the_welcome_waits_for_it_and_is_bounded():
    session = session_of()
    say(session, Hello("token", "laptop"))

    assert say(session, Pull(7, ROOM, 1)) == []
    assert session.admitted(ANN, (), NOW)[1:] == [Fetch(Pull(7, ROOM, 1))]

    flooded = session_of()
    say(flooded, Hello("token", "laptop"))
    for n in range(MAX_EARLY):
        assert say(flooded, Pull(n, ROOM, 1)) == []
    assert bye_code(say(flooded, Pull(999, ROOM, 1))) == CloseCode.BAD_FRAME


def test_what_happens_before_the_welcome_is_told_right_after_it():
    session = session_of()
    assert session.hear(Ev(ROOM, 1, 1, 1), NOW) == []  # a stranger hears nothing, later neither
    say(session, Hello("token", "laptop"))
    assert session.hear(Ev(ROOM, 1, 2, 2), NOW) == []

    told = [act.message for act in session.admitted(ANN, (), NOW)]

    assert [type(message) for message in told] == [Welcome, Ev]
    assert told[1].first == 2


def test_operations_go_on_in_order_and_their_results_come_back_in_that_order():
    session = live()
    ops = (op(1), op(2), op(3, OTHER_ROOM))

    assert say(session, Push(4, ops)) == [Submit(4, ops)]
    results = [OpResult(o.id, OpState.OK, 1, 9) for o in reversed(ops)]
    (answer,) = session.results(4, results)
    assert answer.message == Res(4, tuple(reversed(results)))
    assert session.results(4, results) == []
    assert session.n_open == 0


def test_an_operation_that_must_wait_holds_all_after_it_in_its_room_and_none_elsewhere():
    left = {Pace.MESSAGE: 1}

    def take(pace, key):
        if pace is Pace.MESSAGE and left[Pace.MESSAGE] == 0:
            return 700
        left[pace] = left.get(pace, 0) - 1
        return 0

    session = live(take)
    first, limited, after, elsewhere = op(1), op(2), op(3, kind="react.set"), op(4, OTHER_ROOM, "react.set")

    (submit,) = say(session, Push(1, (first, limited, after, elsewhere)))
    assert submit == Submit(1, (first, elsewhere))
    (answer,) = session.results(1, [OpResult(first.id, OpState.OK, 1, 1), OpResult(elsewhere.id, OpState.OK, 1, 1)])
    assert [(result.st, result.code, result.after) for result in answer.message.ops] == [
        ("ok", "", 0),
        ("retry", Code.LIMITED, 700),
        ("retry", Code.LIMITED, 700),
        ("ok", "", 0),
    ]


def test_a_push_of_which_nothing_may_go_on_is_answered_at_once():
    session = live(lambda pace, key: 300 if pace is Pace.ROOM else 0)

    (answer,) = say(session, Push(1, (op(1),)))

    assert answer.message == Res(1, (OpResult(op(1).id, OpState.RETRY, code=Code.LIMITED, after=300),))
    assert say(session, Push(2, ())) == [Write(Res(2, ()))]


def test_who_is_too_fast_for_too_long_is_let_go_with_a_long_wait():
    n_refused = 0

    def take(pace, key):
        nonlocal n_refused
        if pace is Pace.ABUSE:
            n_refused += 1
            return 1 if n_refused > 3 else 0
        return 500 if pace is Pace.MESSAGE else 0

    session = live(take)
    for n in range(3):
        assert len(say(session, Push(n, (op(n),)))) == 1

    *_, farewell, close = say(session, Push(9, (op(9),)))
    assert close.code == farewell.message.code == CloseCode.LIMITED
    assert farewell.message.retry[0] >= 10_000
    assert say(session, Push(10, (op(10),))) == []


def test_a_push_with_too_many_operations_is_refused_and_the_connection_stays():
    session = live(limits=Limits(ops=2))

    (answer,) = say(session, Push(1, (op(1), op(2), op(3))))

    assert isinstance(answer.message, Err)
    assert answer.message.code == Code.TOO_LARGE
    assert session.is_live


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"r": "../etc"},
        {"k": "msg.créate"},
        {"k": "a" * 65},
        {"k": "a\nb"},
        {"n": "\0"},
        {"cseq": -1},
        {"base": 2**53},
        {"cts": 2**70},
    ],
)
def test_an_operation_that_cannot_be_one_ends_the_connection(change):
    broken = msgspec.structs.replace(op(1), **change)

    assert bye_code(say(live(), Push(1, (broken,)))) == CloseCode.BAD_FRAME


def test_requests_that_are_open_at_once_are_bounded_and_named_once():
    session = live()
    for n in range(MAX_OPEN):
        assert len(say(session, Pull(n, ROOM, 1))) == 1

    (answer,) = say(session, Pull(MAX_OPEN, ROOM, 1))
    assert answer.message.code == Code.LIMITED
    session.fetched(0, Ev(ROOM, 1, 1, 1, rid=0))
    assert say(session, Pull(0, ROOM, 1)) == [Fetch(Pull(0, ROOM, 1))]
    assert bye_code(say(session, Pull(0, ROOM, 1))) == CloseCode.BAD_FRAME


@pytest.mark.parametrize("pull", [Pull(1, ROOM, 1, after=-1), Pull(-1, ROOM, 1), Pull(2**53, ROOM, 1), Pull(1, "r" * 65, 1)])
def test_a_page_that_cannot_be_ends_the_connection(pull):
    assert bye_code(say(live(), pull)) == CloseCode.BAD_FRAME


def test_a_page_is_never_longer_than_the_server_says():
    (fetch,) = say(live(), Pull(1, ROOM, 1, limit=100_000))

    assert fetch.pull.limit == 500


def test_a_request_that_fails_is_answered_and_the_connection_stays():
    session = live()
    say(session, Pull(3, ROOM, 1))

    assert session.failed(3, Code.NO_ROOM, "There is no such room.") == [Write(Err(3, Code.NO_ROOM, "There is no such room."))]
    assert session.failed(3, Code.NO_ROOM, "again") == []


def test_the_session_is_looked_at_again_every_two_seconds_and_heads_are_told_every_twenty():
    session = live()

    assert session.tick(NOW + 1_999) == []
    assert session.tick(NOW + 2_000) == [Recheck(ANN)]
    assert session.tick(NOW + 2_001) == []
    assert session.tick(NOW - 50_000) == [Recheck(ANN), Beat()]  # the clock went back: sooner, not later
    late = live()
    late.tick(NOW + 19_000)
    assert late.tick(NOW + 20_000) == [Beat()]
    assert late.head((RoomHead(ROOM, 1, 3),), NOW) == [Write(Head((RoomHead(ROOM, 1, 3),)))]


def test_an_ended_session_falls_silent_at_once():
    session = live()

    assert bye_code(session.ended()) == CloseCode.ENDED
    assert session.hear(Ev(ROOM, 1, 1, 1), NOW) == []
    assert session.results(1, ()) == []
    assert say(session, Pull(1, ROOM, 1)) == []


@pytest.mark.parametrize("used_ms", [0, 800_000])
def test_a_clock_that_goes_back_an_hour_ends_the_connection_instead_of_lengthening_its_token(used_ms):
    session = live()
    session.tick(NOW + used_ms)
    now = NOW + used_ms - 3_600_000

    assert session.hear(Ev(ROOM, 1, 1, 1), now) == []
    assert bye_code(session.tick(now)) == CloseCode.NOT_SIGNED_IN


def test_a_token_renewed_after_the_clock_was_put_right_counts_from_there():
    session = live()
    renewed = msgspec.structs.replace(ANN, until_ms=NOW + 3_600_000 + 900_000)

    assert session.renewed(renewed, NOW + 3_600_000) == []
    assert bye_code(session.tick(NOW + 60_000)) == CloseCode.NOT_SIGNED_IN


def test_a_key_that_never_ends_is_not_touched_by_any_clock():
    session = session_of()
    say(session, Hello("token", "laptop"))
    session.admitted(msgspec.structs.replace(ANN, until_ms=0), (), NOW)

    assert session.hear(Ev(ROOM, 1, 1, 1), NOW - 3_600_000) != []


def test_nothing_is_told_after_the_token_has_ended_and_the_connection_closes():
    session = live()

    assert session.hear(Ev(ROOM, 1, 1, 1), ANN.until_ms - 1) != []
    assert session.hear(Ev(ROOM, 1, 2, 2), ANN.until_ms) == []
    assert bye_code(session.tick(ANN.until_ms)) == CloseCode.NOT_SIGNED_IN


def test_a_new_token_of_the_same_person_and_device_keeps_the_connection():
    session = live()
    renewed = msgspec.structs.replace(ANN, until_ms=ANN.until_ms + 900_000, session="s1")

    assert say(session, Renew("new")) == [Verify("new", "laptop", is_renewal=True)]
    assert session.renewed(renewed, NOW) == []
    assert session.hear(Ev(ROOM, 1, 1, 1), ANN.until_ms + 1) != []


@pytest.mark.parametrize("change", [{"user": "eve"}, {"org": "other"}, {"device": "phone"}])
def test_a_new_token_of_somebody_else_ends_the_connection(change):
    assert bye_code(live().renewed(msgspec.structs.replace(ANN, **change), NOW)) == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize(
    ("code", "close"),
    [
        (Code.NOT_SIGNED_IN, CloseCode.NOT_SIGNED_IN),
        (Code.EXPIRED, 4001),
        (Code.ENDED, 4002),
        (Code.BUSY, 4029),
        (Code.LIMITED, 4029),
    ],
)
def test_a_token_that_is_not_good_ends_the_connection_with_what_to_do_next(code, close):
    session = session_of()
    say(session, Hello("token", "laptop"))

    assert bye_code(session.turned_away(code, "why", after_ms=2_000)) == close


def test_typing_is_told_as_ones_own_and_only_so_often():
    spent = set()

    def once(pace, key):
        is_spent = (pace, key) in spent
        spent.add((pace, key))
        return 3_000 if is_spent and pace is Pace.TYPING else 0

    session = live(once)

    assert say(session, Say("typing", ROOM, "x", 999_999)) == [Tell(Said("typing", "ann", ROOM, "", 5_000))]
    assert say(session, Say("typing", ROOM)) == []
    assert say(session, Say("presence", "", "away")) == [Tell(Said("presence", "ann", "", "away", 30_000))]
    assert say(session, Say("presence", "", "<b>")) == []
    assert say(session, Say("dancing", ROOM)) == []


def test_reading_is_noted():
    assert say(live(), ReadUp(ROOM, 1, 5)) == [Read(ReadUp(ROOM, 1, 5))]
    assert bye_code(say(live(), ReadUp(ROOM, 1, -5))) == CloseCode.BAD_FRAME


def test_hello_is_said_once():
    assert bye_code(say(live(), Hello("token", "laptop"))) == CloseCode.BAD_FRAME


def test_a_session_that_is_looked_at_again_and_still_stands_as_it_did_keeps_what_it_has():
    session = live()
    before = session.actor
    same = msgspec.structs.replace(ANN, until_ms=0)

    assert session.renewed(same, NOW + 2_000) == []
    assert session.actor is before
    session.renewed(msgspec.structs.replace(same, role=Role.ADMIN), NOW + 4_000)
    assert (session.actor.role, session.actor.until_ms) == (Role.ADMIN, ANN.until_ms)
