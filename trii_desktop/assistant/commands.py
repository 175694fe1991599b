"""What can be typed after a slash: modes, and what is done with the conversation."""

from dataclasses import dataclass
from typing import Final

from backend.assistant.answers import Automatic, Choice, Mode


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``mode`` : that it asks in, else None; ``takes`` : what may follow it."""

    name: str
    words: str
    mode: Choice | None = None
    takes: str = ""


COMMANDS: Final = (
    Command("analyse", "Analyse the instrument on the chart", Mode.ANALYSIS, "question"),
    Command("look", "See which patterns are in the chart"),
    Command("search", "Look up instruments, bars, help and history", Mode.SEARCH, "words"),
    Command("fast", "Answer shortly, at once", Mode.FAST, "question"),
    Command("deep", "Think longer, with a larger model", Mode.DEEP, "question"),
    Command("auto", "Answer in the mode that suits the question", Automatic.AUTO, "question"),
    Command("new", "Begin a new conversation"),
    Command("model", "Choose models"),
    Command("export", "Save the conversation", takes="markdown or json"),
    Command("clear", "Remove this conversation; it can be undone"),
    Command("help", "Say what can be typed here"),
)
_BY_NAME: Final = {command.name: command for command in COMMANDS}
_SAME: Final = {"analyze": "analyse", "models": "model", "think": "deep", "?": "help"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it was typed, with what follows it."""

    command: Command
    rest: str


def parse_typed(text: str) -> Typed | None:
    """The command that ``text`` begins with; None where it is a question."""
    if not text.startswith("/"):
        return None
    name, _, rest = text[1:].partition(" ")
    name = name.strip().lower()
    command = _BY_NAME.get(_SAME.get(name, name))
    return Typed(command, rest.strip()) if command is not None else None


def completions(text: str) -> tuple[Command, ...]:
    """The commands that what is typed so far may become; none once a space follows."""
    if not text.startswith("/") or any(letter.isspace() for letter in text):
        return ()
    begun = text[1:].lower()
    return tuple(command for command in COMMANDS if command.name.startswith(begun))
