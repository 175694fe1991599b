"""Widgets of turns: made when they are needed, and filled anew once they have left the view."""

from typing import Final

from PySide6.QtWidgets import QWidget

from backend.assistant.conversations.conversation import Speaker
from trii_desktop.assistant.turn_view import TurnView, make_view
from trii_desktop.look import Look

N_SPARE_MAX: Final = 12


class ViewPool:
    """Keeps a few for either speaker."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        self._look = look
        self._parent = parent
        self._spare: list[TurnView] = []

    def take(self, speaker: Speaker) -> TurnView | None:
        """One that is there already; None where one must be made."""
        found = next((view for view in self._spare if view.speaker is speaker), None)
        if found is not None:
            self._spare.remove(found)
        return found

    def make(self, speaker: Speaker) -> TurnView:
        """A new one."""
        made = make_view(self._look, speaker)
        made.setParent(self._parent)
        return made

    def give(self, view: TurnView) -> None:
        """Take one back that shows nothing any more."""
        view.hide()
        if len(self._spare) < N_SPARE_MAX:
            view.forget()
            self._spare.append(view)
        else:
            view.deleteLater()

    def wear(self) -> None:
        """Follow the theme."""
        for view in self._spare:
            view.wear()
