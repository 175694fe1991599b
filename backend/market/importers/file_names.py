"""What a file's name says about the instrument and the interval inside."""

import re
from dataclasses import dataclass
from typing import Final

from backend.domain.bars import BarSpec, BarUnit
from backend.errors import InvalidInput
from backend.market.importers.market_names import EXCHANGES, GENERIC

_INTERVAL_WORDS: Final = {
    "DAILY": "1d",
    "DAY": "1d",
    "D": "1d",
    "D1": "1d",
    "EOD": "1d",
    "TAGESKURSE": "1d",
    "WEEKLY": "1w",
    "W": "1w",
    "W1": "1w",
    "MONTHLY": "1mo",
    "MN": "1mo",
    "MN1": "1mo",
    "HOURLY": "1h",
    "H": "1h",
    "MINUTE": "1m",
    "1MINUTE": "1m",
    "1MIN": "1m",
}
_INTERVAL: Final = re.compile(
    r"(?P<n>\d{1,4})(?P<u>mo|min|m|s|sec|h|hr|hour|d|day|w|wk|week|M|H|D|W|S)|(?P<mt>[MHDW])(?P<k>\d{1,3})"
)
_UNITS: Final = {
    "mo": BarUnit.MONTH,
    "M": BarUnit.MONTH,
    "min": BarUnit.MINUTE,
    "m": BarUnit.MINUTE,
    "s": BarUnit.SECOND,
    "S": BarUnit.SECOND,
    "sec": BarUnit.SECOND,
    "h": BarUnit.HOUR,
    "H": BarUnit.HOUR,
    "hr": BarUnit.HOUR,
    "hour": BarUnit.HOUR,
    "d": BarUnit.DAY,
    "D": BarUnit.DAY,
    "day": BarUnit.DAY,
    "w": BarUnit.WEEK,
    "W": BarUnit.WEEK,
    "wk": BarUnit.WEEK,
    "week": BarUnit.WEEK,
}
_METATRADER: Final = {"M": BarUnit.MINUTE, "H": BarUnit.HOUR, "D": BarUnit.DAY, "W": BarUnit.WEEK}
_TRADINGVIEW: Final = re.compile(
    r"(?P<venue>[A-Z0-9]+(?:_IDC|_DLY)?)_(?P<code>[^,]+), (?P<interval>\w+?)(?:_[0-9a-f]{5,})?(?: ?\(\d+\))?"
)
_COPY: Final = re.compile(r"(?:\s*\(\d+\)|[ _-]copy)$", re.IGNORECASE)
_DATE_TAIL: Final = re.compile(r"[-_ .](?:19|20)\d{2}(?:[-_.]?\d{2}){0,2}(?:\d{4})?(?=$|[-_ .])")
_METATRADER_TAIL: Final = re.compile(r"(?P<code>[A-Z#.]{3,12}?)(?P<minutes>1|5|15|30|60|240|1440|10080|43200)")
_PARTS: Final = re.compile(r"[_ ,;]+")


@dataclass(frozen=True, slots=True)
class NameGuess:
    """A code as written, its venue where the name tells one, and an interval; each None where the name says nothing."""

    code: str | None = None
    venue: str | None = None
    spec: BarSpec | None = None


def read_file_name(name: str) -> NameGuess:
    """Read a file's name, with or without its suffix: ``NASDAQ_AAPL, 1D.csv``, ``EURUSD60.csv``, ``BTCUSDT-1m-2020-01.csv``."""
    stem = _without_suffix(name).strip()
    stem = _COPY.sub("", stem)
    match = _TRADINGVIEW.fullmatch(stem)
    if match:
        return NameGuess(
            match["code"].strip(),
            EXCHANGES.get(match["venue"].removesuffix("_DLY")),
            read_interval(match["interval"], bare_is_minutes=True),
        )
    stem = _DATE_TAIL.sub("", stem)
    match = _METATRADER_TAIL.fullmatch(stem)
    if match and match["code"].isalpha():
        return NameGuess(match["code"], None, _minutes(int(match["minutes"])))
    parts = [piece for part in _PARTS.split(stem) if part for piece in _cut_dashes(part)]
    spec = None
    rest: list[str] = []
    for part in parts:
        found = read_interval(part) if rest else None
        if found is not None and spec is None:
            spec = found
        elif not part.isdigit() and part.lower() not in GENERIC and len(rest) < 2:
            rest.append(part)
    if not rest:
        return NameGuess(spec=spec)
    if len(rest) == 2 and rest[0].upper() in EXCHANGES:
        return NameGuess(rest[1], EXCHANGES[rest[0].upper()], spec)
    return NameGuess(rest[0], None, spec)


def _cut_dashes(part: str) -> list[str]:
    """``BTCUSDT-1m-klines`` is cut; ``BTC-USD`` and ``BRK-B`` are codes."""
    pieces = [piece for piece in part.split("-") if piece]
    is_code = len(pieces) == 2 and not pieces[1].isdigit() and read_interval(pieces[1]) is None and pieces[1].lower() not in GENERIC
    return [part.strip("-")] if is_code else pieces


def _without_suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and stem and suffix.lower() in TABLE_SUFFIXES else name


TABLE_SUFFIXES: Final = {
    *("csv", "tsv", "txt", "tab", "dat", "prn", "asc", "json", "ndjson", "jsonl", "parquet", "pq", "feather", "arrow", "ipc"),
    *("xlsx", "xlsm", "xlsb", "xls", "ods", "zip", "gz", "bz2", "xz"),
}


def read_interval(text: str, *, bare_is_minutes: bool = False) -> BarSpec | None:
    """An interval as file names and columns write it: ``1d``, ``15``, ``H4``, ``M15``, ``daily``; None for other words."""
    word = text.strip()
    if word.isdigit() and word.isascii():
        return _minutes(int(word)) if bare_is_minutes and 0 < int(word) <= 43_200 else None
    known = _INTERVAL_WORDS.get(word.upper())
    if known is not None:
        return BarSpec.parse(known)
    match = _INTERVAL.fullmatch(word)
    if match is None:
        return None
    number, unit = (match["n"], _UNITS[match["u"]]) if match["n"] else (match["k"], _METATRADER[match["mt"]])
    try:
        return BarSpec.parse(f"{int(number)}{unit}")
    except InvalidInput:
        return None


def _minutes(number: int) -> BarSpec:
    for minutes, text in ((43_200, "mo"), (10_080, "w"), (1_440, "d"), (60, "h")):
        if number % minutes == 0:
            return BarSpec.parse(f"{number // minutes}{text}")
    return BarSpec.parse(f"{number}m")
