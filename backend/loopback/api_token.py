"""The secret by which a script proves that it runs as this home's user."""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from backend.errors import Unavailable
from backend.storage.durable import write_durably
from backend.storage.paths import Home

TOKEN_NAME: Final = "api.token"  # noqa: S105 - the name of a file
ADDRESS_NAME: Final = "api.url"
_TOKEN_BYTES: Final = 32
_SCHEME: Final = "bearer "


def load_token(home: Home) -> str:
    """The token of ``home``, 64 hex digits in ``run/api.token``, made at the first call. Raises Unavailable.

    The file is this user's only; one that others could read, or that holds something else, is replaced.
    """
    path = home.run / TOKEN_NAME
    try:
        found = _read(path)
        if found is None:
            found = secrets.token_hex(_TOKEN_BYTES)
            write_durably(path, found.encode("ascii"))
    except OSError as e:
        raise Unavailable(
            f"The token of the API cannot be kept in {path}: {e.strerror or e}.",
            hint="Make the home's folder writable, then turn the API off and on.",
            code="api.token_file",
        ) from e
    return found


def is_bearer(header: str, token: str) -> bool:
    """Whether an Authorization header says ``Bearer`` and ``token``, compared in constant time."""
    return header[: len(_SCHEME)].lower() == _SCHEME and is_token(header[len(_SCHEME) :].strip(), token)


def is_token(said: object, token: str) -> bool:
    """Whether ``said`` is ``token``, compared in constant time."""
    return isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "replace"), token.encode())


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                return None
            said = file.read(2 * _TOKEN_BYTES + 1)
    except FileNotFoundError:
        return None
    is_sound = len(said) == 2 * _TOKEN_BYTES and all(byte in b"0123456789abcdef" for byte in said)
    return said.decode("ascii") if is_sound else None
