"""The dock of time and sales: every print of one instrument, newest on top."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject

from backend.domain.bars import BarSpec
from backend.domain.instruments import Instrument
from trii_desktop.charts.wording import zone_of
from trii_desktop.frame import FrameClock
from trii_desktop.live.market_panel import MarketPanel, tool_label
from trii_desktop.live.size_field import SizeField
from trii_desktop.live.tape_view import TapeView
from trii_desktop.look import Look
from trii_desktop.sight.freshness import Sight, Standing, Tape
from trii_desktop.widgets.layout import button, row
from trii_desktop.widgets.numbers import format_count

_TIMED: Final = BarSpec.parse("1m")
_BUTTON_GAP: Final = 6


class TapePanel(MarketPanel):
    """Prints from a size on, those that stand out marked; it pauses while one looks further down."""

    title = "Trades"

    def __init__(self, look: Look, frames: FrameClock, sight: Sight) -> None:
        self.view = TapeView(look)
        super().__init__(look, frames, sight)
        self.least = SizeField("Smallest size shown", "all", "Leave out prints below this size, as 0.5, 200 or 10K")
        self.big = SizeField("Size that stands out", "top 1 %", "Mark prints from this size on; empty marks the largest 1 %")
        self.least.chosen.connect(self._leave_out)
        self.big.chosen.connect(self._mark_from)
        self.newest = button("", primary=True, name="Show the newest prints")
        self.newest.setParent(self.view)
        self.newest.clicked.connect(self.view.go_newest)
        self.newest.hide()
        self.view.paused_changed.connect(self._say_paused)
        self.view.installEventFilter(self)
        self.setAccessibleName("Time and sales")
        self.compose(self.view, row(tool_label("From"), self.least, 4, tool_label("Mark from"), self.big, None, gap=4))

    @property
    def kept(self) -> dict[str, str]:
        """From which sizes on prints are shown and marked."""
        return {"least": self.least.text(), "big": self.big.text()}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Leave out and mark as a person left it."""
        self.least.setText(values.get("least", ""))
        self.big.setText(values.get("big", ""))

    @property
    def has_anything(self) -> bool:
        """Whether there are prints, also such as are too small to be shown."""
        tape = self._tape()
        return tape is not None and tape.n_trades > 0

    @property
    def is_behind(self) -> bool:
        """Whether there are newer prints."""
        return self.view.reel.is_behind(self._tape())

    def take(self) -> bool:
        """Show them."""
        return self.view.look_at(self._tape())

    def begin(self, instrument: Instrument | None) -> None:
        """Another instrument."""
        self.view.begin(zone_of(instrument, _TIMED), 2)
        self.view.setAccessibleName(f"Time and sales of {instrument.id}" if instrument is not None else "Time and sales")

    def stand(self, standing: Standing) -> None:
        """Grey what is in doubt."""
        self.view.dim(is_dim=standing.is_doubtful)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the button in the middle."""
        if watched is self.view and event.type() == QEvent.Type.Resize:
            self._place_button()
        return super().eventFilter(watched, event)

    def _tape(self) -> Tape | None:
        instrument = self.subject.instrument
        return self.sight.source.tape(instrument.id) if instrument is not None else None

    def _leave_out(self, size: float | None) -> None:
        self.view.leave_out_below(size or 0.0)

    def _mark_from(self, size: float | None) -> None:
        self.view.reel.big_quantity = size
        self.view.viewport().update()

    def _say_paused(self) -> None:
        reel = self.view.reel
        self.newest.setVisible(reel.is_paused)
        self.newest.setText(f"↑ {format_count(reel.n_new)} new" if reel.n_new else "Paused")
        self.newest.setAccessibleDescription(f"{reel.n_new} new prints wait" if reel.n_new else "Paused")
        self._place_button()

    def _place_button(self) -> None:
        self.newest.adjustSize()
        self.newest.move((self.view.viewport().width() - self.newest.width()) // 2, self.view.head_px + _BUTTON_GAP)
