"""Errors as commands tell them: words for people, JSON for scripts, and the exit code of each family."""

from typing import Final

from backend.commands.json_text import dump_json, encode
from backend.commands.parser import UsageError
from backend.commands.tables import printable
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError, Unavailable

INTERRUPTED: Final = 130
TERMINATED: Final = 143
_CODES: Final[tuple[tuple[type[TriiError], int], ...]] = (
    (UsageError, 2),
    (NotFound, 3),
    (InvalidInput, 4),
    (Unavailable, 5),
    (Conflict, 6),
    (CorruptData, 7),
)
_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[0m"


def exit_code(error: BaseException) -> int:
    """The exit code of an error's family; 1 for what has none."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)


def explain(error: Exception, *, as_json: bool, has_colour: bool = False) -> bytes:
    """``error: what. hint`` on one line, or the same as JSON; anything but a TriiError is told as a defect."""
    if isinstance(error, TriiError):
        message, hint, code = error.message, error.hint, error.code
    else:
        message, hint, code = f"{type(error).__name__}: {error}", "This is a defect of TRII; its log has the details.", "defect"
    if as_json:
        return dump_json({"error": {"code": code, "message": message, "hint": hint, "exit_code": exit_code(error)}}) + b"\n"
    mark = f"{_RED}error:{_PLAIN}" if has_colour else "error:"
    return encode(f"{mark} {printable(f'{message} {hint}'.strip())}\n")


def wants_json(argv: tuple[str, ...]) -> bool:
    """Whether errors about ``argv`` itself, which cannot be parsed, are wanted as JSON."""
    return "--json" in argv
