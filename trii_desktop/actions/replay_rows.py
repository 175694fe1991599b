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
    ActionRow("replay.faster", "&Faster", CHART, "replay.faster", ("Ctrl+Alt+Up",), _ON, submenu=_MENU),
    ActionRow("replay.slower", "Slo&wer", CHART, "replay.slower", ("Ctrl+Alt+Down",), _ON, submenu=_MENU),
    ActionRow(
        "replay.by_time",
        "By &time",
        CHART,
        "replay.switch_pace",
        ("Ctrl+Alt+B",),
        _ON,
        "replay.is_by_time",
        tip="Let time pass and see bars grow, or go from bar to bar",
        submenu=_MENU,
    ),
    ActionRow("replay.stop", "&Leave replay", CHART, "replay.stop", ("Ctrl+Shift+R",), _ON, submenu=_MENU),
)
