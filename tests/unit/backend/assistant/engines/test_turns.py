"""The queue at a model: a person first, fair among equals, bounded, and a batch gives way and comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.assistant.engines.engine import Priority
from backend.assistant.engines.turns import Turn, Turns
from backend.errors import Conflict, Unavailable


def served(turns):
    """Ids in the order in which they get their turn."""
    order = []
    while (turn := turns.next()) is not None:
        order.append(turn.id)
        turns.finish(turn.id)
    return order


def test_a_person_goes_first_then_alerts_then_the_rest():
    turns = Turns()
    for name, priority in (("b", Priority.BATCH), ("a", Priority.ALERT), ("p", Priority.PERSON)):
        turns.ask(Turn(name, priority))

    assert [turns.place_of(name) for name in "pab"] == [0, 1, 2]
    assert served(turns) == ["p", "a", "b"]


def test_sources_of_one_priority_alternate_and_keep_their_own_order():
    turns = Turns()
    for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
        turns.ask(Turn(name, source=name[0]))

    assert served(turns) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_batch_gives_way_to_a_person_and_comes_back_before_other_batches():
    turns = Turns()
    turns.ask(Turn("b1", Priority.BATCH, "x"))
    turns.next()
    turns.ask(Turn("b2", Priority.BATCH, "y"))
    turns.ask(Turn("b3", Priority.BATCH, "x"))
    assert not turns.yields
    turns.ask(Turn("p"))
    assert turns.yields

    turns.put_back("b1")
    assert served(turns) == ["p", "b1", "b2", "b3"]


def test_a_batch_gives_way_to_no_alert_and_a_person_to_nobody():
    turns = Turns()
    turns.ask(Turn("b", Priority.BATCH))
    turns.next()
    turns.ask(Turn("a", Priority.ALERT))
    assert not turns.yields

    turns.finish("b")
    turns.next()
    turns.ask(Turn("p"))
    assert not turns.yields


def test_a_full_queue_refuses_in_words_and_leaves_other_priorities_open():
    turns = Turns(2)
    turns.ask(Turn("b1", Priority.BATCH))
    turns.ask(Turn("b2", Priority.BATCH))
    with pytest.raises(Unavailable, match="2 requests already wait") as refusal:
        turns.ask(Turn("b3", Priority.BATCH))

    assert refusal.value.code == "engine.full"
    turns.ask(Turn("p"))
    assert turns.n_waiting == 3


def test_a_request_cannot_wait_twice_nor_while_it_runs():
    turns = Turns()
    turns.ask(Turn("a"))
    with pytest.raises(Conflict):
        turns.ask(Turn("a"))
    turns.next()
    with pytest.raises(Conflict):
        turns.ask(Turn("a"))


def test_what_waits_can_be_cancelled_and_what_runs_is_left():
    turns = Turns()
    turns.ask(Turn("a"))
    turns.ask(Turn("b"))
    turns.next()

    assert turns.cancel("b")
    assert not turns.cancel("b")
    assert not turns.cancel("a")
    assert turns.n_waiting == 0
    assert turns.place_of("b") == -1


@given(st.lists(st.tuples(st.sampled_from(Priority), st.sampled_from("xyz")), max_size=40))
def test_everybody_is_served_once_in_the_order_that_was_told(asked):
    turns = Turns(n_max=100)
    for i, (priority, source) in enumerate(asked):
        turns.ask(Turn(str(i), priority, source))
    told = sorted(range(len(asked)), key=lambda i: turns.place_of(str(i)))
    order = [int(name) for name in served(turns)]

    assert order == told
    assert [asked[i][0] for i in order] == sorted(priority for priority, _ in asked)
    for priority in Priority:
        for source in "xyz":
            own = [i for i in order if asked[i] == (priority, source)]
            assert own == sorted(own)
        ahead = [asked[i][1] for i in order if asked[i][0] == priority]
        for n in range(1, len(ahead) + 1):
            counts = {source: ahead[:n].count(source) for source in "xyz"}
            left = {source for source in "xyz" if ahead[n:].count(source)}
            assert all(counts[source] >= max(counts.values()) - 1 for source in left)


class Model(RuleBasedStateMachine):
    """Any order of calls: each turn is in exactly one place, and the bound holds."""

    def __init__(self):
        super().__init__()
        self.turns = Turns(n_max=3)
        self.waiting = {}
        self.running = None
        self.n = 0

    @rule(priority=st.sampled_from(Priority), source=st.sampled_from("ab"))
    def ask(self, priority, source):
        turn = Turn(str(self.n), priority, source)
        self.n += 1
        if sum(found.priority is priority for found in self.waiting.values()) >= 3:
            with pytest.raises(Unavailable):
                self.turns.ask(turn)
        else:
            self.turns.ask(turn)
            self.waiting[turn.id] = turn

    @rule()
    def begin(self):
        found = self.turns.next()
        assert (found is None) == (self.running is not None or not self.waiting)
        if found is not None:
            assert found.priority == min(turn.priority for turn in self.waiting.values())
            self.running = self.waiting.pop(found.id)

    @precondition(lambda self: self.running is not None)
    @rule(comes_back=st.booleans())
    def end(self, comes_back):
        turn, self.running = self.running, None
        if comes_back:
            self.turns.put_back(turn.id)
            self.waiting[turn.id] = turn
        else:
            self.turns.finish(turn.id)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data):
        name = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.turns.cancel(name)
        del self.waiting[name]

    @invariant()
    def everything_is_where_it_should_be(self):
        assert self.turns.running == self.running
        assert self.turns.n_waiting == len(self.waiting)
        assert all(self.turns.place_of(name) >= 0 for name in self.waiting)
        a_person_waits = any(turn.priority is Priority.PERSON for turn in self.waiting.values())
        is_batch = self.running is not None and self.running.priority is Priority.BATCH
        assert self.turns.yields == (is_batch and a_person_waits)


TestAnyOrderOfCalls = Model.TestCase
