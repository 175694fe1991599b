"""How well colours can be told apart, as WCAG 2.2 measures it, and colours made readable."""

from typing import Final

READABLE: Final = 4.5


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 for black to 1 for white, as WCAG 2.2 defines it."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 (equal) to 21 (black on white), as WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(color: str, background: str, share: float) -> str:
    """``color`` laid over ``background`` with an opacity of ``share``, 0 to 1."""
    pairs = ((int(color[i : i + 2], 16), int(background[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


def readable(color: str, backgrounds: tuple[str, ...], ink: str, ratio: float = READABLE) -> str:
    """``color`` mixed with as little ``ink`` as makes words of it readable on every one of ``backgrounds``."""
    shares = (step / 20 for step in range(20, -1, -1))
    made = (mixed(color, ink, share) for share in shares)
    return next((one for one in made if min(contrast(one, ground) for ground in backgrounds) >= ratio), ink)
