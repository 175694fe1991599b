"""Cursors of lists: opaque and signed, so that nobody makes one up, each good for the list it came from."""

import base64
import binascii
import hmac

from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.storage.keys import ServerKeys


def sign_cursor(keys: ServerKeys, about: str, after: str) -> str:
    """The cursor behind ``after`` in the list ``about``; empty for the end of the list."""
    if not after:
        return ""
    content = f"{_sign(keys, about, after)}{after}".encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def parse_cursor(keys: ServerKeys, about: str, cursor: str) -> str:
    """What a cursor of this list stands behind; empty for the beginning. Raises Refused (400) for any other text."""
    if not cursor:
        return ""
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        raise _unknown() from None
    signed, after = content[:32], content[32:]
    if not hmac.compare_digest(signed.encode(), _sign(keys, about, after).encode()):
        raise _unknown()
    return after


def _sign(keys: ServerKeys, about: str, after: str) -> str:
    return keys.blind_index(f"cursor {about} {after}")[:32]


def _unknown() -> Refused:
    return Refused(Code.BAD_BODY, "This is no cursor of this list.", hint="Begin again without one.")
