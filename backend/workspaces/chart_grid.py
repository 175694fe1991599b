"""One to four charts of a window as a value: their shape, sizes, states, and what links them."""

import enum
from typing import Final

import msgspec

from backend.charts.chart_state import ChartState, Value, check_state
from backend.errors import InvalidInput

CHARTS_MAX: Final = 4
N_GROUPS: Final = 6
SHARE_MIN: Final = 0.1


class GridShape(enum.StrEnum):
    """How the charts stand: one, two side by side, two above each other, one beside two, two by two."""

    ONE = "1"
    COLUMNS = "2h"
    ROWS = "2v"
    THREE = "3"
    FOUR = "4"

    @property
    def n_charts(self) -> int:
        """How many charts it shows."""
        return int(self.value[0])


class Links(Value, frozen=True):
    """What charts of one group have in common."""

    instrument: bool = False
    interval: bool = False
    crosshair: bool = True
    time: bool = False


class PlacedChart(Value, frozen=True):
    """One chart of a grid; ``group`` is the number of its link group, 0 for none."""

    state: ChartState = ChartState()
    group: int = 1


class GridState(Value, frozen=True):
    """All charts of a window.

    across, down : share of the width left of the upright edge, and of the height above the level one
    charts : in reading order; those beyond the shape's number wait for a larger shape
    """

    shape: GridShape = GridShape.ONE
    across: float = 0.5
    down: float = 0.5
    charts: tuple[PlacedChart, ...] = (PlacedChart(),)
    active: int = 0
    is_maximised: bool = False
    links: Links = Links()


def check_grid(grid: GridState) -> None:
    """Refuse what no window can show. Raises InvalidInput."""
    n_charts = len(grid.charts)
    if not 1 <= n_charts <= CHARTS_MAX:
        _refuse(f"has {n_charts} charts; one to {CHARTS_MAX} can be shown")
    if not 0 <= grid.active < grid.shape.n_charts or grid.active >= n_charts:
        _refuse(f"says that chart {grid.active} of {grid.shape.n_charts} is active")
    for share in (grid.across, grid.down):
        if not SHARE_MIN <= share <= 1 - SHARE_MIN:
            _refuse(f"gives {share} of the room to a chart")
    for placed in grid.charts:
        if not 0 <= placed.group <= N_GROUPS:
            _refuse(f"links a chart to group {placed.group}")
        check_state(placed.state)


def reshaped(grid: GridState, shape: GridShape) -> GridState:
    """The same charts in another shape, all of them seen; the active one stays among those that are shown."""
    active = min(grid.active, shape.n_charts - 1)
    charts = list(grid.charts)
    charts.insert(active, charts.pop(grid.active))
    return msgspec.structs.replace(grid, shape=shape, charts=tuple(charts), active=active, is_maximised=False)


def without_chart(grid: GridState, place: int) -> GridState:
    """The same without the chart at ``place``, in a shape of one less; the last one cannot go."""
    smaller = {2: GridShape.ONE, 3: GridShape.COLUMNS, 4: GridShape.THREE}[grid.shape.n_charts]
    charts = tuple(placed for n, placed in enumerate(grid.charts) if n != place)
    active = min(grid.active - (place < grid.active), smaller.n_charts - 1)
    return msgspec.structs.replace(grid, shape=smaller, charts=charts, active=active, is_maximised=False)


def _refuse(what: str) -> None:
    raise InvalidInput(f"A saved workspace {what}.", hint="Choose another workspace.", code="workspace.grid")
