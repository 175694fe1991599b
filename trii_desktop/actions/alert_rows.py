"""The rows of the alerts menu."""

from typing import Final

from trii_desktop.actions.row import ALERTS, ActionRow

_CHART: Final = "chart.is_shown"
_SELECTED: Final = "alerts.has_selected"

ROWS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "alert.add",
        "&Add alert…",
        ALERTS,
        "alerts.open_new",
        ("Alt+A",),
        _CHART,
        icon="bell-plus",
        tip="Add an alert at the crosshair's price, else at the last one",
        short="Alert",
        words="price level notify crossing",
    ),
    ActionRow(
        "alert.list",
        "&List of alerts",
        ALERTS,
        "alerts.toggle_panel",
        ("Ctrl+4",),
        "",
        "alerts.shows_panel",
        icon="list",
        tip="List of alerts",
        words="manager dock",
        starts_group=True,
    ),
    ActionRow("alert.history", "&History of firings", ALERTS, "alerts.show_history", ("Ctrl+Shift+4",), words="fired log"),
    ActionRow("alert.read", "Mark all firings as &read", ALERTS, "alerts.mark_read", (), "alerts.has_unread"),
    ActionRow("alert.edit", "&Change the selected alert…", ALERTS, "alerts.edit_selected", (), _SELECTED, starts_group=True),
    ActionRow("alert.toggle", "&Switch the selected alert on or off", ALERTS, "alerts.toggle_selected", (), _SELECTED),
    ActionRow("alert.remove", "Remo&ve the selected alert", ALERTS, "alerts.remove_selected", (), _SELECTED, icon="trash"),
    ActionRow(
        "alert.channels",
        "C&hannels…",
        ALERTS,
        "alerts.open_channels",
        (),
        words="deliver e-mail telegram discord slack webhook push",
        starts_group=True,
    ),
)
