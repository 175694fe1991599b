"""Trades into bars cut by time, by number of trades, by quantity or by range.

One step decides whether a trade opens a new bar and takes it in; the sweep only loops over it, so bars built live and
bars built from history have the same bits.

State of one series, owned by the caller:
mark : int64[6]     has a bar, its event_ns, first ns outside it, trades in it, session row, event_ns of the bar before
live : float64[5]   open, high, low, close, volume of the bar under way

Twin: tests/naive/aggregate.py
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, types

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]

TIME: Final = 0
TICK: Final = 1
VOLUME: Final = 2
RANGE: Final = 3

HAS_BAR: Final = 0
START: Final = 1
LIMIT: Final = 2
COUNT: Final = 3
SESSION: Final = 4
BEFORE: Final = 5
N_MARKS: Final = 6

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3
QUANTITY: Final = 4
N_LIVE: Final = 5

FAR: Final = np.iinfo(np.int64).max
ROUNDING: Final = 1 + 1e-9

_GIVEN_NS: Final = types.Array(types.int64, 1, "C", readonly=True)
_GIVEN: Final = types.Array(types.float64, 1, "C", readonly=True)
_STATE: Final = (types.int64[::1], types.float64[::1])
# Compiled when this module is imported, on a thread, and never at the first trade; what was read from files is read-only.
_SWEEPS: Final = types.UniTuple(types.int64, 2)(
    types.int64, types.float64, *_STATE, _GIVEN_NS, _GIVEN, _GIVEN, _GIVEN_NS, _GIVEN_NS, types.int64[::1], types.float64[:, ::1]
)


def new_state() -> tuple[Int64s, Float64s]:
    """State of a series before its first trade."""
    mark = np.zeros(N_MARKS, np.int64)
    mark[SESSION] = -1
    mark[BEFORE] = np.iinfo(np.int64).min
    return mark, np.zeros(N_LIVE, np.float64)


@njit(cache=True, nogil=True)
def starts_bar(kind: int, size: float, mark: Int64s, live: Float64s, event_ns: int, price: float) -> bool:
    """Whether a trade belongs to a new bar rather than to the one under way."""
    if mark[HAS_BAR] == 0:
        return True
    if kind == TIME:
        return bool(event_ns >= mark[LIMIT])
    if kind == TICK:
        return bool(mark[COUNT] >= size)
    if kind == VOLUME:
        return bool(live[QUANTITY] >= size)
    # Prices such as 100.1 and 100.6 lie 0.5 apart only up to rounding.
    return bool(max(live[HIGH], price) - min(live[LOW], price) > size * ROUNDING)


@njit(cache=True, nogil=True)
def place_time_bar(mark: Int64s, event_ns: int, step_ns: int, opens_ns: Int64s, closes_ns: Int64s) -> int:
    """Set the limit of the bar that holds ``event_ns`` and return its start.

    Inside a session bars count from its opening, outside from the last close; none crosses an opening or a close.
    """
    n_sessions = len(opens_ns)
    row = mark[SESSION]
    while row + 1 < n_sessions and opens_ns[row + 1] <= event_ns:
        row += 1
    mark[SESSION] = row
    if row < 0:
        anchor, bound = 0, opens_ns[0] if n_sessions else FAR
    elif event_ns < closes_ns[row]:
        anchor, bound = opens_ns[row], closes_ns[row]
    else:
        anchor, bound = closes_ns[row], opens_ns[row + 1] if row + 1 < n_sessions else FAR
    start = anchor + (event_ns - anchor) // step_ns * step_ns
    mark[LIMIT] = min(start + step_ns, bound)
    return int(start)


@njit(cache=True, nogil=True)
def take_trade(mark: Int64s, live: Float64s, price: float, quantity: float) -> None:
    """Count a trade into the bar under way."""
    live[HIGH] = max(live[HIGH], price)
    live[LOW] = min(live[LOW], price)
    live[CLOSE] = price
    live[QUANTITY] += quantity
    mark[COUNT] += 1


@njit(cache=True, nogil=True)
def open_bar(
    kind: int, size: float, mark: Int64s, live: Float64s, event_ns: int, price: float, opens_ns: Int64s, closes_ns: Int64s
) -> None:
    """Begin a bar at this price, still without a trade in it.

    Bars not cut by time start with their first trade; one that would start no later than the bar before it, because
    several bars fall on one instant, starts 1 ns after that bar.
    """
    start = place_time_bar(mark, event_ns, int(size), opens_ns, closes_ns) if kind == TIME else max(event_ns, mark[BEFORE] + 1)
    mark[HAS_BAR] = 1
    mark[START] = start
    mark[BEFORE] = start
    mark[COUNT] = 0
    live[OPEN] = live[HIGH] = live[LOW] = live[CLOSE] = price
    live[QUANTITY] = 0.0


@njit(_SWEEPS, cache=True, nogil=True)
def aggregate_sweep(
    kind: int,
    size: float,
    mark: Int64s,
    live: Float64s,
    event_ns: Int64s,
    price: Float64s,
    quantity: Float64s,
    opens_ns: Int64s,
    closes_ns: Int64s,
    out_ns: Int64s,
    out: npt.NDArray[np.float64],
) -> tuple[int, int]:
    """Take trades in until they or the room for closed bars run out; trades taken, and bars closed.

    kind : TIME, TICK, VOLUME or RANGE
    size : bar length in ns, number of trades, quantity, or price range; above 0
    mark, live : state, changed in place
    event_ns : int64[n_trades]   never decreasing, also against trades taken before
    price, quantity : float64[n_trades]   no NaN
    opens_ns, closes_ns : int64[n_sessions]   used for TIME
    out_ns : int64[n_room], out : float64[5, n_room]   closed bars: open, high, low, close, volume
    A bar of trades or quantity closes with the trade after the one that filled it; a bar of range before the trade
    that would stretch it beyond ``size``.

    Twin: tests/naive/aggregate.py
    """
    n_closed = 0
    n_room = len(out_ns)
    for i in range(len(event_ns)):
        if starts_bar(kind, size, mark, live, event_ns[i], price[i]):
            if mark[HAS_BAR] == 1:
                if n_closed == n_room:
                    return i, n_closed
                out_ns[n_closed] = mark[START]
                for k in range(N_LIVE):
                    out[k, n_closed] = live[k]
                n_closed += 1
            open_bar(kind, size, mark, live, event_ns[i], price[i], opens_ns, closes_ns)
        take_trade(mark, live, price[i], quantity[i])
    return len(event_ns), n_closed


@njit(_SWEEPS, cache=True)
def aggregate_few(
    kind: int,
    size: float,
    mark: Int64s,
    live: Float64s,
    event_ns: Int64s,
    price: Float64s,
    quantity: Float64s,
    opens_ns: Int64s,
    closes_ns: Int64s,
    out_ns: Int64s,
    out: npt.NDArray[np.float64],
) -> tuple[int, int]:
    """As ``aggregate_sweep``, for some thousand trades: takes microseconds, so it keeps the interpreter lock (decision 0188).

    Twin: tests/naive/aggregate.py
    """
    return aggregate_sweep(kind, size, mark, live, event_ns, price, quantity, opens_ns, closes_ns, out_ns, out)
