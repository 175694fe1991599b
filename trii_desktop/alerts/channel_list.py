"""The channels of alerts: how each stands, what became of its last message, a test of each, and the way to change them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidgetItem, QWidget

from backend.delivery.channel import Channel
from backend.delivery.delivery import Delivery
from backend.errors import TriiError
from trii_desktop.alerts.channel_book import BAD, ChannelBook, told_when
from trii_desktop.alerts.channel_editor import ChannelEditor
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, label, restyle, row
from trii_desktop.widgets.table import RowTable

_HEADERS: Final = ("Name", "Service", "State", "Last message")
_SIZE_PX: Final = (760, 420)
_SURE_MS: Final = 5_000


class ChannelList(QDialog):
    """Not modal; follows the channels while it is open."""

    def __init__(self, parent: QWidget, desk: Desk, book: ChannelBook) -> None:
        super().__init__(parent)
        self._desk = desk
        self._book = book
        self.channels: tuple[Channel, ...] = ()
        self._newest: Mapping[str, Delivery] = {}
        self._is_gone = False
        self._sure = ""  # the channel whose removal is asked for a second time
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Channels")
        self.setAccessibleName("Channels")
        self.resize(*_SIZE_PX)
        self.table = self._make_table()
        self._empty = EmptyState(
            "No channels yet",
            "An alert can also write an e-mail, post to Telegram, Discord or Slack, or push to your phone.",
            desk.look,
            "bell",
            (("Set up a channel…", self.add),),
        )
        self.outcome = label("", "muted", wraps=True)
        self.outcome.hide()
        self.buttons = {
            "Add…": button("Add…"),
            "Change…": button("Change…"),
            "Switch off": button("Switch off"),
            "Send a test": button("Send a test"),
            "Remove": button("Remove"),
        }
        acts = (self.add, self.edit, self.switch, self.test, self.remove)
        for made, act in zip(self.buttons.values(), acts, strict=True):
            made.clicked.connect(act)
        close = button("Close", primary=True)
        close.clicked.connect(self.accept)
        self._asked = QTimer(self)
        self._asked.setSingleShot(True)
        self._asked.setInterval(_SURE_MS)
        self._asked.timeout.connect(self._forget_question)
        foot = row(*self.buttons.values(), None, close, margins=(12, 8, 12, 12), gap=6)
        self.setLayout(column(self.table, self._empty, row(self.outcome, margins=(14, 6, 14, 0)), foot, gap=0))
        book.changed.connect(self.refresh)
        self._show_rows()
        self.refresh()
        self.table.setFocus()

    @property
    def current(self) -> Channel | None:
        """The chosen channel."""
        place = self.table.currentRow()
        return self.channels[place] if 0 <= place < len(self.channels) else None

    def refresh(self) -> None:
        """Read the channels again."""
        self._desk.start("Reading the channels", self._read())

    def add(self) -> None:
        """Set up another channel."""
        self._open(None)

    def edit(self) -> None:
        """Change the chosen channel."""
        if self.current is not None:
            self._open(self.current)

    def switch(self) -> None:
        """Switch the chosen channel off, or on."""
        channel = self.current
        if channel is not None:
            self._desk.start("Changing the channel", self._book.put(replace(channel, is_on=not channel.is_on)))

    def test(self) -> None:
        """Send a test message through the chosen channel."""
        if self.current is not None:
            self._desk.start("Testing the channel", self._test(self.current.name))

    def remove(self) -> None:
        """Remove the chosen channel, when that is asked for twice: its secrets cannot be brought back."""
        channel = self.current
        if channel is None:
            return
        if self._sure != channel.name:
            self._sure = channel.name
            self.buttons["Remove"].setText("Really remove?")
            self._asked.start()
            return
        self._forget_question()
        self._desk.start("Removing the channel", self._book.remove(channel.name))

    def done(self, result: int) -> None:
        """Follow no more."""
        self._is_gone = True
        self._asked.stop()
        self._book.changed.disconnect(self.refresh)
        super().done(result)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _make_table(self) -> RowTable:
        table = RowTable("Channels", _HEADERS, is_framed=False)
        table.setWordWrap(False)
        for place, width in enumerate((150, 120, 80)):
            table.setColumnWidth(place, width)
        table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._say_deeds)
        table.itemActivated.connect(self.edit)
        return table

    async def _read(self) -> None:
        channels, newest = await self._book.channels(), await self._book.newest()
        if not self._is_gone:
            chosen = self.current
            self.channels, self._newest = channels, newest
            self._show_rows()
            place = next((n for n, one in enumerate(channels) if chosen is not None and one.name == chosen.name), 0)
            if channels:
                self.table.selectRow(place)
            self._say_deeds()

    async def _test(self, name: str) -> None:
        self.buttons["Send a test"].setEnabled(False)
        self._say(f"Sending a test through {name}…", "muted")
        try:
            await self._book.test(name)
        except TriiError as error:
            if self._is_gone:
                raise
            self._say(f"{name}: {error.message} {error.hint}".strip(), "error")
        else:
            if self._is_gone:
                return
            self._say(f"The test went through {name}. See whether it arrived.", "muted")
        self._say_deeds()

    def _open(self, channel: Channel | None) -> None:
        ChannelEditor(self, self._desk, self._book, channel).open()

    def _show_rows(self) -> None:
        self.table.setVisible(bool(self.channels))
        self._empty.setVisible(not self.channels)
        self.table.setRowCount(len(self.channels))
        for place, channel in enumerate(self.channels):
            newest = self._newest.get(channel.name)
            last = told_when(newest, self._desk.backend.clock.now_ns()) if newest is not None else "nothing yet"
            for column_no, text in enumerate((channel.name, channel.title, "on" if channel.is_on else "off", last)):
                item = QTableWidgetItem(text)
                item.setToolTip("\n".join((text, *channel.notes)))
                if column_no == len(_HEADERS) - 1 and newest is not None and newest.state in BAD:
                    item.setForeground(QColor(self._desk.look.palette.error))
                self.table.setItem(place, column_no, item)
        self._say_deeds()

    def _say_deeds(self) -> None:
        channel = self.current
        for words, made in self.buttons.items():
            made.setEnabled(words == "Add…" or channel is not None)
        self.buttons["Switch off"].setText("Switch on" if channel is not None and not channel.is_on else "Switch off")
        if channel is None or channel.name != self._sure:
            self._forget_question()

    def _forget_question(self) -> None:
        self._sure = ""
        self.buttons["Remove"].setText("Remove")

    def _say(self, words: str, role: str) -> None:
        self.outcome.setText(words)
        restyle(self.outcome, role=role)
        self.outcome.show()
