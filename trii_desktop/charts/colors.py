"""The colours of a chart as a value, for every theme and pair of directions; no window needed."""

from typing import Final

import msgspec

from trii_desktop.contrast import READABLE, contrast, mixed, readable
from trii_desktop.palettes import READABLE_HIGH, Directions, ThemeName

VOLUME_OPACITY: Final = 0.38
AREA_OPACITY: Final = 0.16


class ChartColors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every colour of a chart, each ``#rrggbb``.

    background, grid, border : behind everything; lines at round prices and times; lines between pane and axes
    text, muted, title : axis labels; less important words; the instrument in the legend
    up_text, down_text : words about them, dark or light enough to read on the background
    up, down, line : rising and falling bars; a series of single values
    area : the ground below a line
    volume_up, volume_down : the same, mixed with the background beforehand: blending while painting costs 40 times as much
    doubt : words about what may not be the newest
    crosshair, label, label_text : its lines; its labels on the axes and what they say
    on_up, on_down, on_line : what is written on the label of the last price
    studies : the palette of studies and comparisons: eight that also eyes without red or green cones tell apart (0095)
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
    doubt: str
    crosshair: str
    label: str
    label_text: str
    on_up: str
    on_down: str
    on_line: str
    studies: tuple[str, ...]


def with_directions(base: ChartColors, up: str, down: str, *, ratio: float = READABLE) -> ChartColors:
    """``base`` with other colours for rising and falling; words about them keep the contrast ``ratio`` to the background."""

    def on(color: str) -> str:
        return max("#000000", "#ffffff", key=lambda ink: contrast(ink, color))

    return msgspec.structs.replace(
        base,
        up=up,
        down=down,
        up_text=readable(up, (base.background,), base.title, ratio),
        down_text=readable(down, (base.background,), base.title, ratio),
        volume_up=mixed(up, base.background, VOLUME_OPACITY),
        volume_down=mixed(down, base.background, VOLUME_OPACITY),
        on_up=on(up),
        on_down=on(down),
    )


def colors_of(theme: str, directions: Directions | None = None, *, has_grid: bool = True) -> ChartColors:
    """The colours of ``theme``, a ``ThemeName``, with its own or other ``directions``; without grid it is not to be seen."""
    made = PRESETS[theme]
    if directions is not None:
        ratio = READABLE_HIGH if theme == ThemeName.HIGH_CONTRAST else READABLE
        made = with_directions(made, directions.up, directions.down, ratio=ratio)
    return made if has_grid else msgspec.structs.replace(made, grid=made.background)


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
    doubt="#f0b94b",
    crosshair="#76828f",
    label="#3a4552",
    label_text="#f2f5f8",
    on_up="#06110f",
    on_down="#180505",
    on_line="#04102a",
    studies=("#5eaffa", "#f7aa7e", "#5a9575", "#9e61e4", "#03f8f1", "#e4e82b", "#fe69bb", "#ed4800"),
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
    doubt="#8a5800",
    crosshair="#8793a1",
    label="#2f3945",
    label_text="#ffffff",
    on_up="#06110f",
    on_down="#180505",
    on_line="#ffffff",
    studies=("#1538cc", "#ca4c04", "#1a8557", "#7b43fd", "#005366", "#2e2c00", "#ae0093", "#763f2a"),
)

HIGH_CONTRAST: Final = ChartColors(
    background="#000000",
    grid="#2e2e2e",
    border="#8c8c8c",
    text="#ffffff",
    muted="#d6d6d6",
    title="#ffffff",
    up_text="#37f0c8",
    down_text="#ff9d94",
    up="#37f0c8",
    down="#ff6f63",
    line="#6db3ff",
    area=mixed("#6db3ff", "#000000", AREA_OPACITY),
    volume_up=mixed("#37f0c8", "#000000", VOLUME_OPACITY),
    volume_down=mixed("#ff6f63", "#000000", VOLUME_OPACITY),
    doubt="#ffd60a",
    crosshair="#ffffff",
    label="#ffffff",
    label_text="#000000",
    on_up="#000000",
    on_down="#000000",
    on_line="#000000",
    studies=("#8fbcfd", "#f2b968", "#44a96b", "#c070ff", "#4efff8", "#f6fb5d", "#fa90bc", "#fa6821"),
)

PRESETS: Final = {"dark": DARK, "light": LIGHT, "high_contrast": HIGH_CONTRAST}
