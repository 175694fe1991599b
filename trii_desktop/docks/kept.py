"""What a person set in the panels of docks, read from them and shown in them again."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from backend.workspaces.workspace import PanelState
from trii_desktop.docks.dock import WorkDock


@runtime_checkable
class KeptPanel(Protocol):
    """A panel with something that a person sets and expects to find again: filters, sorting, what is chosen."""

    @property
    def kept(self) -> dict[str, str]:
        """What is set now; the same names, whatever is set."""
        ...

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Let the panel stand as ``kept`` said; what is missing or not known is left as at a first start."""
        ...


def panels_now(docks: Mapping[str, WorkDock], before: tuple[PanelState, ...]) -> tuple[PanelState, ...]:
    """What is set in each dock, by name; as ``before`` said where a panel is not there yet."""
    states = {state.name: state for state in before}
    for name, dock in docks.items():
        panel = dock.kept_by or dock.widget()
        if isinstance(panel, KeptPanel):
            states[name] = PanelState(name, tuple(sorted((word, text) for word, text in panel.kept.items() if text)))
    return tuple(states[name] for name in sorted(states) if states[name].values)


def show_panels(docks: Mapping[str, WorkDock], states: tuple[PanelState, ...]) -> None:
    """Set every panel as ``states`` say, and the others as at a first start."""
    by_name = {state.name: dict(state.values) for state in states}
    for name, dock in docks.items():
        panel = dock.kept_by or dock.widget()
        if isinstance(panel, KeptPanel):
            panel.show_kept(by_name.get(name, {}))
