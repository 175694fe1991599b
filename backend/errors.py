"""The one family of errors, named by what the caller can do about them.

TriiError                 message, hint, code
├── InvalidInput          the user or a file said something we cannot accept; nothing changed
├── NotFound              the named thing is not there
├── Unavailable           network, provider, disk full: may work later (retry_after_s)
├── Conflict              someone or something else changed it first
├── CorruptData           stored or received data breaks an invariant; quarantined, with its path
└── PluginFailed          plugin id, original error
"""

from pathlib import Path


class TriiError(Exception):
    """An error with words for a person: what failed and why, and what to do next.

    ``code`` is stable and greppable (``import.no_time_column``); scripts may test it, words may change.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).__name__

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(TriiError):
    """The user or a file said something we cannot accept; nothing changed."""


class NotFound(TriiError):
    """The named thing is not there."""


class Unavailable(TriiError):
    """Something outside us is missing or full; the same call may succeed later."""

    def __init__(self, message: str, *, hint: str = "", code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class Conflict(TriiError):
    """Someone or something else changed it first."""


class CorruptData(TriiError):
    """Stored or received data breaks an invariant; ``quarantined`` is where the bad copy now lies."""

    def __init__(self, message: str, *, hint: str = "", code: str = "", quarantined: Path | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.quarantined = quarantined


class PluginFailed(TriiError):
    """A plugin raised; the host disabled it."""

    def __init__(self, plugin_id: str, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.plugin_id = plugin_id
