"""The dock of the order book: as a ladder or as a curve, gathered by price step, with what both sides weigh."""

import math
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QToolButton, QWidget

from backend.domain.depth import Depth
from backend.domain.instruments import Instrument
from trii_desktop.frame import FrameClock
from trii_desktop.live.book_rows import FACTORS, N_BALANCED, book_of, decimals_of_step, price_step_of
from trii_desktop.live.depth_curve import DepthCurve
from trii_desktop.live.inks import inks_of
from trii_desktop.live.ladder_view import LadderView
from trii_desktop.live.market_panel import MarketPanel, tool_label
from trii_desktop.live.prints import sides_of
from trii_desktop.look import Look
from trii_desktop.sight.follows import Followed
from trii_desktop.sight.freshness import Sight, Standing, Tape
from trii_desktop.widgets.layout import row
from trii_desktop.widgets.numbers import format_change, format_price

_N_LOOKED_AT: Final = 50  # newest prints that tell which side took the last one


class BalanceBar(QWidget):
    """How the best levels of both sides weigh against each other."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.imbalance = math.nan
        self.setFixedHeight(26)
        look.changed.connect(self.update)

    def show_imbalance(self, imbalance: float) -> None:
        """-1 for asks alone to 1 for bids alone; NaN for none."""
        if imbalance != self.imbalance:
            self.imbalance = imbalance
            self.setAccessibleName(self.words)
            self.setToolTip(self.words)
            self.update()

    @property
    def words(self) -> str:
        """What it says."""
        if math.isnan(self.imbalance):
            return ""
        bids = 50 * (1 + self.imbalance)
        return (
            f"Imbalance {self.imbalance:+.2f}: bids {bids:.0f} %, asks {100 - bids:.0f} % of the best {N_BALANCED} levels".replace(
                "-", "\u2212"
            )
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Two bars and their shares."""
        painter, inks = QPainter(self), inks_of(self._look.palette)
        painter.fillRect(self.rect(), inks.ground)
        if math.isnan(self.imbalance):
            return
        split = round(self.width() * (1 + self.imbalance) / 2)
        painter.fillRect(0, 0, split, self.height(), inks.up_bar)
        painter.fillRect(split, 0, self.width() - split, self.height(), inks.down_bar)
        area, bids = QRect(10, 0, self.width() - 20, self.height()), 50 * (1 + self.imbalance)
        middle = Qt.AlignmentFlag.AlignVCenter
        for text, ink, side in (
            (f"Bids {bids:.0f} %", inks.up, Qt.AlignmentFlag.AlignLeft),
            (format_change(self.imbalance), inks.text, Qt.AlignmentFlag.AlignHCenter),
            (f"{100 - bids:.0f} % asks", inks.down, Qt.AlignmentFlag.AlignRight),
        ):
            painter.setPen(ink)
            painter.drawText(area, side | middle, text)


