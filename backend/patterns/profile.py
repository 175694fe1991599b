"""Volume by price."""

from backend.domain.bars import BarArrays
from backend.patterns.found import VolumeProfile


def find_volume_profile(bars: BarArrays, *, n_bars: int = 250, n_bins: int = 50, as_of: int | None = None) -> VolumeProfile | None:
    """Point of control and value area of the last ``n_bars`` bars; None without volume."""
    raise NotImplementedError
