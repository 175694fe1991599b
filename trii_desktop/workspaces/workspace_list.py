"""The list of workspaces: switch, rename in place, duplicate, delete, import and export, all by keys too."""

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QDialog, QListWidget, QListWidgetItem, QWidget

from backend.workspaces.store import WorkspaceName
from backend.workspaces.workspace import NAME_MAX
from trii_desktop.widgets.layout import button, column, label, line, row


class Deeds(Protocol):
    """What the list can have done."""

    def switch(self, workspace_id: str) -> None:
        """Show it."""
        ...

    def rename(self, workspace_id: str, name: str) -> None:
        """Call it ``name``."""
        ...

    def duplicate(self, workspace_id: str) -> None:
        """Keep a copy."""
        ...

    def delete(self, workspace_id: str) -> None:
        """Forget it."""
        ...

    def export(self, workspace_id: str, name: str) -> None:
        """Write it into a file."""
        ...

    def import_file(self) -> None:
        """Take one in from a file."""
        ...

    def new(self) -> None:
        """Keep the arrangement under a new name."""
        ...


class WorkspaceList(QDialog):
    """Enter or a double-click switches, F2 renames, Delete deletes."""

    def __init__(self, parent: QWidget, deeds: Deeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self._names: dict[str, WorkspaceName] = {}
        self._waiting: tuple[WorkspaceName, ...] | None = None
        self._is_filling = False
        self.setWindowTitle("Workspaces")
        self.setAccessibleName("Workspaces")
        self.resize(460, 420)
        self.view = QListWidget()
        self.view.setProperty("framed", True)
        self.view.setAccessibleName("Workspaces")
        self.view.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.view.itemActivated.connect(self._switch_to)
        self.view.itemChanged.connect(self._renamed)
        self.view.itemDelegate().closeEditor.connect(self._written)
        self.view.currentItemChanged.connect(self._enable)
        words = label("Windows, docks and charts, kept as you leave them. Enter switches, F2 renames.", "muted", wraps=True)
        self.show_button, self._rename, self._copy = button("Switch", primary=True), button("Rename"), button("Duplicate")
        self._delete, self._export = button("Delete"), button("Export…")
        new, take_in, close = button("New…"), button("Import…"), button("Close")
        for made, call in (
            (self.show_button, self._switch),
            (self._rename, self._edit),
            (self._copy, self._duplicate),
            (self._delete, self.delete_chosen),
            (self._export, self._export_chosen),
            (new, deeds.new),
            (take_in, deeds.import_file),
            (close, self.accept),
        ):
            made.clicked.connect(lambda _checked=False, go=call: go())
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.view, self.delete_chosen, context=Qt.ShortcutContext.WidgetShortcut)
        side = column(self.show_button, self._rename, self._copy, self._delete, 8, new, take_in, self._export, None)
        body = row(self.view, side, margins=(16, 0, 16, 0), gap=12)
        body.setStretch(0, 1)
        foot = row(None, close, margins=(16, 10, 16, 10))
        top = row(words, margins=(16, 14, 16, 4))
        self.setLayout(column(top, body, 4, line(), foot, gap=6))
        self._enable()

    def show_names(self, names: Iterable[WorkspaceName]) -> None:
        """Show these workspaces; the choice stays where it was. A name that is being written is not taken away."""
        if self.view.state() == QAbstractItemView.State.EditingState:
            self._waiting = tuple(names)
            return
        chosen = self._chosen()
        self._names = {known.id: known for known in names}
        self._is_filling = True
        self.view.clear()
        for known in self._names.values():
            item = QListWidgetItem(known.name)
            item.setData(Qt.ItemDataRole.UserRole, known.id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip("In use" if known.is_current else "")
            words = f"{known.name}, in use" if known.is_current else known.name
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            font = item.font()
            font.setBold(known.is_current)
            item.setFont(font)
            self.view.addItem(item)
            if known.id == chosen or (not chosen and known.is_current):
                self.view.setCurrentItem(item)
        self._is_filling = False
        self._enable()

    def _written(self) -> None:
        if self._waiting is not None:
            QTimer.singleShot(0, self._show_waiting)  # the view itself ends the writing only after this call

    def _show_waiting(self) -> None:
        names, self._waiting = self._waiting, None
        if names is not None:
            self.show_names(names)

    def delete_chosen(self) -> None:
        """Forget the chosen workspace, unless it is in use."""
        chosen = self._names.get(self._chosen())
        if chosen is not None and not chosen.is_current:
            self._deeds.delete(chosen.id)

    def _chosen(self) -> str:
        place = self.view.currentRow()
        return str(self.view.item(place).data(Qt.ItemDataRole.UserRole)) if place >= 0 else ""

    def _enable(self) -> None:
        chosen = self._names.get(self._chosen())
        is_used = chosen is not None and chosen.is_current
        for made in (self._rename, self._copy, self._export):
            made.setEnabled(chosen is not None)
        for made in (self.show_button, self._delete):
            made.setEnabled(chosen is not None and not is_used)
        self._delete.setToolTip("The workspace in use stays; switch to another one first." if is_used else "")

    def _switch(self) -> None:
        chosen = self._names.get(self._chosen())
        if chosen is not None and not chosen.is_current:
            self._deeds.switch(chosen.id)

    def _switch_to(self, _item: QListWidgetItem) -> None:
        self._switch()

    def _edit(self) -> None:
        self.view.editItem(self.view.currentItem())

    def _renamed(self, item: QListWidgetItem) -> None:
        known = self._names.get(str(item.data(Qt.ItemDataRole.UserRole)))
        if self._is_filling or known is None or item.text() == known.name:
            return
        name = item.text()[:NAME_MAX]
        self._is_filling = True
        item.setText(known.name)  # until it is stored
        self._is_filling = False
        self._deeds.rename(known.id, name)

    def _duplicate(self) -> None:
        self._deeds.duplicate(self._chosen())

    def _export_chosen(self) -> None:
        chosen = self._names.get(self._chosen())
        if chosen is not None:
            self._deeds.export(chosen.id, chosen.name)
