"""What can be done with one turn, by its menu and by keys: copy, ask again, edit, delete, switch branches, save all of it."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from backend.assistant.answers import Choice
from backend.assistant.conversations.conversation import Speaker
from backend.assistant.telling import told_text
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.rich_text import RichText
from trii_desktop.assistant.talk import Talk
from trii_desktop.assistant.turn_view import AnswerView, TurnView
from trii_desktop.assistant.wording import CHOICES
from trii_desktop.desk import Desk

_OTHER_MODE: Final = "Answer again in another mode"


class TurnDeeds(QObject):
    """edit_wanted : an Entry whose question is to be written anew; said : what was done, for screen readers."""

    edit_wanted = Signal(object)
    save_wanted = Signal(str)
    said = Signal(str)

    def __init__(self, desk: Desk, talk: Talk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._talk = talk

    # --- deeds --------------------------------------------------------------------------------------------------------

    def text_of(self, entry: Entry) -> str:
        """What a turn says: a question as typed, an answer as its markdown, with what is unverified called so."""
        answer = self._talk.answer_of(entry)
        if answer is None:
            return entry.text
        if answer.analysis is not None:
            return "\n\n".join(f"## {one.title}\n\n{told_text(one.spans)}" for one in answer.analysis.sections)
        return told_text(answer.spans)

    def copy(self, entry: Entry) -> None:
        """Have a turn's text in the clipboard."""
        self._copy_text(self.text_of(entry), "Copied.")

    def again(self, entry: Entry, mode: Choice | None = None) -> None:
        """Answer the question once more."""
        if entry.speaker is Speaker.ASSISTANT and self._talk.running is None:
            self._desk.start("Asking again", self._talk.again(entry, mode))

    def step(self, entry: Entry, by: int) -> None:
        """Show the version before or after this one."""
        if entry.n_siblings > 1:
            self._desk.start("Switching the branch", self._talk.step_branch(entry, by))

    def remove(self, entry: Entry) -> None:
        """Delete a turn with what goes with it."""
        if entry.turn is not None and self._talk.running is None:
            self._desk.start("Deleting a turn", self._talk.remove(entry))
            self.said.emit("Deleted. Undo brings it back.")

    # --- keys and menu ------------------------------------------------------------------------------------------------

    def key(self, entry: Entry, event: QKeyEvent) -> bool:
        """C or Ctrl+C copies, R asks again, E edits, Delete deletes, Left and Right switch branches; whether the key meant one."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if event.matches(QKeySequence.StandardKey.Copy) or (key is Qt.Key.Key_C and not held):
            self.copy(entry)
        elif held:
            return False
        elif key is Qt.Key.Key_R:
            self.again(self._answer_to(entry))
        elif key is Qt.Key.Key_E:
            self.edit_wanted.emit(self._question_of(entry))
        elif key is Qt.Key.Key_Delete:
            self.remove(entry)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step(entry, -1 if key is Qt.Key.Key_Left else 1)
        else:
            return False
        return True

    def open_menu(self, view: TurnView, place: QPoint) -> QMenu:
        """Offer what can be done with the turn of ``view``."""
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("This turn")
        self.fill(menu, view, place)
        menu.popup(place)
        return menu

    def open_modes(self, view: TurnView, place: QPoint) -> QMenu | None:
        """Offer to answer the question of ``view`` in another mode; nothing while an answer is made."""
        if self._talk.running is not None:
            return None
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(_OTHER_MODE)
        self._fill_modes(menu, view.entry)
        menu.popup(place)
        return menu

    def fill(self, menu: QMenu, view: TurnView, place: QPoint) -> None:
        """The menu's words."""
        entry = view.entry
        text = _text_at(view, place)
        if text is not None and text.selected:
            menu.addAction("Copy the selection", partial(self._copy_text, text.selected, "The selection was copied."))
        code = text.code_at(text.viewport().mapFromGlobal(place)) if text is not None else ""
        if code:
            menu.addAction("Copy the code", partial(self._copy_text, code, "The code was copied."))
        _add(menu, "Copy", partial(self.copy, entry), "C")
        menu.addSeparator()
        if entry.speaker is Speaker.PERSON:
            _add(menu, "Edit and ask anew", partial(self.edit_wanted.emit, entry), "E").setEnabled(self._talk.running is None)
        else:
            self._fill_answer(menu, entry)
        if entry.n_siblings > 1:
            menu.addSeparator()
            _add(menu, "Version before", partial(self.step, entry, -1), "Left")
            _add(menu, "Version after", partial(self.step, entry, 1), "Right")
        menu.addSeparator()
        words = "Delete with its answers" if entry.speaker is Speaker.PERSON else "Delete"
        can_delete = entry.turn is not None and self._talk.running is None
        _add(menu, words, partial(self.remove, entry), "Del").setEnabled(can_delete)
        if self._talk.id:
            menu.addSeparator()
            menu.addAction("Save the conversation as Markdown\u2026", partial(self.save_wanted.emit, "markdown"))
            menu.addAction("Save the conversation as JSON\u2026", partial(self.save_wanted.emit, "json"))

    def _fill_answer(self, menu: QMenu, entry: Entry) -> None:
        can_ask = self._talk.running is None
        _add(menu, "Answer again", partial(self.again, entry), "R").setEnabled(can_ask)
        inside = menu.addMenu(_OTHER_MODE)
        inside.setAccessibleName(_OTHER_MODE)
        inside.setEnabled(can_ask)
        self._fill_modes(inside, entry)

    def _fill_modes(self, menu: QMenu, entry: Entry) -> None:
        for mode, (words, _) in CHOICES.items():
            menu.addAction(words, partial(self.again, entry, mode))

    def _answer_to(self, entry: Entry) -> Entry:
        return self._neighbour(entry, 1) if entry.speaker is Speaker.PERSON else entry

    def _question_of(self, entry: Entry) -> Entry:
        return self._neighbour(entry, -1) if entry.speaker is Speaker.ASSISTANT else entry

    def _neighbour(self, entry: Entry, by: int) -> Entry:
        entries = self._talk.entries
        place = next((n for n, one in enumerate(entries) if one.id == entry.id), 0) + by
        return entries[place] if 0 <= place < len(entries) else entry

    def _copy_text(self, text: str, said: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.said.emit(said)


def _text_at(view: TurnView, place: QPoint) -> RichText | None:
    texts = [view.text]
    if isinstance(view, AnswerView) and view.card is not None:
        texts.append(view.card.text)
    seen = [text for text in texts if text.isVisible()]
    at = next((text for text in seen if text.rect().contains(text.mapFromGlobal(place))), None)
    return at or next((text for text in seen if text.selected), None)


def _add(menu: QMenu, words: str, act: Callable[[], object], keys: str) -> QAction:
    made = menu.addAction(words, act)
    made.setShortcut(QKeySequence(keys))
    made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    return made
