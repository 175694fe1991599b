"""The tour over the window: everything dimmed but one part, and a card beside it that says what it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from trii_desktop.guide.stops import Stop
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, label, row

CARD_PX: Final = 340
GAP_PX: Final = 14
EDGE_PX: Final = 12
ROUND_PX: Final = 8
SHADE: Final = 150


class TourView(QWidget):
    """Shows the stops that lead somewhere, one after the other; keys: arrows, Enter, Esc. ``ended`` comes once, at the end."""

    ended = Signal()

    def __init__(self, window: QWidget, look: Look, part_of: Callable[[str], QWidget | None]) -> None:
        super().__init__(window)
        self._window = window
        self._look = look
        self._part_of = part_of
        self._stops: tuple[Stop, ...] = ()
        self._place = 0
        self._former_focus: QWidget | None = None
        self.setAccessibleName("Tour")
        self._count = label("", "caption")
        self._title = label("", "heading")
        self._text = label("", wraps=True)
        self._skip, self._back = button("End the tour", quiet=True), button("Back")
        self.next = button("Next", primary=True)
        self._skip.clicked.connect(self.end)
        self._back.clicked.connect(self.go_back)
        self.next.clicked.connect(self.go_on)
        for made in (self._skip, self._back, self.next):
            made.installEventFilter(self)  # a button would take the arrows to move among its neighbours
        self.card = QFrame(self)
        self.card.setProperty("role", "popup")
        self.card.setFixedWidth(CARD_PX)
        self.card.setLayout(
            column(
                self._count,
                self._title,
                self._text,
                row(self._skip, None, self._back, self.next, margins=(0, 6, 0, 0)),
                margins=(16, 14, 16, 14),
                gap=6,
            )
        )
        self.hide()

    @property
    def stop(self) -> Stop | None:
        """The stop that is shown."""
        return self._stops[self._place] if self.isVisible() and self._stops else None

    @property
    def part(self) -> QWidget | None:
        """The part of the window that is pointed at."""
        return self._part_of(self.stop.part) if self.stop is not None else None

    def begin(self, stops: tuple[Stop, ...], texts: Callable[[str], str]) -> None:
        """Walk past those of ``stops`` whose part is to be seen; ``texts`` fills in what is said."""
        self._stops = tuple(replace(stop, text=texts(stop.text)) for stop in stops if _is_seen(self._part_of(stop.part)))
        if not self._stops:
            self.ended.emit()
            return
        self._place = 0
        if not self.isVisible():
            self._former_focus = self._window.focusWidget()
            self._window.installEventFilter(self)
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self._show()

    def go_on(self) -> None:
        """The next stop; behind the last one the tour is over."""
        if self._place + 1 >= len(self._stops):
            self.end()
        else:
            self._place += 1
            self._show()

    def go_back(self) -> None:
        """The stop before."""
        self._place = max(0, self._place - 1)
        self._show()

    def end(self) -> None:
        """Leave, and give the keyboard back."""
        if not self.isVisible():
            return
        self._window.removeEventFilter(self)
        self.hide()
        if self._former_focus is not None and self._former_focus.isVisible():
            self._former_focus.setFocus(Qt.FocusReason.PopupFocusReason)
        self._former_focus = None
        self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size; arrows mean the tour wherever the keyboard is."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._take_key(event):
            return True
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self.setGeometry(self._window.rect())
            self._place_card()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go on and back, Esc leaves; nothing reaches what lies below."""
        self._take_key(event)

    def _take_key(self, event: QKeyEvent) -> bool:
        pressed = next((made for made in (self._skip, self._back) if made.hasFocus()), self.next)
        steps = {
            Qt.Key.Key_Right: self.go_on,
            Qt.Key.Key_Left: self.go_back,
            Qt.Key.Key_Escape: self.end,
            Qt.Key.Key_Return: pressed.click,
            Qt.Key.Key_Enter: pressed.click,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            step()
        return step is not None

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's signature
        """Tab goes round among the card's buttons."""
        ring: list[QPushButton] = [made for made in (self._skip, self._back, self.next) if made.isEnabled()]
        at = next((place for place, made in enumerate(ring) if made.hasFocus()), 0)
        ring[(at + (1 if forward else -1)) % len(ring)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim everything but the part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QPainterPath()
        shade.addRect(QRectF(self.rect()))
        hole = self._hole()
        if hole is not None:
            around = QPainterPath()
            around.addRoundedRect(QRectF(hole), ROUND_PX, ROUND_PX)
            shade = shade.subtracted(around)
        ground = QColor(self._look.palette.window)
        ground.setAlpha(SHADE)
        painter.fillPath(shade, ground)
        if hole is not None:
            painter.setPen(QPen(QColor(self._look.palette.focus), 2))
            painter.drawRoundedRect(QRectF(hole), ROUND_PX, ROUND_PX)
        painter.end()

    def _show(self) -> None:
        stop, n = self._stops[self._place], len(self._stops)
        self._count.setText(f"{self._place + 1} of {n}")
        self._title.setText(stop.title)
        self._text.setText(stop.text)
        self._back.setEnabled(self._place > 0)
        self.next.setText("Next" if self._place + 1 < n else "Done")
        self.next.setAccessibleName(self.next.text())
        self.setAccessibleDescription(f"{stop.title}. {stop.text}")
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{stop.title}. {stop.text}"))
        self._place_card()

    def _hole(self) -> QRect | None:
        part = self.part
        if part is None or not part.isVisible():
            return None
        corner = part.mapTo(self._window, QPoint(0, 0)) if self._window.isAncestorOf(part) else None
        if corner is None:
            return None  # it floats in a window of its own
        return QRect(corner, part.size()).adjusted(-3, -3, 3, 3).intersected(self.rect().adjusted(2, 2, -2, -2))

    def _place_card(self) -> None:
        """Beside the part where there is room: below, above, left, right; inside it where it fills the window."""
        layout = self.card.layout()
        assert layout is not None
        layout.activate()
        size = QSize(CARD_PX, max(layout.heightForWidth(CARD_PX), layout.minimumSize().height()))
        self.card.resize(size)
        self.card.move(card_corner(self.rect(), self._hole(), size))
        self.update()


def card_corner(room: QRect, hole: QRect | None, size: QSize) -> QPoint:
    """Where a card of ``size`` stands best beside ``hole`` in ``room``: it covers the hole only where nothing else is left."""
    if hole is None:
        return QPoint(room.center().x() - size.width() // 2, room.center().y() - size.height() // 2)
    x = min(max(hole.center().x() - size.width() // 2, EDGE_PX), room.width() - size.width() - EDGE_PX)
    y = min(max(hole.center().y() - size.height() // 2, EDGE_PX), room.height() - size.height() - EDGE_PX)
    if hole.bottom() + GAP_PX + size.height() + EDGE_PX <= room.height():
        return QPoint(x, hole.bottom() + GAP_PX)
    if hole.top() - GAP_PX - size.height() >= EDGE_PX:
        return QPoint(x, hole.top() - GAP_PX - size.height())
    if hole.left() - GAP_PX - size.width() >= EDGE_PX:
        return QPoint(hole.left() - GAP_PX - size.width(), y)
    if hole.right() + GAP_PX + size.width() + EDGE_PX <= room.width():
        return QPoint(hole.right() + GAP_PX, y)
    return QPoint(x, y)


def _is_seen(part: QWidget | None) -> bool:
    return part is not None and part.isVisible()
