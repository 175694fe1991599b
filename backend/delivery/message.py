"""What a message says: one alert, or many of them in one; plain text without links."""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

TITLE_LENGTH_MAX: Final = 120
BODY_LENGTH_MAX: Final = 1_500
_NEWEST: Final = 5
_INSTRUMENTS: Final = 10
_REPEATED: Final = "This message may have been sent before."
_BREAK: Final = "\u200b"  # of no width: what it parts is neither a link nor a call for attention
_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Told:
    """What a message needs of one delivery."""

    title: str
    body: str
    instrument: str
    alert_id: str
    event_ns: int


@dataclass(frozen=True, slots=True)
class Message:
    """Title and body as plain text; ``fields`` go along where a service has a place for them."""

    title: str
    body: str
    fields: Mapping[str, str] = field(default_factory=dict)


def title_of(instrument: str, value: float) -> str:
    """``Alert: AAPL.XNAS 180.02``."""
    return plain(f"Alert: {instrument} {value:.10g}" if math.isfinite(value) else f"Alert: {instrument}", TITLE_LENGTH_MAX)


def compose(told: Sequence[Told], zone: ZoneInfo, *, n_dropped: int = 0, may_repeat: bool = False) -> Message:
    """One message that tells these deliveries, oldest first, at least one.

    n_dropped : let go before in quiet hours, which is said
    """
    notes = [f"{_alerts(n_dropped)} not sent in quiet hours."] if n_dropped else []
    notes += [_REPEATED] if may_repeat else []
    if len(told) == 1:
        only = told[0]
        lines = [only.body, _when(only.event_ns, zone), *notes]
        return Message(only.title, _text(lines), {"alert_id": only.alert_id, "symbol": only.instrument})
    counts = Counter(one.instrument for one in told)
    listed = [f"{instrument}: {n}" for instrument, n in counts.most_common(_INSTRUMENTS)]
    if len(counts) > _INSTRUMENTS:
        listed.append(f"{len(counts) - _INSTRUMENTS} more instruments")
    newest = sorted(told, key=lambda one: one.event_ns, reverse=True)[:_NEWEST]
    lines = [
        f"{len(told)} alerts fired from {_when(min(one.event_ns for one in told), zone)} on.",
        ", ".join(listed),
        "The newest:",
        *(plain(f"{_when(one.event_ns, zone)}  {one.body}", 200) for one in newest),
        *notes,
    ]
    symbol = next(iter(counts)) if len(counts) == 1 else ""
    return Message(f"Alert: {len(told)} alerts, {_of(counts)}", _text(lines), {"alert_id": "", "symbol": symbol})


def plain(text: str, length_max: int) -> str:
    """``text`` in one line, without control characters and links, cut to a length."""
    line = " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text).split())
    line = line.replace("://", f":{_BREAK}//")
    return line if len(line) <= length_max else line[: length_max - 1] + _CUT


def without_calls(text: str) -> str:
    """``text`` that calls nobody: ``@everyone`` of Discord and ``<!channel>`` of Slack are words like others."""
    return text.replace("@", f"@{_BREAK}").replace("<", f"<{_BREAK}")


def _alerts(n: int) -> str:
    return "1 alert was" if n == 1 else f"{n} alerts were"


def _of(counts: Counter[str]) -> str:
    first = next(iter(counts))
    return plain(first, 40) if len(counts) == 1 else f"{len(counts)} instruments"


def _text(lines: list[str]) -> str:
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= BODY_LENGTH_MAX else text[: BODY_LENGTH_MAX - 1] + _CUT


def _when(event_ns: int, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(event_ns // 1_000_000_000, UTC).astimezone(zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"
