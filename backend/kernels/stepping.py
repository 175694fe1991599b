"""How indicators take one bar after the other: steps behind one signature, and loops that call many of them at once.

A step is compiled to a C function ``step(state, values, wires)``, so that a list of different ones can be called by address:
state : float64[n_state]   parameters first, then what the formula remembers; changed in place
values : float64[n_slots]   the bar's fields, then every output of every member, by slot
wires : int64[n_in + n_out]   the slots a step reads, then those it writes
A step that reads NaN writes NaN and remembers nothing.

Source of the technique: numba's documentation on cfunc, version 0.65, read in November 2026.
Twin: tests/naive/stepping.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]

_FLOATS: Final = types.CPointer(types.float64)
_INTS: Final = types.CPointer(types.int64)
SIGNATURE: Final = types.void(_FLOATS, _FLOATS, _INTS)
# Compiled for these types alone: whole numbers become fractions instead of another compilation.
_TAKES_BAR: Final = types.void(types.int64[::1], *[types.float64] * 6)
_FAR: Final = 1 << 40  # arrays behind pointers are never measured, only indexed
OPEN, HIGH, LOW, CLOSE, VOLUME, SESSION, HL2, HLC3, OHLC4, HLCC4 = range(10)
HEAD: Final = 3  # of a plan: how many members, where the values are, where the scratch is
MEMBER: Final = 4  # of each member: step, state, wires, length of the state


def step(function: Any) -> Any:
    """Compile a step; ``.address`` is where it can be called."""
    return cfunc(SIGNATURE, cache=True)(function)


@njit(inline="always")
def opened(state: Any, values: Any, wires: Any) -> Any:
    """The three pointers of a step as arrays without an end."""
    return carray(state, _FAR), carray(values, _FAR), carray(wires, _FAR)


@intrinsic
def call_step(_typing: Any, address: Any, state: Any, values: Any, wires: Any) -> Any:
    """Call the step at ``address``; all four are int64 addresses."""
    del address, state, values, wires
    signature = types.void(types.int64, types.int64, types.int64, types.int64)

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in (_FLOATS, _FLOATS, _INTS)]
        function = builder.inttoptr(args[0], ir.FunctionType(ir.VoidType(), kinds).as_pointer())
        builder.call(function, [builder.inttoptr(arg, kind) for arg, kind in zip(args[1:], kinds, strict=True)])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def floats_at(_typing: Any, address: Any) -> Any:
    """The int64 ``address`` as a pointer to float64."""
    del address

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(_FLOATS))

    return _FLOATS(types.int64), generate


@njit(inline="always")
def take_bar(values: Any, open_: float, high: float, low: float, close: float, volume: float, session: float) -> None:
    """Put a bar's fields, and the prices made of them, into the first slots."""
    values[OPEN], values[HIGH], values[LOW], values[CLOSE], values[VOLUME] = open_, high, low, close, volume
    values[SESSION] = session
    values[HL2], values[HLC3] = (high + low) / 2.0, (high + low + close) / 3.0
    values[OHLC4], values[HLCC4] = (open_ + high + low + close) / 4.0, (high + low + close + close) / 4.0


# Calls of a microsecond keep the interpreter lock: to give it away beside a busy thread costs a hundred times more (decision 0188).
@njit(_TAKES_BAR, cache=True)
def update_all(plan: Int64s, open_: float, high: float, low: float, close: float, volume: float, session: float) -> None:
    """Let every member take a bar, in order: later ones read what earlier ones wrote.

    plan : int64[3 + 4 n]   n, address of the values, of the scratch; then of each member step, state, wires, n_state
    """
    take_bar(carray(floats_at(plan[1]), _FAR), open_, high, low, close, volume, session)
    for k in range(plan[0]):
        at = HEAD + MEMBER * k
        call_step(plan[at], plan[at + 1], plan[1], plan[at + 2])


@njit(_TAKES_BAR, cache=True)
def peek_all(plan: Int64s, open_: float, high: float, low: float, close: float, volume: float, session: float) -> None:
    """As ``update_all``, but on copies of the states, so that nothing is remembered."""
    take_bar(carray(floats_at(plan[1]), _FAR), open_, high, low, close, volume, session)
    scratch = carray(floats_at(plan[2]), _FAR)
    for k in range(plan[0]):
        at = HEAD + MEMBER * k
        state = carray(floats_at(plan[at + 1]), _FAR)
        for i in range(plan[at + 3]):
            scratch[i] = state[i]
        call_step(plan[at], plan[2], plan[1], plan[at + 2])
