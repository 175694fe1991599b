"""E-mail addresses: found by a keyed hash, shown only where the sealed copy is opened, plain nowhere on the disk."""

import re
import unicodedata
from typing import Final

from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.storage.keys import ServerKeys

# As in HTML's input of type email: enough to catch a slip; only a message that arrives proves an address.
_FORM: Final = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~\-\u0080-\uffff]{1,64}@[a-z0-9\u0080-\uffff](?:[a-z0-9.\-\u0080-\uffff]{0,188}[a-z0-9\u0080-\uffff])?"
)


def parse_email(text: str) -> str:
    """The one spelling of an address. Raises Refused (``bad_body``) for what is none."""
    email = fold_email(text)
    if len(email) > 254 or ".." in email or not _FORM.fullmatch(email):
        raise Refused(Code.BAD_BODY, "This is no e-mail address.", hint="It looks like name@example.org.")
    return email


def fold_email(text: str) -> str:
    """An address as it is compared: without spaces around it, in lower case, in one Unicode form. Never fails."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFKC", whole).strip().casefold()


def index_of(email: str, keys: ServerKeys) -> str:
    """The blind index of a folded address: equal for equal addresses, meaningless without the server's key."""
    return keys.blind_index(f"email {email}")


def seal_email(email: str, user: str, keys: ServerKeys) -> bytes:
    """The address sealed for the account ``user``: a copy in another row does not open."""
    return keys.seal(email.encode("utf-8"), f"users.email_sealed {user}")


def open_email(sealed: bytes | None, user: str, keys: ServerKeys) -> str:
    """The address again; empty where there is none any more."""
    return "" if sealed is None else keys.open(sealed, f"users.email_sealed {user}").decode("utf-8")
