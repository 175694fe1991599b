"""When connections are written to: what is held between rounds, in which order it is told, and how long the pauses are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.edge.rounds import MAX_EVENTS, MAX_PAUSE_S, PAUSE_S, SLICE, Rounds
from sync_server.protocol.events import Event
from sync_server.protocol.messages import Ev

ALL = frozenset({"ann", "bob"})


class Turns:
    """A loop whose time moves only where a test says so."""

    def __init__(self):
        self.now_s = 100.0
        self.due = []
        self._count = itertools.count()

    def time(self):
        return self.now_s

    def call_soon(self, call):
        return self.call_later(0.0, call)

    def call_later(self, wait_s, call):
        entry = (self.now_s + wait_s, next(self._count), call)
        self.due.append(entry)
        return self

    def cancel(self):
        self.due.clear()

    def run(self):
        """Do the next thing that is due, at its time."""
        self.due.sort(key=lambda entry: entry[:2])
        at_s, _, call = self.due.pop(0)
        self.now_s = max(self.now_s, at_s)
        call()


class Pipe:
    """A connection that takes a while to write to."""

    def __init__(self, turns, takes_s=0.0):
        self.n_written = 0
        self._turns = turns
        self._takes_s = takes_s

    def flush(self):
        self.n_written += 1
        self._turns.now_s += self._takes_s


@pytest.fixture
def turns(monkeypatch):
    turns = Turns()
    monkeypatch.setattr("asyncio.get_running_loop", lambda: turns)
    return turns


def told_by(told):
    return Rounds(lambda hearers, packed: told.append((hearers, *packed.messages)))


def ev(first, n=1, room="r", epoch=1, body="{}"):
    events = tuple(Event(s, f"id{s}", "ann", "d", "msg.create", 0, "", body) for s in range(first, first + n))
    return Ev(room, epoch, first, first + n - 1, events, h=f"h{first + n - 1}")


def test_events_of_one_room_between_two_rounds_travel_as_one_message(turns):
    told = []
    rounds = told_by(told)
    rounds.gather(ev(5), ALL)
    rounds.gather(ev(6, 3), ALL)
    turns.run()

    ((hearers, message),) = told
    assert (hearers, message.first, message.last, message.h) == (ALL, 5, 8, "h8")
    assert [event.s for event in message.ev] == [5, 6, 7, 8]
    assert turns.due == []


@pytest.mark.parametrize(
    ("second", "hearers"),
    [
        (ev(6), frozenset({"ann"})),
        (ev(8), ALL),
        (ev(6, epoch=2), ALL),
        (ev(6, MAX_EVENTS), ALL),
        (ev(6, body="x" * 65_536), ALL),
    ],
)
def test_what_others_hear_or_does_not_follow_or_is_too_large_is_a_message_of_its_own(turns, second, hearers):
    told = []
    rounds = told_by(told)
    rounds.gather(ev(5), ALL)
    rounds.gather(second, hearers)
    turns.run()

    assert told == [(ALL, ev(5)), (hearers, second)]


def test_what_is_settled_is_told_at_once_and_once(turns):
    told = []
    rounds = told_by(told)
    rounds.gather(ev(1), ALL)
    rounds.gather(ev(1, room="q"), ALL)
    rounds.settle("r")
    assert [message.r for _, message in told] == ["r"]
    turns.run()
    assert [message.r for _, message in told] == ["r", "q"]


def test_the_first_word_leaves_at_once_and_after_a_round_nothing_is_written_for_twice_its_time(turns):
    rounds, pipe = told_by([]), Pipe(turns, 0.01)
    rounds.must_flush(pipe)
    turns.run()
    assert (pipe.n_written, turns.now_s) == (1, pytest.approx(100.01))

    rounds.must_flush(pipe)
    turns.run()
    assert (pipe.n_written, turns.now_s) == (2, pytest.approx(100.01 + 0.02 + 0.01))


@pytest.mark.parametrize(("takes_s", "pause_s"), [(0.0, PAUSE_S), (1.0, MAX_PAUSE_S)])
def test_a_pause_has_a_least_and_a_longest_time(turns, takes_s, pause_s):
    rounds, pipe = told_by([]), Pipe(turns, takes_s)
    rounds.must_flush(pipe)
    turns.run()
    begun_s = turns.now_s
    rounds.must_flush(pipe)
    turns.run()
    assert turns.now_s - begun_s == pytest.approx(pause_s + takes_s)


def test_many_connections_are_written_to_in_turns_and_one_that_is_gone_not_at_all(turns):
    rounds = told_by([])
    pipes = [Pipe(turns) for _ in range(SLICE + 2)]
    for pipe in pipes:
        rounds.must_flush(pipe)
    turns.run()
    assert sum(pipe.n_written for pipe in pipes) == SLICE
    rounds.forget(pipes[-1])
    turns.run()
    assert [pipe.n_written for pipe in pipes[-2:]] == [1, 0]
    assert turns.due == []


def test_a_connection_that_breaks_while_it_is_written_to_does_not_end_the_rounds(turns):
    class Broken:
        def flush(self):
            raise OSError("gone")

    rounds, pipe = told_by([]), Pipe(turns)
    rounds.must_flush(Broken())
    rounds.must_flush(pipe)
    with pytest.raises(OSError, match="gone"):
        turns.run()
    turns.run()
    assert pipe.n_written == 1


@given(st.lists(st.tuples(st.sampled_from("rq"), st.integers(1, 40), st.sampled_from([ALL, frozenset({"ann"})]), st.booleans())))
def test_whatever_is_gathered_is_told_once_in_order_to_whom_it_belongs(batches):
    turns, told, entered, place = Turns(), [], [], {"r": 0, "q": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("asyncio.get_running_loop", lambda: turns)
        rounds = told_by(told)
        for room, n, hearers, is_round in batches:
            rounds.gather(ev(place[room] + 1, n, room), hearers)
            entered += [(room, s, hearers) for s in range(place[room] + 1, place[room] + n + 1)]
            place[room] += n
            if is_round:
                turns.run()
        while turns.due:
            turns.run()

    heard = [(message.r, event.s, hearers) for hearers, message in told for event in message.ev]
    for room in "rq":
        assert [one for one in heard if one[0] == room] == [one for one in entered if one[0] == room]
    assert all([event.s for event in message.ev] == list(range(message.first, message.last + 1)) for _, message in told)
