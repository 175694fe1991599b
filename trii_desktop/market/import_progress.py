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
ON_WORDS = "You can go on working, or close this window: the import goes on."


class ProgressView(QWidget):
    """Progress of the table under way and of all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._began = 0.0
        self._n_tables = 0
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
        self._n_tables = n_tables
        self.wait()

    def wait(self) -> None:
        """The import waits for its turn."""
        self._title.setText("The import begins soon")
        self._bar.setRange(0, 0)
        self._details.setText("Where another import is under way, this one follows it.")
        self._total.setText(ON_WORDS)

    def next_table(self, plan: ImportPlan, number: int) -> None:
        """The next table begins, the ``number``-th of all."""
        self._began = time.monotonic()
        self._title.setText(f"Importing {plan.name}")
        self._bar.setRange(0, 0)
        self._details.setText("Starting")
        self._total.setText(f"Table {number} of {self._n_tables}. {ON_WORDS}" if self._n_tables > 1 else ON_WORDS)

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
