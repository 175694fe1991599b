"""The link that a person is invited with: where the server is, how to know that it is this one, and the code to join with."""

import ipaddress
import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from sync_server.protocol import chain

MAX_LINK: Final = 2_048  # characters
PIN_BYTES: Final = 32
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LABEL: Final = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)*(?![0-9]+\Z){_LABEL}")


class Invite(msgspec.Struct, frozen=True):
    """Where and with what to join.

    ``server`` its address (https; plain http only to this machine) · ``pin`` the server's Ed25519 key in base64, empty where a
    public certificate vouches for it · ``code`` what the person joins with.
    """

    server: str
    pin: str
    code: str


def format_invite(invite: Invite) -> str:
    """The link. Raises ValueError where the invite is none that :func:`parse_invite` would take."""
    checked = Invite(parse_address(invite.server), _parse_pin(invite.pin), _parse_code(invite.code))
    fields = {"server": checked.server, "pin": checked.pin, "code": checked.code}
    return "trii://join?" + urlencode({name: value for name, value in fields.items() if value})


def parse_invite(text: str) -> Invite:
    """What a link says, as pasted. Raises ValueError with what is wrong in it."""
    text = text.strip()
    if len(text) > MAX_LINK:
        raise ValueError(f"An invite link has at most {MAX_LINK} characters; this has {len(text)}.")
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("The invite link has a space or a line break in it: copy it whole, in one line.")
    parts = urlsplit(text)
    if parts.scheme != "trii" or parts.netloc != "join" or parts.path not in {"", "/"} or parts.fragment:
        raise ValueError("An invite link begins with trii://join? and this does not.")
    fields = _parse_fields(parts.query)
    if "server" not in fields:
        raise ValueError("The invite link does not name its server.")
    return Invite(parse_address(fields["server"]), _parse_pin(fields.get("pin", "")), _parse_code(fields.get("code", "")))


def _parse_fields(query: str) -> dict[str, str]:
    """The named values of a link; those of a later version are skipped."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=16, errors="strict")
    except ValueError as error:
        raise ValueError("What follows the question mark of the invite link cannot be read: copy it whole.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("The invite link says something twice.")
    return fields


def parse_address(text: str) -> str:
    """A server's address in its one form: scheme, host, and the port where it is not the usual one.

    Raises ValueError where it is not https (or http to this machine), or holds a name, a path or a query.
    """
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("The server's address has a space or a line break in it.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not the address of a server.") from error
    if not host or parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValueError(f"{text!r} is not the address of a server: it needs a host and nothing of a person.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"{text!r} is not the address of a server: nothing follows its host and port.")
    written, is_here = _parse_host(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise ValueError(f"{text!r} does not begin with https: what is written would travel in the open.")
    if port == 0:
        raise ValueError(f"{text!r} names port 0, where nothing listens.")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{written}" + ("" if port in {None, usual} else f":{port}")


def _parse_host(host: str) -> tuple[str, bool]:
    """A host as it is written in an address, and whether it is this machine."""
    try:
        address = ipaddress.ip_address(host.replace("%", " "))  # an address with a zone means another machine on each machine
    except ValueError:
        if not _HOST_NAME.fullmatch(host):
            raise ValueError(f"{host!r} is not the name of a host.") from None
        return host, host == "localhost"
    return (f"[{address}]" if address.version == 6 else str(address)), address.is_loopback


def _parse_pin(text: str) -> str:
    if not text:
        return ""
    try:
        size = len(chain.from_text(text))
    except ValueError:
        size = 0
    if size != PIN_BYTES:
        raise ValueError("The pin of the invite link is not a key of 32 bytes: copy the link whole.")
    return text


def _parse_code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError("The invite link has no code to join with, or one with other signs than letters, digits, - and _.")
    return text
