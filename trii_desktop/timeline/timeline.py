"""Rows below each other in a scrolled area; only those in view are widgets, however many there are."""

from collections.abc import Callable, Hashable
from typing import Any, Final, Generic

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from trii_desktop.charts.speech import announce
from trii_desktop.timeline.column import Anchor, Column, Row
from trii_desktop.timeline.end_button import EndButton
from trii_desktop.timeline.row_view import RowView, has_keyboard
from trii_desktop.timeline.shelf import Shelf, View

NEAR_END_PX: Final = 24
STEP_PX: Final = 60
N_PASSES: Final = 6
_OURS: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class Timeline(QAbstractScrollArea, Generic[Row, View]):
    """Keeps to the end while the person is there, and stays where it is otherwise, whatever comes or grows.

    Keys: Up and Down choose a row, Home and End the first and the last, Page keys scroll; the chosen row's parts are the stops of
    Tab that follow.

    name : for screen readers; head_px : what a row needs beside its text; make : a new widget for rows of a kind
    fill : shows a row in a widget; whether it may need another height now
    view_made : a widget of a row that is new; key_pressed : a key about the chosen row
    """

    view_made = Signal(object)
    key_pressed = Signal(int, object)
    current_changed = Signal()

    def __init__(self, name: str, head_px: int, make: Callable[[Any], View], fill: Callable[[View, Row], bool]) -> None:
        super().__init__()
        self._make_view = make
        self._fill = fill
        self._column: Column[Row] = Column(head_px)
        self._shelf: Shelf[View] = Shelf(self, self._new_view)
        self._views = self._shelf.shown
        self._current = ""
        self._follows = True  # whether it keeps to the end
        self._is_arranging = False
        self.setAccessibleName(name)
        self.setProperty("role", "timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(STEP_PX)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.to_end = EndButton(self, self.go_to_end)

    # --- for subclasses to say ----------------------------------------------------------------------------------------

    def spoken(self, row: Row) -> str:
        """What a screen reader says of a row."""
        return row.text

    def kind_of(self, _row: Row) -> Hashable:
        """Rows of one kind share widgets."""
        return None

    @property
    def has_end(self) -> bool:
        """Whether the last row is the last there is."""
        return True

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def n_views(self) -> int:
        """How many rows are widgets now."""
        return len(self._views)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is loaded, from the top."""
        return self._column.rows

    @property
    def is_at_end(self) -> bool:
        """Whether the last row of all is in view."""
        return self._follows and self.has_end

    @property
    def current(self) -> Row | None:
        """The chosen row."""
        return self._column.row(self._current)

    def view_of(self, key: str) -> View | None:
        """The widget of a row; None while it is far from view."""
        return self._views.get(key)

    def begin_anew(self, *, follows: bool) -> None:
        """Other rows come: nothing of these is kept."""
        self._shelf.drop(set(self._views))
        self._column.heights.forget()
        self._current, self._follows = "", follows

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these; whoever reads stays at what is read."""
        anchor = self._anchor()
        self._column.show(rows, self._width)
        self._shelf.drop({key for key in self._views if key not in self._column})
        self._refill(*self._views)
        if self._current not in self._column or (self._follows and not has_keyboard(self)):
            self._choose(self._column.last, speaks=False)
        self._arrange(anchor)

    def refresh(self, key: str) -> None:
        """A row is to be shown anew, where it is a widget."""
        if key in self._views:
            anchor = self._anchor()
            self._refill(key)
            self._arrange(anchor)

    def measure(self, key: str) -> None:
        """A row that is a widget may need another height."""
        anchor = self._anchor()
        self._measure(key)
        self._arrange(anchor)

    def go_to(self, key: str, *, below_px: int = 0) -> bool:
        """Bring a row to ``below_px`` below the upper edge and choose it; whether it is loaded."""
        if key not in self._column:
            return False
        self._follows = False
        self._choose(key)
        self._arrange((key, -below_px))
        self._follows = self._below_px() <= NEAR_END_PX and self.has_end
        return True

    def go_to_end(self) -> None:
        """Bring the last row into view, and keep to it."""
        self._follows = True
        self._choose(self._column.last, speaks=False)
        self._arrange(None)

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
            self._arrange(self._anchor())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose rows and scroll; keys about the chosen one are told."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if held & ~_OURS and key is not Qt.Key.Key_C:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if key is Qt.Key.Key_Up else 1)
        elif key is Qt.Key.Key_Home and self.rows:
            self.go_to(self.rows[0].id)
        elif key is Qt.Key.Key_End:
            self.go_to_end()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (bar.pageStep() - STEP_PX) * (-1 if key is Qt.Key.Key_PageUp else 1))
        else:
            event.ignore()
            self.key_pressed.emit(key.value, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say the chosen row, and show which it is."""
        super().focusInEvent(event)
        if self.current is not None:
            announce(self, self.spoken(self.current))
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Mark none where keys go elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The rows are moved by laying them out."""

    # --- inside: what stands where ------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.viewport().width(), 120)

    @property
    def _slack(self) -> int:
        """Few rows may stand at the bottom: how far from the top."""
        return 0

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
        self.to_end.place(is_wanted=not (self.is_at_end or (self.has_end and self._below_px() <= NEAR_END_PX)))

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
        ids = {row.id for row in wanted}
        self._shelf.drop({key for key, view in self._views.items() if key not in ids and not has_keyboard(view)})
        for row in wanted:
            if row.id not in self._views:
                view = self._shelf.take(row.id, self.kind_of(row))
                self._fill(view, row)
                view.is_current = row.id == self._current
            elif self._column.heights.knows(row.id):
                continue
            is_other |= self._measure(row.id)
        return is_other

    def _new_view(self, kind: Hashable) -> View:
        view = self._make_view(kind)
        view.setParent(self.viewport())
        view.grew.connect(self._view_grew)
        self.view_made.emit(view)
        return view

    def _refill(self, *keys: str) -> None:
        self._is_arranging = True  # what grows as it is filled is measured here
        try:
            for key in keys:
                row = self._column.row(key)
                if row is not None and self._fill(self._views[key], row):
                    self._measure(key)
        finally:
            self._is_arranging = False

    def _measure(self, key: str) -> bool:
        view = self._views[key]
        if key == self._current:
            lead_tab(self, view)  # it, or some of its parts, came just now
        return self._column.heights.measure(key, view.height_at(self._width))

    def _put(self) -> None:
        top = self.verticalScrollBar().value() - self._slack
        for key, view in self._views.items():
            view.setGeometry(0, self._column.top_of(key) - top, self._width, self._column.height_of(key))
            view.show()

    def _measure_anew(self) -> None:
        anchor = self._anchor()
        self._column.heights.forget({key: view.height_at(self._width) for key, view in self._views.items()})
        self._column.show(self.rows, self._width)
        self._arrange(anchor)

    def _view_grew(self) -> None:
        key = "" if self._is_arranging else self._shelf.key_of(self.sender())
        if key:
            self.measure(key)

    # --- inside: moving and choosing ----------------------------------------------------------------------------------

    def _below_px(self) -> int:
        return self.verticalScrollBar().maximum() - self.verticalScrollBar().value()

    def _scrolled(self) -> None:
        if not self._is_arranging:
            self._follows = self._below_px() <= NEAR_END_PX and self.has_end
            self._arrange(self._anchor())

    def _step(self, by: int) -> None:
        if not self.rows:
            return
        place = self._column.place(self._current) if self._current in self._column else len(self.rows) - 1
        place = min(max(place + by, 0), len(self.rows) - 1)
        self._choose(self.rows[place].id)
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        start, stop = self._column.heights.top_of(place), self._column.heights.top_of(place + 1)
        if start < top or stop > top + room:
            self.verticalScrollBar().setValue(start if start < top or stop - start > room else stop - room)

    def _choose(self, key: str, *, speaks: bool = True) -> None:
        if key == self._current:
            return
        for one in (self._current, key):
            if one in self._views:
                self._views[one].is_current = one == key
        self._current = key
        if key in self._views:
            lead_tab(self, self._views[key])
        self.current_changed.emit()
        if speaks and self.current is not None:
            announce(self, self.spoken(self.current))


def lead_tab(before: QWidget, view: RowView) -> None:
    """Let the parts of a row be the stops of Tab that follow ``before``."""
    view.lead_stops()
    for part in view.stops:
        QWidget.setTabOrder(before, part)
        before = part
