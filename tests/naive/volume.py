"""Slow, obvious twin of backend/kernels/volume.py."""

import math


def obv(close, volume):
    """Volume added on a rise and taken off on a fall; bars of unknown volume are passed over."""
    out, total, before = [], 0.0, None
    for price, quantity in zip(close, volume, strict=True):
        if math.isnan(quantity):
            out.append(math.nan)
            continue
        if before is None or price > before:
            total += quantity
        elif price < before:
            total -= quantity
        before = price
        out.append(total)
    return out


def vwap(price, volume, session):
    """Mean price of what was traded since the session began; NaN until something was."""
    out, value, quantity, now = [], 0.0, 0.0, None
    for p, v, s in zip(price, volume, session, strict=True):
        if s != now:
            value, quantity, now = 0.0, 0.0, s
        if math.isnan(v):
            out.append(math.nan)
            continue
        value, quantity = value + p * v, quantity + v
        out.append(value / quantity if quantity > 0 else math.nan)
    return out
