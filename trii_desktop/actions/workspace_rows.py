"""The rows of the view menu that are about workspaces and docks; each saved workspace adds a row of its own."""

from typing import Final

from trii_desktop.actions.row import VIEW, ActionRow

SUBMENU: Final = "&Workspace"
_DOCKS: Final = "&Docks"
_HAS: Final = "docks.has_docks"

ROWS: Final = (
    ActionRow("dock.next", "&Next dock or chart", VIEW, "docks.go_next", ("F8",), _HAS, submenu=_DOCKS, starts_group=True),
    ActionRow("dock.back", "Dock or chart &before", VIEW, "docks.go_back", ("Shift+F8",), _HAS, submenu=_DOCKS),
    ActionRow(
        "dock.float", "&Float this dock, or put it back", VIEW, "docks.toggle_floating", ("Ctrl+Alt+F",), _HAS, submenu=_DOCKS
    ),
    ActionRow("dock.menu", "Where this dock &stands…", VIEW, "docks.open_menu", ("Ctrl+Alt+D",), _HAS, submenu=_DOCKS),
    ActionRow("dock.close", "&Close this dock", VIEW, "docks.close_dock", ("Ctrl+Alt+W",), _HAS, submenu=_DOCKS),
    ActionRow("workspace.save", "&Save now", VIEW, "workspaces.save", ("Ctrl+S",), submenu=SUBMENU, starts_group=True),
    ActionRow("workspace.new", "Save as &new…", VIEW, "workspaces.new", ("Ctrl+Shift+S",), submenu=SUBMENU, words="layout"),
    ActionRow(
        "workspace.list", "&All workspaces…", VIEW, "workspaces.open_list", (".",), submenu=SUBMENU, words="layout rename delete"
    ),
    ActionRow(
        "workspace.first", "Arrange as at &first", VIEW, "workspaces.first_arrangement", submenu=SUBMENU, words="reset docks layout"
    ),
    ActionRow("workspace.import", "&Import…", VIEW, "workspaces.import_file", submenu=SUBMENU, starts_group=True, words="file"),
    ActionRow("workspace.export", "&Export…", VIEW, "workspaces.export_current", submenu=SUBMENU, words="file"),
)
