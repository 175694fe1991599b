"""Members called by address, one after the other: as plain functions over plain lists do."""

import numpy as np

from backend.kernels.stepping import opened, peek_all, step, update_all
from tests.naive import stepping as naive

BAR = (10.0, 12.0, 9.0, 11.0, 300.0, 5.0)
CLOSE, HLC3 = 3, 7


@step
def total_step(state, values, wires):
    s, v, w = opened(state, values, wires)
    s[0] += v[w[0]]
    v[w[1]] = s[0]


def total(state, values, wires):
    state[0] += values[wires[0]]
    values[wires[1]] = state[0]


def plan_of(values, scratch, states, wires):
    members = zip(states, wires, strict=True)
    tail = [number for s, w in members for number in (total_step.address, s.ctypes.data, w.ctypes.data, len(s))]
    return np.array([len(states), values.ctypes.data, scratch.ctypes.data, *tail], np.int64)


def test_members_take_a_bar_in_order_and_read_what_came_before_them():
    wires = [(CLOSE, 10), (10, 11), (HLC3, 12)]
    states, values, scratch = [np.zeros(1) for _ in wires], np.full(13, np.nan), np.empty(1)
    arrays = [np.array(pair, np.int64) for pair in wires]
    plan = plan_of(values, scratch, states, arrays)
    plain_values, plain = [np.nan] * 13, [(total, [0.0], pair) for pair in wires]
    for row in range(5):
        bar = tuple(number + row for number in BAR)
        peek_all(plan, *bar)
        naive.peek_all(plain, plain_values, bar)
        np.testing.assert_array_equal(values, plain_values)
        assert [s[0] for s in states] == [s[0] for _, s, _ in plain]

        update_all(plan, *bar)
        naive.update_all(plain, plain_values, bar)
        np.testing.assert_array_equal(values, plain_values)
        assert [s[0] for s in states] == [s[0] for _, s, _ in plain]
    assert values[11] == 11 + (11 + 12) + (11 + 12 + 13) + (11 + 12 + 13 + 14) + (11 + 12 + 13 + 14 + 15)


def test_a_peek_leaves_every_state_as_it_was():
    state, values = np.array([7.0]), np.full(11, np.nan)
    wires = np.array((CLOSE, 10), np.int64)
    peek_all(plan_of(values, np.empty(1), [state], [wires]), *BAR)

    assert (values[10], state[0]) == (18.0, 7.0)
