"""What volume says: on-balance volume, and the average price of a session weighted by it.

Twin: tests/naive/volume.py
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from backend.kernels.arithmetic import fused
from backend.kernels.stepping import opened, step

Float64s: TypeAlias = npt.NDArray[np.float64]

TAKEN: Final = 0
CLOSE: Final = 1
BALANCE: Final = 2


def obv_state() -> Float64s:
    """State of ``obv_sweep`` and ``obv_step`` before the first bar."""
    return np.zeros(3)


@njit(inline="always")
def obv_next(taken: float, before: float, balance: float, price: float, volume: float) -> float:
    """The balance with this bar's volume added where the price rose, taken off where it fell; the first bar's counts as it is."""
    side = (price > before) * 1.0 - (price < before) * 1.0 if taken > 0.0 else 1.0
    return balance + side * volume


@step
def obv_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``obv_next``."""
    s, v, w = opened(state, values, wires)
    price, volume = v[w[0]], v[w[1]]
    if price == price and volume == volume:  # noqa: PLR0124 - NaN is unequal to itself
        s[BALANCE] = obv_next(s[TAKEN], s[CLOSE], s[BALANCE], price, volume)
        s[TAKEN], s[CLOSE] = s[TAKEN] + 1.0, price
        v[w[2]] = s[BALANCE]
    else:
        v[w[2]] = np.nan


@njit(cache=True, nogil=True)
def obv_sweep(state: Float64s, price: Float64s, volume: Float64s, out: Float64s) -> None:
    """On-balance volume.

    state : from ``obv_state``, or left by an earlier sweep
    price, volume : float64[n_bars]   oldest first, no NaN
    out : float64[n_bars]   units of volume

    Source: Joseph Granville, New Key to Stock Market Profits, 1963; TA-Lib 0.8, function OBV. Twin: tests/naive/volume.py
    """
    taken, before, balance = state[TAKEN], state[CLOSE], state[BALANCE]
    for i in range(len(price)):
        balance = obv_next(taken, before, balance, price[i], volume[i])
        taken, before = taken + 1.0, price[i]
        out[i] = balance
    state[TAKEN], state[CLOSE], state[BALANCE] = taken, before, balance


# --- session VWAP -----------------------------------------------------------------------------------------------------

SESSION: Final = 0
WORTH: Final = 1  # price times volume since the session's start
QUANTITY: Final = 2


def vwap_state() -> Float64s:
    """State of ``vwap_sweep`` and ``vwap_step`` before the first bar."""
    return np.array([np.nan, 0.0, 0.0])


@njit(inline="always")
def vwap_sums(worth: float, quantity: float, before: float, session: float, price: float, volume: float) -> tuple[float, float]:
    """What was traded since the session's start, in money and in number; ``before`` is the session of the bar before."""
    worth, quantity = (worth, quantity) if session == before else (0.0, 0.0)
    return fused(price, volume, worth), quantity + volume


@njit(inline="always")
def mean_price(worth: float, quantity: float) -> float:
    """Money by number; NaN while nothing was traded."""
    return worth / quantity if quantity > 0.0 else np.nan


@njit(inline="always")
def vwap_next(s: Float64s, price: float, volume: float, session: float) -> float:
    """Mean price of the session so far, weighted by volume; NaN while nothing was traded."""
    s[WORTH], s[QUANTITY] = vwap_sums(s[WORTH], s[QUANTITY], s[SESSION], session, price, volume)
    s[SESSION] = session
    return mean_price(s[WORTH], s[QUANTITY])


@step
def vwap_step(state: Any, values: Any, wires: Any) -> None:
    """One bar into ``vwap_next``."""
    s, v, w = opened(state, values, wires)
    price, volume, session = v[w[0]], v[w[1]], v[w[2]]
    is_known = price == price and volume == volume and session == session  # noqa: PLR0124 - NaN is unequal to itself
    v[w[3]] = vwap_next(s, price, volume, session) if is_known else np.nan


@njit(cache=True, nogil=True)
def vwap_sweep(state: Float64s, price: Float64s, volume: Float64s, session: Float64s, out: Float64s) -> None:
    """Volume-weighted average price since the session's start.

    state : from ``vwap_state``, or left by an earlier sweep
    price, volume : float64[n_bars]   oldest first, no NaN; the usual price is (high + low + close) / 3
    session : float64[n_bars]   a number that changes with each session
    out : float64[n_bars]   NaN while a session has no volume

    Source: Berkowitz, Logue, Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43:1, 1988.
    Twin: tests/naive/volume.py
    """
    worth, quantity, now = state[WORTH], state[QUANTITY], state[SESSION]
    for i in range(len(price)):
        worth, quantity = vwap_sums(worth, quantity, now, session[i], price[i], volume[i])
        now = session[i]
        out[i] = mean_price(worth, quantity)
    state[WORTH], state[QUANTITY], state[SESSION] = worth, quantity, now
