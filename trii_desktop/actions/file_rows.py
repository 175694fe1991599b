"""The rows of the file menu."""

from typing import Final

from trii_desktop.actions.row import FILE, ActionRow

ROWS: Final = (
    ActionRow(
        "import.files",
        "&Import files…",
        FILE,
        "data.files",
        ("Ctrl+O",),
        "",
        icon="import",
        tip="Import prices from files",
        short="Import",
    ),
    ActionRow("import.folder", "Import &folder…", FILE, "data.folder", ("Ctrl+Shift+O",), ""),
    ActionRow(
        "chart.save_picture",
        "&Save picture of the chart…",
        FILE,
        "chart.save_picture",
        ("Alt+S",),
        "chart.is_shown",
        starts_group=True,
    ),
    ActionRow("chart.copy_picture", "&Copy picture of the chart", FILE, "chart.copy_picture", ("Ctrl+Shift+C",), "chart.is_shown"),
    ActionRow(
        "settings.open",
        "S&ettings…",
        FILE,
        "view.open_settings",
        ("Ctrl+,",),
        "",
        icon="settings",
        tip="Settings",
        starts_group=True,
    ),
    ActionRow("app.quit", "&Quit", FILE, "view.quit", ("Ctrl+Q",), starts_group=True),
)
