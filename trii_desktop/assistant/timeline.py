"""The turns of a conversation below each other; only those in view are widgets, however many there are."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget

from backend.assistant.answers import Answer
from backend.assistant.conversations.conversation import Speaker
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.heights import Heights
from trii_desktop.assistant.turn_view import AnswerView, TurnView
from trii_desktop.assistant.view_pool import ViewPool
from trii_desktop.charts.speech import announce
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button

MARGIN_PX: Final = 400  # above and below what is in view that is made already
NEAR_END_PX: Final = 24
STEP_PX: Final = 60
N_PASSES: Final = 6


class Timeline(QAbstractScrollArea):
    """Shows entries. It keeps to the end while the person is there, and stays where it is otherwise.

    Keys: Up and Down choose a turn, Home and End the first and the last, Page keys scroll; the chosen turn's parts are the
    stops of Tab that follow. view_made : a TurnView that is new; key_pressed : a key that is about the chosen entry
    """

    view_made = Signal(object)
    key_pressed = Signal(int, object)
    current_changed = Signal()

    def __init__(self, look: Look, answer_of: Callable[[Entry], Answer | None]) -> None:
        super().__init__()
        self._look = look
        self._answer_of = answer_of
        self.entries: tuple[Entry, ...] = ()
        self._heights = Heights()
        self._places: dict[str, int] = {}
        self._views: dict[str, TurnView] = {}
        self._pool = ViewPool(look, self.viewport())
        self._current = ""
        self._follows = True  # whether it keeps to the end
        self._is_arranging = False
        self.setAccessibleName("Conversation")
        self.setProperty("role", "timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(STEP_PX)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.to_end: QPushButton = button("Newest \u2193", name="Go to the newest turn")
        self.to_end.setParent(self)
        self.to_end.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.to_end.clicked.connect(self.go_to_end)
        self.to_end.hide()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def n_views(self) -> int:
        """How many turns are widgets now."""
        return len(self._views)

    @property
    def is_at_end(self) -> bool:
        """Whether the newest words are in view."""
        return self._follows

    @property
    def current(self) -> Entry | None:
        """The chosen turn."""
        place = self._places.get(self._current)
        return self.entries[place] if place is not None else None

    def view_of(self, entry_id: str) -> TurnView | None:
        """The widget of a turn; None while it is far from view."""
        return self._views.get(entry_id)

    def show_entries(self, entries: tuple[Entry, ...], *, is_other: bool = False) -> None:
        """Show these turns. ``is_other`` : of another conversation, from its end."""
        if is_other:
            self._drop(set(self._views))
            self._heights.forget()
            self._current, self._follows = "", True
        anchor = self._anchor()
        is_longer = bool(entries) and not self._heights.knows(entries[-1].id)
        self.entries = entries
        self._places = {entry.id: place for place, entry in enumerate(entries)}
        self._drop({key for key in self._views if key not in self._places})
        self._heights.show(entries, self._width)
        for key, view in list(self._views.items()):  # filling one may bring others
            self._fill(view, entries[self._places[key]])
            self._heights.measure(key, view.height_at(self._width))
        if self._current not in self._places or (is_longer and self._follows):
            self._choose(entries[-1].id if entries else "", speaks=False)
        self._arrange(anchor)

    def refresh(self, entry: Entry) -> None:
        """The answer of a turn has grown."""
        view = self._views.get(entry.id)
        if view is not None:
            anchor = self._anchor()
            self._fill(view, entry)
            self._heights.measure(entry.id, view.height_at(self._width))
            self._arrange(anchor)

    def go_to(self, entry_id: str) -> None:
        """Bring a turn to the top of the view and choose it."""
        if entry_id in self._places:
            self._follows = False
            self._choose(entry_id)
            self._arrange((entry_id, 0))
            self._follows = self._below_px() <= NEAR_END_PX

    def go_to_end(self) -> None:
        """Bring the newest words into view, and keep to them."""
        self._follows = True
        self._arrange(None)

    def wear(self) -> None:
        """Follow the theme and the size of letters."""
        for view in self._views.values():
            view.wear()
        self._pool.wear()
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
        """Choose turns and scroll; keys about the chosen one are told."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if held & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier) and key is not Qt.Key.Key_C:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if key is Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.entries:
            if key is Qt.Key.Key_Home:
                self.go_to(self.entries[0].id)
            else:
                self._choose(self.entries[-1].id)
                self.go_to_end()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (bar.pageStep() - STEP_PX) * (-1 if key is Qt.Key.Key_PageUp else 1))
        else:
            event.ignore()
            self.key_pressed.emit(key.value, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say the chosen turn."""
        super().focusInEvent(event)
        if self.current is not None:
            announce(self, self._spoken(self.current))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The turns are moved by laying them out."""

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.viewport().width(), 120)

    def _anchor(self) -> tuple[str, int] | None:
        """The first turn in view, and how far its top is above the view's; None at the end."""
        if self._follows or not self.entries:
            return None
        top = self.verticalScrollBar().value()
        place = min(max(self._heights.place_at(top), 0), len(self.entries) - 1)
        return self.entries[place].id, top - self._heights.top_of(place)

    def _arrange(self, anchor: tuple[str, int] | None) -> None:
        """Make what is in view, measure it, and place it; as what was estimated changes, the anchor stays where it is."""
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            for _ in range(N_PASSES):
                self._scroll(anchor)
                first, stop = self._range()
                if not self._make(first, stop):
                    break
            self._scroll(anchor)
            self._put()
        finally:
            self._is_arranging = False
        self.to_end.setVisible(not self._follows and self._below_px() > NEAR_END_PX)
        size = self.to_end.sizeHint()
        self.to_end.setGeometry(QRect(QPoint((self.width() - size.width()) // 2, self.height() - size.height() - 8), size))

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
        return first, min(stop, len(self.entries))

    def _make(self, first: int, stop: int) -> bool:
        """Make and measure the views of these entries; whether any height was not as thought."""
        is_other = False
        wanted = {entry.id for entry in self.entries[first:stop]}
        self._drop({key for key, view in self._views.items() if key not in wanted and not _has_keyboard(view)})
        for entry in self.entries[first:stop]:
            if entry.id in self._views and self._heights.knows(entry.id):
                continue
            view = self._views.get(entry.id) or self._new_view(entry)
            is_other |= self._heights.measure(entry.id, view.height_at(self._width))
        return is_other

    def _new_view(self, entry: Entry) -> TurnView:
        view = self._pool.take(entry.speaker)
        if view is None:
            view = self._pool.make(entry.speaker)
            view.grew.connect(self._view_grew)
            self.view_made.emit(view)
        self._views[entry.id] = view
        self._fill(view, entry)
        view.is_current = entry.id == self._current
        return view

    def _fill(self, view: TurnView, entry: Entry) -> None:
        if isinstance(view, AnswerView):
            view.show_answer(entry, self._answer_of(entry))
        else:
            view.show_entry(entry)

    def _put(self) -> None:
        top = self.verticalScrollBar().value()
        for key, view in list(self._views.items()):  # filling one may bring others
            place = self._places[key]
            view.setGeometry(0, self._heights.top_of(place) - top, self._width, self._heights.of(place))
            view.show()

    def _drop(self, gone: set[str]) -> None:
        for key in gone:
            view = self._views.pop(key)
            if _has_keyboard(view):
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            self._pool.give(view)

    def _measure_anew(self) -> None:
        anchor = self._anchor()
        self._heights.forget({key: view.height_at(self._width) for key, view in self._views.items()})
        self._heights.show(self.entries, self._width)
        self._arrange(anchor)

    def _view_grew(self) -> None:
        if self._is_arranging:
            return
        view = self.sender()
        key = next((key for key, known in self._views.items() if known is view), "")
        if key:
            anchor = self._anchor() or self._top_of(key)
            self._heights.measure(key, self._views[key].height_at(self._width))
            self._arrange(anchor)

    def _top_of(self, key: str) -> tuple[str, int] | None:
        """Where a turn stands, so that it stays there when a person unfolds something in it at the end."""
        return None if self._follows else (key, self.verticalScrollBar().value() - self._heights.top_of(self._places[key]))

    def _below_px(self) -> int:
        return self.verticalScrollBar().maximum() - self.verticalScrollBar().value()

    def _scrolled(self) -> None:
        if self._is_arranging:
            return
        self._follows = self._below_px() <= NEAR_END_PX
        self._arrange(self._anchor())

    def _step(self, by: int) -> None:
        if not self.entries:
            return
        place = self._places.get(self._current, len(self.entries) - 1)
        place = min(max(place + by, 0), len(self.entries) - 1)
        self._choose(self.entries[place].id)
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        start, stop = self._heights.top_of(place), self._heights.top_of(place + 1)
        if start < top or stop > top + room:
            self.verticalScrollBar().setValue(start if start < top or stop - start > room else stop - room)

    def _choose(self, entry_id: str, *, speaks: bool = True) -> None:
        if entry_id == self._current:
            return
        for key in (self._current, entry_id):
            if key in self._views:
                self._views[key].is_current = key == entry_id
        self._current = entry_id
        self._order_stops()
        self.current_changed.emit()
        if speaks and self.current is not None:
            announce(self, self._spoken(self.current))

    def _order_stops(self) -> None:
        view = self._views.get(self._current)
        before: QWidget = self
        for part in view.stops if view is not None else []:
            QWidget.setTabOrder(before, part)
            before = part

    @staticmethod
    def _spoken(entry: Entry) -> str:
        who = "You" if entry.speaker is Speaker.PERSON else "Assistant"
        return f"{who}: {entry.text[:400]}"


def _has_keyboard(view: QWidget) -> bool:
    held: QWidget | None = view.window().focusWidget()  # none at first, whatever the stubs say
    return held is not None and (held is view or view.isAncestorOf(held))
