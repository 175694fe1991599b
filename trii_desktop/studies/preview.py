"""A dialog that changes one thing on a chart while it is open: seen at once, one step of undo, and none after Cancel."""

from abc import abstractmethod

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from backend.charts.chart_state import ChartState
from trii_desktop.market.chart_panel import ChartPanel


class PreviewDialog(QDialog):
    """Never blocks the chart beside it, and follows it: ``follow`` hears every change, also those of undo."""

    def __init__(self, parent: QWidget, chart: ChartPanel, title: str, did: str) -> None:
        super().__init__(parent)
        self.chart = chart
        self._step = chart.begin_edit(did)
        self._is_over = False
        self.setWindowTitle(title)
        self.setAccessibleName(f"Settings of {title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chart.state_changed.connect(self._changed)
        chart.destroyed.connect(self.leave)

    @abstractmethod
    def follow(self) -> None:
        """Show what the chart has now, or leave where it is gone."""

    def preview(self, state: ChartState) -> None:
        """Bring the chart to ``state`` at once. Raises InvalidInput."""
        self._step.show(state)

    def reject(self) -> None:
        """Bring back what was before."""
        if not self._is_over:
            self._is_over = True
            self._step.cancel()
        super().reject()

    def leave(self) -> None:
        """Close; what it was about is gone."""
        self._is_over = True
        self.done(int(QDialog.DialogCode.Accepted))

    def _changed(self) -> None:
        if not self._is_over:
            self.follow()
