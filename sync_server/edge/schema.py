"""The schema of every address tells of problems as they are answered: problem+json, whatever the status."""

from typing import Final

from litestar import Litestar
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, PathItem, Schema
from litestar.openapi.spec.enums import OpenAPIType

from sync_server.edge.problem import MEDIA_TYPE

_TEXT: Final = Schema(type=OpenAPIType.STRING)
_NUMBER: Final = Schema(type=OpenAPIType.INTEGER)
_FIELDS: Final = {
    "type": _TEXT,
    "title": _TEXT,
    "status": _NUMBER,
    "code": _TEXT,
    "detail": _TEXT,
    "hint": _TEXT,
    "retry_after_ms": _NUMBER,
}
_METHODS: Final = ("get", "put", "post", "delete", "head", "patch")


def tell_problems(app: Litestar) -> None:
    """Put the shape of problems in the place of what the framework assumes of refusals."""
    problem = Schema(type=OpenAPIType.OBJECT, title="Problem", properties=dict(_FIELDS), required=list(_FIELDS))
    response = OpenAPIResponse("Why it was not served.", content={MEDIA_TYPE: OpenAPIMediaType(schema=problem)})
    for item in (app.openapi_schema.paths or {}).values():
        for operation in _operations(item):
            told = operation.responses or {}
            operation.responses = {status: one for status, one in told.items() if status < "400"} | {"default": response}


def _operations(item: PathItem) -> list[Operation]:
    found = [getattr(item, method) for method in _METHODS]
    return [operation for operation in found if operation is not None]
