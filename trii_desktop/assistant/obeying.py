"""What a command that was typed in the dock does."""

from typing import TYPE_CHECKING

from backend.assistant.answers import Mode
from backend.assistant.sight.asking import LOOK
from trii_desktop.assistant.commands import Typed

if TYPE_CHECKING:
    from trii_desktop.assistant.panel import AssistantPanel


def obey(panel: "AssistantPanel", typed: Typed) -> None:
    """Do what was typed after a slash."""
    mode, rest = typed.command.mode, typed.rest
    if mode is not None:
        panel.composer.choose_mode(mode)
        if rest:
            panel.ask(rest, mode)
        elif mode is Mode.ANALYSIS:
            panel.analyse_wanted.emit()
        return
    match typed.command.name:
        case "look":
            panel.look_wanted.emit(LOOK)
        case "new":
            panel.begin_new()
        case "model":
            panel.models_wanted.emit()
        case "export":
            panel.export("json" if rest.lower().startswith("j") else "markdown")
        case "clear":
            panel.whole.remove_shown()
        case _:
            panel.show_help()
