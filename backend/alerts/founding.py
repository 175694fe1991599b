"""Conditions and alerts as JSON: the founding form, read generously, and written so that reading it gives the same again."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

from backend.alerts.alert import (
    Alert,
    AllOf,
    AnyOf,
    Condition,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Leaf,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    VolumeCondition,
    When,
    new_id,
)
from backend.errors import InvalidInput

PUSH: Final = "push"  # this computer's own toast, which every alert has
_PERCENT: Final = "pct_change"
_OPERATORS: Final = {str(operator): operator for operator in Operator} | {
    "=": Operator.EQUAL,
    "above": Operator.ABOVE,
    "below": Operator.BELOW,
    "crossing": Operator.CROSSES,
}
_JOINS: Final[dict[str, type[AllOf] | type[AnyOf]]] = {"all": AllOf, "and": AllOf, "any": AnyOf, "or": AnyOf}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DEPTH_MAX: Final = 32

Fields: Any = Mapping[str, Any]


# --- conditions -------------------------------------------------------------------------------------------------------


def parse_conditions(given: object) -> Condition:
    """Read ``[{"type": "price", "operator": ">", "value": 180}]``; a list joins its conditions by "and".

    Raises InvalidInput, which names the place in ``given``.
    """
    if isinstance(given, list):
        if len(given) == 1:
            return _parse(given[0], "condition 1", 0)
        return _group(AllOf, given, "condition", 0)
    return _parse(given, "the condition", 0)


def format_conditions(condition: Condition) -> list[dict[str, Any]]:
    """The condition in the founding form; ``parse_conditions`` reads the same from it."""
    if isinstance(condition, AllOf) and len(condition.of) > 1:
        return [_format(part) for part in condition.of]
    return [_format(condition)]


# --- rows -------------------------------------------------------------------------------------------------------------


def parse_row(given: object) -> Alert:
    """Read an alert as its table has it: symbol, name, conditions, notification_methods, enabled. Raises InvalidInput."""
    row = _fields(given, "the alert")
    known = {
        "id", "symbol", "name", "conditions", "notification_methods", "enabled", "triggered_at", "created_at", "interval", "when",
        "repeat", "cooldown_s", "rearm", "expires_at", "sound", "message", "user_id",
    }  # fmt: skip
    _only(row, known, "the alert")
    if "symbol" not in row or "conditions" not in row:
        _refuse("the alert", "has no symbol or no conditions")
    methods = row.get("notification_methods") or []
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        _refuse("notification_methods", "is not a list of names")
    channels = list(methods)
    if PUSH in channels:
        channels.remove(PUSH)
    return Alert(
        id=_text(row, "id", "") or new_id(),
        instrument=_text(row, "symbol", ""),
        condition=parse_conditions(row["conditions"]),
        name=_text(row, "name", ""),
        spec=_text(row, "interval", "1m"),
        when=_word(row, "when", When, When.TICK),
        repeat=_word(row, "repeat", Repeat, Repeat.ONCE),
        cooldown_s=_number(row, "the alert", "cooldown_s", 0.0),
        rearm=_number(row, "the alert", "rearm", 0.0),
        expires_ns=_moment(row, "the alert", "expires_at"),
        channels=tuple(channels),
        sound=_text(row, "sound", "chime"),
        message=_text(row, "message", ""),
        is_enabled=_flag(row, "enabled", is_default=True),
        created_ns=_moment(row, "the alert", "created_at"),
    )


def format_row(alert: Alert, triggered_ns: int = 0) -> dict[str, Any]:
    """The alert as its table has it; ``parse_row`` reads the same alert from it."""
    return {
        "id": alert.id,
        "symbol": alert.instrument,
        "name": alert.name,
        "conditions": format_conditions(alert.condition),
        "notification_methods": [PUSH, *alert.channels],
        "enabled": alert.is_enabled,
        "triggered_at": format_moment(triggered_ns) if triggered_ns else None,
        "created_at": format_moment(alert.created_ns) if alert.created_ns else None,
        "interval": alert.spec,
        "when": str(alert.when),
        "repeat": str(alert.repeat),
        "cooldown_s": alert.cooldown_s,
        "rearm": alert.rearm,
        "expires_at": format_moment(alert.expires_ns) if alert.expires_ns else None,
        "sound": alert.sound,
        "message": alert.message,
    }


# --- moments ----------------------------------------------------------------------------------------------------------


def parse_moment(text: str) -> int:
    """UTC ns of ``2026-11-21T15:00:00.5Z``, to the nanosecond; a time without a zone is UTC's. Raises ValueError."""
    whole, dot, rest = text.strip().partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    moment = datetime.fromisoformat(whole + rest[len(digits) :])
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if (dot and not digits) or len(digits) > 9:
        raise ValueError(text)
    return (moment - _EPOCH) // timedelta(seconds=1) * 10**9 + int(digits.ljust(9, "0") or 0)


