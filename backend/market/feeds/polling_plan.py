"""What a person says of a plain REST source of prices: its address, where the values stand, how often to look."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.market.feeds.json_path import JsonPath, parse_json_path
from backend.market.feeds.polling_presets import PRESETS
from backend.market.feeds.wire_times import UNITS

VALUES: Final = ("price", "bid", "ask", "bid_size", "ask_size", "time", "volume")
INTERVAL_S_MIN, INTERVAL_S_MAX = 1.0, 86_400.0
INSTRUMENTS_MAX: Final = 500
OPTIONS: Final = frozenset({*VALUES, "preset", "url", "format", "time_unit", "interval_s", "delay_s", "instruments", "headers"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_TEXT = re.compile(r"[\x20-\x7e]{0,1000}")
_NOT_OURS: Final = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
_HOLE = re.compile(r"\{([^{}]*)\}")
_SECRET = re.compile(r"secret:([a-z][a-z0-9_-]{0,31})")
_SYMBOL = re.compile(r"[^\x00-\x20\x7f,;=]{1,64}")


@dataclass(frozen=True, slots=True)
class PollPlan:
    """A source that can be asked.

    url : may hold {code}, {symbol} and {secret:name}; headers : {secret:name}
    symbols : what the source calls each instrument it serves
    columns : where each of VALUES stands: a path into JSON, the name of a column of CSV
    delay_s : by how much the source says it is late
    """

    url: str
    headers: tuple[tuple[str, str], ...]
    symbols: Mapping[InstrumentId, str]
    paths: Mapping[str, JsonPath]
    columns: Mapping[str, str]
    time_unit: str
    interval_s: float
    delay_s: float

    def address_of(self, instrument: InstrumentId, secret: Callable[[str], str | None]) -> str:
        """The address to ask; what is put in is quoted, so that it cannot leave its place. Raises NotFound for a missing key."""
        names = self.names_of(instrument)
        return _HOLE.sub(lambda hole: quote(names.get(hole[1]) or _secret_of(hole[1], secret), safe=""), self.url)

    def headers_for(self, secret: Callable[[str], str | None]) -> dict[str, str]:
        """The headers to send. Raises NotFound for a missing key."""
        return {name: _HOLE.sub(lambda hole: _header_text(_secret_of(hole[1], secret)), text) for name, text in self.headers}

    def names_of(self, instrument: InstrumentId) -> dict[str, str]:
        """What stands for ``{code}`` and ``{symbol}``."""
        return {"code": instrument.code, "symbol": self.symbols[instrument]}


def parse_plan(options: Mapping[str, str]) -> PollPlan:
    """Read the options of a polling feed, over those of its preset. Raises InvalidInput in plain words."""
    preset = options.get("preset", "")
    if preset and preset not in PRESETS:
        raise InvalidInput(f"There is no preset {preset!r}.", hint=f"Use one of {', '.join(PRESETS)}, or none.", code="feed.option")
    given = {**PRESETS.get(preset, {}), **{name: text for name, text in options.items() if text}}
    unknown = sorted(name for name in given if name not in OPTIONS)
    if unknown:
        raise InvalidInput(
            f"Polling knows no option {unknown[0]!r}.", hint=f"It knows {', '.join(sorted(OPTIONS))}.", code="feed.option"
        )
    is_csv = _chosen(given, "format", ("json", "csv")) == "csv"
    values: dict[str, str] = {name: given[name] for name in VALUES if name in given}
    if "price" not in values and not {"bid", "ask"} <= values.keys():
        raise InvalidInput("Nothing says where the price stands.", hint="Give price, or bid and ask.", code="feed.option")
    return PollPlan(
        url=_checked_url(given.get("url", "")),
        headers=_parse_headers(given.get("headers", "")),
        symbols=_parse_symbols(given.get("instruments", "")),
        paths={} if is_csv else {name: parse_json_path(text) for name, text in values.items()},
        columns=values if is_csv else {},
        time_unit=_chosen(given, "time_unit", ("iso", *UNITS)),
        interval_s=_number(given, "interval_s", 5.0, INTERVAL_S_MIN, INTERVAL_S_MAX),
        delay_s=_number(given, "delay_s", 0.0, 0.0, INTERVAL_S_MAX),
    )


def check_address(url: str) -> None:
    """Refuse an address that would carry keys in the open: https, or http to this machine. Raises InvalidInput."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput("The address cannot be read.", hint="Write https://host/path.", code="feed.address") from error
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    if not is_safe or not host or parts.username is not None or parts.password is not None or re.search(r"[\s\\\x00-\x1f]", url):
        raise InvalidInput(
            "The address is not one that may be asked.",
            hint="Write https://host/path, without a name and password in it; plain http is for this machine only.",
            code="feed.address",
        )


