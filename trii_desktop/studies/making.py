"""Changing a chart for a person: at once, as a step of undo, and with words where it is not possible."""

from collections.abc import Callable

from backend.charts.chart_state import ChartState
from backend.errors import TriiError
from backend.events import Level, notice_of
from trii_desktop.desk import Desk
from trii_desktop.market.chart_panel import ChartPanel


def change_chart(desk: Desk, chart: ChartPanel, change: Callable[[ChartState], ChartState], did: str) -> bool:
    """Bring ``chart`` to what ``change`` makes of its state; ``did`` says it. False, and a notice, where it is refused."""
    try:
        chart.change_now(change(chart.state), did)
    except TriiError as error:
        desk.notices.add(notice_of(error, "The chart was not changed.", level=Level.WARNING))
        return False
    return True
