"""The messages of a room below each other; only those in view are widgets, and only those around them are loaded."""

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget

from trii_desktop.assistant.heights import Heights
from trii_desktop.charts.speech import announce
from trii_desktop.chat.items import Item, spoken
from trii_desktop.chat.message_view import MessageView
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button
from trii_desktop.widgets.numbers import format_count

MARGIN_PX: Final = 300  # above and below what is in view that is made already
NEAR_EDGE_PX: Final = 900  # nearer to an end of what is loaded, more is asked for
NEAR_END_PX: Final = 24
STEP_PX: Final = 60
N_PASSES: Final = 6
N_SPARE_MAX: Final = 24
_HEAD_PX: Final = 18
_OURS: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class MessageTimeline(QAbstractScrollArea):
    """Shows items. It keeps to the end while the person is there, and stays where it is otherwise.

    Keys: Up and Down choose a message, Home and End the first and the last loaded, Page keys scroll; the chosen message's parts
    are the stops of Tab that follow.

    view_made : a MessageView that is new; key_pressed : a key about the chosen message; before_wanted, after_wanted : more
    newest_wanted : the end is asked for and not loaded; moved : what is in view, or whether it is the end, has changed
    hovered : a MessageView the pointer came to
    """

    view_made = Signal(object)
    key_pressed = Signal(int, object)
    before_wanted = Signal()
    after_wanted = Signal()
    newest_wanted = Signal()
    moved = Signal()
    hovered = Signal(object)
    current_changed = Signal()

    def __init__(self, look: Look, sight: RoomSight) -> None:
        super().__init__()
        self._look = look
        self._sight = sight
        sight.has_keyboard = self._has_keys
        self.items: tuple[Item, ...] = ()
        self._heights = Heights(_HEAD_PX)
        self._places: dict[str, int] = {}
        self._views: dict[str, MessageView] = {}
        self._spare: list[MessageView] = []
        self._current = ""
        self._follows = True  # whether it keeps to the end
        self._has_before = self._has_after = False
        self._n_below = 0  # messages that came while the end was not in view
        self._is_arranging = False
        self.setAccessibleName("Messages")
        self.setProperty("role", "timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(STEP_PX)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.to_end: QPushButton = button("Newest \u2193", name="Go to the newest message")
        self.to_end.setParent(self)
        self.to_end.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.to_end.clicked.connect(self.go_to_end)
        self.to_end.hide()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def n_views(self) -> int:
        """How many messages are widgets now."""
        return len(self._views)

    @property
    def is_at_end(self) -> bool:
        """Whether the newest message of all is in view."""
        return self._follows and not self._has_after

    @property
    def current(self) -> Item | None:
        """The chosen message."""
        place = self._places.get(self._current)
        return self.items[place] if place is not None else None

    def view_of(self, message: str) -> MessageView | None:
        """The widget of a message; None while it is far from view."""
        return self._views.get(message)

    def place_in_view(self, message: str) -> int | None:
        """How far below the upper edge a loaded message begins, in logical pixels."""
        place = self._places.get(message)
        return None if place is None else self._heights.top_of(place) - self.verticalScrollBar().value()

    def show_items(
        self, items: tuple[Item, ...], *, has_before: bool = False, has_after: bool = False, is_other: bool = False
    ) -> None:
        """Show these messages. ``is_other`` : of another room or another place in it, from their end."""
        if is_other:
            self._drop(set(self._views))
            self._heights.forget()
            self._current, self._follows, self._n_below = "", not has_after, 0
        anchor = self._anchor()
        last_before = self.items[-1].id if self.items and not is_other else ""
        self.items, self._has_before, self._has_after = items, has_before, has_after
        self._places = {item.id: place for place, item in enumerate(items)}
        self._count_below(last_before)
        self._drop({key for key in self._views if key not in self._places})
        self._heights.show(items, self._width)
        for key, view in list(self._views.items()):
            item = items[self._places[key]]
            if view.item != item:
                view.show_item(item)
                self._heights.measure(key, view.height_at(self._width))
        if self._current not in self._places or (self._follows and not self._has_keys()):
            self._choose(items[-1].id if items else "", speaks=False)
        self._arrange(anchor)

    def refresh_picture(self, sha256: str) -> None:
        """A picture came."""
        for key, view in list(self._views.items()):
            if view.item is not None and any(file.sha256 == sha256 for file in view.item.row.files):
                anchor = self._anchor()
                view.refresh_pictures()
                self._heights.measure(key, view.height_at(self._width))
                self._arrange(anchor)

    def go_to(self, message: str, *, below_px: int = 0) -> bool:
        """Bring a message to ``below_px`` below the upper edge and choose it; whether it is loaded."""
        if message not in self._places:
            return False
        self._follows = False
        self._choose(message)
        self._arrange((message, -below_px))
        self._follows = self._below_px() <= NEAR_END_PX and not self._has_after
        self.moved.emit()
        return True

    def go_to_end(self) -> None:
        """Bring the newest message into view, and keep to it."""
        if self._has_after:
            self.newest_wanted.emit()
            return
        self._follows, self._n_below = True, 0
        if self.items:
            self._choose(self.items[-1].id, speaks=False)
        self._arrange(None)
        self.moved.emit()

    def wear(self) -> None:
        """Follow the theme and the size of letters."""
        for view in (*self._views.values(), *self._spare):
            view.wear()
        self._measure_anew()

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out again where the width is another one."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._measure_anew()
        else:
            self._arrange(None if self._follows else self._anchor())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose messages and scroll; keys about the chosen one are told."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if held & ~_OURS and key is not Qt.Key.Key_C:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if key is Qt.Key.Key_Up else 1)
        elif key is Qt.Key.Key_Home and self.items:
            self.go_to(self.items[0].id)
        elif key is Qt.Key.Key_End:
            self.go_to_end()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (bar.pageStep() - STEP_PX) * (-1 if key is Qt.Key.Key_PageUp else 1))
        else:
            event.ignore()
            self.key_pressed.emit(key.value, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say the chosen message, and show which it is."""
        super().focusInEvent(event)
        if self.current is not None:
            announce(self, spoken(self.current))
            self._update_current()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Mark none where keys go elsewhere."""
        super().focusOutEvent(event)
        self._update_current()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The messages are moved by laying them out."""

    # --- inside: what stands where ------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.viewport().width(), 120)

    def _anchor(self) -> tuple[str, int] | None:
        """The first message in view, and how far its top is above the view's; None at the end."""
        if self._follows or not self.items:
            return None
        top = self.verticalScrollBar().value()
        place = min(max(self._heights.place_at(top), 0), len(self.items) - 1)
        return self.items[place].id, top - self._heights.top_of(place)

    def _arrange(self, anchor: tuple[str, int] | None) -> None:
        """Make what is in view, measure it, and place it; as what was estimated changes, the anchor stays where it is."""
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            for _ in range(N_PASSES):
                self._scroll(anchor)
                if not self._make(*self._range()):
                    break
            self._scroll(anchor)
            self._put()
        finally:
            self._is_arranging = False
        self._place_button()

    def _scroll(self, anchor: tuple[str, int] | None) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(room)
        bar.setRange(0, max(self._heights.total - room, 0))
        if self._follows:
            bar.setValue(bar.maximum())
        elif anchor is not None and anchor[0] in self._places:
            bar.setValue(self._heights.top_of(self._places[anchor[0]]) + anchor[1])

    def _range(self) -> tuple[int, int]:
        top = self.verticalScrollBar().value()
        first = max(self._heights.place_at(top - MARGIN_PX), 0)
        stop = self._heights.place_at(top + self.viewport().height() + MARGIN_PX) + 1
        return first, min(stop, len(self.items))

    def _make(self, first: int, stop: int) -> bool:
        """Make and measure the views of these messages; whether any height was not as thought."""
        is_other = False
        wanted = {item.id for item in self.items[first:stop]}
        self._drop({key for key, view in self._views.items() if key not in wanted and not has_keyboard(view)})
        for item in self.items[first:stop]:
            if item.id in self._views and self._heights.knows(item.id):
                continue
            view = self._views.get(item.id) or self._new_view(item)
            is_other |= self._heights.measure(item.id, view.height_at(self._width))
        return is_other

    def _new_view(self, item: Item) -> MessageView:
        if self._spare:
            view = self._spare.pop()
        else:
            view = MessageView(self._look, self._sight)
            view.setParent(self.viewport())
            view.grew.connect(self._view_grew)
            view.entered.connect(self._view_entered)
            self.view_made.emit(view)
        self._views[item.id] = view
        view.show_item(item)
        view.is_current = item.id == self._current
        return view

    def _put(self) -> None:
        top = self.verticalScrollBar().value()
        for key, view in self._views.items():
            place = self._places[key]
            view.setGeometry(0, self._heights.top_of(place) - top + self._slack, self._width, self._heights.of(place))
            view.show()

    @property
    def _slack(self) -> int:
        """Few messages stand at the bottom, above the field in which the next one is written."""
        return max(self.viewport().height() - self._heights.total, 0)

    def _drop(self, gone: set[str]) -> None:
        for key in gone:
            view = self._views.pop(key)
            if has_keyboard(view):
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            view.hide()
            if len(self._spare) < N_SPARE_MAX:
                view.forget()
                self._spare.append(view)
            else:
                view.deleteLater()

    def _measure_anew(self) -> None:
        anchor = self._anchor()
        self._heights.forget({key: view.height_at(self._width) for key, view in self._views.items()})
        self._heights.show(self.items, self._width)
        self._arrange(anchor)

    def _view_grew(self) -> None:
        if self._is_arranging:
            return
        view = self.sender()
        key = next((key for key, known in self._views.items() if known is view), "")
        if key:
            anchor = self._anchor()
            self._heights.measure(key, self._views[key].height_at(self._width))
            self._arrange(anchor)

    # --- inside: moving and choosing ----------------------------------------------------------------------------------

    def _below_px(self) -> int:
        return self.verticalScrollBar().maximum() - self.verticalScrollBar().value()

    def _count_below(self, last_before: str) -> None:
        if self._follows or not last_before:
            self._n_below = 0 if self._follows else self._n_below
        elif last_before in self._places:
            newer = self.items[self._places[last_before] + 1 :]
            self._n_below += sum(not item.row.is_mine for item in newer)

    def _place_button(self) -> None:
        is_wanted = self._has_after or (not self._follows and self._below_px() > NEAR_END_PX)
        self.to_end.setText(f"{format_count(self._n_below)} new \u2193" if self._n_below else "Newest \u2193")
        self.to_end.setVisible(is_wanted)
        size = self.to_end.sizeHint()
        self.to_end.setGeometry(QRect(QPoint((self.width() - size.width()) // 2, self.height() - size.height() - 8), size))

    def _scrolled(self) -> None:
        if self._is_arranging:
            return
        self._follows = self._below_px() <= NEAR_END_PX and not self._has_after
        if self._follows:
            self._n_below = 0
        self._arrange(self._anchor())
        self.look_for_more()
        self.moved.emit()

    def look_for_more(self) -> None:
        """Ask for what is missing near an end of what is loaded."""
        if self._has_before and self.verticalScrollBar().value() < NEAR_EDGE_PX:
            self.before_wanted.emit()
        if self._has_after and self._below_px() < NEAR_EDGE_PX:
            self.after_wanted.emit()

    def _step(self, by: int) -> None:
        if not self.items:
            return
        place = self._places.get(self._current, len(self.items) - 1)
        place = min(max(place + by, 0), len(self.items) - 1)
        self._choose(self.items[place].id)
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        start, stop = self._heights.top_of(place), self._heights.top_of(place + 1)
        if start < top or stop > top + room:
            self.verticalScrollBar().setValue(start if start < top or stop - start > room else stop - room)

    def _choose(self, message: str, *, speaks: bool = True) -> None:
        if message == self._current:
            return
        for key in (self._current, message):
            if key in self._views:
                self._views[key].is_current = key == message
        self._current = message
        self._order_stops()
        self.current_changed.emit()
        if speaks and self.current is not None:
            announce(self, spoken(self.current))

    def _order_stops(self) -> None:
        view = self._views.get(self._current)
        before: QWidget = self
        for part in view.stops if view is not None else []:
            QWidget.setTabOrder(before, part)
            before = part

    def _view_entered(self) -> None:
        self.hovered.emit(self.sender())

    def _update_current(self) -> None:
        if self._current in self._views:
            self._views[self._current].update()

    def _has_keys(self) -> bool:
        return self.hasFocus() or has_keyboard(self)


def has_keyboard(view: QWidget) -> bool:
    """Whether keys go to a widget or a part of it."""
    held: QWidget | None = view.window().focusWidget()  # none at first, whatever the stubs say
    return held is not None and (held is view or view.isAncestorOf(held))
