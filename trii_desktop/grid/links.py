"""Charts of one link group follow each other: instrument, interval, crosshair and time in view, each as its switch says."""

import msgspec
from PySide6.QtCore import QObject

from backend.charts.chart_state import ChartState, VisibleBars
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.market.chart_panel import ChartPanel

_DAILY = BarSpec.parse("1d")


class ChartLinks(QObject):
    """Hears every chart of the grid. What a chart follows is no step of undo: undoing the leader's step leads it back."""

    def __init__(self, desk: Desk, grid: ChartGrid) -> None:
        super().__init__(grid)
        self._desk = desk
        self._grid = grid
        self._members: dict[ChartPanel, _Member] = {}
        self._seen = grid.state.links
        self._groups: dict[ChartPanel, int] = {}
        for chart in grid.charts:
            self._add(chart)
        grid.chart_added.connect(self._add)
        grid.chart_removed.connect(self._remove)
        grid.changed.connect(self._regroup)

    def lead(self, leader: "_Member", *, is_other_instrument: bool, is_other_interval: bool) -> None:
        """Have the others of its group follow what ``leader`` shows now."""
        links, shown = self._grid.links, leader.chart.shown
        takes_instrument, takes_interval = links.instrument and is_other_instrument, links.interval and is_other_interval
        if shown is None or not (takes_instrument or takes_interval):
            return
        for member in self._others(leader):
            member.follow(shown.instrument.id if takes_instrument else None, shown.spec if takes_interval else None)

    def point(self, leader: "_Member", event_ns: int | None) -> None:
        """Mark ``event_ns`` in the others of its group; None where the pointer has left."""
        for member in self._others(leader) if self._grid.links.crosshair else []:
            member.chart.view.show_linked_crosshair(event_ns)

    def look(self, leader: "_Member", visible: VisibleBars) -> None:
        """Bring into view in the others of its group what ``leader`` has in view."""
        for member in self._others(leader) if self._grid.links.time else []:
            member.look_at(leader.chart, visible)

    def _others(self, leader: "_Member") -> list["_Member"]:
        group = self._grid.group_of(leader.chart)
        others = [self._members[chart] for chart in self._grid.charts if chart is not leader.chart and chart in self._members]
        return [member for member in others if group and self._grid.group_of(member.chart) == group]

    def _add(self, chart: ChartPanel) -> None:
        self._members[chart] = _Member(self, self._desk, chart)
        self._groups[chart] = self._grid.group_of(chart)

    def _remove(self, chart: ChartPanel) -> None:
        self._members.pop(chart).close()
        self._groups.pop(chart)

    def _regroup(self) -> None:
        """A switch that was turned on leads from the active chart; a chart that joins a group takes what the group shows."""
        before, self._seen = self._seen, self._grid.links
        if before != self._seen and (active := self._members.get(self._grid.active.current)) is not None:
            is_instrument, is_interval = (
                self._seen.instrument and not before.instrument,
                self._seen.interval and not before.interval,
            )
            self.lead(active, is_other_instrument=is_instrument, is_other_interval=is_interval)
            if self._seen.time and not before.time:
                self.look(active, active.chart.view.model.visible())
            if not self._seen.crosshair:
                for member in self._members.values():
                    member.chart.view.show_linked_crosshair(None)
        for chart in self._grid.charts:
            group = self._grid.group_of(chart)
            if chart in self._groups and self._groups[chart] != group:
                self._groups[chart] = group
                if others := self._others(self._members[chart]):
                    self._join(chart, others[0])

    def _join(self, chart: ChartPanel, to: "_Member") -> None:
        shown, links = to.chart.shown, self._grid.links
        if shown is not None:
            self._members[chart].follow(shown.instrument.id if links.instrument else None, shown.spec if links.interval else None)


