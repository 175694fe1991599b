"""Which streams are asked for: exactly those wanted, few at a time, again when unanswered, never those refused."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backend.market.feeds.binance_subscriptions import ANSWER_NS, NAMES_AT_ONCE, STREAMS_MAX, Subscriptions


class Line:
    """The venue's side: what it carries; names with ``x`` it does not have."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self.subscriptions = subscriptions
        self.carried: set[str] = set()
        self.n_messages = 0

    def answer_all(self, steady_ns: int = 0) -> None:
        while (text := self.subscriptions.next_request(steady_ns)) is not None:
            request = msgspec.json.decode(text)
            assert len(request["params"]) <= NAMES_AT_ONCE
            self.n_messages += 1
            is_accepted = not any("x" in name for name in request["params"])
            if request["method"] == "UNSUBSCRIBE":
                self.carried -= set(request["params"])
            elif is_accepted:
                self.carried |= set(request["params"])
            assert len(self.carried) <= STREAMS_MAX
            self.subscriptions.answered(request["id"], is_accepted=is_accepted)


def test_what_is_wanted_is_carried_and_nothing_else():
    subscriptions = Subscriptions()
    line = Line(subscriptions)
    for wanted in (["a", "b"], ["b", "c"], [], ["a"]):
        subscriptions.want(wanted)
        line.answer_all()
        assert line.carried == set(wanted)
        assert subscriptions.next_request(0) is None


def test_streams_beyond_what_a_connection_carries_are_left_out_and_counted():
    subscriptions = Subscriptions()
    line = Line(subscriptions)
    subscriptions.want([f"s{n}" for n in range(STREAMS_MAX + 5)])
    line.answer_all()

    assert line.carried == {f"s{n}" for n in range(STREAMS_MAX)}
    assert subscriptions.n_too_many == 5
    assert line.n_messages == 11


def test_one_wrong_name_does_not_take_the_others_with_it_and_is_not_asked_for_again():
    subscriptions = Subscriptions()
    line = Line(subscriptions)
    subscriptions.want(["a", "x", "b"])
    line.answer_all()

    assert line.carried == {"a", "b"}
    assert subscriptions.refused == {"x"}
    assert line.n_messages == 4


def test_a_request_that_is_never_answered_is_made_again_and_its_late_answer_counts_for_nothing():
    subscriptions = Subscriptions()
    subscriptions.want(["a"])
    first = msgspec.json.decode(subscriptions.next_request(0))

    assert subscriptions.next_request(ANSWER_NS) is None
    second = msgspec.json.decode(subscriptions.next_request(ANSWER_NS + 1))
    assert second["params"] == ["a"]
    assert subscriptions.answered(first["id"], is_accepted=True) == ()
    assert subscriptions.answered(second["id"], is_accepted=True) == ("a",)


def test_a_fresh_connection_is_asked_for_everything():
    subscriptions = Subscriptions()
    subscriptions.want(["a", "x"])
    Line(subscriptions).answer_all()
    subscriptions.begin()
    fresh = Line(subscriptions)
    fresh.answer_all()

    assert fresh.carried == {"a"}


@given(st.lists(st.sets(st.sampled_from([f"s{n}" for n in range(8)] + ["x1", "x2"])), max_size=8), st.booleans())
def test_whatever_is_wanted_one_after_another_the_last_wish_stands(wishes, answers_at_once):
    subscriptions = Subscriptions()
    line = Line(subscriptions)
    for wish in wishes:
        subscriptions.want(sorted(wish))
        if answers_at_once:
            line.answer_all()
    line.answer_all()

    assert line.carried == {name for name in (wishes[-1] if wishes else ()) if "x" not in name}
