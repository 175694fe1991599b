"""The rows of the chart menu that say how bars, scales and times are drawn."""

from typing import Final

from trii_desktop.actions.row import CHART, ActionRow

_CHART: Final = "chart.is_shown"
_TYPE: Final = "Chart t&ype"
_SCALE: Final = "&Scale"
_TIMES: Final = "&Times"


def _row(name: str, title: str, submenu: str, *, flag: str = "", keys: tuple[str, ...] = (), starts: bool = False) -> ActionRow:
    return ActionRow(
        f"look.{name}",
        title,
        CHART,
        f"looks.{name}",
        keys,
        _CHART,
        f"looks.{flag or 'is_' + name}",
        submenu=submenu,
        starts_group=starts,
    )


ROWS: Final = (
    _row("auto", "&Automatic", _TYPE, starts=True),
    _row("candles", "&Candles", _TYPE),
    _row("hollow", "&Hollow candles", _TYPE),
    _row("bars", "&Bars", _TYPE),
    _row("line", "&Line", _TYPE),
    _row("area", "A&rea", _TYPE),
    _row("heikin_ashi", "Heikin-A&shi", _TYPE),
    _row("log", "&Logarithmic", _SCALE, keys=("Alt+L",)),
    _row("percent", "&Percent", _SCALE, keys=("Alt+P",)),
    _row("invert", "&Inverted", _SCALE, flag="is_inverted", keys=("Alt+I",)),
    _row("exchange_time", "Of the &exchange", _TIMES),
    _row("local_time", "Of this &computer", _TIMES),
    _row("utc", "&UTC", _TIMES),
    _row("other_zone", "&Other place…", _TIMES),
    _row("breaks", "Session &breaks", _TIMES, flag="has_breaks", starts=True),
    ActionRow("look.volume", "&Volume", CHART, "looks.volume", (), _CHART, "looks.has_volume"),
)
TYPES: Final = tuple(row.id for row in ROWS if row.submenu == _TYPE)
SCALES: Final = tuple(row.id for row in ROWS if row.submenu == _SCALE)
