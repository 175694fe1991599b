"""The feeds as rows: how each does, in figures and in words."""

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QHeaderView,
    QTableWidgetItem,
)

from backend.domain.bars import SECOND_NS
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState, FeedStatus
from trii_desktop.look import Look
from trii_desktop.palettes import Palette
from trii_desktop.sight.feed_words import STATE_WORDS, skew_words
from trii_desktop.sight.freshness import format_age
from trii_desktop.widgets.numbers import DASH, format_compact, format_count
from trii_desktop.widgets.table import RowTable

HEADERS: Final = ("Feed", "State", "Heard", "Clock", "Trades/s", "Trades", "Bad frames", "Gaps", "Reconnects")
TIPS: Final = (
    "Name and kind",
    "Whether it brings prices now",
    "How long ago anything of it came",
    "The venue's clock less this computer's",
    "In the last second",
    "Since the program was started",
    "Frames and rows that could not be read",
    "Breaks, whether they could be filled afterwards or not",
    "Since the program was started",
)
ROW_PX: Final = 34
_SKEW_SAID_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One feed: what it is, how it does, and how many trades came a second."""

    config: FeedConfig
    status: FeedStatus
    trades_per_s: float = math.nan

    def texts(self, now_ns: int) -> tuple[str, ...]:
        """What its cells say."""
        status, heard = self.status, self.status.received_ns
        skew_s = status.skew_ns / SECOND_NS
        return (
            self.config.name,
            STATE_WORDS[status.state] if self.config.is_on else STATE_WORDS[FeedState.OFF],
            f"{format_age(max(now_ns - heard, 0) / SECOND_NS)} ago" if heard else DASH,
            skew_words(skew_s) if status.skew_ns else DASH,
            format_compact(round(self.trades_per_s)) if math.isfinite(self.trades_per_s) else DASH,
            format_compact(status.n_trades),
            format_count(status.n_bad),
            format_count(status.n_gaps),
            format_count(status.n_reconnects),
        )

    def is_odd(self, column: int) -> bool:
        """Whether a cell needs a look."""
        status = self.status
        odd = {
            1: self.config.is_on and status.state is not FeedState.LIVE,
            3: abs(status.skew_ns) > _SKEW_SAID_S * SECOND_NS,
            6: status.n_bad > 0,
        }
        return odd.get(column, False)


class FeedTable(RowTable):
    """Rows of feeds; the one chosen stays chosen while they are brought up to date."""

    def __init__(self, look: Look) -> None:
        super().__init__("Feeds", HEADERS, tips=TIPS, numbers=range(2, len(HEADERS)))
        self._look = look
        self.rows: tuple[FeedRow, ...] = ()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    @property
    def current(self) -> FeedRow | None:
        """The chosen feed."""
        place = self.currentRow()
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def show_rows(self, rows: tuple[FeedRow, ...], now_ns: int) -> None:
        """Show these feeds."""
        chosen = self.current
        is_other = [r.config.name for r in rows] != [r.config.name for r in self.rows]
        self.rows = rows
        if is_other:
            self.setRowCount(len(rows))
            for place in range(len(rows)):
                for column in range(len(HEADERS)):
                    item = QTableWidgetItem()
                    item.setTextAlignment(self.alignment(column))
                    self.setItem(place, column, item)
            names = [r.config.name for r in rows]
            if rows:
                self.selectRow(names.index(chosen.config.name) if chosen and chosen.config.name in names else 0)
        for place, one in enumerate(rows):
            self._fill(place, one, now_ns)

    def choose(self, name: str) -> None:
        """Put the cursor on a feed."""
        for place, one in enumerate(self.rows):
            if one.config.name == name:
                self.selectRow(place)

    def _fill(self, place: int, one: FeedRow, now_ns: int) -> None:
        palette = self._look.palette
        for column, text in enumerate(one.texts(now_ns)):
            item = self.item(place, column)
            if item is None:
                continue
            if item.text() != text:
                item.setText(text)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{HEADERS[column]} {text}")
            item.setForeground(QColor(_ink(one, column, palette)))


def _ink(one: FeedRow, column: int, palette: Palette) -> str:
    if one.is_odd(column):
        return palette.error if one.status.state is FeedState.REFUSED else palette.warning
    if column == 1 and one.config.is_on and one.status.state is FeedState.LIVE:
        return palette.up
    return palette.text if column < 2 else palette.muted
