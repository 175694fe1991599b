"""How a fact's value is written, everywhere the same: answers, cards, tooltips, the command line."""

import math
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from backend.assistant.facts.fact import Fact, Unit

NOT_AVAILABLE: Final = "not available"
_PLACES_MAX: Final = 12
_EXACT: Final = Context(prec=400)


def format_fact(fact: Fact, *, zone: tzinfo = UTC, is_unsigned: bool = False) -> str:
    """``1,234.56``, ``-3.20%``, ``71.3``, ``2024-03-05``, ``yes``; "not available" where there is no value.

    A value that is not zero is never written as zero: it gets as many decimals as its first two digits need, up to 12.

    zone : in which instants are written; days stand for themselves
    is_unsigned : leave the minus away, after words that already say it, as "fell by"
    """
    value = fact.value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOT_AVAILABLE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _format_date(value, zone) if fact.unit is Unit.DATE else value
    text = format_number(abs(value) if is_unsigned else value, fact.decimals)
    return f"{text}%" if fact.unit is Unit.PERCENT else text


def format_number(value: float, decimals: int) -> str:
    """With thousands marks and a plain minus; more decimals than asked for where the value would else read as zero."""
    exact = decimal_of(value)
    return f"{exact.quantize(Decimal(1).scaleb(-shown_decimals(exact, decimals)), ROUND_HALF_EVEN, _EXACT) + 0:,f}"


def shown_decimals(exact: Decimal, decimals: int) -> int:
    """How many digits after the point are written of a value for which ``decimals`` were asked."""
    asked = max(0, decimals)
    if exact == 0 or abs(exact) * 2 > Decimal(1).scaleb(-asked):
        return asked
    return min(_PLACES_MAX, 1 - exact.adjusted())


def decimal_of(value: float) -> Decimal:
    """The shortest decimal that means this number, as a person would write it."""
    return Decimal(repr(value))


def _format_date(text: str, zone: tzinfo) -> str:
    """A day as it is; an instant in the zone, to the minute unless it has seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if len(text) <= len("2024-03-05"):
        return moment.date().isoformat()
    local = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(zone)
    clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    return f"{local.date().isoformat()} {clock} {local.tzname() or 'UTC'}"
