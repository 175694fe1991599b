"""Addresses that models are downloaded from: encrypted or on this computer, and without secrets where they are shown."""

import re
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from backend.errors import InvalidInput
from backend.market.feeds.line_failures import host_of, is_loopback, plain_text

URL_LETTERS_MAX: Final = 2_000
_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_PAGE: Final = re.compile(r"(/[^/]+/[^/]+)/blob/(.+)")


def check_address(text: str) -> str:
    """The address to ask, from what a person gave. Raises InvalidInput.

    A model's page on huggingface.co becomes the address of its file.
    """
    url = text.strip()
    if not url or len(url) > URL_LETTERS_MAX or not url.isprintable() or " " in url:
        raise _bad("That is no address.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError where it is no number
    except ValueError as e:
        raise _bad("That is no address.") from e
    if not parts.hostname:
        raise _bad("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise _bad("The address holds a user name or a password, which would be sent along.")
    _check_scheme(parts.scheme, parts.hostname)
    path = parts.path
    if parts.hostname == "huggingface.co" and (match := _PAGE.fullmatch(path)):
        path = f"{match[1]}/resolve/{match[2]}"
    return urlunsplit((parts.scheme, parts.netloc, path or "/", parts.query, ""))


def check_redirect(url: str, location: str) -> str:
    """Where an answer of ``url`` sends us. Raises InvalidInput where that is neither encrypted nor, from there, this computer."""
    try:
        target = urlsplit(urljoin(url, location))
        port = target.port
    except ValueError as e:
        raise _bad(f"{host_of(url)} sends us to what is no address.") from e
    if not target.hostname or (port is not None and port <= 0):
        raise _bad(f"{host_of(url)} sends us to what is no address.")
    is_within = is_loopback(host_of(url)) and is_loopback(target.hostname)
    if target.scheme != "https" and not (target.scheme == "http" and is_within):
        raise InvalidInput(
            f"{host_of(url)} sends us to {plain_text(target.hostname)} without encryption, which is not followed.",
            hint="Give another address of the model.",
            code="model.redirect",
        )
    if is_loopback(target.hostname) and not is_within:
        raise InvalidInput(
            f"{host_of(url)} sends us back to this computer, which is not followed.",
            hint="Give another address of the model.",
            code="model.redirect",
        )
    return urlunsplit((target.scheme, target.netloc.rpartition("@")[2], target.path or "/", target.query, ""))


def check_sha256(text: str) -> str:
    """A SHA-256 in lower case, or nothing where none was given. Raises InvalidInput."""
    if not text.strip():
        return ""
    match = _HASH.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(
            "That is no SHA-256.", hint="It has 64 digits and letters from a to f; leave it out if unknown.", code="model.hash_text"
        )
    return match[1].lower()


def shown(url: str) -> str:
    """An address as it may be shown and kept: host and path, for the rest may be a key."""
    return plain_text(f"{host_of(url)}{unquote(urlsplit(url).path)}")


def file_name(url: str) -> str:
    """What the file at an address is called."""
    return plain_text(unquote(urlsplit(url).path).rpartition("/")[2]) or host_of(url)


def _check_scheme(scheme: str, host: str) -> None:
    if scheme == "https" or (scheme == "http" and is_loopback(host)):
        return
    if scheme == "http":
        raise _bad(f"{plain_text(host)} would send the model without encryption.", "Write the address with https://.")
    raise _bad("Models are downloaded over https alone.")


def _bad(message: str, hint: str = "Write it as https://host/path/model.gguf.") -> InvalidInput:
    return InvalidInput(message, hint=hint, code="model.address")
