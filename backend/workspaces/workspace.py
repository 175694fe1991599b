"""A workspace as a value: where the window stands, its docks, its charts; saved as JSON text and checked when it is read."""

import enum
from typing import Any, Final, TypeVar

import msgspec

from backend.charts.chart_state import Value
from backend.errors import InvalidInput
from backend.workspaces.chart_grid import GridState, check_grid
from backend.workspaces.docks import DOCKS_MAX, DockTree, Rect, check_docks, check_rect

T = TypeVar("T")

WORKSPACE_VERSION: Final = 1
NAME_MAX: Final = 60
BYTES_MAX: Final = 1_000_000
PANEL_VALUES_MAX: Final = 32
PANEL_TEXT_MAX: Final = 300
DEFAULT_NAME: Final = "My workspace"


class WindowState(enum.StrEnum):
    """How a window fills its screen."""

    NORMAL = "normal"
    MAXIMISED = "maximised"
    FULL_SCREEN = "full_screen"


class WindowPlace(Value, frozen=True):
    """Where the window stands; ``rect`` is its place when it does not fill the screen, None lets the system choose."""

    rect: Rect | None = None
    state: WindowState = WindowState.NORMAL


class PanelState(Value, frozen=True):
    """What a person set in the panel of one dock: pairs of a name and its text, sorted by name."""

    name: str
    values: tuple[tuple[str, str], ...] = ()


class Workspace(Value, frozen=True):
    """How windows, docks and charts are arranged, and what is set in the docks' panels.

    ``docks`` None is the arrangement of a first start.
    """

    version: int = WORKSPACE_VERSION
    window: WindowPlace = WindowPlace()
    docks: DockTree | None = None
    grid: GridState = GridState()
    panels: tuple[PanelState, ...] = ()


class WorkspaceFile(Value, frozen=True):
    """A workspace as it is handed to others."""

    name: str
    workspace: Workspace
    kind: str = "trii.workspace"


def save_workspace(workspace: Workspace) -> bytes:
    """The workspace as JSON text; equal workspaces give equal bytes."""
    return msgspec.json.encode(workspace)


def load_workspace(text: bytes) -> Workspace:
    """Read what ``save_workspace`` wrote. Raises InvalidInput for anything else, also for what no window can show."""
    return _checked(_decoded(text, Workspace))


def format_file(name: str, workspace: Workspace) -> bytes:
    """The text of a file that holds ``workspace``, without what a person set in panels: it is theirs, and names their lists."""
    bare = msgspec.structs.replace(workspace, panels=())
    return msgspec.json.format(msgspec.json.encode(WorkspaceFile(checked_name(name), bare)), indent=2) + b"\n"


def parse_file(text: bytes) -> WorkspaceFile:
    """Read what ``format_file`` wrote. Raises InvalidInput for anything else."""
    found = _decoded(text, WorkspaceFile)
    if found.kind != "trii.workspace":
        raise _refused("is of another kind")
    _checked(found.workspace)
    return msgspec.structs.replace(found, name=checked_name(found.name))


def checked_name(name: str) -> str:
    """``name`` without blanks around it. Raises InvalidInput where it is empty, too long, or cannot be shown."""
    made = " ".join(name.split())
    if not made or len(made) > NAME_MAX or not made.isprintable():
        raise InvalidInput(
            f"A workspace cannot be called {name[:80]!r}.",
            hint=f"Choose a name of 1 to {NAME_MAX} letters.",
            code="workspace.name",
        )
    return made


def check_workspace(workspace: Workspace) -> None:
    """Refuse what no window can show. Raises InvalidInput."""
    if workspace.window.rect is not None:
        check_rect(workspace.window.rect)
    if workspace.docks is not None:
        check_docks(workspace.docks)
    check_grid(workspace.grid)
    texts = [text for panel in workspace.panels for pair in panel.values for text in (panel.name, *pair)]
    if len(workspace.panels) > DOCKS_MAX or any(len(panel.values) > PANEL_VALUES_MAX for panel in workspace.panels):
        raise _refused("sets more in its docks than they have")
    if any(len(text) > PANEL_TEXT_MAX for text in texts):
        raise _refused("sets something in a dock that is too long")


def _checked(workspace: Workspace) -> Workspace:
    if workspace.version != WORKSPACE_VERSION:
        raise _refused(f"is of version {workspace.version}; this program reads version {WORKSPACE_VERSION}")
    check_workspace(workspace)
    return workspace


def _decoded(text: bytes, kind: type[T]) -> T:
    if len(text) > BYTES_MAX:
        raise _refused(f"takes {len(text):,} bytes, more than {BYTES_MAX:,}")
    version = _version_of(text)
    if version is not None and version > WORKSPACE_VERSION:
        raise _refused(f"is of version {version}; this program reads version {WORKSPACE_VERSION}")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise _refused(f"cannot be read: {e}") from e


class _Head(msgspec.Struct):
    """What tells the version, whatever else there is."""

    version: int = WORKSPACE_VERSION
    workspace: dict[str, Any] = {}


def _version_of(text: bytes) -> int | None:
    # Before the whole is read: a newer program may have written fields that this one does not know.
    try:
        head = msgspec.json.decode(text, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    inner = head.workspace.get("version")
    return inner if isinstance(inner, int) else head.version


def _refused(what: str) -> InvalidInput:
    return InvalidInput(f"A workspace {what}.", hint="Choose another workspace, or make a new one.", code="workspace.file")
