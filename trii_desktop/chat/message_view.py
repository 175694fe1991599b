"""One message on screen: who, when, the words, and what belongs to them; parts that a message does not have are never made."""

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from backend.chat.message import Delivery, MessageRow
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.markdown.blocks import Block, BlockKind, Run
from trii_desktop.chat.chat_text import ChatText
from trii_desktop.chat.items import Item, replies_words
from trii_desktop.chat.message_parts import Decision, FilePart, LinkCard, ReactionChips, small_button
from trii_desktop.chat.message_text import blocks_of
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.look import Look
from trii_desktop.team.letters import shown_text
from trii_desktop.timeline.row_view import RowView
from trii_desktop.widgets.layout import column, label, row

EDGE_PX: Final = 12
FACE_PX: Final = 26
LEFT_PX: Final = EDGE_PX + FACE_PX + 10
DAY_PX: Final = 30
UNREAD_PX: Final = 22
MORE_PX: Final = QSize(26, 20)
_BAR_PX: Final = 2
_DELETED: Final = "This message was deleted."
_ERASED: Final = "This message was removed for good."


class MessageView(RowView):
    """Shows one item after the other. Its parts are stops of Tab while it is the current message, and only then.

    menu_wanted : where on screen; link_wanted : an http or https address, and where; instrument_wanted : an InstrumentId
    file_wanted : a FileRow; card_wanted : a LinkRow; reacted : an emoji; thread_wanted; retry_wanted, drop_wanted
    """

    menu_wanted = Signal(QPoint)
    link_wanted = Signal(str, QRect)
    instrument_wanted = Signal(object)
    file_wanted = Signal(object)
    card_wanted = Signal(object)
    reacted = Signal(str)
    thread_wanted = Signal()
    retry_wanted = Signal()
    drop_wanted = Signal()

    def __init__(self, look: Look, sight: RoomSight) -> None:
        super().__init__()
        self.look = look
        self._sight = sight
        self.item: Item | None = None
        self._top_px = 0  # what stands above the message itself: the day, the unread line
        self._files: list[FilePart] = []
        self._cards: list[LinkCard] = []
        self._chips: ReactionChips | None = None
        self._failed: Decision | None = None
        self._overtaken: Decision | None = None
        self.name, self._clock, self._marks = ElidedLabel("strong"), label("", "caption"), label("", "caption")
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._head = QFrame()
        self._head.setLayout(row(self.name, self._clock, self._marks, None, gap=6))
        self.text = ChatText(look)
        self.text.menu_wanted.connect(self.menu_wanted)
        self.text.link_wanted.connect(self.link_wanted)
        self.text.instrument_wanted.connect(self.instrument_wanted)
        self.replies = small_button("")
        self.replies.clicked.connect(self.thread_wanted)
        self.replies.hide()
        self._way: QLabel = label("", "caption")
        self._way.hide()
        self.body: QVBoxLayout = column(self._head, self.text, self.replies, self._way, gap=3)
        self.body.setAlignment(self.replies, Qt.AlignmentFlag.AlignLeft)
        self.setLayout(self.body)
        self.more = QToolButton(self)
        self.more.setAccessibleName("More about this message")
        self.more.setToolTip("React, reply, edit\u2026")
        self.more.setProperty("role", "cellButton")
        self.more.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.more.setIcon(look.icon("more"))
        self.more.clicked.connect(self._more_pressed)
        self.more.hide()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it, in order."""
        made: list[QWidget] = [self.text]
        for part in (self._overtaken, self._failed, *self._cards, *self._files, self._chips):
            if part is not None and not part.isHidden():
                made.extend(part.stops)
        return [*made, self.replies, self.more]

    def lead_stops(self) -> None:
        """Its menu shows with them."""
        super().lead_stops()
        self.more.setVisible(self.is_current or self.underMouse())

    def show_item(self, item: Item) -> bool:
        """Show a message; whether another one was shown."""
        if item == self.item:
            return False
        self.item = item
        message = item.row
        is_gone = message.is_deleted or message.is_erased
        self._top_px = (DAY_PX if item.day else 0) + (UNREAD_PX if item.is_first_unread else 0)
        self.body.setContentsMargins(LEFT_PX, self._top_px + (2 if item.is_grouped else 8), EDGE_PX, 2)
        self._place_more()
        self._show_head(item)
        self.text.show_blocks(_gone_words(message) if is_gone else blocks_of(message.text, self._sight.handles))
        self.text.setVisible(is_gone or bool(message.text.strip()))
        self._show_parts(message, is_gone=is_gone)
        self._show_decisions(message)
        self.replies.setText(replies_words(message.n_replies))
        self.replies.setVisible(message.n_replies > 0 and not self._sight.is_thread)
        self._way.setText(item.way)
        self._way.setVisible(bool(item.way) and self._failed_is_hidden)
        self.lead_stops()  # also at parts that came just now
        self.update()
        self.grew.emit()
        return True

    def refresh_pictures(self) -> None:
        """Show pictures that came."""
        for part in self._files:
            if not part.isHidden():
                part.show_file(part.file)
        self.grew.emit()

    def wear(self) -> None:
        """Follow the theme and the size of letters."""
        self.text.wear()
        self.more.setIcon(self.look.icon("more"))
        for card in self._cards:
            if not card.isHidden():
                card.show_link(card.link)
        self.update()

    def height_at(self, width: int) -> int:
        """Logical pixels that it needs."""
        for part in (self._chips, self._failed, self._overtaken, *self._cards, *self._files):
            inside = part.layout() if part is not None else None
            if inside is not None:
                inside.invalidate()
            if part is not None:
                part.updateGeometry()
        self.body.invalidate()
        follows_width = self.body.hasHeightForWidth()  # not where all that is shown are files
        needed = self.body.totalHeightForWidth(width) if follows_width else self.body.totalSizeHint().height()
        return max(needed, 18)

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The message's menu."""
        self.menu_wanted.emit(event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:
        """What can be done is at hand where the pointer is."""
        super().enterEvent(event)
        self.more.show()
        self.more.raise_()

    def leaveEvent(self, event: QEvent) -> None:
        """And goes with it."""
        super().leaveEvent(event)
        self.more.setVisible(self.is_current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep it in its corner."""
        super().resizeEvent(event)
        self._place_more()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The face, the day and the unread line above, the bar of the current one, and that this person is meant."""
        super().paintEvent(event)
        item = self.item
        if item is None:
            return
        palette = self.look.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        if item.day:
            paint_line(painter, QRect(0, 6, self.width(), DAY_PX - 8), item.day, palette.border, palette.muted)
        top = self._top_px
        if item.is_first_unread:
            painter.setFont(self.font())
            paint_line(painter, QRect(0, top - UNREAD_PX, self.width(), UNREAD_PX), "New", palette.accent_text, palette.accent_text)
        if item.row.mentions_me and not item.row.is_mine:
            ground = QColor(palette.warning)
            ground.setAlpha(26)
            painter.fillRect(0, top + 1, self.width(), self.height() - top - 1, ground)
            painter.fillRect(0, top + 1, _BAR_PX, self.height() - top - 1, QColor(palette.warning))
        if not item.is_grouped:
            paint_face(painter, QRect(EDGE_PX, top + 9, FACE_PX, FACE_PX), self.look, item.row.author, item.row.author_name)
        if self.is_current and self._sight.has_keyboard():
            painter.fillRect(0, top + 4, _BAR_PX, self.height() - top - 6, QColor(palette.focus))
        painter.end()

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _failed_is_hidden(self) -> bool:
        return self._failed is None or self._failed.isHidden()

    def _place_more(self) -> None:
        self.more.setGeometry(self.width() - EDGE_PX - MORE_PX.width(), self._top_px + 4, MORE_PX.width(), MORE_PX.height())

    def _more_pressed(self) -> None:
        self.menu_wanted.emit(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _show_head(self, item: Item) -> None:
        message = item.row
        self._head.setVisible(not item.is_grouped or message.is_pinned or message.is_edited)
        self.name.say("You" if message.is_mine else item.name)
        self.name.setVisible(not item.is_grouped)
        self._clock.setText(item.clock)
        self._clock.setVisible(not item.is_grouped)
        is_gone = message.is_deleted or message.is_erased
        marks = (("edited", message.is_edited and not is_gone), ("pinned", message.is_pinned))
        self._marks.setText(" · ".join(words for words, is_so in marks if is_so))

    def _show_parts(self, message: MessageRow, *, is_gone: bool) -> None:
        files, links = ((), ()) if is_gone else (message.files, message.links)
        while len(self._cards) < len(links):
            self._add_card()
        while len(self._files) < len(files):
            self._add_file()
        for place, card in enumerate(self._cards):
            card.setVisible(place < len(links))
            if place < len(links):
                card.show_link(links[place])
        for place, part in enumerate(self._files):
            part.setVisible(place < len(files))
            if place < len(files):
                part.show_file(files[place])
        reactions = () if is_gone else message.reactions
        if reactions and self._chips is None:
            self._chips = ReactionChips()
            self._chips.toggled.connect(self.reacted)
            self.body.insertWidget(self.body.indexOf(self.replies), self._chips)
        if self._chips is not None:
            self._chips.show_reactions(reactions, self._sight.name_of)
            self._chips.setVisible(bool(reactions))

    def _show_decisions(self, message: MessageRow) -> None:
        is_failed = message.delivery is Delivery.FAILED
        if is_failed and self._failed is None:
            self._failed = Decision("Try again", "Drop")
            self._failed.first_wanted.connect(self.retry_wanted)
            self._failed.second_wanted.connect(self.drop_wanted)
            self.body.addWidget(self._failed)
        if self._failed is not None:
            self._failed.say(f"Not sent: {shown_text(message.why) or 'the server refused it.'}" if is_failed else "")
            self._failed.setVisible(is_failed)
        if message.conflict and self._overtaken is None:
            self._overtaken = Decision("Send mine again", "Drop mine")
            self._overtaken.setProperty("role", "card")
            self._overtaken.words.setProperty("role", "warning")
            inside = self._overtaken.layout()
            if inside is not None:
                inside.setContentsMargins(10, 6, 8, 6)
            self._overtaken.first_wanted.connect(self.retry_wanted)
            self._overtaken.second_wanted.connect(self.drop_wanted)
            self.body.addWidget(self._overtaken)
        if self._overtaken is not None:
            said = "Somebody changed this message before your change arrived. Yours says:"
            self._overtaken.say(said, shown_text(message.conflict))
            self._overtaken.setVisible(bool(message.conflict))

    def _add_card(self) -> None:
        made = LinkCard(self.look)
        made.open_wanted.connect(self.card_wanted)
        self.body.insertWidget(self.body.indexOf(self.text) + 1 + len(self._cards), made)
        self._cards.append(made)

    def _add_file(self) -> None:
        made = FilePart(self.look, self._sight.pictures)
        made.open_wanted.connect(self.file_wanted)
        self.body.insertWidget(self.body.indexOf(self.text) + 1 + len(self._cards) + len(self._files), made)
        self._files.append(made)


def paint_line(painter: QPainter, area: QRect, words: str, line: str, ink: str) -> None:
    """Words in the middle of a hairline, in small letters of the painter's font."""
    font = QFont(painter.font())
    font.setPixelSize(max(font.pixelSize() - 2, 8))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    wide, middle = QFontMetrics(font).horizontalAdvance(words) + 20, area.center().y()
    painter.setPen(QColor(ink))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), words)
    left, right = area.center().x() - wide // 2, area.center().x() + wide // 2
    painter.fillRect(EDGE_PX, middle, left - EDGE_PX, 1, QColor(line))
    painter.fillRect(right, middle, area.right() - EDGE_PX - right, 1, QColor(line))


def paint_face(painter: QPainter, area: QRect, look: Look, user: str, name: str) -> None:
    """A person's initial on a ground that is the same for the same person."""
    palette = look.palette
    hue = sum(ord(letter) * (place + 7) for place, letter in enumerate(user)) % 360
    dark = QColor(palette.panel).lightness() < 128
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor.fromHsl(hue, 90, 62 if dark else 205))
    painter.drawEllipse(area)
    font = QFont(painter.font())
    font.setPixelSize(area.height() // 2)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("#ffffff" if dark else "#1a1f26"))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), next((letter for letter in name if letter.isalnum()), "?").upper())


def _gone_words(message: MessageRow) -> tuple[Block, ...]:
    words = _ERASED if message.is_erased else _DELETED
    return (Block(BlockKind.PARAGRAPH, (Run(words, is_italic=True, is_aside=True),)),)
