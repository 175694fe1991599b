"""Text that is as high as it needs to be: selectable, with numbers and links that keys reach; it never loads anything."""

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSignalBlocker, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip

from trii_desktop.assistant.markdown.blocks import Block, host_of
from trii_desktop.assistant.markdown.writing import FACT, HIT, DocumentWriter
from trii_desktop.look import Look

_SCROLLING: Final = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
)  # fmt: skip


class RichText(QTextBrowser):
    """Shows blocks. Its height follows its width.

    fact_wanted : id of a number's fact, and where it stands on screen; link_wanted : an http or https address, and where
    hit_wanted : the place of something found among the hits, and where
    grew : it needs another height
    """

    fact_wanted = Signal(str, QRect)
    link_wanted = Signal(str, QRect)
    hit_wanted = Signal(int, QRect)
    menu_wanted = Signal(QPoint)
    grew = Signal()

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self._look = look
        self._pointed = QRect()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "richText")
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.document().setDocumentMargin(0)
        self._take_font()
        self._writer = DocumentWriter(self.document(), look.palette)
        self.anchorClicked.connect(self._clicked)

    def show_blocks(self, blocks: tuple[Block, ...]) -> bool:
        """Say these; whether it said anything else before. A selection stays where what it is in stays."""
        if not self._writer.show(blocks):
            return False
        self.updateGeometry()
        self.grew.emit()
        return True

    def wear(self) -> None:
        """Follow the theme and the size of the letters."""
        self._take_font()
        self._writer.wear(self._look.palette)
        self.updateGeometry()

    @property
    def selected(self) -> str:
        """The selected text."""
        return self.textCursor().selection().toPlainText()

    def code_at(self, place: QPoint) -> str:
        """The block of code that lies there; empty where none does."""
        cursor = self.cursorForPosition(place)
        frame = cursor.currentFrame()
        if frame is self.document().rootFrame() or cursor.currentTable() is not None:
            return ""
        cursor.setPosition(frame.firstPosition())
        cursor.setPosition(frame.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        return cursor.selection().toPlainText()

    # --- size ---------------------------------------------------------------------------------------------------------

    def hasHeightForWidth(self) -> bool:
        """Yes."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Logical pixels that all of it needs."""
        document = self.document()
        if document.textWidth() != width:
            with QSignalBlocker(document.documentLayout()):  # hearing of it, Qt would lay it out at the width it still has
                document.setTextWidth(width)
        return int(document.size().height() + 0.999)

    def sizeHint(self) -> QSize:
        """As wide as it may be."""
        width = max(self.width(), 120)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Nothing is too narrow."""
        return QSize(60, 0)

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def loadResource(self, _kind: int, _name: QUrl | str) -> None:
        """Nothing is ever loaded: neither pictures nor pages."""

    def doSetSource(self, _name: QUrl | str, _kind: object = None) -> None:
        """It shows nothing but its blocks."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """What it stands in scrolls."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copying and links; every other key is for what it stands in."""
        if event.key() in _SCROLLING and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            event.ignore()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pointed = self.cursorRect()
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Say what a number is where the pointer rests on it."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self._tip_at(event.pos())
            if tip:
                QToolTip.showText(event.globalPos(), tip, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The turn's menu, not Qt's."""
        self.menu_wanted.emit(event.globalPos())

    # --- inside -------------------------------------------------------------------------------------------------------

    def _take_font(self) -> None:
        self.ensurePolished()
        self.document().setDefaultFont(self.font())

    def _tip_at(self, place: QPoint) -> str:
        address = self.anchorAt(place)
        if address and not address.startswith((FACT, HIT)):
            return address
        cursor = self.cursorForPosition(place)
        if not self.cursorRect(cursor).adjusted(-12, 0, 12, 0).contains(place):
            return ""
        cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        return cursor.charFormat().toolTip()

    def _clicked(self, address: QUrl) -> None:
        text = address.toString()
        place = self._place_of_click()
        if text.startswith(FACT):
            self.fact_wanted.emit(text.removeprefix(FACT), place)
        elif text.startswith(HIT) and text.removeprefix(HIT).isdecimal():
            self.hit_wanted.emit(int(text.removeprefix(HIT)), place)
        elif host_of(text):
            self.link_wanted.emit(text, place)

    def _place_of_click(self) -> QRect:
        at = self.cursorRect()
        return QRect(self.viewport().mapToGlobal(at.topLeft()), at.size())
