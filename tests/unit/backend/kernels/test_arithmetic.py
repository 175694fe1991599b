"""Single operations that round alike in history and stream."""

import math

from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from backend.kernels import arithmetic
from tests.naive import arithmetic as naive

NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)


@njit
def all_of(a, b, c):
    return arithmetic.fused(a, b, c), arithmetic.larger(a, b), arithmetic.smaller(a, b)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_fused_operation_rounds_once(a, b, c):
    fused, larger, smaller = all_of(a, b, c)

    assert fused == naive.fused(a, b, c)
    assert (larger, smaller) == (max(a, b), min(a, b))


def test_rounding_once_differs_from_rounding_twice():
    a = 1.0 + 2.0**-30

    assert all_of(a, a, -1.0 - 2.0**-29)[0] == 2.0**-60
    assert a * a + (-1.0 - 2.0**-29) == 0.0
    assert math.isfinite(all_of(1e300, 1e8, -math.inf)[1])
