"""The colours of the themes, and the pairs in which rising and falling can be shown."""

import enum
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from backend.settings import Appearance
from trii_desktop.contrast import READABLE, readable

READABLE_HIGH: Final = 7.0


class ThemeName(enum.StrEnum):
    """The themes a user can choose."""

    DARK = "dark"
    LIGHT = "light"
    HIGH_CONTRAST = "high_contrast"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colour tokens, ``#rrggbb``; every text token reads on window, panel, raised and field at WCAG AA (4.5 to 1).

    window, panel, raised, field, hover, selection : surfaces, from the back to the front
    border, border_strong : hairlines; the strong one is the edge of a control
    text, muted, accent_text, up, down, warning, error : what is read
    faint : disabled text only, exempt from the ratio
    accent, on_accent : the one filled button and what is written on it
    focus : the ring around what the keyboard acts on, 3 to 1 against every surface
    """

    name: ThemeName
    window: str
    panel: str
    raised: str
    field: str
    hover: str
    selection: str
    border: str
    border_strong: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_text: str
    focus: str
    up: str
    down: str
    warning: str
    error: str


DARK: Final = Palette(
    name=ThemeName.DARK,
    window="#0e1115",
    panel="#13171c",
    raised="#1a1f26",
    field="#181d23",
    hover="#222932",
    selection="#1a2d4c",
    border="#232a33",
    border_strong="#3a4552",
    text="#e3e8ee",
    muted="#9aa6b4",
    faint="#5f6b79",
    accent="#2b6be0",
    accent_hover="#2360cf",
    on_accent="#ffffff",
    accent_text="#7db0ff",
    focus="#5a9bff",
    up="#2fb5a8",
    down="#f26d6a",
    warning="#f0b94b",
    error="#ff8a86",
)

LIGHT: Final = Palette(
    name=ThemeName.LIGHT,
    window="#f4f6f8",
    panel="#ffffff",
    raised="#f0f3f6",
    field="#ffffff",
    hover="#e9edf2",
    selection="#d6e6ff",
    border="#dde3ea",
    border_strong="#aab5c2",
    text="#151b23",
    muted="#55616f",
    faint="#98a3b0",
    accent="#1f5fd6",
    accent_hover="#174fb8",
    on_accent="#ffffff",
    accent_text="#1a56c4",
    focus="#2b6be0",
    up="#096b60",
    down="#b92626",
    warning="#8a5800",
    error="#b3261e",
)

HIGH_CONTRAST: Final = Palette(
    name=ThemeName.HIGH_CONTRAST,
    window="#000000",
    panel="#000000",
    raised="#0d0d0d",
    field="#000000",
    hover="#262626",
    selection="#003a66",
    border="#8c8c8c",
    border_strong="#ffffff",
    text="#ffffff",
    muted="#d6d6d6",
    faint="#9a9a9a",
    accent="#ffd60a",
    accent_hover="#ffe766",
    on_accent="#000000",
    accent_text="#ffe14d",
    focus="#ffd60a",
    up="#37f0c8",
    down="#ff9d94",
    warning="#ffd60a",
    error="#ffb0a8",
)

PALETTES: Final = {ThemeName.DARK: DARK, ThemeName.LIGHT: LIGHT, ThemeName.HIGH_CONTRAST: HIGH_CONTRAST}


class Directions(NamedTuple):
    """The colours of rising and of falling."""

    up: str
    down: str


PAIRS: Final = {
    "colour_blind": Directions("#3b8ff3", "#ef8a17"),  # blue and orange stay apart without red or green cones
    "red_up": Directions("#ef5350", "#26a69a"),
}


def directions_of(appearance: Appearance) -> Directions:
    """The pair that the settings ask for."""
    return PAIRS.get(appearance.directions) or Directions(appearance.up_colour, appearance.down_colour)


def with_directions(palette: Palette, directions: Directions) -> Palette:
    """``palette`` with words about rising and falling in these colours, as readable as every other word of it."""
    grounds = (palette.window, palette.panel, palette.raised, palette.field, palette.selection)
    ratio = READABLE_HIGH if palette.name is ThemeName.HIGH_CONTRAST else READABLE
    up, down = (readable(color, grounds, palette.text, ratio) for color in directions)
    return replace(palette, up=up, down=down)