def format_moment(at_ns: int) -> str:
    """``2026-11-21T15:00:00Z``, with as many digits behind the seconds as are needed."""
    seconds, rest_ns = divmod(at_ns, 10**9)
    fraction = f".{rest_ns:09d}".rstrip("0") if rest_ns else ""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{fraction}Z"


# --- inside: reading --------------------------------------------------------------------------------------------------


def _parse(given: object, place: str, depth: int) -> Condition:
    if depth > _DEPTH_MAX:
        _refuse(place, "lies too deep")
    fields = _fields(given, place)
    for word, kind in _JOINS.items():
        if word in fields and len(fields) == 1:
            return _group(kind, fields[word], f"{place}, {word}", depth + 1)
        is_named = fields.get("type") == word or str(fields.get("operator", "")).lower() == word
        if is_named and ("of" in fields or "conditions" in fields):
            _only(fields, {"type", "operator", "of", "conditions"}, place)
            return _group(kind, fields.get("of", fields.get("conditions")), f"{place}, {word}", depth + 1)
    kind_name = fields.get(
        "type", "indicator" if "indicator" in fields or "left" in fields else "price" if "value" in fields else ""
    )
    reader = _READERS.get(kind_name if isinstance(kind_name, str) else "")
    if reader is None:
        _refuse(place, f"has the type {kind_name!r}, which is none of {', '.join(_READERS)}")
    return reader({key: value for key, value in fields.items() if key != "type"}, place)


def _group(kind: type[AllOf] | type[AnyOf], given: object, place: str, depth: int) -> Condition:
    if not isinstance(given, list) or not given:
        _refuse(place, "is not a list with conditions in it")
    return kind(tuple(_parse(one, f"{place} {number}", depth) for number, one in enumerate(given, 1)))


def _parse_price(fields: Fields, place: str) -> Leaf:
    if fields.get("operator") == _PERCENT:
        return _parse_move(fields, place)
    _only(fields, {"operator", "value", "set_at"}, place)
    return PriceCondition(_operator(fields, place), _number(fields, place, "value"), _moment(fields, place, "set_at"))


def _parse_move(fields: Fields, place: str) -> Leaf:
    """``pct_change`` with a value: a rise of so many percent, or a fall where it is negative."""
    value = _number(fields, place, "value")
    return _parse_percent({**fields, "operator": ">=" if value >= 0 else "<="}, place)


def _parse_percent(fields: Fields, place: str) -> Leaf:
    if fields.get("operator") == _PERCENT:
        return _parse_move(fields, place)
    _only(fields, {"operator", "value", "since", "bars", "reference"}, place)
    since = fields.get("since", "bars" if "bars" in fields else "price" if "reference" in fields else "session")
    if not isinstance(since, str):
        _refuse(place, f"is measured since {since!r}")
    n_bars = int(_whole(fields, place, "bars", 1))
    reference = _number(fields, place, "reference", 0.0)
    return PercentCondition(_operator(fields, place), _number(fields, place, "value"), since, n_bars, reference)


def _parse_indicator(fields: Fields, place: str) -> Leaf:
    others = {"operator", "value", "other"}
    left = _ref({key: value for key, value in fields.items() if key not in others}, place)
    operator, other = _operator(fields, place), fields.get("other")
    if other is None:
        return IndicatorCondition(left, operator, _number(fields, place, "value"))
    if "value" in fields:
        _refuse(place, "is compared with a value and with another series at once")
    if other == "price":
        return IndicatorCondition(left, operator, is_price=True)
    return IndicatorCondition(left, operator, other=_ref(_fields(other, f"{place}, other"), f"{place}, other"))


def _ref(fields: Fields, place: str) -> IndicatorRef:
    """An indicator; parameters may stand beside its name: ``{"indicator": "RSI", "period": 14}``."""
    name = fields.get("indicator")
    if not isinstance(name, str) or not name:
        _refuse(place, "names no indicator")
    params = dict(_fields(fields.get("params", {}), f"{place}, params"))
    params |= {key: value for key, value in fields.items() if key not in ("indicator", "params", "source", "output")}
    for key, value in params.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            _refuse(place, f"has the parameter {key!r} with the value {value!r}")
    return IndicatorRef(name, params, _text(fields, "source", "", place), _text(fields, "output", "", place))


def _parse_drawing(fields: Fields, place: str) -> Leaf:
    _only(fields, {"operator", "drawing", "line"}, place)
    return DrawingCondition(_text(fields, "drawing", "", place), _operator(fields, place), _text(fields, "line", "line", place))


def _parse_volume(fields: Fields, place: str) -> Leaf:
    _only(fields, {"operator", "value", "average"}, place)
    average = int(_whole(fields, place, "average", 0))
    return VolumeCondition(_operator(fields, place), _number(fields, place, "value"), average)


def _parse_time(fields: Fields, place: str) -> Leaf:
    _only(fields, {"at"}, place)
    at_ns = _moment(fields, place, "at")
    if not at_ns:
        _refuse(place, "names no time")
    return TimeCondition(at_ns)


