"""What can be done with the charts of a window together: how many there are, what links them, which one has the keyboard."""

import msgspec

from backend.workspaces.chart_grid import N_GROUPS, GridShape
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.grid.groups import GROUPS
from trii_desktop.grid.links import ChartLinks


class GridActions:
    """Methods and flags that the action table names."""

    def __init__(self, desk: Desk, grid: ChartGrid) -> None:
        self._desk = desk
        self._grid = grid
        self._links = ChartLinks(desk, grid)

    # --- shapes ---

    @property
    def is_one(self) -> bool:
        """Whether one chart is shown."""
        return self._grid.shape is GridShape.ONE

    @property
    def is_columns(self) -> bool:
        """Whether two charts stand side by side."""
        return self._grid.shape is GridShape.COLUMNS

    @property
    def is_rows(self) -> bool:
        """Whether two charts stand one above the other."""
        return self._grid.shape is GridShape.ROWS

    @property
    def is_three(self) -> bool:
        """Whether three charts are shown."""
        return self._grid.shape is GridShape.THREE

    @property
    def is_four(self) -> bool:
        """Whether four charts are shown."""
        return self._grid.shape is GridShape.FOUR

    @property
    def has_several(self) -> bool:
        """Whether there is more than one chart."""
        return self._grid.shape is not GridShape.ONE

    def show_one(self) -> None:
        """One chart."""
        self._show(GridShape.ONE)

    def show_columns(self) -> None:
        """Two side by side."""
        self._show(GridShape.COLUMNS)

    def show_rows(self) -> None:
        """Two, one above the other."""
        self._show(GridShape.ROWS)

    def show_three(self) -> None:
        """One, and two beside it."""
        self._show(GridShape.THREE)

    def show_four(self) -> None:
        """Two by two."""
        self._show(GridShape.FOUR)

    def close_active(self) -> None:
        """Take the active chart away."""
        self._desk.start("Closing a chart", self._grid.close_chart(self._grid.active.current))

    # --- one of them ---

    @property
    def is_maximised(self) -> bool:
        """Whether the active chart is shown alone."""
        return self._grid.is_maximised

    def toggle_maximised(self) -> None:
        """The active chart alone, or all of them."""
        self._grid.toggle_maximised()

    def go_next(self) -> None:
        """Give the next chart the keyboard."""
        self._go(1)

    def go_back(self) -> None:
        """Give the chart before the keyboard."""
        self._go(-1)

    # --- links ---

    @property
    def links_instrument(self) -> bool:
        """Whether linked charts show the same instrument."""
        return self._grid.links.instrument

    @property
    def links_interval(self) -> bool:
        """Whether linked charts show the same interval."""
        return self._grid.links.interval

    @property
    def links_crosshair(self) -> bool:
        """Whether linked charts show one crosshair."""
        return self._grid.links.crosshair

    @property
    def links_time(self) -> bool:
        """Whether linked charts show the same time."""
        return self._grid.links.time

    @property
    def group(self) -> int:
        """The link group of the active chart."""
        return self._grid.group_of(self._grid.active.current)

    @property
    def group_name(self) -> str:
        """What the link group of the active chart is called."""
        return f"{self.group} {GROUPS[self.group][0]}" if self.group else "none"

    def toggle_instrument(self) -> None:
        """The same instrument in linked charts, or not."""
        self._grid.set_links(msgspec.structs.replace(self._grid.links, instrument=not self.links_instrument))

    def toggle_interval(self) -> None:
        """The same interval in linked charts, or not."""
        self._grid.set_links(msgspec.structs.replace(self._grid.links, interval=not self.links_interval))

    def toggle_crosshair(self) -> None:
        """One crosshair in linked charts, or not."""
        self._grid.set_links(msgspec.structs.replace(self._grid.links, crosshair=not self.links_crosshair))

    def toggle_time(self) -> None:
        """The same time in linked charts, or not."""
        self._grid.set_links(msgspec.structs.replace(self._grid.links, time=not self.links_time))

    def next_group(self) -> None:
        """Move the active chart to the next link group, after the last one to none."""
        self._grid.set_group(self._grid.active.current, (self.group + 1) % (N_GROUPS + 1))

    def _show(self, shape: GridShape) -> None:
        self._desk.start("Arranging the charts", self._grid.set_shape(shape))

    def _go(self, by: int) -> None:
        n_charts = self._grid.shape.n_charts
        self._grid.focus_place((self._grid.active_place + by) % n_charts)
