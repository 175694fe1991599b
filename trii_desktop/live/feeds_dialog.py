"""The dialog of feeds: how each does, added, changed, switched, tried and removed; it stays open beside the work."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QMenu, QStackedWidget, QWidget

from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import FeedState
from backend.market.feeds.kinds import FeedKind
from trii_desktop.live.feed_table import FeedRow, FeedTable
from trii_desktop.look import Look
from trii_desktop.sight.feed_words import skew_words
from trii_desktop.sight.pulse import Pulse
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, holding, label, line, restyle, row

EASY: Final = ("binance", "kraken")  # kinds that need no key, offered while there is no feed
_NS_PER_S: Final = 1e9


class FeedDeeds(Protocol):
    """What the dialog can have done."""

    @property
    def kinds(self) -> tuple[FeedKind, ...]:
        """Every kind of feed."""
        ...

    def rows(self) -> tuple[FeedRow, ...]:
        """The feeds as they are now."""
        ...

    def add(self, kind: FeedKind) -> None:
        """Ask for what a feed of this kind needs."""
        ...

    def add_at_once(self, kind: FeedKind) -> None:
        """Connect one with what goes without saying, and show what it serves."""
        ...

    def edit(self, config: FeedConfig) -> None:
        """Change it."""
        ...

    def switch(self, config: FeedConfig, *, is_on: bool) -> None:
        """On or off."""
        ...

    def remove(self, config: FeedConfig) -> None:
        """Forget it; that can be taken back."""
        ...


class FeedsDialog(QDialog):
    """Enter changes the chosen feed, Space switches it on or off, Delete removes it."""

    def __init__(self, parent: QWidget, look: Look, deeds: FeedDeeds, now_ns: Callable[[], int]) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self._now_ns = now_ns
        self.setWindowTitle("Live data")
        self.setAccessibleName("Live data")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(920, 480)
        self.table = FeedTable(look)
        self.table.currentCellChanged.connect(self._show_chosen)
        self.table.cellActivated.connect(self._edit)
        self.words = label("", "muted", wraps=True)
        self.words.setMinimumHeight(40)
        self.add_button = button("Add feed", primary=True)
        self.add_button.setMenu(self._kinds_menu())
        self.edit_button, self.switch_button, self.remove_button = button("Change…"), button("Turn off"), button("Remove")
        self.edit_button.clicked.connect(self._edit)
        self.switch_button.clicked.connect(self._switch)
        self.remove_button.clicked.connect(self._remove)
        for key, call in ((Qt.Key.Key_Space, self._switch), (Qt.Key.Key_Delete, self._remove)):
            QShortcut(QKeySequence(key), self.table, call, context=Qt.ShortcutContext.WidgetShortcut)
        close = button("Close")
        close.clicked.connect(self.accept)
        deeds_row = row(self.add_button, None, self.edit_button, self.switch_button, self.remove_button)
        full = holding(column(self.table, self.words, deeds_row, margins=(16, 4, 16, 12), gap=8))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty(look))
        self._stack.addWidget(full)
        intro = "Feeds bring prices as they are traded. Keys stay on this computer, and nothing is ordered through a feed."
        head = row(label(intro, "muted", wraps=True), margins=(16, 14, 16, 8))
        foot = row(None, close, margins=(16, 10, 16, 12))
        self.setLayout(column(head, self._stack, line(), foot, gap=0))
        self._pulse = Pulse(self, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how the feeds do now."""
        rows = self._deeds.rows()
        self._stack.setCurrentIndex(1 if rows else 0)
        self.table.show_rows(rows, self._now_ns())
        self._show_chosen()

    def choose(self, name: str) -> None:
        """Put the cursor on a feed."""
        self.table.choose(name)

    def done(self, result: int) -> None:
        """Look no more."""
        self._pulse.stop()
        super().done(result)

    def _empty(self, look: Look) -> QWidget:
        easy = [kind for name in EASY for kind in self._deeds.kinds if kind.kind == name]
        others = [kind for kind in self._deeds.kinds if kind not in easy]
        words = (
            "A feed is a venue's or broker's stream of trades, quotes and order books. "
            "Binance and Kraken are free and need no account: one click, and candles move."
        )
        offers = tuple((kind.title, partial(self._deeds.add_at_once, kind)) for kind in easy)
        self._others = self._kinds_menu(tuple(others))
        more = (("Another one…", self._open_others),) if others else ()
        return EmptyState("No live prices yet", words, look, "pulse", (*offers, *more))

    def _open_others(self) -> None:
        self._others.popup(QCursor.pos() if self.underMouse() else self.mapToGlobal(self.rect().center()))

    def _kinds_menu(self, kinds: tuple[FeedKind, ...] | None = None) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for kind in self._deeds.kinds if kinds is None else kinds:
            action = menu.addAction(f"{kind.title}…")
            action.setToolTip(kind.description)
            action.triggered.connect(partial(self._add, kind))
        return menu

    def _add(self, kind: FeedKind, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the action tells it
        self._deeds.add(kind)

    def _edit(self, *_place: int) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.edit(chosen.config)

    def _switch(self) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.switch(chosen.config, is_on=not chosen.config.is_on)

    def _remove(self) -> None:
        if (chosen := self.table.current) is not None:
            self._deeds.remove(chosen.config)

    def _show_chosen(self, *_places: int) -> None:
        chosen = self.table.current
        for made in (self.edit_button, self.switch_button, self.remove_button):
            made.setEnabled(chosen is not None)
        if chosen is None:
            return
        self.switch_button.setText("Turn off" if chosen.config.is_on else "Turn on")
        self.switch_button.setAccessibleName(f"{self.switch_button.text()} {chosen.config.name}")
        words, is_bad = chosen_words(chosen)
        if self.words.text() != words:
            self.words.setText(words)
        role = "warning" if is_bad else "muted"
        if self.words.property("role") != role:
            restyle(self.words, role=role)


def chosen_words(chosen: FeedRow) -> tuple[str, bool]:
    """What is said of a feed below the list, and whether it needs a look."""
    status = chosen.status
    skew_s = status.skew_ns / _NS_PER_S
    if not chosen.config.is_on:
        return f"{chosen.config.name} is turned off.", False
    if status.words:
        return status.words, status.state is not FeedState.LIVE
    if abs(skew_s) > 1:
        return f"The venue's clock is {skew_words(skew_s)}: set this computer's clock, or ages of prices will be wrong.", True
    if status.delay_s:
        return f"Its prices are delayed by {round(status.delay_s / 60)} minutes.", False
    return "", False