class _Member(QObject):
    """One chart: says what it shows anew, and opens what another one leads to, only the newest of what was asked for."""

    def __init__(self, links: ChartLinks, desk: Desk, chart: ChartPanel) -> None:
        super().__init__(links)
        self._links = links
        self._desk = desk
        self.chart = chart
        self._series = self._now()
        self._wanted: tuple[InstrumentId | None, BarSpec | None] | None = None
        self._is_following = False
        chart.shown_changed.connect(self._shown_changed)
        chart.view.crosshair_moved.connect(self._pointed)
        chart.view.visible_changed.connect(self._looked)

    def follow(self, instrument: InstrumentId | None, spec: BarSpec | None) -> None:
        """Show ``instrument`` and ``spec``, each where it is given."""
        self._wanted = (instrument, spec)
        if not self._is_following:
            self._is_following = True
            self._desk.start("Following a linked chart", self._go())

    def close(self) -> None:
        """Hear no more."""
        self.chart.shown_changed.disconnect(self._shown_changed)
        self.chart.view.crosshair_moved.disconnect(self._pointed)
        self.chart.view.visible_changed.disconnect(self._looked)
        self.deleteLater()

    def look_at(self, leader: ChartPanel, visible: VisibleBars) -> None:
        """Show the time that ``leader`` shows, in this chart's own bars."""
        mine, theirs = self.chart.view.model, leader.view.model
        if len(mine.snapshot) and len(theirs.snapshot):
            same_bars = mine.spec == theirs.spec
            self.chart.view.show_visible(visible if same_bars else same_time(visible, theirs.snapshot, mine.snapshot))

    async def _go(self) -> None:
        try:
            while self._wanted is not None:
                (instrument, spec), self._wanted = self._wanted, None
                await self._show(instrument, spec)
        finally:
            self._is_following = False

    async def _show(self, instrument: InstrumentId | None, spec: BarSpec | None) -> None:
        state = self.chart.state
        if not state.instrument and instrument is None:
            return
        wanted = msgspec.structs.replace(
            state, instrument=str(instrument or state.instrument), interval=str(spec or state.interval or _DAILY)
        )
        if (wanted.instrument, wanted.interval) == (state.instrument, state.interval):
            return
        try:
            await self.chart.restore(wanted)
        except (InvalidInput, NotFound):
            await self.chart.restore(await self._nearest(wanted))

    async def _nearest(self, wanted: ChartState) -> ChartState:
        # The instrument in an interval that it has: daily, else its longest one.
        specs = await self._desk.bridge.call(self._desk.engine.specs(InstrumentId.parse(wanted.instrument)))
        if not specs:
            return wanted
        return msgspec.structs.replace(wanted, interval=str(_DAILY if _DAILY in specs else specs[-1]))

    def _pointed(self, event_ns: int | None, _price: float | None) -> None:
        self._links.point(self, event_ns)

    def _looked(self, visible: VisibleBars) -> None:
        self._links.look(self, visible)

    def _now(self) -> tuple[str, str]:
        shown = self.chart.shown
        return (str(shown.instrument.id), str(shown.spec)) if shown is not None else ("", "")

    def _shown_changed(self) -> None:
        before, self._series = self._series, self._now()
        if not self._is_following:
            self._links.lead(self, is_other_instrument=before[0] != self._series[0], is_other_interval=before[1] != self._series[1])


def same_time(visible: VisibleBars, theirs: BarSnapshot, mine: BarSnapshot) -> VisibleBars:
    """The bars of ``mine`` that cover the time which ``visible`` covers in ``theirs``; neither may be empty."""
    newest = len(theirs) - 1
    right = newest if visible.right_ns is None else min(max(theirs.row_at(visible.right_ns), 0), newest)
    left = min(max(round(right + visible.beyond - visible.n_bars), 0), newest)
    my_right = max(mine.row_at(theirs.event_ns_at(right)), 0)
    my_left = max(mine.row_at(theirs.event_ns_at(left)), 0)
    per_bar = (my_right - my_left) / (right - left) if right > left else 1.0
    per_bar = per_bar or 1 / max(right - left, 1)
    right_ns = None if visible.right_ns is None else mine.event_ns_at(my_right)
    return VisibleBars(max(visible.n_bars * per_bar, 1.0), right_ns, visible.beyond * per_bar)
