"""What time it is for the server: steady time, and the part of it that the event loop was there for."""

from hypothesis import given
from hypothesis import strategies as st

from sync_server.clock import LOOK_MS, Attention


class Hand:
    """A clock hand that the test moves."""

    def __init__(self):
        self.at_ms = 1_000

    def ms(self):
        return self.at_ms


def test_before_the_first_look_all_time_is_attended():
    hand = Hand()
    attention = Attention(hand.ms)
    hand.at_ms += 60_000

    assert attention.attended_ms() == hand.at_ms


def test_time_stands_still_from_when_a_look_is_due_until_it_comes():
    hand = Hand()
    attention = Attention(hand.ms)
    attention.look()
    hand.at_ms += LOOK_MS + 30_000
    overdue_ms = attention.attended_ms()
    attention.look()

    assert overdue_ms == attention.attended_ms() == 1_000 + LOOK_MS
    hand.at_ms += 100
    assert attention.attended_ms() == 1_000 + LOOK_MS + 100


@given(st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=40))
def test_attended_time_never_goes_back_and_never_runs_faster_than_time(steps):
    hand = Hand()
    attention = Attention(hand.ms)
    before_ms = attention.attended_ms()
    for by_ms, is_look in steps:
        hand.at_ms += by_ms
        if is_look:
            attention.look()
        assert 0 <= attention.attended_ms() - before_ms <= by_ms
        before_ms = attention.attended_ms()
