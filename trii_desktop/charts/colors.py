"""The colours of a chart as a value, for a dark and a light theme; no window needed."""

from typing import Final

import msgspec


class ChartColors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every colour of a chart, each ``#rrggbb``.

    background, grid, border : behind everything; lines at round prices and times; lines between pane and axes
    text, muted, title : axis labels; less important words; the instrument in the legend
    up_text, down_text : words about them, dark or light enough to read on the background
    up, down, line : rising and falling bars; a series of single values
    volume_up, volume_down : the same, mixed with the background beforehand: blending while painting costs 40 times as much
    crosshair, label, label_text : its lines; its labels on the axes and what they say
    on_up, on_down, on_line : what is written on the label of the last price
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
    volume_up: str
    volume_down: str
    crosshair: str
    label: str
    label_text: str
    on_up: str
    on_down: str
    on_line: str


def mixed(color: str, background: str, share: float) -> str:
    """``color`` laid over ``background`` with an opacity of ``share``, 0 to 1."""
    pairs = ((int(color[i : i + 2], 16), int(background[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


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
    volume_up=mixed("#26a69a", "#13171c", 0.38),
    volume_down=mixed("#ef5350", "#13171c", 0.38),
    crosshair="#76828f",
    label="#3a4552",
    label_text="#f2f5f8",
    on_up="#06110f",
    on_down="#180505",
    on_line="#04102a",
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
    volume_up=mixed("#26a69a", "#ffffff", 0.38),
    volume_down=mixed("#ef5350", "#ffffff", 0.38),
    crosshair="#8793a1",
    label="#2f3945",
    label_text="#ffffff",
    on_up="#06110f",
    on_down="#180505",
    on_line="#ffffff",
)

PRESETS: Final = {"dark": DARK, "light": LIGHT}
