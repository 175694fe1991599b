"""Slow, obvious twin of backend/kernels/profile.py."""

import math


def profile(high, low, volume, least, width, n_bins):
    """Volume of each bin: what each bar shares with it, as a part of the bar's own range."""
    out = []
    for k in range(n_bins):
        bottom, top, total = least + width * k, least + width * (k + 1), 0.0
        for h, lo, v in zip(high, low, volume, strict=True):
            if math.isnan(v):
                continue
            if h == lo:
                is_last = k == n_bins - 1
                total += v if bottom <= h < top or (is_last and h >= top) or (k == 0 and h < bottom) else 0.0
            else:
                total += v * max(min(h, top) - max(lo, bottom), 0.0) / (h - lo)
        out.append(total)
    return out
