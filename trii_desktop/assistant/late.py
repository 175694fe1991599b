"""What of the assistant's window is imported after everything else is there."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtWidgets import QWidget

from backend.assistant.assistant import Assistant
from backend.assistant.hits import HitKind
from backend.assistant.keeping import decode_answer
from backend.assistant.questions.entries import SearchEntry
from trii_desktop.actions.row import plain_title
from trii_desktop.actions.table import ACTIONS
from trii_desktop.assistant.assistant_actions import AssistantActions
from trii_desktop.assistant.found_things import FoundThings
from trii_desktop.assistant.health.health_actions import HealthActions
from trii_desktop.assistant.instructions.instruction_actions import InstructionActions
from trii_desktop.assistant.models.model_actions import ModelActions
from trii_desktop.assistant.panel import AssistantPanel
from trii_desktop.assistant.service_actions import ServiceActions
from trii_desktop.desk import Desk


class LateParts(NamedTuple):
    """The dock's panel, what can be done with models, services and instructions, and what opens what was found."""

    panel: AssistantPanel
    models: ModelActions
    services: ServiceActions
    instructions: InstructionActions
    health: HealthActions
    found: FoundThings

    def join(self, actions: AssistantActions) -> None:
        """Let the action table reach them."""
        actions.adopt(self.panel)
        actions.models_wanted.connect(self.models.open_models)
        actions.services_wanted.connect(self.services.open_services)
        actions.instructions_wanted.connect(self.instructions.open_instructions)
        actions.health_wanted.connect(self.health.open_health)

    def close(self) -> None:
        """Close the dialogs; the panel goes with its dock."""
        self.models.close()
        self.services.close()
        self.instructions.close()
        self.health.close()


def make_parts(window: QWidget, desk: Desk, assistant: Assistant, show_settings: Callable[[], None]) -> LateParts:
    """Make them; ``show_settings`` shows the assistant's page of the settings."""
    services = ServiceActions(window, desk, assistant, show_settings)
    panel = AssistantPanel(desk, assistant, decode_answer)
    instructions = InstructionActions(window, desk, assistant.templates)
    models = ModelActions(window, desk, assistant.models)
    health = HealthActions(window, desk, assistant)
    return LateParts(panel, models, services, instructions, health, FoundThings(desk, assistant, panel))


def found_actions() -> tuple[SearchEntry, ...]:
    """What a search finds of what can be done in the window."""
    return tuple(SearchEntry(HitKind.ACTION, row.id, plain_title(row), row.tip, row.words) for row in ACTIONS)
