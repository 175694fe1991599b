"""Numbers as commands write them: the shortest decimal text that reads back as the same float64."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def format_float(value: float) -> str:
    """The shortest text without exponent that reads back as ``value``; "" for NaN, which means unknown."""
    text = repr(float(value))
    if text == "nan":
        return ""
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def format_floats(values: Sequence[float]) -> list[str]:
    """``format_float`` of each value, made together: three times as fast where none needs an exponent or is NaN."""
    text = "\n".join(map(repr, values)) + "\n"
    if not values or "e" in text or "n" in text:
        return [format_float(value) for value in values]
    return text.replace(".0\n", "\n").split("\n")[:-1]


def format_size(n_bytes: int) -> str:
    """A size in the largest unit that keeps three digits, as 1.5 GiB."""
    size, unit = float(n_bytes), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"


def format_count(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun, as 1 bar or 2,514 bars."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
