"""What can be done with workspaces: save, switch, rename, duplicate, delete with undo, hand over as a file, and take one in."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog

from backend.bus import Subscription
from backend.errors import InvalidInput
from backend.events import Level, WorkspacesChanged
from backend.storage.durable import explain_os_error, write_durably
from backend.workspaces.store import WorkspaceName
from backend.workspaces.workspace import BYTES_MAX, Workspace, format_file, parse_file
from trii_desktop.actions.action_set import ActionSet, AddedRows
from trii_desktop.actions.row import VIEW, ActionRow
from trii_desktop.actions.workspace_rows import SUBMENU
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.main_window import MainWindow
from trii_desktop.widgets.ask import AskText
from trii_desktop.workspaces.keeping import WorkspaceKeeper
from trii_desktop.workspaces.workspace_list import WorkspaceList

FILES: Final = "Workspaces (*.trii-workspace)"
SUFFIX: Final = "trii-workspace"


class WorkspaceActions:
    """Methods and flags that the action table names; ``names`` is the list as last read."""

    def __init__(self, window: MainWindow, desk: Desk, grid: ChartGrid) -> None:
        self._window = window
        self._desk = desk
        self.keeper = WorkspaceKeeper(window, desk, grid)
        self.names: tuple[WorkspaceName, ...] = ()
        self.actions: ActionSet  # by the workbench, which needs this object first
        self.list: WorkspaceList | None = None
        self._rows: AddedRows | None = None
        self._subscription: Subscription[WorkspacesChanged] = desk.bridge.subscribe(WorkspacesChanged, self._changed)
        self._is_closed = False

    # --- what the table names -----------------------------------------------------------------------------------------

    @property
    def current_name(self) -> str:
        """What the workspace in use is called; empty in safe mode and before it was saved for the first time."""
        return self.keeper.current.name if self.keeper.current is not None else ""

    def save(self) -> None:
        """Keep the arrangement now; it is kept every few seconds without being asked, too."""
        self._desk.start("Saving the workspace", self._save())

    def open_list(self) -> None:
        """Show all workspaces, to switch and arrange them."""
        if self.list is None:
            self.list = WorkspaceList(self._window, self)
            self.list.finished.connect(self._list_closed)
        self.list.show_names(self.names)
        self.list.show()
        self.list.raise_()
        self.list.activateWindow()

    def new(self) -> None:
        """Ask for a name, and go on in a workspace of that name as it stands."""
        ask = AskText(self._window, "Save workspace", "Name of the new workspace", self.create)
        ask.open()

    def first_arrangement(self) -> None:
        """Docks, sizes and one chart as at a first start, under the name in use; the chart stays."""
        self._desk.start("Arranging the window", self._arrange_first())

    def import_file(self) -> None:
        """Choose a file that holds a workspace."""
        dialog = QFileDialog(self._window, "Import workspace", str(Path.home()), FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_from)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_current(self) -> None:
        """Choose where the workspace in use is written."""
        self._desk.start("Exporting the workspace", self._export_current())

    # --- what the list does too ---------------------------------------------------------------------------------------

    def switch(self, workspace_id: str) -> None:
        """Show another workspace."""
        self._desk.start("Opening the workspace", self.keeper.switch(workspace_id))

    def create(self, name: str) -> None:
        """Go on in a new workspace called ``name``, arranged as the window is now."""
        self._desk.start(f"Saving the workspace {name}", self.keeper.save_as(name))

    def rename(self, workspace_id: str, name: str) -> None:
        """Call a workspace ``name``."""
        self._desk.start("Renaming the workspace", self._rename(workspace_id, name))

    def duplicate(self, workspace_id: str) -> None:
        """Keep a copy under a name with a number."""
        self._desk.start("Duplicating the workspace", self._duplicate(workspace_id))

    def delete(self, workspace_id: str) -> None:
        """Forget a workspace that is not in use; undo brings it back."""
        self._desk.start("Deleting the workspace", self._delete(workspace_id))

    def export(self, workspace_id: str, name: str) -> None:
        """Choose where a workspace is written."""
        proposed = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in name)
        dialog = QFileDialog(self._window, "Export workspace", str(Path.home() / f"{proposed}.{SUFFIX}"), FILES)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX)
        dialog.fileSelected.connect(partial(self.export_to, workspace_id))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, workspace_id: str, path: str) -> None:
        """Write a workspace into the file ``path``."""
        self._desk.start("Exporting the workspace", self._export(workspace_id, Path(path)))

    def import_from(self, path: str) -> None:
        """Take in the workspace of the file ``path`` and show it."""
        self._desk.start("Importing the workspace", self._import(Path(path)))

    # --- life ---------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """List the workspaces in the menu, once the window stands."""
        await self._read()

    def close(self) -> None:
        """Hear no more."""
        self._is_closed = True
        self._subscription.close()
        self.keeper.close_panel()
        if self.list is not None:
            self.list.close()

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _save(self) -> None:
        await self.keeper.save()
        if self.keeper.current is None:
            self._desk.notices.say("Nothing is kept in safe mode.", "Save under a new name to keep this arrangement.")
        else:
            self._desk.notices.say(f"{self.current_name} is saved.", level=Level.SUCCESS)

    async def _export_current(self) -> None:
        await self.keeper.save()
        if self.keeper.current is not None:
            self.export(self.keeper.current.id, self.keeper.current.name)
        else:
            self._desk.notices.say("Nothing is kept in safe mode.", "Save under a new name first, then export it.")

    async def _rename(self, workspace_id: str, name: str) -> None:
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        before = await call(store.rename(workspace_id, name))
        if self.keeper.current is not None and self.keeper.current.id == workspace_id:
            self.keeper.renamed(" ".join(name.split()))
        if before == name:
            return
        self._desk.did(
            f"{before} is called {name}",
            lambda: self._rename_back(workspace_id, before),
            lambda: self._rename_back(workspace_id, name),
        )

    async def _rename_back(self, workspace_id: str, name: str) -> None:
        await self._desk.bridge.call(self._desk.backend.workspaces.rename(workspace_id, name))
        if self.keeper.current is not None and self.keeper.current.id == workspace_id:
            self.keeper.renamed(name)

    async def _duplicate(self, workspace_id: str) -> None:
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        if self.keeper.current is not None and self.keeper.current.id == workspace_id:
            await self.keeper.save()
        known = await call(store.get(workspace_id))
        await call(store.create(await call(store.free_name(known.name)), known.workspace))

    async def _delete(self, workspace_id: str) -> None:
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        name, content = await call(store.delete(workspace_id))

        async def bring_back() -> None:
            await call(store.bring_back(workspace_id, name, content))

        self._desk.did(f"The workspace {name} was deleted", bring_back, lambda: call(store.delete(workspace_id)))

    async def _export(self, workspace_id: str, path: Path) -> None:
        if self.keeper.current is not None and self.keeper.current.id == workspace_id:
            await self.keeper.save()
        known = await self._desk.bridge.call(self._desk.backend.workspaces.get(workspace_id))
        await asyncio.to_thread(write_durably, path, format_file(known.name, known.workspace), mode=0o644)
        self._desk.notices.say(f"{known.name} was exported.", str(path), level=Level.SUCCESS)

    async def _import(self, path: Path) -> None:
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        found = parse_file(await asyncio.to_thread(_read_file, path))
        made = await call(store.create(await call(store.free_name(found.name)), found.workspace))
        await self.keeper.switch(made.id)

    async def _arrange_first(self) -> None:
        now = self.keeper.now()
        await self.keeper.show_workspace(Workspace(grid=now.grid))

    def _changed(self, _event: WorkspacesChanged) -> None:
        self._desk.start("Reading the workspaces", self._read())

    async def _read(self) -> None:
        self.names = await self._desk.bridge.call(self._desk.backend.workspaces.names())
        if self._is_closed:
            return
        self._fill_menu(self.names)
        if self.list is not None:
            self.list.show_names(self.names)

    def _fill_menu(self, names: Sequence[WorkspaceName]) -> None:
        if self._rows is not None:
            self._rows.close()
        doors = _Doors(self, names)
        rows = [
            ActionRow(
                f"workspace.show.{known.id}",
                known.name.replace("&", "&&"),
                VIEW,
                f"door_{number}.show",
                (),
                "",
                f"door_{number}.is_current",
                submenu=SUBMENU,
                starts_group=number == 0,
                words="workspace layout switch",
            )
            for number, known in enumerate(names)
        ]
        self._rows = self.actions.add(rows, doors)

    def _list_closed(self) -> None:
        if self.list is not None:
            self.list.deleteLater()
            self.list = None


class _Door:
    """One workspace as a row of the menu."""

    def __init__(self, actions: WorkspaceActions, known: WorkspaceName) -> None:
        self._actions = actions
        self._known = known

    @property
    def is_current(self) -> bool:
        """Whether it is the one in use."""
        current = self._actions.keeper.current
        return current is not None and current.id == self._known.id

    def show(self) -> None:
        """Switch to it."""
        if not self.is_current:
            self._actions.switch(self._known.id)


class _Doors:
    """The rows' target: ``door_0``, ``door_1`` and so on."""

    def __init__(self, actions: WorkspaceActions, names: Sequence[WorkspaceName]) -> None:
        for number, known in enumerate(names):
            setattr(self, f"door_{number}", _Door(actions, known))


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise explain_os_error(error, "read the workspace", path) from error
    if len(text) > BYTES_MAX:
        raise InvalidInput(f"{path.name} is too large for a workspace.", hint="Choose another file.", code="workspace.file")
    return text
