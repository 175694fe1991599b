"""Widgets of rows: made when they are needed, and filled anew once they have left the view."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from trii_desktop.timeline.row_view import RowView, has_keyboard

N_SPARE_MAX: Final = 24


View = TypeVar("View", bound=RowView)


class Shelf(Generic[View]):
    """Those that show a row, by its id, and a few of each kind that wait. ``make`` gives a new one of a kind."""

    def __init__(self, owner: QWidget, make: Callable[[Any], View]) -> None:
        self._owner = owner
        self._make = make
        self._spare: list[tuple[Hashable, View]] = []
        self._kinds: dict[str, Hashable] = {}
        self.shown: dict[str, View] = {}

    def __iter__(self) -> Iterator[View]:
        yield from self.shown.values()
        yield from (view for _, view in self._spare)

    def take(self, key: str, kind: Hashable) -> View:
        """The widget of a row; one that waited or a new one where it has none yet."""
        view = self.shown.get(key)
        if view is None:
            place = next((place for place, (known, _) in enumerate(self._spare) if known == kind), -1)
            view = self.shown[key] = self._spare.pop(place)[1] if place >= 0 else self._make(kind)
            self._kinds[key] = kind
        return view

    def drop(self, gone: set[str]) -> None:
        """These left the view; a widget that has the keyboard gives it to the owner."""
        for key in gone:
            view, kind = self.shown.pop(key), self._kinds.pop(key)
            if has_keyboard(view):
                self._owner.setFocus(Qt.FocusReason.OtherFocusReason)
            view.hide()
            if len(self._spare) < N_SPARE_MAX:
                view.forget()
                self._spare.append((kind, view))
            else:
                view.deleteLater()

    def key_of(self, view: object) -> str:
        """The row that a widget shows; empty where it waits."""
        return next((key for key, known in self.shown.items() if known is view), "")