_READERS: Final[dict[str, Callable[[Fields, str], Leaf]]] = {
    "price": _parse_price,
    "percent": _parse_percent,
    "indicator": _parse_indicator,
    "drawing": _parse_drawing,
    "volume": _parse_volume,
    "time": _parse_time,
}


def _fields(given: object, place: str) -> Fields:
    if not isinstance(given, dict):
        _refuse(place, f"is {_shown(given)} instead of an object")
    return given


def _only(fields: Fields, known: set[str], place: str) -> None:
    unknown = sorted(str(key) for key in fields if key not in known)
    if unknown:
        _refuse(place, f"has {', '.join(map(repr, unknown))}, which it cannot have")


def _operator(fields: Fields, place: str) -> Operator:
    word = fields.get("operator")
    found = _OPERATORS.get(word.strip().lower()) if isinstance(word, str) else None
    if found is None:
        _refuse(place, f"has the operator {_shown(word)}, which is none of {', '.join(Operator)}, {_PERCENT}")
    return found


def _number(fields: Fields, place: str, name: str, default: float | None = None) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(place, f"has the {name} {_shown(value)}, which is no number" if name in fields else f"has no {name}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(place, f"has the {name} {_shown(value)}, which is out of range")
    return number


def _whole(fields: Fields, place: str, name: str, default: int) -> float:
    number = _number(fields, place, name, default)
    if number != int(number):
        _refuse(place, f"has the {name} {number:g}, which is no whole number")
    return number


def _moment(fields: Fields, place: str, name: str) -> int:
    value = fields.get(name)
    if value is None:
        return 0
    try:
        return parse_moment(value) if isinstance(value, str) else _no_text(value)
    except (ValueError, OverflowError):
        _refuse(place, f"has the {name} {_shown(value)}, which is no time as 2026-11-21T15:00:00Z")


def _no_text(value: object) -> int:
    raise ValueError(value)


def _text(fields: Fields, name: str, default: str, place: str = "the alert") -> str:
    value = fields.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str):
        _refuse(place, f"has the {name} {_shown(value)}, which is no text")
    return value


def _flag(fields: Fields, name: str, *, is_default: bool) -> bool:
    value = fields.get(name, is_default)
    if not isinstance(value, bool):
        _refuse("the alert", f"has the {name} {_shown(value)}, which is neither true nor false")
    return value


def _word(fields: Fields, name: str, kind: Any, default: Any) -> Any:
    value = fields.get(name, default)
    if value not in list(kind):
        _refuse("the alert", f"has the {name} {_shown(value)}, which is none of {', '.join(kind)}")
    return kind(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _refuse(place: str, what: str) -> NoReturn:
    said = f"{place[:1].upper()}{place[1:]}"
    raise InvalidInput(f"{said} {what}.", hint='Write it as {"type": "price", "operator": ">", "value": 180}.', code="alert.json")


# --- inside: writing --------------------------------------------------------------------------------------------------


def _format(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, AllOf | AnyOf):
        return {"all" if isinstance(condition, AllOf) else "any": [_format(part) for part in condition.of]}
    if isinstance(condition, TimeCondition):
        return {"type": "time", "at": format_moment(condition.at_ns)}
    if isinstance(condition, IndicatorCondition):
        return _format_indicator(condition)
    if isinstance(condition, DrawingCondition):
        return {"type": "drawing", "drawing": condition.drawing, "line": condition.line, "operator": str(condition.operator)}
    return _format_number(condition)


def _format_number(condition: PriceCondition | PercentCondition | VolumeCondition) -> dict[str, Any]:
    sides: dict[str, Any] = {"operator": str(condition.operator), "value": condition.value}
    if isinstance(condition, VolumeCondition):
        return {"type": "volume", **sides} | ({"average": condition.average} if condition.average else {})
    if isinstance(condition, PriceCondition):
        return {"type": "price", **sides} | ({"set_at": format_moment(condition.set_ns)} if condition.set_ns else {})
    sides |= {"since": condition.since}
    sides |= {"bars": condition.n_bars} if condition.n_bars != 1 else {}
    sides |= {"reference": condition.reference} if condition.reference else {}
    return {"type": "percent", **sides}


def _format_indicator(condition: IndicatorCondition) -> dict[str, Any]:
    made = {**_format_ref(condition.left), "operator": str(condition.operator)}
    if condition.is_price:
        return {**made, "other": "price"}
    if condition.other is not None:
        return {**made, "other": _format_ref(condition.other)}
    return {**made, "value": condition.value}


def _format_ref(ref: IndicatorRef) -> dict[str, Any]:
    made: dict[str, Any] = {"indicator": ref.indicator}
    made |= {"params": dict(ref.params)} if ref.params else {}
    made |= {"source": ref.source} if ref.source else {}
    return made | ({"output": ref.output} if ref.output else {})