class DepthPanel(MarketPanel):
    """Looks at the newest book once a frame; nothing is computed of one that is not shown."""

    title = "Order books"

    def __init__(self, look: Look, frames: FrameClock, sight: Sight) -> None:
        self.ladder, self.curve = LadderView(look), DepthCurve(look)
        super().__init__(look, frames, sight)
        self._depth: Depth | None = None
        self._tape_version = -1
        self._base = 0.0  # the smallest price step
        self.factor = 1
        self.steps = QComboBox()
        self.steps.setAccessibleName("Gather prices by")
        self.steps.setToolTip("Gather prices by this step")
        self.steps.activated.connect(self._choose_step)
        self.centre = QToolButton()
        self.centre.setText("Centre")
        self.centre.setToolTip("The spread in the middle (C)")
        self.centre.clicked.connect(self.ladder.centre)
        self.as_curve = QToolButton()
        self.as_curve.setText("Curve")
        self.as_curve.setCheckable(True)
        self.as_curve.setToolTip("Show the totals as a curve")
        self.as_curve.toggled.connect(self._show_curve)
        self.balance = BalanceBar(look)
        self.views = QStackedWidget()
        self.views.addWidget(self.ladder)
        self.views.addWidget(self.curve)
        self.ladder.step_wanted.connect(self._step_by)
        self.setAccessibleName("Order book")
        tools = row(tool_label("Step"), self.steps, None, self.centre, self.as_curve, gap=4)
        self.compose(self.views, tools, self.balance)

    @property
    def kept(self) -> dict[str, str]:
        """By how many steps prices are gathered, and whether as a curve."""
        return {"factor": str(self.factor), "curve": "yes" if self.as_curve.isChecked() else ""}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Gather and draw as a person left it."""
        factors = {str(factor): factor for factor in FACTORS}
        self.factor = factors.get(values.get("factor", ""), FACTORS[0])
        if self.steps.count():
            self.steps.setCurrentIndex(FACTORS.index(self.factor))
        self.as_curve.setChecked(values.get("curve") == "yes")
        if self._depth is not None:
            self._show(self._depth)

    @property
    def has_anything(self) -> bool:
        """Whether there is a book."""
        return self._newest() is not None

    @property
    def is_behind(self) -> bool:
        """Whether there is a newer book or trade."""
        tape = self._tape_now()
        return self._newest() is not self._depth or (tape is not None and tape.version != self._tape_version)

    def take(self) -> bool:
        """Gather and show it."""
        if not self.is_behind:
            return False
        depth, tape = self._newest(), self._tape_now()
        self._depth = depth
        self._tape_version = tape.version if tape is not None else -1
        if depth is None:
            self.ladder.show_book(None, math.nan, 0)
            self.curve.show_book(None, math.nan)
            self.balance.show_imbalance(math.nan)
            return True
        if not self._base:
            self._base = price_step_of(depth, self.subject.instrument)
            self._fill_steps()
        self._show(depth)
        return True

    def begin(self, instrument: Instrument | None) -> None:
        """Another instrument."""
        self._depth, self._base, self._tape_version = None, 0.0, -1
        self.ladder.show_book(None, math.nan, 0)
        self.curve.show_book(None, math.nan)
        self.balance.show_imbalance(math.nan)
        self.ladder.centre()
        name = f"Order book of {instrument.id}" if instrument is not None else "Order book"
        self.ladder.setAccessibleName(name)
        self.curve.setAccessibleName(f"{name} as a curve")

    def stand(self, standing: Standing) -> None:
        """Grey what is in doubt."""
        self.ladder.dim(is_dim=standing.is_doubtful)
        self.curve.dim(is_dim=standing.is_doubtful)

    def wanted(self, instrument: Instrument) -> Followed:
        """The book too."""
        return Followed(instrument.id, depth=True)

    def _newest(self) -> Depth | None:
        instrument = self.subject.instrument
        return self.sight.source.depth(instrument.id) if instrument is not None else None

    def _tape_now(self) -> Tape | None:
        instrument = self.subject.instrument
        return self.sight.source.tape(instrument.id) if instrument is not None else None

    def _show(self, depth: Depth) -> None:
        book = book_of(depth, self._base * self.factor, decimals_of_step(self._base))
        last, side = self._last_trade()
        self.balance.show_imbalance(book.imbalance)
        if self.as_curve.isChecked():
            self.curve.show_book(book, last)
        else:
            self.ladder.show_book(book, last, side)

    def _last_trade(self) -> tuple[float, int]:
        tape = self._tape_now()
        trades = tape.rows(_N_LOOKED_AT).trades if tape is not None else None
        if trades is None or not len(trades):
            return math.nan, 0
        return float(trades.price[-1]), int(sides_of(trades)[-1])

    def _fill_steps(self) -> None:
        self.steps.clear()
        for factor in FACTORS:
            step = self._base * factor
            self.steps.addItem(format_price(step, decimals_of_step(step)), factor)
        self.steps.setCurrentIndex(FACTORS.index(self.factor))

    def _choose_step(self) -> None:
        self.factor = int(self.steps.currentData())
        self.ladder.centre()
        if self._depth is not None:
            self._show(self._depth)

    def _step_by(self, by: int) -> None:
        place = min(max(self.steps.currentIndex() + by, 0), self.steps.count() - 1)
        if self.steps.count():
            self.steps.setCurrentIndex(place)
            self._choose_step()

    def _show_curve(self, is_curve: bool) -> None:  # noqa: FBT001 - a signal's
        self.views.setCurrentIndex(int(is_curve))
        self.centre.setEnabled(not is_curve)
        if self._depth is not None:
            self._show(self._depth)
