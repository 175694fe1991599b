"""The rows of the chart menu."""

from typing import Final

from trii_desktop.actions.row import CHART, ActionRow

ROWS: Final = (
    ActionRow("chart.search", "&Find instrument…", CHART, "open_search", ("Ctrl+P",), "", icon="search", tip="Find an instrument"),
    ActionRow("chart.interval", "Change &interval…", CHART, "chart.open_interval", (",",), "chart.is_shown", starts_group=True),
    ActionRow("chart.finer", "Shorter interval", CHART, "chart.finer_interval", ("Alt+Left",), "chart.is_shown"),
    ActionRow("chart.coarser", "Longer interval", CHART, "chart.coarser_interval", ("Alt+Right",), "chart.is_shown"),
    ActionRow(
        "chart.adjusted",
        "&Adjusted prices",
        CHART,
        "chart.toggle_adjusted",
        ("Alt+Shift+A",),
        "chart.is_shown",
        "chart.is_adjusted",
        icon="adjusted",
        tip="Correct older prices for splits and dividends",
        starts_group=True,
    ),
    ActionRow("chart.zoom_in", "Zoom &in", CHART, "chart.zoom_in", ("Ctrl++", "Ctrl+="), "chart.is_shown", starts_group=True),
    ActionRow("chart.zoom_out", "Zoom &out", CHART, "chart.zoom_out", ("Ctrl+-",), "chart.is_shown"),
    ActionRow("chart.date", "Go to &date…", CHART, "chart.go_to_date", ("Alt+G",), "chart.is_shown", words="jump time calendar"),
    ActionRow("chart.newest", "Go to the &newest bar", CHART, "chart.go_to_newest", ("Ctrl+End",), "chart.is_shown"),
    ActionRow("chart.oldest", "Go to the &oldest bar", CHART, "chart.go_to_oldest", ("Ctrl+Home",), "chart.is_shown"),
    ActionRow("chart.reset", "&Reset view", CHART, "chart.reset_view", ("Alt+R",), "chart.is_shown"),
)
