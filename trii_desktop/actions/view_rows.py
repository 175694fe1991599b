"""The rows of the view menu."""

from typing import Final

from trii_desktop.actions import live_rows
from trii_desktop.actions.row import VIEW, ActionRow

ROWS: Final = (
    ActionRow(
        "view.palette",
        "Command &palette…",
        VIEW,
        "open_palette",
        ("Ctrl+K",),
        icon="command",
        tip="Find anything that can be done",
    ),
    ActionRow("view.chart", "Go to the &chart", VIEW, "chart.focus_chart", ("F6",), "chart.is_shown", starts_group=True),
    ActionRow("view.watchlist", "&Watchlist", VIEW, "view.toggle_watchlist", ("Ctrl+1",), "", "view.shows_watchlist"),
    ActionRow(
        "view.bars",
        "&Bar table",
        VIEW,
        "view.toggle_bars",
        ("Ctrl+2",),
        "chart.is_shown",
        "view.shows_bars",
        icon="table",
        tip="Table of bars",
    ),
    ActionRow(
        "view.notices",
        "&Notifications",
        VIEW,
        "view.toggle_notices",
        ("Ctrl+3",),
        "",
        "view.shows_notices",
        icon="bell",
        tip="Notifications",
    ),
    *live_rows.DOCKS,
    ActionRow(
        "view.jobs",
        "&Jobs",
        VIEW,
        "view.toggle_jobs",
        ("Ctrl+9",),
        "docks.has_docks",
        "view.shows_jobs",
        words="background imports backups progress cancel retry tasks",
    ),
    ActionRow("view.theme", "&Dark or light theme", VIEW, "view.toggle_theme", ("Ctrl+Shift+L",), icon="sun", starts_group=True),
    ActionRow("view.full_screen", "&Full screen", VIEW, "view.toggle_full_screen", ("F11",), "", "view.is_full_screen"),
)
