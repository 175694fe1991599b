"""The rows of the file menu."""

from typing import Final

from trii_desktop.actions import live_rows
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
    *live_rows.FEEDS,
    ActionRow(
        "chart.save_picture",
        "&Save picture of the chart…",
        FILE,
        "export.save_picture",
        ("Alt+S",),
        "chart.is_shown",
        starts_group=True,
        words="export snapshot screenshot PNG SVG",
    ),
    ActionRow("chart.copy_picture", "&Copy picture of the chart", FILE, "export.copy_picture", ("Ctrl+Shift+C",), "chart.is_shown"),
    ActionRow(
        "chart.save_table",
        "Save &numbers of the chart…",
        FILE,
        "export.save_table",
        ("Alt+Shift+S",),
        "chart.is_shown",
        words="export CSV table bars indicators",
    ),
    ActionRow(
        "chart.copy_table",
        "Copy n&umbers of the chart",
        FILE,
        "export.copy_table",
        (),
        "chart.is_shown",
        words="clipboard spreadsheet Excel CSV",
    ),
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
