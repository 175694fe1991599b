"""Refusals and failures as problem+json (RFC 9457), alike for every address."""

import logging
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException

from sync_server.errors import Refused
from sync_server.protocol.codes import Code

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_BROKEN_OFF: Final = "client disconnected prematurely"  # how the framework says that the caller went away amid a body
_CODES: Final = {
    400: Code.BAD_BODY,
    401: Code.NOT_SIGNED_IN,
    403: Code.NOT_ALLOWED,
    404: Code.NO_TARGET,
    413: Code.TOO_LARGE,
    429: Code.LIMITED,
    503: Code.BUSY,
}
# What a refused operation is over HTTP.
STATUS_OF: Final[dict[str, int]] = {
    Code.NO_ROOM: 404,
    Code.NO_TARGET: 404,
    Code.NOT_ALLOWED: 403,
    Code.STEP_UP: 403,
    Code.ROOM_EXISTS: 409,
    Code.ID_TAKEN: 409,
    Code.STALE: 409,
    Code.DELETED: 409,
    Code.HELD: 409,
    Code.OUT_OF_ORDER: 409,
    Code.TOO_LARGE: 413,
    Code.LIMITED: 429,
    Code.BUSY: 503,
}


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not served. ``code`` for programs; ``retry_after_ms``: when the same may succeed, 0 never as it is."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str = ""
    retry_after_ms: int = 0


def problem_of(error: Exception) -> Problem:
    """Any error as a problem; of what nobody foresaw nothing is told."""
    if isinstance(error, Refused):
        return _problem(error.status, error.code, error.why, error.hint, error.after_ms)
    said = _unreadable(error)
    if said:
        return _problem(400, Code.BAD_BODY, said)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _problem(error.status_code, _CODES.get(error.status_code, Code.BAD_FRAME), str(error.detail)[:500])
    return _problem(500, "failed", "Something failed on the server.", "It was logged; try again later.")


def _unreadable(error: Exception) -> str:
    """What is wrong with a request that cannot be read; empty for any other error."""
    if isinstance(error, ValidationException):
        return _explain(error)
    if isinstance(error, msgspec.ValidationError | msgspec.DecodeError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "Text is UTF-8."
    if isinstance(error, InternalServerException) and error.detail == _BROKEN_OFF:
        return "The request did not come whole."
    return "That is nested too deeply." if isinstance(error, RecursionError) else ""


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The answer to a request that raised ``error``."""
    problem = problem_of(error)
    if problem.status == 500:
        log.error("%s %s failed.", request.method, request.url.path, exc_info=error)
    headers = {}
    if problem.status in (429, 503):
        headers["Retry-After"] = str(max(1, -(-problem.retry_after_ms // 1000)))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(problem, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)


def _problem(status: int, code: str, detail: str, hint: str = "", after_ms: int = 0) -> Problem:
    return Problem(f"urn:trii:problem:{code}", HTTPStatus(status).phrase, status, code, detail, hint, after_ms)


def _explain(error: ValidationException) -> str:
    """What is wrong with a request, field by field."""
    found = error.extra if isinstance(error.extra, list) else []
    parts = [f"{part.get('key', '')}: {part.get('message', '')}" for part in found if isinstance(part, dict)]
    return ("; ".join(parts) or str(error.detail))[:500]
