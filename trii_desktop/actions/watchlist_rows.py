"""The rows of the watchlist menu."""

from typing import Final

from trii_desktop.actions.row import WATCH, ActionRow

ROWS: Final = (
    ActionRow("watchlist.add", "&Add instrument…", WATCH, "add_to_watchlist", ("Ctrl+D",), "", icon="plus"),
    ActionRow(
        "watchlist.add_shown",
        "Add the &chart's instrument",
        WATCH,
        "watchlist.add_shown",
        ("Ctrl+Shift+D",),
        "watchlist.can_add_shown",
    ),
    ActionRow("watchlist.remove", "&Remove instrument", WATCH, "watchlist.remove", (), "watchlist.has_rows"),
    ActionRow(
        "watchlist.next",
        "&Next instrument",
        WATCH,
        "watchlist.next_instrument",
        ("Ctrl+PgDown",),
        "watchlist.has_rows",
        starts_group=True,
    ),
    ActionRow(
        "watchlist.previous", "&Previous instrument", WATCH, "watchlist.previous_instrument", ("Ctrl+PgUp",), "watchlist.has_rows"
    ),
    ActionRow("watchlist.new", "New &list…", WATCH, "watchlist.new_list", ("Ctrl+Shift+N",), "", starts_group=True),
    ActionRow("watchlist.rename", "Rena&me list…", WATCH, "watchlist.rename_list", (), "watchlist.has_list"),
    ActionRow("watchlist.delete", "&Delete list", WATCH, "watchlist.delete_list", (), "watchlist.has_list"),
    ActionRow(
        "watchlist.add_section", "Add &section…", WATCH, "watchlist.add_section", (), "watchlist.has_list", starts_group=True
    ),
    ActionRow("watchlist.import", "&Import list…", WATCH, "watchlist.import_list", (), ""),
    ActionRow("watchlist.export", "&Export list…", WATCH, "watchlist.export_list", (), "watchlist.has_rows"),
)
