"""The user's workspaces: named arrangements in an order, one of them in use, kept in the money ledger."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from backend.errors import Conflict, InvalidInput, NotFound
from backend.events import WorkspacesChanged
from backend.storage.ledger import Ledger
from backend.workspaces.workspace import Workspace, check_workspace, checked_name, load_workspace, save_workspace

T = TypeVar("T")

WORKSPACES_MAX: Final = 200

_INSERT: Final = """
    INSERT INTO workspaces (id, name, position, content)
    VALUES (?, ?, (SELECT coalesce(max(position), -1) + 1 FROM workspaces), ?)
"""


@dataclass(frozen=True, slots=True)
class WorkspaceName:
    """What a list shows of a workspace."""

    id: str
    name: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class SavedWorkspace:
    """A workspace with its name; ``problem`` says why ``workspace`` is the default one where the saved one cannot be read."""

    id: str
    name: str
    workspace: Workspace
    problem: str = ""


class WorkspaceStore:
    """Reads and changes workspaces; changes of their list are stored before ``publish`` tells them."""

    def __init__(self, ledger: Ledger, publish: Callable[[WorkspacesChanged], None]) -> None:
        self._ledger = ledger
        self._publish = publish

    async def names(self) -> tuple[WorkspaceName, ...]:
        """Every workspace, in the user's order."""
        return await self._ledger.read(_read_names)

    async def current(self) -> SavedWorkspace | None:
        """The workspace in use; None before there is one. What cannot be read is told, kept, and replaced by the default."""
        return await self._ledger.read(_read_current)

    async def get(self, workspace_id: str) -> SavedWorkspace:
        """The workspace ``workspace_id``. Raises NotFound, or InvalidInput where it cannot be read."""
        name, content = await self._ledger.read(lambda db: _read_one(db, workspace_id))
        return SavedWorkspace(workspace_id, name, load_workspace(content))

    async def create(self, name: str, workspace: Workspace) -> SavedWorkspace:
        """Keep ``workspace`` under a name of its own. Raises InvalidInput, or Conflict where the name is taken."""
        made = SavedWorkspace(uuid.uuid4().hex, checked_name(name), workspace)
        check_workspace(workspace)
        content = save_workspace(workspace)

        def work(db: Any) -> SavedWorkspace:
            (n_workspaces,) = db.execute("SELECT count(*) FROM workspaces").fetchone()
            if n_workspaces >= WORKSPACES_MAX:
                raise InvalidInput(
                    f"There are {WORKSPACES_MAX} workspaces already.", hint="Delete one first.", code="workspace.full"
                )
            _refuse_taken_name(db, made.name, made.id)
            db.execute(_INSERT, (made.id, made.name, content))
            return made

        return await self._changed(work)

    async def save(self, workspace_id: str, workspace: Workspace) -> None:
        """Keep the newest state of a workspace. Raises InvalidInput or NotFound."""
        check_workspace(workspace)
        content = save_workspace(workspace)

        def work(db: Any) -> None:
            name, before = _read_one(db, workspace_id)
            assert name, "Every workspace has a name."
            if before != content:
                db.execute("UPDATE workspaces SET content = ? WHERE id = ?", (content, workspace_id))

        await self._ledger.write(work)

    async def choose(self, workspace_id: str) -> None:
        """Let ``workspace_id`` be the one in use. Raises NotFound."""

        def work(db: Any) -> None:
            _read_one(db, workspace_id)
            db.execute("UPDATE workspaces SET is_current = (id = ?)", (workspace_id,))

        await self._changed(work)

    async def rename(self, workspace_id: str, name: str) -> str:
        """Call a workspace ``name`` from now on; what it was called. Raises NotFound, InvalidInput or Conflict."""
        checked = checked_name(name)

        def work(db: Any) -> str:
            before, _ = _read_one(db, workspace_id)
            _refuse_taken_name(db, checked, workspace_id)
            db.execute("UPDATE workspaces SET name = ? WHERE id = ?", (checked, workspace_id))
            return str(before)

        return await self._changed(work)

    async def delete(self, workspace_id: str) -> tuple[str, bytes]:
        """Forget a workspace that is not in use; its name and text, for ``bring_back``. Raises NotFound or Conflict."""

        def work(db: Any) -> tuple[str, bytes]:
            gone = _read_one(db, workspace_id)
            if db.execute("SELECT 1 FROM workspaces WHERE id = ? AND is_current", (workspace_id,)).fetchone():
                raise Conflict(f"{gone[0]} is in use.", hint="Switch to another workspace first.", code="workspace.in_use")
            db.execute("DELETE FROM workspaces WHERE id = ?", (workspace_id,))
            return gone

        return await self._changed(work)

    async def bring_back(self, workspace_id: str, name: str, content: bytes) -> None:
        """Undo ``delete``; at the end of the list. Raises Conflict where the name was taken meanwhile."""

        def work(db: Any) -> None:
            _refuse_taken_name(db, name, workspace_id)
            db.execute(_INSERT, (workspace_id, name, content))

        await self._changed(work)

    async def free_name(self, wanted: str) -> str:
        """``wanted``, or with a number behind it where that name is taken."""
        taken = {known.name.casefold() for known in await self.names()}
        return next(name for name in _numbered(checked_name(wanted)) if name.casefold() not in taken)

    async def _changed(self, work: Callable[[Any], T]) -> T:
        done = await self._ledger.write(work)
        self._publish(WorkspacesChanged())
        return done


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, WORKSPACES_MAX + 3):
        yield f"{name[:52]} {number}"


def _read_names(db: Any) -> tuple[WorkspaceName, ...]:
    rows = db.execute("SELECT id, name, is_current FROM workspaces ORDER BY position").fetchall()
    return tuple(WorkspaceName(key, name, bool(is_current)) for key, name, is_current in rows)


def _read_current(db: Any) -> SavedWorkspace | None:
    row = db.execute("SELECT id, name, content FROM workspaces ORDER BY is_current DESC, position LIMIT 1").fetchone()
    if row is None:
        return None
    key, name, content = row
    try:
        return SavedWorkspace(key, name, load_workspace(bytes(content)))
    except InvalidInput as error:
        return SavedWorkspace(key, name, Workspace(), error.message)


def _read_one(db: Any, workspace_id: str) -> tuple[str, bytes]:
    row = db.execute("SELECT name, content FROM workspaces WHERE id = ?", (workspace_id,)).fetchone()
    if row is None:
        raise NotFound("This workspace is not there any more.", hint="Choose another one.", code="workspace.unknown")
    return str(row[0]), bytes(row[1])


def _refuse_taken_name(db: Any, name: str, workspace_id: str) -> None:
    rows = db.execute("SELECT name FROM workspaces WHERE id <> ?", (workspace_id,)).fetchall()
    if any(str(taken).casefold() == name.casefold() for (taken,) in rows):
        raise Conflict(f"There is a workspace {name} already.", hint="Choose another name.", code="workspace.name_taken")
