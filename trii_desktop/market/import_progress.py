"""How an import goes: which table, how much of it, how fast, and how long it will still take."""

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QWidget

from backend.events import ImportProgressed
from backend.market.importers.plan import ImportPlan
from trii_desktop.widgets.layout import column, label
from trii_desktop.widgets.numbers import format_bytes, format_count, format_seconds

WIDTH_PX = 460
SURE_AFTER_S = 1.0


class ProgressView(QWidget):
    """Progress of the table under way and of all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._began = 0.0
        self._n_tables = 0
        self._n_begun = 0
        self._title = label("", "title", wraps=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of this table")
        self._details = label("", "muted")
        self._total = label("", "caption")
        inside = column(None, self._title, self._bar, self._details, self._total, None, gap=10)
        holder = QWidget()
        holder.setLayout(inside)
        holder.setFixedWidth(WIDTH_PX)
        outer = column(holder)
        outer.setAlignment(holder, Qt.AlignmentFlag.AlignHCenter)
        self.setLayout(outer)

    def begin(self, n_tables: int) -> None:
        """Start anew for ``n_tables``."""
        self._n_tables, self._n_begun = n_tables, 0

    def next_table(self, plan: ImportPlan) -> None:
        """The next table begins."""
        self._n_begun += 1
        self._began = time.monotonic()
        self._title.setText(f"Importing {plan.name}")
        self._bar.setRange(0, 0)
        self._details.setText("Starting")
        self._total.setText(
            f"Table {self._n_begun} of {self._n_tables}" if self._n_tables > 1 else "You can go on working meanwhile."
        )

    def show_progress(self, event: ImportProgressed) -> None:
        """Show where the table under way is."""
        took_s = max(time.monotonic() - self._began, 1e-3)
        words = [f"{format_count(event.n_rows)} rows", f"{format_count(round(event.n_rows / took_s))} rows/s"]
        if event.total_bytes:
            self._bar.setRange(0, 1000)
            self._bar.setValue(min(1000, round(1000 * event.done_bytes / event.total_bytes)))
            words.append(f"{format_bytes(event.done_bytes)} of {format_bytes(event.total_bytes)}")
            if took_s > SURE_AFTER_S and event.done_bytes:
                left_s = took_s * (event.total_bytes - event.done_bytes) / event.done_bytes
                words.append(f"{format_seconds(left_s)} left")
        self._details.setText("   ".join(words))
