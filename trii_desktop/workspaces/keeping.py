"""The workspace in use: opened with the window, saved as it changes, switched, and left alone in safe mode."""

import asyncio
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from backend.errors import InvalidInput, TriiError
from backend.events import Level, notice_of
from backend.workspaces.chart_grid import GridState
from backend.workspaces.docks import DockTree
from backend.workspaces.store import SavedWorkspace
from backend.workspaces.workspace import DEFAULT_NAME, Workspace, save_workspace
from trii_desktop.desk import Desk
from trii_desktop.docks.arrangement import docks_now, place_now, show_place
from trii_desktop.docks.kept import panels_now, show_panels
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.main_window import MainWindow

LOOK_MS: Final = 5_000


class WorkspaceKeeper(QObject):
    """``current`` is what is in use; None in safe mode and before the first save. ``switched`` comes when another one is."""

    switched = Signal()

    def __init__(self, window: MainWindow, desk: Desk, grid: ChartGrid) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._grid = grid
        self.current: SavedWorkspace | None = None
        self._wanted = Workspace()  # what the docks are to become, when they are there
        self._saved = b""
        self._has_docks = False
        self._turn = asyncio.Lock()  # saved and switched one after the other
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def is_safe(self) -> bool:
        """Whether this start keeps to the default workspace."""
        return self._desk.is_safe

    async def read(self) -> GridState:
        """The charts of the workspace in use; the default ones in safe mode, and where it cannot be read, which is told."""
        if self.is_safe:
            return self._wanted.grid
        found = await self._desk.bridge.call(self._desk.backend.workspaces.current())
        if found is None:
            return self._wanted.grid
        self._wanted = found.workspace
        if found.problem:
            hint = "It is kept as it was; a new workspace is used instead."
            self._desk.notices.say(f"The workspace {found.name} cannot be shown.", f"{found.problem} {hint}", level=Level.WARNING)
        else:
            self.current = found
            self._saved = save_workspace(found.workspace)
        return found.workspace.grid

    def arrange(self) -> None:
        """Let the docks, which are there now, stand as the workspace says."""
        self._has_docks = True
        self._show_docks(self._wanted.docks)
        show_panels(self._window.docks, self._wanted.panels)

    def panel_came(self, name: str) -> None:
        """Let a panel that came after the others stand as the workspace says."""
        show_panels({name: self._window.docks[name]}, self._wanted.panels)

    def start(self) -> None:
        """Save what changes from now on."""
        if self._timer.isActive():
            return
        self._timer.start()
        self._look()

    def close_panel(self) -> None:
        """Save no more."""
        self._timer.stop()

    def now(self) -> Workspace:
        """The arrangement as it stands."""
        docks: DockTree | None = self._wanted.docks
        if self._has_docks:
            try:
                docks = docks_now(self._window)
            except InvalidInput as error:
                self._desk.notices.add(notice_of(error, "The arrangement of the docks cannot be kept.", level=Level.WARNING))
                self._has_docks = False
        panels = panels_now(self._window.docks, self._wanted.panels)
        return Workspace(window=place_now(self._window), docks=docks, grid=self._grid.state, panels=panels)

    async def save(self) -> None:
        """Keep the arrangement as it stands; in safe mode nothing is kept."""
        async with self._turn:
            await self._save()

    async def _save(self) -> None:
        if self.is_safe and self.current is None:
            return
        workspace = self.now()
        text = save_workspace(workspace)
        if text == self._saved:
            return
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        if self.current is None:
            made = await call(store.create(await call(store.free_name(DEFAULT_NAME)), workspace))
            await call(store.choose(made.id))
            self.current = made
            self.switched.emit()
        else:
            await call(store.save(self.current.id, workspace))
        self._saved = text

    async def switch(self, workspace_id: str) -> None:
        """Save what is shown, then show another workspace. Raises NotFound or InvalidInput; nothing changes then."""
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        async with self._turn:
            wanted = await call(store.get(workspace_id))
            await self._save()
            await call(store.choose(workspace_id))
            self.current = wanted
            await self._show(wanted.workspace)
        self.switched.emit()

    async def save_as(self, name: str) -> None:
        """Go on in a new workspace called ``name``, arranged as the window is now. Raises InvalidInput or Conflict."""
        store, call = self._desk.backend.workspaces, self._desk.bridge.call
        async with self._turn:
            if self.current is not None:
                await self._save()
            made = await call(store.create(name, self.now()))
            await call(store.choose(made.id))
            self.current, self._saved = made, save_workspace(made.workspace)
        self.switched.emit()

    async def show_workspace(self, workspace: Workspace) -> None:
        """Let window, docks and charts stand as ``workspace`` says; it is saved under the name in use."""
        async with self._turn:
            await self._show(workspace)

    async def _show(self, workspace: Workspace) -> None:
        if workspace.window.rect is not None:
            show_place(self._window, workspace.window)
        self._show_docks(workspace.docks)
        self._wanted = workspace
        show_panels(self._window.docks, workspace.panels)
        await self._grid.show_state(workspace.grid)

    def renamed(self, name: str) -> None:
        """The workspace in use has another name."""
        if self.current is not None:
            self.current = SavedWorkspace(self.current.id, name, self.current.workspace)
            self.switched.emit()

    def _show_docks(self, tree: DockTree | None) -> None:
        try:
            self._window.show_docks(tree)
        except TriiError as error:
            self._desk.notices.add(notice_of(error, "The docks stand as at a first start.", level=Level.WARNING))

    def _look(self) -> None:
        if not self._turn.locked():
            self._desk.start("Saving the workspace", self.save())
