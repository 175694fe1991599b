"""The rows of replay, in the chart menu."""

from typing import Final

from trii_desktop.actions.row import CHART, ActionRow

_ON: Final = "replay.is_on"
_MENU: Final = "&Replay"

ROWS: Final = (
    ActionRow(
        "replay.start",
        "&Start replay",
        CHART,
        "replay.start",
        ("Ctrl+R",),
        "replay.can_start",
        tip="Show the past bar by bar, from the middle of what is in view",
        starts_group=True,
        submenu=_MENU,
    ),
    ActionRow("replay.play", "&Play or pause", CHART, "replay.play", ("Ctrl+Space",), _ON, "replay.is_playing", submenu=_MENU),
    ActionRow("replay.forward", "One bar &forward", CHART, "replay.forward", ("Ctrl+Alt+Right",), _ON, submenu=_MENU),
    ActionRow("replay.back", "One bar &back", CHART, "replay.back", ("Ctrl+Alt+Left",), _ON, submenu=_MENU),
    ActionRow("replay.stop", "&Leave replay", CHART, "replay.stop", ("Ctrl+Shift+R",), _ON, submenu=_MENU),
)
