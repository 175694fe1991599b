"""Why the server refuses: one family, told alike over HTTP (problem+json), WebSocket and the command line."""

from sync_server.protocol.codes import Code


class Refused(Exception):
    """Something the server will not do, in words for a person and a code for a program.

    ``status`` is the HTTP status; ``after_ms`` says when the same request may succeed (0: never as it is).
    """

    def __init__(self, code: Code, why: str, *, status: int = 400, hint: str = "", after_ms: int = 0) -> None:
        super().__init__(f"{why} {hint}".strip())
        self.code = code
        self.why = why
        self.hint = hint
        self.status = status
        self.after_ms = after_ms
