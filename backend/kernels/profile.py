"""Volume by price.

Twin: tests/naive/profile.py
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s: TypeAlias = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def profile_sweep(high: Float64s, low: Float64s, volume: Float64s, least: float, width: float, out: Float64s) -> None:
    """Spread each bar's volume evenly over the prices from its low to its high.

    high, low : float64[n_bars]   no NaN, all within ``least`` and ``least + width * n_bins``
    volume : float64[n_bars]   at least 0; a bar with NaN is left out
    least, width : lowest edge of the first bin, and what a bin is wide, above 0, in price
    out : float64[n_bins]   volume of each bin; a bar of one price counts wholly in its bin

    Source: J. Peter Steidlmayer, Markets and Market Logic, 1986, with bars instead of half hours.
    Twin: tests/naive/profile.py
    """
    n_bins = len(out)
    out[:] = 0.0
    for i in range(len(high)):
        if not volume[i] > 0.0:
            continue
        first = min(max(int((low[i] - least) / width), 0), n_bins - 1)
        last = min(max(int((high[i] - least) / width), 0), n_bins - 1)
        if first == last:
            out[first] += volume[i]
            continue
        density = volume[i] / (high[i] - low[i])
        out[first] += density * (least + width * (first + 1) - low[i])
        out[last] += density * (high[i] - (least + width * last))
        for k in range(first + 1, last):
            out[k] += density * width
