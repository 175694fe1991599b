"""The colours of a chart as a value, for a dark and a light theme; no window needed."""

from typing import Final

import msgspec

VOLUME_OPACITY: Final = 0.38
AREA_OPACITY: Final = 0.16
READABLE: Final = 4.5


class ChartColors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every colour of a chart, each ``#rrggbb``.

    background, grid, border : behind everything; lines at round prices and times; lines between pane and axes
    text, muted, title : axis labels; less important words; the instrument in the legend
    up_text, down_text : words about them, dark or light enough to read on the background
    up, down, line : rising and falling bars; a series of single values
    area : the ground below a line
    volume_up, volume_down : the same, mixed with the background beforehand: blending while painting costs 40 times as much
    crosshair, label, label_text : its lines; its labels on the axes and what they say
    on_up, on_down, on_line : what is written on the label of the last price
    studies : the palette of studies and comparisons, at least eight that can be told apart
    """

    background: str
    grid: str
    border: str
    text: str
    muted: str
    title: str
    up_text: str
    down_text: str
    up: str
    down: str
    line: str
    area: str
    volume_up: str
    volume_down: str
    crosshair: str
    label: str
    label_text: str
    on_up: str
    on_down: str
    on_line: str
    studies: tuple[str, ...]


def mixed(color: str, background: str, share: float) -> str:
    """``color`` laid over ``background`` with an opacity of ``share``, 0 to 1."""
    pairs = ((int(color[i : i + 2], 16), int(background[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 for black to 1 for white, as WCAG 2.2 defines it."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 (equal) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(color: str, background: str, ink: str) -> str:
    """``color`` mixed with as little ``ink`` as makes words of it readable on ``background`` (4.5 to 1)."""
    shares = (step / 20 for step in range(20, -1, -1))
    return next((made for share in shares if contrast(made := mixed(color, ink, share), background) >= READABLE), ink)


def with_directions(base: ChartColors, up: str, down: str) -> ChartColors:
    """``base`` with other colours for rising and falling: a colour-blind pair, or red for rising as in East Asia."""

    def on(color: str) -> str:
        return max("#000000", "#ffffff", key=lambda ink: contrast(ink, color))

    return msgspec.structs.replace(
        base,
        up=up,
        down=down,
        up_text=readable(up, base.background, base.title),
        down_text=readable(down, base.background, base.title),
        volume_up=mixed(up, base.background, VOLUME_OPACITY),
        volume_down=mixed(down, base.background, VOLUME_OPACITY),
        on_up=on(up),
        on_down=on(down),
    )


DARK: Final = ChartColors(
    background="#13171c",
    grid="#1d232b",
    border="#2a323d",
    text="#a7b1bd",
    muted="#7f8b98",
    title="#e3e8ee",
    up_text="#2fb5a8",
    down_text="#f26d6a",
    up="#26a69a",
    down="#ef5350",
    line="#4c8dff",
    area=mixed("#4c8dff", "#13171c", AREA_OPACITY),
    volume_up=mixed("#26a69a", "#13171c", VOLUME_OPACITY),
    volume_down=mixed("#ef5350", "#13171c", VOLUME_OPACITY),
    crosshair="#76828f",
    label="#3a4552",
    label_text="#f2f5f8",
    on_up="#06110f",
    on_down="#180505",
    on_line="#04102a",
    studies=("#5b9cf6", "#ff9f43", "#7fc97f", "#b388ff", "#2fd0dc", "#f2d04c", "#f472b6", "#c49a6c", "#9fb2c3", "#a3e635"),
)

LIGHT: Final = ChartColors(
    background="#ffffff",
    grid="#eef1f5",
    border="#d7dde5",
    text="#4a5563",
    muted="#6b7684",
    title="#151b23",
    up_text="#0a7468",
    down_text="#c02a2a",
    up="#26a69a",
    down="#ef5350",
    line="#1f5fd6",
    area=mixed("#1f5fd6", "#ffffff", AREA_OPACITY),
    volume_up=mixed("#26a69a", "#ffffff", VOLUME_OPACITY),
    volume_down=mixed("#ef5350", "#ffffff", VOLUME_OPACITY),
    crosshair="#8793a1",
    label="#2f3945",
    label_text="#ffffff",
    on_up="#06110f",
    on_down="#180505",
    on_line="#ffffff",
    studies=("#1f6feb", "#c75f00", "#2c7f3b", "#7c3aed", "#0b7f8e", "#8f6b00", "#be2f7b", "#7d5227", "#4f6172", "#5a7d00"),
)

PRESETS: Final = {"dark": DARK, "light": LIGHT}
