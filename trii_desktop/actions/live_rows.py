"""The rows about live data: the dialog of feeds in the file menu, docks of the market in the view menu."""

from typing import Final

from trii_desktop.actions.row import FILE, VIEW, ActionRow

FEEDS: Final = (
    ActionRow(
        "live.feeds",
        "Connect &live data…",
        FILE,
        "live.open_feeds",
        ("Ctrl+Shift+F",),
        icon="pulse",
        tip="Feeds that bring prices as they are traded",
        starts_group=True,
        words="feed stream real-time Binance Kraken Alpaca broker websocket API key",
    ),
)
DOCKS: Final = (
    ActionRow(
        "view.tape",
        "&Time and sales",
        VIEW,
        "live.toggle_tape",
        ("Ctrl+5",),
        "docks.has_docks",
        "live.shows_tape",
        words="trades prints tape",
    ),
    ActionRow(
        "view.depth",
        "&Order book",
        VIEW,
        "live.toggle_depth",
        ("Ctrl+6",),
        "docks.has_docks",
        "live.shows_depth",
        words="depth ladder DOM level 2 bids asks",
    ),
)
