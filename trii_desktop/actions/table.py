"""What the user can do: one table of actions, from which menus, palette, shortcuts, tooltips and plugins are fed."""

from typing import Final

from trii_desktop.actions import (
    alert_rows,
    assistant_rows,
    chart_rows,
    drawing_rows,
    edit_rows,
    file_rows,
    grid_rows,
    help_rows,
    indicator_rows,
    look_rows,
    pane_rows,
    replay_rows,
    team_rows,
    view_rows,
    watchlist_rows,
    workspace_rows,
)
from trii_desktop.actions.row import ActionRow

ACTIONS: Final[tuple[ActionRow, ...]] = (
    *file_rows.ROWS,
    *edit_rows.ROWS,
    *chart_rows.ROWS,
    *look_rows.ROWS,
    *replay_rows.ROWS,
    *indicator_rows.ROWS,
    *pane_rows.ROWS,
    *drawing_rows.ROWS,
    *alert_rows.ROWS,
    *assistant_rows.ROWS,
    *team_rows.ROWS,
    *view_rows.ROWS,
    *grid_rows.ROWS,
    *workspace_rows.ROWS,
    *watchlist_rows.ROWS,
    *help_rows.ROWS,
)
