"""What a command that was typed in the dock does."""

from typing import Any, Protocol

from backend.assistant.answers import Choice, Mode
from backend.assistant.sight.asking import LOOK
from trii_desktop.assistant.commands import Typed
from trii_desktop.assistant.composer import Composer
from trii_desktop.assistant.conversation_deeds import ConversationDeeds


class Obeying(Protocol):
    """What of the dock commands use; its signals are Qt's, which no protocol tells."""

    composer: Composer
    whole: ConversationDeeds
    analyse_wanted: Any
    look_wanted: Any
    models_wanted: Any

    def ask(self, text: str, mode: Choice | None = None) -> None:
        """Ask ``text``."""
        ...

    def begin_new(self) -> None:
        """Begin another conversation."""
        ...

    def export(self, form: str = "markdown") -> None:
        """Save the conversation as a file."""
        ...

    def show_help(self) -> None:
        """Say what can be typed."""
        ...


def obey(panel: Obeying, typed: Typed) -> None:
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
