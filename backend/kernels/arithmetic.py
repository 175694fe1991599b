"""Single operations that history and stream must round alike: fused multiply-add, larger, smaller.

Twin: tests/naive/arithmetic.py
"""

from typing import Any

from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def _fused(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` by the processor's own instruction."""
    del a, b, c

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


@njit(inline="always")
def fused(a: float, b: float, c: float) -> float:
    """``a * b + c``, rounded once: more exact than two operations, and the next value waits for one of them only."""
    return _fused(a, b, c)


@njit(inline="always")
def larger(a: float, b: float) -> float:
    """The larger of two numbers, without a branch; ``b`` where they are equal."""
    return a if a > b else b  # noqa: FURB136 - max() also asks for NaN


@njit(inline="always")
def smaller(a: float, b: float) -> float:
    """The smaller of two numbers, without a branch; ``b`` where they are equal."""
    return a if a < b else b  # noqa: FURB136 - min() also asks for NaN
