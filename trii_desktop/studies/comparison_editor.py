"""Changing how a comparison is drawn, seen on the chart at once; Cancel brings back what was."""

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from backend.charts import study_edits
from backend.charts.chart_state import Comparison, LineStyle
from trii_desktop.charts.colors import ChartColors
from trii_desktop.charts.study_looks import comparison_looks
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.studies.preview import PreviewDialog
from trii_desktop.studies.style_row import StyleRow, style_grid
from trii_desktop.widgets.layout import button, column, label, row


class ComparisonEditor(PreviewDialog):
    """Edits one comparison of one chart."""

    def __init__(self, parent: QWidget, chart: ChartPanel, comparison: Comparison, colors: ChartColors) -> None:
        super().__init__(parent, chart, comparison.instrument, f"The look of {comparison.instrument} was changed")
        self._comparison = comparison
        ink = next(look.ink for look in comparison_looks(chart.state.comparisons) if look.key[0] == comparison.id)
        own = ink if ink.startswith("#") else colors.studies[int(ink.rpartition("_")[2]) % len(colors.studies)]
        self.style_row = StyleRow(comparison.instrument, own, colors.studies, self)
        self.style_row.changed.connect(self._styled)
        grid = style_grid()
        self.style_row.place(grid, 0)
        about = label("Its closes in percent of the first bar in view, each as it was known then.", "caption", wraps=True)
        cancel, done = button("Cancel"), button("Done", primary=True)
        cancel.clicked.connect(self.reject)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        self.setLayout(column(grid, about, row(None, cancel, done), margins=(16,) * 4, gap=12))
        self.style_row.show_style(comparison.style)

    def follow(self) -> None:
        """Show it as it is now."""
        now = next((c for c in self.chart.state.comparisons if c.id == self._comparison.id), None)
        if now is None:
            self.leave()
        elif now != self._comparison:
            self._comparison = now
            self.style_row.show_style(now.style)

    def _styled(self, style: LineStyle) -> None:
        self._comparison = replace(self._comparison, style=style)
        self.preview(study_edits.with_comparison(self.chart.state, self._comparison))
