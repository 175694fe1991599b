"""Conditions and firings as plain sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from backend.alerts.alert import (
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
    TimeCondition,
    VolumeCondition,
)
from backend.indicators.registry import spec_of

_IS: Final = {
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at or above",
    Operator.BELOW: "below",
    Operator.AT_MOST: "at or below",
    Operator.EQUAL: "at",
    Operator.CROSSES_ABOVE: "rises above",
    Operator.CROSSES_BELOW: "falls below",
    Operator.CROSSES: "crosses",
}
_BECAME: Final = {
    Operator.ABOVE: "is above",
    Operator.AT_LEAST: "is at or above",
    Operator.BELOW: "is below",
    Operator.AT_MOST: "is at or below",
    Operator.EQUAL: "is at",
    Operator.CROSSES_ABOVE: "rose above",
    Operator.CROSSES_BELOW: "fell below",
    Operator.CROSSES: "crossed",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS: Final = {"line": "", "upper": "upper edge of the ", "lower": "lower edge of the "}


@dataclass(frozen=True, slots=True)
class Wording:
    """What words need to know of an instrument.

    code : as people call it; decimals : digits after the point with which it is quoted
    spec : the alert's bars; drawings : what drawings are called, by id
    """

    code: str
    decimals: int = 2
    spec: str = "1m"
    drawings: Mapping[str, str] = field(default_factory=dict)


def tell_condition(condition: Condition, wording: Wording) -> str:
    """``Price rises above 180.00 and RSI 14 below 30 on 1h``."""
    text = _tell(condition, wording, is_inner=False)
    return text[:1].upper() + text[1:]


def tell_firing(leaf: Leaf, wording: Wording, value: float, level: float) -> str:
    """``AAPL rose above 180.00 (180.02).`` for the comparison that turned the alert, with both sides as they were then."""
    if isinstance(leaf, TimeCondition):
        return f"{wording.code}: it is {_moment(leaf.at_ns)}."
    if isinstance(leaf, PriceCondition):
        return f"{wording.code} {_BECAME[leaf.operator]} {_price(_or(level, leaf.value), wording)}{_seen(value, wording)}."
    if isinstance(leaf, DrawingCondition):
        at = f" at {_price(level, wording)}" if math.isfinite(level) else ""
        return f"{wording.code} {_BECAME[leaf.operator]} the {_line(leaf, wording)}{at}{_seen(value, wording)}."
    if isinstance(leaf, PercentCondition):
        now = f" ({value:+.2f}%)" if math.isfinite(value) else ""
        return f"{wording.code}: the move since {_since(leaf, wording)} {_BECAME[leaf.operator]} {_percent(leaf.value)}{now}."
    if isinstance(leaf, IndicatorCondition):
        side = _other_side(leaf, wording)
        now = f" ({_figure(value)})" if math.isfinite(value) else ""
        return f"{wording.code}: {_ref(leaf.left)} {_BECAME[leaf.operator]} {side}{now} on {wording.spec}."
    now = f" ({_quantity(value)})" if math.isfinite(value) else ""
    return f"{wording.code}: the volume of a {wording.spec} bar {_BECAME[leaf.operator]} {_volume(leaf)}{now}."


def quoted(price: float, decimals: int) -> str:
    """A price with its instrument's decimals, and with more where those would hide what was asked for."""
    text = f"{price:.{decimals}f}"
    return text if math.isclose(float(text), price, rel_tol=1e-12, abs_tol=0.0) else f"{price:.12g}"


# --- inside -----------------------------------------------------------------------------------------------------------


def _tell(condition: Condition, wording: Wording, *, is_inner: bool) -> str:
    if not isinstance(condition, AllOf | AnyOf):
        return _tell_leaf(condition, wording)
    joined = (" and " if isinstance(condition, AllOf) else " or ").join(_tell(c, wording, is_inner=True) for c in condition.of)
    return f"({joined})" if is_inner and len(condition.of) > 1 else joined


def _tell_leaf(leaf: Leaf, wording: Wording) -> str:
    if isinstance(leaf, TimeCondition):
        return f"time is {_moment(leaf.at_ns)}"
    word = _IS[leaf.operator]
    if isinstance(leaf, PriceCondition):
        return f"price {word} {_price(leaf.value, wording)}"
    if isinstance(leaf, DrawingCondition):
        return f"price {word} the {_line(leaf, wording)}"
    if isinstance(leaf, PercentCondition):
        return f"move since {_since(leaf, wording)} {word} {_percent(leaf.value)}"
    if isinstance(leaf, IndicatorCondition):
        return f"{_ref(leaf.left)} {word} {_other_side(leaf, wording)} on {wording.spec}"
    return f"volume of a {wording.spec} bar {word} {_volume(leaf)}"


def _price(price: float, wording: Wording) -> str:
    text = quoted(price, wording.decimals)
    if "e" in text:
        return text
    whole, point, rest = text.lstrip("-").partition(".")
    return f"{'-' * text.startswith('-')}{int(whole):,}{point}{rest}"


def _or(number: float, otherwise: float) -> float:
    return number if math.isfinite(number) else otherwise


def _seen(price: float, wording: Wording) -> str:
    return f" ({_price(price, wording)})" if math.isfinite(price) else ""


def _percent(value: float) -> str:
    return f"{value:+g}%" if value else "0%"


def _figure(value: float) -> str:
    return f"{value:.6g}"


def _quantity(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def _since(leaf: PercentCondition, wording: Wording) -> str:
    if leaf.since == "session":
        return "the previous close"
    if leaf.since == "price":
        return _price(leaf.reference, wording)
    return f"{leaf.n_bars} {'bar' if leaf.n_bars == 1 else 'bars'} of {wording.spec} ago"


def _ref(ref: IndicatorRef) -> str:
    spec = spec_of(ref.indicator)
    label = spec.label(ref.params)
    source = f" of {ref.source}" if ref.source and ref.source != spec.default_source else ""
    is_first = not ref.output or ref.output == spec.outputs[0].name
    output = "" if is_first else f" {next((o.title for o in spec.outputs if o.name == ref.output), ref.output)}"
    return f"{label}{source}{output}"


def _other_side(leaf: IndicatorCondition, wording: Wording) -> str:
    if leaf.is_price:
        return "the price"
    if leaf.other is not None:
        return _ref(leaf.other)
    return quoted(leaf.value, wording.decimals) if spec_of(leaf.left.indicator).is_overlay else f"{leaf.value:.12g}"


def _line(leaf: DrawingCondition, wording: Wording) -> str:
    name = wording.drawings.get(leaf.drawing, "drawing")
    if leaf.line.startswith("level:"):
        return f"{float(leaf.line.partition(':')[2]):.4g} level of the {name}"
    return f"{_PARTS[leaf.line]}{name}"


def _volume(leaf: VolumeCondition) -> str:
    return f"{leaf.value:g} times its average of {leaf.average} bars" if leaf.average else _quantity(leaf.value)


def _moment(at_ns: int) -> str:
    moment = _EPOCH + timedelta(microseconds=at_ns // 1000)
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + " UTC"
