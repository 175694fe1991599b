"""The messages of a room below each other; only those in view are widgets, and only those around them are loaded."""

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from trii_desktop.charts.speech import announce
from trii_desktop.chat.items import Item, spoken
from trii_desktop.chat.message_column import Anchor, MessageColumn
from trii_desktop.chat.message_shelf import MessageShelf, has_keyboard
from trii_desktop.chat.message_view import MessageView
from trii_desktop.chat.newest_button import NewestButton
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.look import Look

NEAR_EDGE_PX: Final = 900  # nearer to an end of what is loaded, more is asked for
NEAR_END_PX: Final = 24
STEP_PX: Final = 60
N_PASSES: Final = 6
_OURS: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class MessageTimeline(QAbstractScrollArea):
    """Shows items. It keeps to the end while the person is there, and stays where it is otherwise.

    Keys: Up and Down choose a message, Home and End the first and the last loaded, Page keys scroll; the chosen message's parts
    are the stops of Tab that follow.

    view_made : a MessageView that is new; key_pressed : a key about the chosen message; before_wanted, after_wanted : more
    newest_wanted : the end is asked for and not loaded; moved : what is in view, or whether it is the end, has changed
    """

    view_made = Signal(object)
    key_pressed = Signal(int, object)
    before_wanted = Signal()
    after_wanted = Signal()
    newest_wanted = Signal()
    moved = Signal()
    current_changed = Signal()

    def __init__(self, look: Look, sight: RoomSight) -> None:
        super().__init__()
        self._look = look
        self._sight = sight
        sight.has_keyboard = partial(has_keyboard, self)
        self._column = MessageColumn()
        self._shelf = MessageShelf(self, self._new_view)
        self._views = self._shelf.shown
        self._current = ""
        self._follows = True  # whether it keeps to the end
        self._has_before = self._has_after = False
        self._is_arranging = False
        self.setAccessibleName("Messages")
        self.setProperty("role", "timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(STEP_PX)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.to_end = NewestButton(self)
        self.to_end.clicked.connect(self.go_to_end)

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
    def items(self) -> tuple[Item, ...]:
        """What is loaded, oldest first."""
        return self._column.items

    @property
    def current(self) -> Item | None:
        """The chosen message."""
        return self._column.item(self._current)

    def is_end_in_view(self) -> bool:
        """Whether the end of what is loaded is in view."""
        return self._follows

    def view_of(self, message: str) -> MessageView | None:
        """The widget of a message; None while it is far from view."""
        return self._views.get(message)

    def show_items(
        self, items: tuple[Item, ...], *, has_before: bool = False, has_after: bool = False, is_other: bool = False
    ) -> None:
        """Show these messages. ``is_other`` : of another room or another place in it, from their end."""
        if is_other:
            self._shelf.drop(set(self._views))
            self._column.heights.forget()
            self._current, self._follows = "", not has_after
            self.to_end.forget()
        anchor = self._anchor()
        last_before = "" if is_other else self._column.last
        self._has_before, self._has_after = has_before, has_after
        self._column.show(items, self._width)
        if not self._follows:
            self.to_end.count(self._column.newer_than(last_before))
        self._shelf.drop({key for key in self._views if key not in self._column})
        for key, view in list(self._views.items()):
            item = items[self._column.place(key)]
            if view.item != item:
                view.show_item(item)
                self._column.heights.measure(key, view.height_at(self._width))
        if self._current not in self._column or (self._follows and not has_keyboard(self)):
            self._choose(self._column.last, speaks=False)
        self._arrange(anchor)

    def refresh_picture(self, sha256: str) -> None:
        """A picture came."""
        for key, view in list(self._views.items()):
            if view.item is not None and any(file.sha256 == sha256 for file in view.item.row.files):
                anchor = self._anchor()
                view.refresh_pictures()
                self._column.heights.measure(key, view.height_at(self._width))
                self._arrange(anchor)

    def go_to(self, message: str, *, below_px: int = 0) -> bool:
        """Bring a message to ``below_px`` below the upper edge and choose it; whether it is loaded."""
        if message not in self._column:
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
        self._follows = True
        self.to_end.forget()
        if self.items:
            self._choose(self.items[-1].id, speaks=False)
        self._arrange(None)
        self.moved.emit()

    def wear(self) -> None:
        """Follow the theme and the size of letters."""
        for view in self._shelf:
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
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Mark none where keys go elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The messages are moved by laying them out."""

    # --- inside: what stands where ------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.viewport().width(), 120)

    def _anchor(self) -> Anchor:
        return None if self._follows else self._column.anchor_at(self.verticalScrollBar().value())

    def _arrange(self, anchor: Anchor) -> None:
        """Make what is in view, measure it, and place it; as what was estimated changes, the anchor stays where it is."""
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            for _ in range(N_PASSES):
                self._scroll(anchor)
                if not self._make():
                    break
            self._scroll(anchor)
            self._put()
        finally:
            self._is_arranging = False
        is_below = not self._follows and self._below_px() > NEAR_END_PX
        self.to_end.place(is_wanted=self._has_after or is_below, is_counted=not self._has_after)

    def _scroll(self, anchor: Anchor) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(room)
        bar.setRange(0, max(self._column.total - room, 0))
        if self._follows:
            bar.setValue(bar.maximum())
        elif anchor is not None and anchor[0] in self._column:
            bar.setValue(self._column.top_of(anchor[0]) + anchor[1])

    def _make(self) -> bool:
        """Make and measure what is in view and around it; whether any height was not as thought."""
        is_other = False
        wanted = self._column.around(self.verticalScrollBar().value(), self.viewport().height())
        ids = {item.id for item in wanted}
        self._shelf.drop({key for key, view in self._views.items() if key not in ids and not has_keyboard(view)})
        for item in wanted:
            if item.id in self._views and self._column.heights.knows(item.id):
                continue
            view = self._shelf.take(item)
            view.is_current = item.id == self._current
            is_other |= self._column.heights.measure(item.id, view.height_at(self._width))
        return is_other

    def _new_view(self) -> MessageView:
        view = MessageView(self._look, self._sight)
        view.setParent(self.viewport())
        view.grew.connect(self._view_grew)
        self.view_made.emit(view)
        return view

    def _put(self) -> None:
        top = self.verticalScrollBar().value() - self._slack
        for key, view in self._views.items():
            view.setGeometry(0, self._column.top_of(key) - top, self._width, self._column.height_of(key))
            view.show()

    @property
    def _slack(self) -> int:
        """Few messages stand at the bottom, above the field in which the next one is written."""
        return max(self.viewport().height() - self._column.total, 0)

    def _measure_anew(self) -> None:
        anchor = self._anchor()
        self._column.heights.forget({key: view.height_at(self._width) for key, view in self._views.items()})
        self._column.show(self.items, self._width)
        self._arrange(anchor)

    def _view_grew(self) -> None:
        if self._is_arranging:
            return
        key = self._shelf.key_of(self.sender())
        if key:
            anchor = self._anchor()
            self._column.heights.measure(key, self._views[key].height_at(self._width))
            self._arrange(anchor)

    # --- inside: moving and choosing ----------------------------------------------------------------------------------

    def _below_px(self) -> int:
        return self.verticalScrollBar().maximum() - self.verticalScrollBar().value()

    def _scrolled(self) -> None:
        if self._is_arranging:
            return
        self._follows = self._below_px() <= NEAR_END_PX and not self._has_after
        if self._follows:
            self.to_end.forget()
        self._arrange(self._anchor())
        self.moved.emit()
        if self._has_before and self.verticalScrollBar().value() < NEAR_EDGE_PX:
            self.before_wanted.emit()
        if self._has_after and self._below_px() < NEAR_EDGE_PX:
            self.after_wanted.emit()

    def _step(self, by: int) -> None:
        if not self.items:
            return
        place = self._column.place(self._current) if self._current in self._column else len(self.items) - 1
        place = min(max(place + by, 0), len(self.items) - 1)
        self._choose(self.items[place].id)
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        start, stop = self._column.heights.top_of(place), self._column.heights.top_of(place + 1)
        if start < top or stop > top + room:
            self.verticalScrollBar().setValue(start if start < top or stop - start > room else stop - room)

    def _choose(self, message: str, *, speaks: bool = True) -> None:
        if message == self._current:
            return
        for key in (self._current, message):
            if key in self._views:
                self._views[key].is_current = key == message
        self._current = message
        lead_tab(self, self._views.get(message))
        self.current_changed.emit()
        if speaks and self.current is not None:
            announce(self, spoken(self.current))


def lead_tab(before: QWidget, view: MessageView | None) -> None:
    """Let the parts of a message be the stops of Tab that follow ``before``."""
    for part in view.stops if view is not None else []:
        QWidget.setTabOrder(before, part)
        before = part
