"""Volume by price: the price with the most of it, and the area around that holds most of all."""

from typing import Final

import numpy as np

from backend.domain.bars import BarArrays, Float64s
from backend.errors import InvalidInput
from backend.patterns.found import Bias, VolumeProfile
from backend.patterns.regimes import checked_row

SHARE: Final = 0.7
_RULE: Final = (
    "Each bar's volume is spread evenly from its low to its high; the value area grows from the bin with the most volume "
    "to the fuller of both neighbours until it holds 70 %."
)


def find_volume_profile(bars: BarArrays, *, n_bars: int = 250, n_bins: int = 50, as_of: int | None = None) -> VolumeProfile | None:
    """Point of control and value area of the ``n_bars`` bars up to row ``as_of``, or of as many as there are.

    None without volume, or where all trades had one price.
    strength : how narrow the value area is: 1 less its share of the whole range
    Raises InvalidInput for fewer than one bar or bin.
    """
    from backend.kernels.profile import profile_sweep  # noqa: PLC0415 - brings numba, which no start should wait for

    if n_bars < 1 or n_bins < 1:
        raise InvalidInput(f"A profile of {n_bars} bars in {n_bins} bins is not possible.", hint="Use numbers above 0.")
    row = checked_row(bars, as_of)
    start = max(row - n_bars + 1, 0)
    seen = bars[start : row + 1]
    least, most = float(seen.low.min()), float(seen.high.max())
    width = (most - least) / n_bins
    volumes = np.empty(n_bins)
    if not width > 0.0:
        return None
    high, low, volume = (np.ascontiguousarray(column) for column in (seen.high, seen.low, seen.volume))
    profile_sweep(high, low, volume, least, width, volumes)
    if not volumes.sum() > 0.0:
        return None
    edges = least + width * np.arange(n_bins + 1)
    fullest = _fullest(volumes)
    first, last = _area(volumes, fullest)
    poc = float(edges[fullest] + width / 2.0)
    return VolumeProfile(
        name="Volume profile",
        bias=Bias.NEUTRAL,
        start=start,
        end=row,
        start_ns=int(bars.event_ns[start]),
        end_ns=int(bars.event_ns[row]),
        known=row,
        known_ns=int(bars.event_ns[row]),
        points=((int(bars.event_ns[row]), poc),),
        strength=1.0 - (last - first + 1) / n_bins,
        rule=_RULE,
        poc=poc,
        value_low=float(edges[first]),
        value_high=float(edges[last + 1]),
        share=SHARE,
        edges=tuple(edges.tolist()),
        volumes=tuple(volumes.tolist()),
    )


def _fullest(volumes: Float64s) -> int:
    # Of bins that hold the same, the one nearest to the middle of the range.
    rows = np.flatnonzero(volumes == volumes.max())
    return int(rows[np.argmin(np.abs(rows - (len(volumes) - 1) / 2.0))])


def _area(volumes: Float64s, fullest: int) -> tuple[int, int]:
    # Both neighbours at once where they hold the same.
    first, last, wanted = fullest, fullest, SHARE * float(volumes.sum())
    held = float(volumes[fullest])
    while held < wanted and (first > 0 or last < len(volumes) - 1):
        below = float(volumes[first - 1]) if first > 0 else -1.0
        above = float(volumes[last + 1]) if last < len(volumes) - 1 else -1.0
        if below >= above:
            first, held = first - 1, held + below
        if above >= below:
            last, held = last + 1, held + above
    return first, last
