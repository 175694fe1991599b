"""What a request says, read and checked: its body, its parameters, its cursor."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request

from backend.alerts.founding import parse_moment
from backend.errors import InvalidInput
from backend.loopback.failures import too_large

BODY_BYTES_MAX: Final = 1 << 16
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_CURSOR_CHARS_MAX: Final = 512
_NS_MAX: Final = 2**63 - 1


async def read_fields(request: Request, *, may_be_empty: bool = False) -> dict[str, Any]:
    """The JSON object in the body, at most BODY_BYTES_MAX bytes. Raises InvalidInput, Refused."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise too_large(BODY_BYTES_MAX)
    return {} if may_be_empty and not body else parse_fields(bytes(body))


def parse_fields(text: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises InvalidInput."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as e:
        raise InvalidInput(f"This is not a JSON object: {e}.", hint="Send one in braces.", code="api.json") from e


def check_known(given: Mapping[str, Any], *known: str) -> None:
    """Raises InvalidInput where ``given`` has a name that is not in ``known``."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is not known here.", hint=f"Known: {', '.join(known)}.", code="api.unknown_name")


def parse_symbols(given: Mapping[str, Any], n_max: int) -> tuple[str, ...]:
    """The list ``symbols``, each once. Raises InvalidInput."""
    symbols = given.get("symbols")
    if not isinstance(symbols, list) or not symbols or not all(isinstance(symbol, str) for symbol in symbols):
        raise InvalidInput("symbols is not a list of names.", hint='Write {"symbols": ["AAPL.XNAS"]}.', code="api.symbols")
    if len(symbols) > n_max:
        raise InvalidInput(f"{len(symbols)} symbols are too many.", hint=f"Ask for {n_max} at once.", code="api.symbols")
    return tuple(dict.fromkeys(symbols))


def parse_flag(given: Mapping[str, str], name: str) -> bool:
    """``true`` or ``false``; false where it is not there. Raises InvalidInput."""
    text = given.get(name, "false").lower()
    if text not in _FLAGS:
        raise InvalidInput(f"{name} is {text!r}.", hint="Write true or false.", code="api.flag")
    return _FLAGS[text]


def parse_limit(given: Mapping[str, str], default: int, highest: int) -> int:
    """How many are wanted at most, 1 to ``highest``. Raises InvalidInput."""
    text = given.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= highest):
        raise InvalidInput(f"limit is {text!r}.", hint=f"Write a whole number from 1 to {highest}.", code="api.limit")
    return int(text)


def parse_time(given: Mapping[str, str], name: str) -> int | None:
    """UTC ns of ``2026-11-21`` or ``2026-11-21T15:00:00Z``; None where it is not there. Raises InvalidInput."""
    text = given.get(name)
    if text is None:
        return None
    try:
        at_ns = parse_moment(text.replace(" ", "+"))  # a plus sign that was not escaped arrives as a space
    except (ValueError, OverflowError) as e:
        hint = "Write 2026-11-21 or 2026-11-21T15:00:00Z."
        raise InvalidInput(f"{name} is {text!r}, which is no moment.", hint=hint, code="api.time") from e
    if abs(at_ns) > _NS_MAX:
        raise InvalidInput(f"{name} is {text!r}, too far away.", hint="Use the years 1678 to 2261.", code="api.time")
    return at_ns


def make_cursor(*place: int | str) -> str:
    """Where the next page begins, as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode("ascii").rstrip("=")


def parse_cursor(given: Mapping[str, str], *kinds: type[int] | type[str]) -> tuple[Any, ...] | None:
    """The place in ``cursor``, one value a kind; None where it is not there. Raises InvalidInput."""
    text = given.get("cursor")
    if text is None:
        return None
    try:
        word = base64.b64decode(text[:_CURSOR_CHARS_MAX] + "=" * (-len(text) % 4), b"-_", validate=True)
        place = msgspec.json.decode(word, type=list[int | str])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        place = []
    is_sound = [type(one) for one in place] == list(kinds) and all(not isinstance(one, int) or abs(one) <= _NS_MAX for one in place)
    if not is_sound:
        raise InvalidInput("The cursor is not one of ours.", hint="Pass on next_cursor as it came.", code="api.cursor")
    return tuple(place)
