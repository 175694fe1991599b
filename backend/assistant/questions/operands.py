"""Values written in full, as plans are shown: ``macd(12, 26, 9).signal``, ``highest(high, 52 weeks)``, ``change(5, points)``."""

import re
from typing import Any, Final, cast

from backend.assistant.questions.plan import Change, Distance, Extreme, Gap, Indicator, Operand, Price, Range
from backend.errors import InvalidInput
from backend.indicators.registry import SPECS

_CALL: Final = re.compile(r"(?P<name>[a-z_]+)\((?P<inside>.*)\)(?:\.(?P<output>[a-z]+))?")
_WINDOW: Final = re.compile(r"(\d+) (bar|day|week|month|year)s?")
_PLAIN: Final = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4")


def parse_operand(text: str) -> Operand | None:  # noqa: PLR0911 - one return a kind of value
    """The value that a text writes in full; None where it begins like none. Raises InvalidInput for one that is broken."""
    text = text.strip()
    if text in _PLAIN:
        return Price(cast("Any", text))
    call = _CALL.fullmatch(text)
    if call is None:
        return None
    name, inside = call["name"], [part.strip() for part in _parts(call["inside"])]
    if name in SPECS:
        return _indicator(name, inside, call["output"])
    if name in {"highest", "lowest"} and len(inside) == 2:
        return _extreme(name, *inside)
    if name == "distance" and len(inside) == 2:
        pair = [parse_operand(part) for part in inside]
        if all(isinstance(one, Price | Indicator | Extreme) for one in pair):
            return Distance(*cast("Any", pair))
    if name == "change" and inside and inside[0].isdigit():
        return Change(int(inside[0]), "points" if inside[1:] == ["points"] else "percent")
    if name in {"gap", "range"} and inside == [""]:
        return Gap() if name == "gap" else Range()
    if name in {"highest", "lowest", "distance", "change", "gap", "range"}:
        raise _unreadable(text)
    return None


def _indicator(name: str, inside: list[str], output: str | None) -> Indicator:
    spec = SPECS[name]
    source = ""
    if inside and inside[-1].startswith("of "):
        source = inside.pop()[3:].strip()
    try:
        numbers = [float(part) for part in inside if part]
    except ValueError as e:
        raise _unreadable(f"{name}({', '.join(inside)})") from e
    numbers += [float(parameter.default) for parameter in spec.parameters[len(numbers) :]]
    names = [one.name for one in spec.outputs]
    main = next((one for one in ("value", "middle", "line", "k") if one in names), names[0])
    return Indicator(name, output or main, tuple(numbers), "" if source == spec.default_source else source)


def _extreme(side: str, column: str, window: str) -> Extreme:
    is_before = window.endswith(" before")
    window = window.removesuffix(" before")
    match = _WINDOW.fullmatch(window)
    if column not in {"high", "low", "close", "volume"} or not (match or window == "all"):
        raise _unreadable(f"{side}({column}, {window})")
    n, unit = (int(match[1]), match[2]) if match else (0, "bar")
    return Extreme(cast("Any", side), cast("Any", column), n, cast("Any", unit), is_before)


def _parts(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses."""
    return re.split(r",(?![^()]*\))", text)


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        f"{text!r} is not a value.", hint="Write it as sma(50), change(5), highest(high, 52 weeks).", code="question.value"
    )
