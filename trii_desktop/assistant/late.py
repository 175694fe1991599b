"""What of the assistant's window is imported after everything else is there."""

from PySide6.QtWidgets import QWidget

from backend.assistant.assistant import Assistant
from backend.assistant.keeping import decode_answer
from trii_desktop.assistant.models.model_actions import ModelActions
from trii_desktop.assistant.panel import AssistantPanel
from trii_desktop.desk import Desk


def make_parts(window: QWidget, desk: Desk, assistant: Assistant) -> tuple[AssistantPanel, ModelActions]:
    """The dock's panel, and what can be done with models."""
    return AssistantPanel(desk, assistant, decode_answer), ModelActions(window, desk, assistant.models)
