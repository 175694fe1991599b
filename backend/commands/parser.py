"""How `trii` reads a command line: strict words, near-miss suggestions, help with examples."""

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Never, TypeAlias

from backend.errors import InvalidInput

NAMES_WIDTH: Final = 15
_SUM: Final = re.compile(r"-(?:[\d.$€£¥√]|[^-=]*[(^])")

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - argparse offers no public name for it


class UsageError(InvalidInput):
    """The command line cannot be read."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint, code="usage")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help whose columns leave room for the longest command's name, which argparse forgets to count."""

    def __init__(self, prog: str, width: int | None) -> None:
        super().__init__(prog, width=width, max_help_position=30)
        self._action_max_length = NAMES_WIDTH


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError instead of exiting, accepts no abbreviations, and suggests what was meant."""

    def __init__(self, *, prog: str, description: str = "", epilog: str = "") -> None:
        self.width: int | None = None  # columns of help; None for the terminal's
        super().__init__(
            prog=prog, description=description, epilog=epilog, formatter_class=self._format, allow_abbrev=False, add_help=False
        )
        # argparse offers no public name for which words after a minus are no options: -5, and here -5^2 and -sqrt(2) too.
        self._negative_number_matcher = _SUM
        self.add_argument("-h", "--help", action="help", help="show this help and exit")

    def __repr__(self) -> str:
        return f"Parser({self.prog!r})"

    def _format(self, prog: str) -> argparse.HelpFormatter:
        return _Formatter(prog, self.width)

    def error(self, message: str) -> Never:
        """Raise what is wrong as a UsageError."""
        raise UsageError(sentence(message), self.where_to_read())

    def where_to_read(self) -> str:
        """The hint that leads to this command's help."""
        return f"See '{self.prog} --help'."

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse offers no public name for it
            raise UsageError(f"There is no command {value!r}.", suggest(str(value), choices) or self.where_to_read())
        raise UsageError(
            f"{_name_of(action)} cannot be {value!r}.", suggest(str(value), choices) or f"Choose one of {', '.join(choices)}."
        )

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments in ``argv``. Raises UsageError; exits only to show help or the version."""
        arguments, extra = self.parse_known_args(argv)
        if not extra:
            return arguments
        speaker: Parser = getattr(arguments, "parser", self)
        options = [word for word in extra if word.startswith("-") and word != "-"]
        if not options:
            raise UsageError(f"There is one argument too many: {extra[0]!r}.", speaker.where_to_read())
        name = options[0].partition("=")[0]
        raise UsageError(f"There is no option {name}.", suggest(name, speaker.options()) or speaker.where_to_read())

    def add_below(self, metavar: str, *, title: str = "actions", required: bool = False) -> Subparsers:
        """A place for commands below this one, under ``title``."""
        return self.add_subparsers(title=title, metavar=metavar, dest=metavar.lower(), required=required, parser_class=Parser)

    def commands(self) -> dict[str, "Parser"]:
        """The commands below this one, by name."""
        below = next((action for action in self._actions if isinstance(action, argparse._SubParsersAction)), None)  # noqa: SLF001 - no public name
        return {} if below is None else dict(below.choices)

    def options(self) -> tuple[str, ...]:
        """Every option of this command, as typed."""
        return tuple(self._option_string_actions)


def suggest(word: str, choices: Iterable[str]) -> str:
    """A question that names the nearest choice, or "" when none is near."""
    known = sorted(choices, key=len)
    near = [choice for choice in known if choice.startswith(word.lower())] if len(word) > 2 else []
    near = near or difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.55)
    return f"Did you mean {near[0]}?" if near else ""


def _name_of(action: argparse.Action) -> str:
    return action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)


def sentence(message: str) -> str:
    """Words, argparse's among them, as a sentence."""
    text = message.removeprefix("argument ")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
