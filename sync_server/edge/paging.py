"""Where a list goes on: opaque, signed, and good for one list of one person only."""

import hashlib
import hmac
from typing import Final

from sync_server.actor import Actor
from sync_server.errors import Refused
from sync_server.protocol.chain import from_text, to_text
from sync_server.protocol.codes import Code

_MAC_BYTES: Final = 16


class Pages:
    """Signs and reads cursors with a key of the server."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, actor: Actor, what: str, place: str) -> str:
        """The cursor that stands for ``place`` in list ``what``; an empty place has none."""
        if not place:
            return ""
        content = place.encode("utf-8")
        return to_text(self._mac(actor, what, content) + content)

    def read(self, actor: Actor, what: str, cursor: str) -> str:
        """The place of a cursor, "" for none. Raises Refused for one that was not given to this person for this list."""
        if not cursor:
            return ""
        try:
            raw = from_text(cursor)
            content = raw[_MAC_BYTES:].decode("utf-8")
        except ValueError as error:
            raise _not_ours() from error
        if not hmac.compare_digest(raw[:_MAC_BYTES], self._mac(actor, what, raw[_MAC_BYTES:])):
            raise _not_ours()
        return content

    def _mac(self, actor: Actor, what: str, content: bytes) -> bytes:
        about = f"{actor.org}\x00{actor.user}\x00{what}".encode()
        return hmac.digest(self._key, len(about).to_bytes(4) + about + content, hashlib.sha256)[:_MAC_BYTES]


def _not_ours() -> Refused:
    return Refused(Code.BAD_BODY, "This cursor does not belong to this list.", hint="Begin the list again without a cursor.")
