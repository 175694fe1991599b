"""Numbers, times and sizes as a trader reads them: tabular, signed with a true minus, never in scientific form."""

import math
from datetime import UTC, datetime, tzinfo
from typing import Final

MINUS: Final = "\u2212"
DASH: Final = "\u2013"
_COMPACT: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def decimals_of(price: float) -> int:
    """Digits after the point that tell a price of this size apart from its neighbours: 2 to 8."""
    size = abs(price)
    if not math.isfinite(size) or size == 0 or size >= 10:
        return 2
    return 4 if size >= 0.1 else min(8, 3 - math.floor(math.log10(size)))


def format_price(price: float, decimals: int | None = None) -> str:
    """``1,234.50``; a dash where unknown. What rounds to 0 has no sign."""
    if not math.isfinite(price):
        return DASH
    return f"{price:z,.{decimals_of(price) if decimals is None else decimals}f}".replace("-", MINUS)


def format_change(change: float, decimals: int = 2) -> str:
    """``+1.20`` or, with a true minus, ``-0.35``; a dash where unknown."""
    if not math.isfinite(change):
        return DASH
    if round(change, decimals) == 0:
        change = 0.0
    return f"{change:+,.{decimals}f}".replace("-", MINUS) if change else f"{0:.{decimals}f}"


def format_percent(percent: float) -> str:
    """``+1.20 %`` or, with a true minus, ``-0.35 %``; a dash where unknown."""
    return DASH if not math.isfinite(percent) else f"{format_change(percent)}\u202f%"


def format_compact(quantity: float) -> str:
    """``12.3M``; a dash where unknown."""
    if not math.isfinite(quantity):
        return DASH
    for unit, letter in _COMPACT:
        if abs(quantity) >= unit * 0.9995:
            return f"{quantity / unit:.3g}{letter}" if abs(quantity) < unit * 99.95 else f"{quantity / unit:,.0f}{letter}"
    return f"{quantity:,.0f}" if quantity == int(quantity) else f"{quantity:,.2f}"


def format_count(n: int) -> str:
    """``12,345``."""
    return f"{n:,}"


def format_bytes(n_bytes: float) -> str:
    """``1.5 MB``, in powers of 1,000."""
    for unit, word in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.1f} {word}"
    return f"{n_bytes:.0f} bytes"


def format_seconds(seconds: float) -> str:
    """``8 s``, ``2 min 05 s`` or ``1 h 03 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def format_time(event_ns: int, *, is_dated: bool, zone: tzinfo = UTC) -> str:
    """``2024-01-08`` for a dated label, ``2024-01-08 09:30`` (with seconds where there are any) for an instant in ``zone``."""
    if is_dated:
        return datetime.fromtimestamp(event_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d")
    instant = datetime.fromtimestamp(event_ns // 1_000_000_000, zone)
    return instant.strftime("%Y-%m-%d %H:%M:%S" if instant.second else "%Y-%m-%d %H:%M")


def format_moment(event_ns: int, now_ns: int) -> str:
    """``14:32:07`` of today in this computer's zone, ``21 Nov 14:32`` of another day, with the year of another year."""
    then, now = (datetime.fromtimestamp(ns / 1e9).astimezone() for ns in (event_ns, now_ns))
    if then.date() == now.date():
        return then.strftime("%H:%M:%S")
    return f"{then.day} {then.strftime('%b %H:%M' if then.year == now.year else '%b %Y')}"


def format_clock(event_ns: int) -> str:
    """``14:32:07`` in this computer's zone."""
    return datetime.fromtimestamp(event_ns / 1e9).astimezone().strftime("%H:%M:%S")
