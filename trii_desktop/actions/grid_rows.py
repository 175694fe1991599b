"""The rows of the view menu that are about several charts."""

from typing import Final

from trii_desktop.actions.row import VIEW, ActionRow

_SHAPES: Final = "Charts &side by side"
_LINKS: Final = "&Link charts"

ROWS: Final = (
    ActionRow(
        "grid.one", "&One chart", VIEW, "grid.show_one", ("Ctrl+Alt+1",), "", "grid.is_one", starts_group=True, submenu=_SHAPES
    ),
    ActionRow(
        "grid.columns",
        "&Two, side by side",
        VIEW,
        "grid.show_columns",
        ("Ctrl+Alt+2",),
        "",
        "grid.is_columns",
        icon="grid",
        submenu=_SHAPES,
        words="layout split multi",
    ),
    ActionRow("grid.rows", "Two, one &above the other", VIEW, "grid.show_rows", (), "", "grid.is_rows", submenu=_SHAPES),
    ActionRow("grid.three", "T&hree", VIEW, "grid.show_three", ("Ctrl+Alt+3",), "", "grid.is_three", submenu=_SHAPES),
    ActionRow("grid.four", "&Four", VIEW, "grid.show_four", ("Ctrl+Alt+4",), "", "grid.is_four", submenu=_SHAPES),
    ActionRow(
        "grid.close", "&Close this chart", VIEW, "grid.close_active", (), "grid.has_several", starts_group=True, submenu=_SHAPES
    ),
    ActionRow(
        "grid.instrument",
        "Same &instrument",
        VIEW,
        "grid.toggle_instrument",
        (),
        "",
        "grid.links_instrument",
        submenu=_LINKS,
        words="sync symbol",
    ),
    ActionRow("grid.interval", "Same in&terval", VIEW, "grid.toggle_interval", (), "", "grid.links_interval", submenu=_LINKS),
    ActionRow("grid.crosshair", "&Crosshair", VIEW, "grid.toggle_crosshair", (), "", "grid.links_crosshair", submenu=_LINKS),
    ActionRow("grid.time", "Ti&me in view", VIEW, "grid.toggle_time", (), "", "grid.links_time", submenu=_LINKS),
    ActionRow(
        "grid.group",
        "Next link &group",
        VIEW,
        "grid.next_group",
        ("Ctrl+Alt+G",),
        "",
        starts_group=True,
        submenu=_LINKS,
        says="grid.group_name",
    ),
    ActionRow(
        "grid.maximise",
        "Ma&ximise chart",
        VIEW,
        "grid.toggle_maximised",
        ("Alt+Return", "Alt+Enter"),
        "grid.has_several",
        "grid.is_maximised",
        icon="maximise",
    ),
    ActionRow("grid.next", "Next c&hart", VIEW, "grid.go_next", ("Ctrl+`", "F7"), "grid.has_several"),
    ActionRow("grid.back", "Chart &before", VIEW, "grid.go_back", ("Ctrl+Shift+`", "Shift+F7"), "grid.has_several"),
)
