"""One to four charts of a window: how they stand, which of them is active, and their state as a value."""

import asyncio

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from backend.charts.chart_state import ChartState
from backend.errors import TriiError
from backend.events import Level, notice_of
from backend.workspaces.chart_grid import GridShape, GridState, Links, PlacedChart, check_grid, reshaped, without_chart
from trii_desktop.desk import Desk
from trii_desktop.grid.cell import ChartCell
from trii_desktop.grid.edges import GridEdges
from trii_desktop.grid.places import lay_out
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.market.chart_panel import ChartPanel

FIRST_GROUP = 1


class ChartGrid(QWidget):
    """Holds the charts; ``active`` is the one that actions act on, and keeps to what the keyboard and the pointer touch.

    ``chart_added`` and ``chart_removed`` carry a ChartPanel; ``changed`` comes when ``state`` is another one, except for what
    gestures do to a chart.
    """

    chart_added = Signal(object)
    chart_removed = Signal(object)
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._grid = GridState()
        self._edges = GridEdges(self)
        self._edges.moved.connect(self._set_share)
        self._cells: dict[int, ChartCell] = {}  # by their place in the shape; some may still be missing
        self._is_closed = False
        self._turn = asyncio.Lock()  # arrangements are made one after the other
        self.active = ActiveChart(self._make_cell(0, FIRST_GROUP).chart)
        self.active.state_changed.connect(self.changed)
        self.active.changed.connect(self._lead_focus)
        self._lead_focus()
        self._application().focusChanged.connect(self._focus_changed)
        self._arrange()

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def charts(self) -> tuple[ChartPanel, ...]:
        """The charts of the shape, in reading order."""
        return tuple(self._cells[place].chart for place in sorted(self._cells))

    @property
    def shape(self) -> GridShape:
        """How the charts stand."""
        return self._grid.shape

    @property
    def active_place(self) -> int:
        """The place of the active chart, in reading order."""
        return self._place_of(self.active.current)

    @property
    def links(self) -> Links:
        """What charts of one group have in common."""
        return self._grid.links

    @property
    def is_maximised(self) -> bool:
        """Whether the active chart is shown alone."""
        return self._grid.is_maximised and len(self._cells) > 1

    @property
    def state(self) -> GridState:
        """All of it, to be saved."""
        n_charts = self._grid.shape.n_charts
        placed = [self._placed(place) for place in range(n_charts)]
        return msgspec.structs.replace(self._grid, charts=(*placed, *self._grid.charts[n_charts:]), active=self.active_place)

    def group_of(self, chart: ChartPanel) -> int:
        """The link group of a chart, 0 for none."""
        return self._cell_of(chart).group

    # --- changing it --------------------------------------------------------------------------------------------------

    def begin(self, grid: GridState) -> ChartState:
        """Take over the shape with its active chart alone, before any other is made; returns that chart's state."""
        check_grid(grid)
        assert len(self._cells) == 1, "Only a grid that shows one chart begins."
        (cell,) = self._cells.values()
        self._cells = {grid.active: cell}
        cell.set_group(grid.charts[grid.active].group)
        self._grid = grid
        self._arrange()
        return grid.charts[grid.active].state

    async def fill(self) -> None:
        """Make the charts that are missing and open what they show, one after the other."""
        async with self._turn:
            await self._fill()

    async def _fill(self) -> None:
        known = self._grid.charts
        for place in range(self._grid.shape.n_charts):
            if place in self._cells or self._is_closed:
                continue
            placed = known[place] if place < len(known) else self._like_active()
            cell = self._make_cell(place, placed.group)
            self._arrange()
            self.chart_added.emit(cell.chart)
            await self._open(cell.chart, placed.state)
        self.changed.emit()

    async def show_state(self, grid: GridState) -> None:
        """Show a saved grid in the place of what is shown now. Raises InvalidInput."""
        check_grid(grid)
        async with self._turn:
            await self._show_state(grid)

    async def _show_state(self, grid: GridState) -> None:
        n_charts = grid.shape.n_charts
        for place in [place for place in self._cells if place >= n_charts]:
            self._remove(place)
        self._cells = dict(enumerate(self._cells[place] for place in sorted(self._cells)))
        self._grid = grid
        for place, cell in self._cells.items():
            cell.set_group(grid.charts[place].group if place < len(grid.charts) else FIRST_GROUP)
        self.activate(self._cells[min(grid.active, len(self._cells) - 1)].chart)
        self._arrange()
        for place, cell in list(self._cells.items()):
            if place < len(grid.charts):
                await self._open(cell.chart, grid.charts[place].state)
        await self._fill()
        if grid.active in self._cells:
            self.activate(self._cells[grid.active].chart)

    async def set_shape(self, shape: GridShape) -> None:
        """Show as many charts as ``shape`` does; those that go wait for a larger shape."""
        async with self._turn:
            await self._set_shape(shape)

    async def _set_shape(self, shape: GridShape) -> None:
        if shape is self._grid.shape and not self._grid.is_maximised:
            return
        now = self.state
        made = reshaped(now, shape)
        if made.active != now.active:  # the active chart stays in sight
            cells = [self._cells[place] for place in sorted(self._cells)]
            cells.insert(made.active, cells.pop(now.active))
            self._cells = dict(enumerate(cells))
        for place in [place for place in self._cells if place >= shape.n_charts]:
            self._remove(place)
        self._grid = made
        self._arrange()
        await self._fill()

    async def close_chart(self, chart: ChartPanel) -> None:
        """Take a chart away; the others divide its room."""
        async with self._turn:
            if len(self._cells) > 1 and any(cell.chart is chart for cell in self._cells.values()):
                self._close_chart(chart)

    def _close_chart(self, chart: ChartPanel) -> None:
        now, place = self.state, self._place_of(chart)
        made = without_chart(now, place)
        others = [self._cells[n].chart for n in sorted(self._cells) if n != place]
        if chart is self.active.current:
            self.activate(others[made.active])
        self._remove(place)
        self._cells = dict(enumerate(self._cells[n] for n in sorted(self._cells)))
        self._grid = made
        self._arrange()
        self.active.current.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def activate(self, chart: ChartPanel) -> None:
        """Let ``chart`` be the active one."""
        if chart is not self.active.current:
            self.active.choose(chart)
            self._arrange()
            self.changed.emit()

    def focus_place(self, place: int) -> None:
        """Give the chart at ``place`` of the shape the keyboard."""
        if place in self._cells:
            self.activate(self._cells[place].chart)
            self.active.current.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle_maximised(self) -> None:
        """Show the active chart alone, or all again."""
        if len(self._cells) > 1:
            self._grid = msgspec.structs.replace(self._grid, is_maximised=not self._grid.is_maximised)
            self._arrange()
            self.active.current.setFocus(Qt.FocusReason.OtherFocusReason)
            self.changed.emit()

    def set_links(self, links: Links) -> None:
        """Have charts of one group share this from now on."""
        if links != self._grid.links:
            self._grid = msgspec.structs.replace(self._grid, links=links)
            self.changed.emit()

    def set_group(self, chart: ChartPanel, group: int) -> None:
        """Link ``chart`` with the charts of ``group``, with none where 0."""
        self._cell_of(chart).set_group(group)
        self.changed.emit()

    def wear(self) -> None:
        """Follow the theme and the settings."""
        for chart in self.charts:
            chart.wear()

    def close_panel(self) -> None:
        """Close every chart."""
        self._is_closed = True
        self._application().focusChanged.disconnect(self._focus_changed)
        for cell in self._cells.values():
            cell.chart.close_panel()

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the new room."""
        super().resizeEvent(event)
        self._arrange()

    # --- inside -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _application() -> QApplication:
        app = QApplication.instance()
        assert isinstance(app, QApplication), "A grid needs a running application."
        return app

    def _make_cell(self, place: int, group: int) -> ChartCell:
        cell = self._cells[place] = ChartCell(self, self._desk, group)
        cell.picked.connect(self._pick)
        cell.group_chosen.connect(self._choose_group)
        cell.wants_maximising.connect(self._maximise)
        cell.wants_closing.connect(self._close_cell)
        return cell

    def _remove(self, place: int) -> None:
        cell = self._cells.pop(place)
        if cell.chart is self.active.current:
            self.activate(self._cells[min(self._cells)].chart)
        self.chart_removed.emit(cell.chart)
        cell.close_panel()

    async def _open(self, chart: ChartPanel, state: ChartState) -> None:
        if not state.instrument:
            return
        try:
            await chart.restore(state)
        except TriiError as error:
            chart.view.show_message(f"{state.instrument} {state.interval} cannot be shown", error.message)
            self._desk.notices.add(notice_of(error, f"{state.instrument} cannot be shown.", level=Level.WARNING))

    def _like_active(self) -> PlacedChart:
        # A new chart shows what the active one shows, without what was placed on it.
        state, cell = self.active.current.state, self._cell_of(self.active.current)
        plain = msgspec.structs.replace(state, studies=(), comparisons=())
        return PlacedChart(plain.tidied(), cell.group)

    def _placed(self, place: int) -> PlacedChart:
        cell = self._cells.get(place)
        if cell is not None and cell.chart.shown is not None:
            return PlacedChart(cell.chart.state, cell.group)
        known = self._grid.charts[place] if place < len(self._grid.charts) else PlacedChart(group=FIRST_GROUP)
        return PlacedChart(known.state, cell.group) if cell is not None else known

    def _place_of(self, chart: ChartPanel) -> int:
        return next(place for place, cell in self._cells.items() if cell.chart is chart)

    def _cell_of(self, chart: ChartPanel) -> ChartCell:
        return self._cells[self._place_of(chart)]

    def _arrange(self) -> None:
        """Put charts and edges in their places."""
        places = lay_out(self._grid.shape, self.size(), self._grid.across, self._grid.down)
        active = self.active_place
        has_head = self._grid.shape.n_charts > 1
        for place, cell in self._cells.items():
            is_active = place == active
            cell.show_place(has_head=has_head, is_active=has_head and is_active, is_maximised=self._grid.is_maximised)
            cell.setGeometry(self.rect() if self._grid.is_maximised else places.charts[place])
            cell.setVisible(is_active or not self._grid.is_maximised)
        self._edges.place(places, is_shown=not self._grid.is_maximised)

    def _lead_focus(self) -> None:
        self.setFocusProxy(self.active.current)

    def _focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None:
            return
        for cell in self._cells.values():
            if cell.isAncestorOf(now):
                self.activate(cell.chart)
                return

    def _pick(self, cell: ChartCell) -> None:
        self.activate(cell.chart)
        cell.chart.setFocus(Qt.FocusReason.MouseFocusReason)

    def _choose_group(self, cell: ChartCell, group: int) -> None:
        self.set_group(cell.chart, group)

    def _maximise(self, cell: ChartCell) -> None:
        self.activate(cell.chart)
        self.toggle_maximised()

    def _close_cell(self, cell: ChartCell) -> None:
        self._desk.start("Closing a chart", self.close_chart(cell.chart))

    def _set_share(self, name: str, share: float) -> None:
        self._grid = msgspec.structs.replace(self._grid, **{name: share})
        self._arrange()
        self.changed.emit()
