"""What a server answers to a request for a model: whether it is one, all of it or the rest, and of which file."""

import re
from dataclasses import dataclass
from typing import Final

import httpx

from backend.errors import InvalidInput, NotFound
from backend.market.feeds.line_failures import Failure, failure_of_status, host_of

_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")
_WHOLE: Final = re.compile(r"bytes \*/(\d{1,15})")
_GONE: Final = frozenset({404, 410})
_CLOSED: Final = frozenset({401, 402, 403, 407, 451})
_PAGES: Final = ("text/html", "application/xhtml+xml", "application/json", "text/xml", "application/xml")
_MARK_LETTERS_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Held:
    """Of which file a part is: the server's strong mark of it, empty where it gave none, and its size, 0 where unknown."""

    mark: str = ""
    n_total: int = 0


class OtherPiece(Exception):
    """What the server gives does not go on from what there is."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an answer's body is: bytes from ``n_from`` to the end of the file ``held``."""

    n_from: int
    held: Held


def check_status(answer: httpx.Response, host: str) -> Failure | None:
    """None where the answer can be read; the failure where another try may go better.

    Raises NotFound, InvalidInput where it would not.
    """
    status = answer.status_code
    if status in (200, 206, 416):
        return None
    failure = failure_of_status(host, status, answer.headers)
    if status in _GONE:
        raise NotFound(f"{host} has no such file ({status}).", hint="Look at the address.", code="model.not_there")
    if status in _CLOSED:
        raise InvalidInput(
            f"{host} does not give this file to everybody ({status}).",
            hint="Download it in a browser where you are logged in, then add the file.",
            code="model.closed",
        )
    if status in (408, 425, 429) or status >= 500:
        return failure
    raise InvalidInput(failure.words, hint="Give another address.", code="model.refused")


def read_offer(answer: httpx.Response, held: Held, n_have: int) -> Offer | None:
    """What comes; None where everything is there already.

    Raises InvalidInput for what is plainly no model, OtherPiece where the server does not go on where we are.
    """
    host = host_of(str(answer.url))
    _check_form(answer, host)
    status, fresh = answer.status_code, Held(_mark(answer), _length(answer))
    if status == 416:
        match = _WHOLE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if match is not None and int(match[1]) == n_have:
            return None
        raise OtherPiece(f"{host} cannot give the rest of this file.")
    if status == 200:
        return Offer(0, fresh)
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != n_have or int(match[2]) < int(match[1]):
        raise OtherPiece(f"{host} gave another piece of the file than was asked for.")
    n_total = 0 if match[3] == "*" else int(match[3])
    is_other = (held.n_total and n_total and held.n_total != n_total) or (held.mark and fresh.mark and held.mark != fresh.mark)
    if is_other or (n_total and int(match[2]) != n_total - 1):
        raise OtherPiece(f"{host} gave a piece of another file.")
    return Offer(n_have, Held(fresh.mark or held.mark, n_total or held.n_total))


def _check_form(answer: httpx.Response, host: str) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _PAGES and answer.status_code != 416:
        raise InvalidInput(
            f"{host} answered with a page, not with a model.",
            hint="Give the address of the .gguf file itself; on a model's page that is the link of its download button.",
            code="model.page",
        )
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise InvalidInput(f"{host} sends the file packed ({coding[:20]!r}).", hint="Give another address.", code="model.packed")


def _mark(answer: httpx.Response) -> str:
    """A strong mark: an ETag that is not weak, else when it was last changed."""
    tag = answer.headers.get("ETag", "").strip()
    if tag and not tag.startswith("W/") and tag.isprintable() and len(tag) <= _MARK_LETTERS_MAX:
        return str(tag)
    changed = answer.headers.get("Last-Modified", "").strip()
    return str(changed) if changed.isprintable() and len(changed) <= _MARK_LETTERS_MAX else ""


def _length(answer: httpx.Response) -> int:
    text = answer.headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
