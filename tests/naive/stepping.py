"""Slow, obvious twin of backend/kernels/stepping.py: members are (function, state, wires) with plain lists."""

N_FIELDS = 10


def fields(opened, high, low, close, volume, session):
    """The first slots: a bar's own numbers and the prices made of them."""
    made = (high + low) / 2, (high + low + close) / 3, (opened + high + low + close) / 4, (high + low + close + close) / 4
    return [opened, high, low, close, volume, session, *made]


def update_all(members, values, bar):
    """Every member reads and writes the values, one after the other."""
    values[:N_FIELDS] = fields(*bar)
    for function, state, wires in members:
        function(state, values, wires)


def peek_all(members, values, bar):
    """The same on copies of the states."""
    update_all([(function, list(state), wires) for function, state, wires in members], values, bar)
