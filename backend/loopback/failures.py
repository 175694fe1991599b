"""Errors as the API tells them: ``{"error": {"code", "message", "hint"}}`` and the HTTP status of each family."""

from typing import Any, Final

from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError, Unavailable

UNAUTHORISED: Final = 401
FORBIDDEN: Final = 403
TOO_LARGE: Final = 413
MISDIRECTED: Final = 421
_FAMILIES: Final[tuple[tuple[type[TriiError], int], ...]] = (
    (NotFound, 404),
    (InvalidInput, 400),
    (Unavailable, 503),
    (Conflict, 409),
    (CorruptData, 500),
)
DEFECT: Final = "defect"


class Refused(TriiError):
    """A request that the API itself turns away, or fails at; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str, *, hint: str, code: str) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status


def status_of(error: BaseException) -> int:
    """The HTTP status of an error's family; 500 for what has none."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _FAMILIES if isinstance(error, kind)), 500)


def explain(error: BaseException) -> dict[str, Any]:
    """The body of an answer that failed; of a defect nothing but its kind is told, the log has the rest."""
    said = error if isinstance(error, TriiError) else defect(error)
    return {"error": {"code": said.code, "message": said.message, "hint": said.hint}}


def defect(error: BaseException) -> Refused:
    """What is told of an error that nobody foresaw."""
    hint = "This is a defect of TRII; its log has the details."
    return Refused(500, f"The request failed inside: {type(error).__name__}.", hint=hint, code=DEFECT)


def too_large(limit_bytes: int) -> Refused:
    """The error of a body or message of more than ``limit_bytes``."""
    return Refused(TOO_LARGE, f"A request may have {limit_bytes} bytes.", hint="Split it.", code="api.too_large")


def unauthorised() -> Refused:
    """The error of a request that does not know this home's token."""
    hint = "Send the header Authorization: Bearer TOKEN, with what lies in run/api.token of the home."
    return Refused(UNAUTHORISED, "The token is missing or is not this home's.", hint=hint, code="api.token")