def _checked_url(url: str) -> str:
    if not url:
        raise InvalidInput(
            "Polling needs an address.", hint="Give url, as in https://host/quote?symbol={symbol}.", code="feed.option"
        )
    host_part = re.match(r"[^:/?#]+://[^/?#]*", url)
    if host_part is None or "{" in host_part[0] or "}" in host_part[0]:
        raise InvalidInput("The address must name its host itself.", hint="Use {symbol} only after it.", code="feed.address")
    for hole in _HOLE.findall(url):
        if hole not in ("code", "symbol") and not _SECRET.fullmatch(hole):
            raise InvalidInput(
                f"Nothing can be put in for {{{hole}}}.", hint="Use {code}, {symbol} or {secret:key}.", code="feed.address"
            )
    plain = _HOLE.sub("x", url)
    if "{" in plain or "}" in plain:
        raise InvalidInput("The address has a brace too many.", hint="Use {code}, {symbol} or {secret:key}.", code="feed.address")
    check_address(plain)
    return url


def _parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``X-Api-Key: {secret:key}``, one a line."""
    return tuple(_parse_header(line) for line in text.splitlines() if line.strip())


def _parse_header(line: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not _HEADER_NAME.fullmatch(name) or name.lower() in _NOT_OURS or not _HEADER_TEXT.fullmatch(value):
        raise InvalidInput(f"The header {name[:64]!r} cannot be sent.", hint="Write X-Api-Key: {secret:key}.", code="feed.option")
    for hole in _HOLE.findall(value):
        if not _SECRET.fullmatch(hole):
            raise InvalidInput(f"Nothing can be put in for {{{hole}}} in a header.", hint="Use {secret:key}.", code="feed.option")
    return name, value


def _parse_symbols(text: str) -> dict[InstrumentId, str]:
    """Read ``AAPL.XNAS, BRK.B.XNYS=BRK-B``, by commas, semicolons or lines; what a source calls it is its code unless said."""
    symbols: dict[InstrumentId, str] = {}
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;\n]", text))):
        written, equals, symbol = (piece.strip() for piece in part.partition("="))
        instrument = InstrumentId.parse(written)
        symbol = symbol if equals else instrument.code
        if not _SYMBOL.fullmatch(symbol) or not symbol.strip("."):
            raise InvalidInput(
                f"{symbol[:64]!r} cannot be what a source calls {instrument}.", hint="Use letters, digits and signs."
            )
        symbols[instrument] = symbol
    if not 0 < len(symbols) <= INSTRUMENTS_MAX:
        raise InvalidInput(
            f"{len(symbols)} instruments cannot be polled.",
            hint=f"List 1 to {INSTRUMENTS_MAX}, as in AAPL.XNAS, EURUSD.FX=EUR-USD.",
            code="feed.option",
        )
    return symbols


def _chosen(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = given.get(name, choices[0])
    if text not in choices:
        raise InvalidInput(f"{name} cannot be {text[:40]!r}.", hint=f"Use one of {', '.join(choices)}.", code="feed.option")
    return text


def _number(given: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    try:
        number = float(given.get(name, default))
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise InvalidInput(f"{name} is {given[name][:40]!r}.", hint=f"Use a number from {least:g} to {most:g}.", code="feed.option")
    return number


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secret_of(hole: str, secret: Callable[[str], str | None]) -> str:
    name = hole.removeprefix("secret:")
    value = secret(name)
    if value is None:
        raise NotFound(f"The feed has no {name}.", hint="Enter it in the feed's settings.", code="feed.no_key")
    return value


def _header_text(value: str) -> str:
    """A key as a header may carry it; one that would end the header is refused, without its letters."""
    if not _HEADER_TEXT.fullmatch(value):
        raise InvalidInput("A key has letters that no header can carry.", hint="Enter it anew.", code="feed.no_key")
    return value
