"""What an alert must be to be watched; everything that enters is checked here, once."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

import msgspec

from backend.alerts.alert import (
    ALERT_VERSION,
    Alert,
    AllOf,
    AnyOf,
    Condition,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Leaf,
    PercentCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from backend.charts.drawings import LEVEL_MAX, PRICE_MAX
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, TriiError
from backend.indicators.registry import check_source, checked_params, spec_of

DEPTH_MAX: Final = 4
LEAVES_MAX: Final = 16
NAME_MAX: Final = 255  # as the founding table has it
MESSAGE_MAX: Final = 1_000
CHANNELS_MAX: Final = 16
CHANNEL_NAME_MAX: Final = 64
SOUND_NAME_MAX: Final = 40
COOLDOWN_S_MAX: Final = 366 * 86_400.0
PERCENT_MAX: Final = 1e6
BARS_BACK_MAX: Final = 5_000
AVERAGE_MAX: Final = 1_000
TIME_MAX: Final = 2**62
SINCE: Final = ("session", "bars", "price")


def check_alert(alert: Alert) -> Alert:
    """``alert`` as it is kept: names in the registry's own words, parameters complete. Raises InvalidInput, told in plain words."""
    if alert.version != ALERT_VERSION:
        _refuse("version", f"An alert has version {alert.version}; this program reads version {ALERT_VERSION}.", "Make it anew.")
    if not alert.id or len(alert.id) > 64 or not alert.id.isprintable():
        _refuse("id", f"An alert has the id {alert.id[:80]!r}.", "Leave the id out to get one.")
    instrument = str(InstrumentId.parse(alert.instrument))
    spec = str(BarSpec.parse(alert.spec))
    _check_words(alert)
    _check_numbers(alert)
    condition = check_condition(alert.condition)
    numbers = {"cooldown_s": float(alert.cooldown_s), "rearm": float(alert.rearm)}
    return msgspec.structs.replace(alert, instrument=instrument, spec=spec, condition=condition, **numbers)


def check_is_ahead(alert: Alert, now_ns: int) -> None:
    """Refuse an alert that could never fire, because its time is over already. Raises InvalidInput."""
    if 0 < alert.expires_ns <= now_ns:
        _refuse("expires", "The alert would expire in the past.", "Choose a later time, or none.")
    if isinstance(alert.condition, TimeCondition) and alert.condition.at_ns <= now_ns:
        _refuse("time", "The time of the alert has passed already.", "Choose a later one.")


def check_condition(condition: Condition) -> Condition:
    """The condition as it is kept. Raises InvalidInput."""
    n_leaves, depth = _size(condition)
    if n_leaves > LEAVES_MAX:
        _refuse("size", f"The alert has {n_leaves} conditions.", f"At most {LEAVES_MAX} are possible; make two alerts of it.")
    if depth > DEPTH_MAX:
        _refuse("depth", f"Groups lie {depth} deep within each other.", f"At most {DEPTH_MAX} are possible; write it more plainly.")
    return _checked(condition)


def with_leaves(condition: Condition, change: Callable[[Leaf], Leaf]) -> Condition:
    """The same condition with each comparison changed."""
    if isinstance(condition, AllOf | AnyOf):
        return type(condition)(tuple(with_leaves(part, change) for part in condition.of))
    return change(condition)


# --- inside -----------------------------------------------------------------------------------------------------------


def _size(condition: Condition) -> tuple[int, int]:
    """How many comparisons there are, and how deep groups lie."""
    if not isinstance(condition, AllOf | AnyOf):
        return 1, 0
    if not condition.of:
        _refuse("empty", "A group of conditions is empty.", "Put at least one condition into it.")
    parts = [_size(part) for part in condition.of]
    return sum(n for n, _ in parts), 1 + max(depth for _, depth in parts)


def _checked(condition: Condition) -> Condition:
    return with_leaves(condition, _checked_leaf)


def _checked_leaf(leaf: Leaf) -> Leaf:
    if isinstance(leaf, PriceCondition):
        return _checked_price(leaf)
    if isinstance(leaf, PercentCondition):
        return _checked_percent(leaf)
    if isinstance(leaf, IndicatorCondition):
        return _checked_indicator(leaf)
    if isinstance(leaf, DrawingCondition):
        return _checked_drawing(leaf)
    if isinstance(leaf, VolumeCondition):
        return _checked_volume(leaf)
    if not 0 < leaf.at_ns <= TIME_MAX:
        _refuse("time", f"{leaf.at_ns} ns is not a time.", "Give a moment after 1970.")
    return leaf


def _checked_price(leaf: PriceCondition) -> PriceCondition:
    _finite(leaf.value, PRICE_MAX, "price")
    if not 0 <= leaf.set_ns <= TIME_MAX:
        _refuse("time", f"A price cannot have been chosen at {leaf.set_ns} ns.", "Leave the time out.")
    return PriceCondition(leaf.operator, float(leaf.value), leaf.set_ns)


def _checked_percent(leaf: PercentCondition) -> PercentCondition:
    _finite(leaf.value, PERCENT_MAX, "percentage")
    if leaf.since not in SINCE:
        _refuse("percent", f"A move cannot be measured since {leaf.since!r}.", f"Use one of: {', '.join(SINCE)}.")
    if leaf.since == "bars" and not 1 <= leaf.n_bars <= BARS_BACK_MAX:
        _refuse("percent", f"A move cannot be measured over {leaf.n_bars} bars.", f"Use 1 to {BARS_BACK_MAX}.")
    if leaf.since == "price":
        _finite(leaf.reference, PRICE_MAX, "reference price")
        if leaf.reference == 0:
            _refuse("percent", "A move in percent cannot be measured from a price of 0.", "Give another price.")
    return PercentCondition(leaf.operator, float(leaf.value), leaf.since, leaf.n_bars, float(leaf.reference))


def _checked_indicator(leaf: IndicatorCondition) -> IndicatorCondition:
    _finite(leaf.value, PRICE_MAX, "level")
    if leaf.other is not None and leaf.is_price:
        _refuse("indicator", "An indicator is compared with another one and with the price at once.", "Choose one of them.")
    other = None if leaf.other is None else _checked_ref(leaf.other)
    return IndicatorCondition(_checked_ref(leaf.left), leaf.operator, float(leaf.value), other, leaf.is_price)


def _checked_ref(ref: IndicatorRef) -> IndicatorRef:
    try:
        spec = spec_of(ref.indicator)
    except TriiError as e:
        raise InvalidInput(e.message, hint=e.hint, code="alert.indicator") from e
    outputs = [output.name for output in spec.outputs]
    if ref.output and ref.output not in outputs:
        _refuse("indicator", f"{spec.short} has no output {ref.output!r}.", f"It has: {', '.join(outputs)}.")
    source = ref.source
    if source:
        if not spec.has_source:
            _refuse("indicator", f"{spec.short} reads whole bars, not {source!r}.", "Leave the source out.")
        check_source(spec, source)
    return IndicatorRef(spec.name, checked_params(spec, ref.params), source, ref.output)


def _checked_drawing(leaf: DrawingCondition) -> DrawingCondition:
    if not leaf.drawing or len(leaf.drawing) > 64:
        _refuse("drawing", f"{leaf.drawing[:80]!r} is not the id of a drawing.", "Choose a drawing on the chart.")
    if leaf.line in ("line", "upper", "lower"):
        return leaf
    kind, _, text = leaf.line.partition(":")
    try:
        level = float(text) if kind == "level" else math.nan
    except ValueError:
        level = math.nan
    if not abs(level) <= LEVEL_MAX:
        _refuse("drawing", f"A drawing has no line {leaf.line!r}.", "Use line, upper, lower, or level:0.618.")
    return leaf


def _checked_volume(leaf: VolumeCondition) -> VolumeCondition:
    _finite(leaf.value, 1e18, "volume")
    if leaf.value < 0:
        _refuse("volume", f"A volume cannot be {leaf.value:g}.", "Use at least 0.")
    if not 0 <= leaf.average <= AVERAGE_MAX:
        _refuse("volume", f"A volume cannot be averaged over {leaf.average} bars.", f"Use 1 to {AVERAGE_MAX}, 0 for no average.")
    return VolumeCondition(leaf.operator, float(leaf.value), leaf.average)


def _finite(value: float, limit: float, what: str) -> None:
    if not abs(value) < limit:  # also where it is NaN
        _refuse("number", f"The {what} of an alert cannot be {value}.", "Give a number.")


@dataclass(frozen=True, slots=True)
class _Text:
    what: str
    text: str
    length_max: int
    may_break: bool = False


def _check_words(alert: Alert) -> None:
    texts = [_Text("name", alert.name, NAME_MAX), _Text("message", alert.message, MESSAGE_MAX, may_break=True)]
    texts += [_Text("sound", alert.sound, SOUND_NAME_MAX), *(_Text("channel", name, CHANNEL_NAME_MAX) for name in alert.channels)]
    for one in texts:
        plain = one.text.replace("\n", "") if one.may_break else one.text
        if len(one.text) > one.length_max:
            _refuse("text", f"The {one.what} of the alert is {len(one.text)} characters long.", f"Use at most {one.length_max}.")
        if not plain.isprintable():
            _refuse("text", f"The {one.what} of the alert has characters that cannot be shown.", "Leave them out.")
    if alert.sound and not all(letter.isalnum() or letter in "-_" for letter in alert.sound):
        _refuse("sound", f"There is no sound {alert.sound!r}.", "Use its name, or none for silence.")
    if any(not name.strip() for name in alert.channels):
        _refuse("channels", "A channel of the alert has no name.", "List channels with: trii channels list")
    if len(alert.channels) > CHANNELS_MAX or len(set(alert.channels)) != len(alert.channels):
        _refuse("channels", f"The alert names {len(alert.channels)} channels.", f"Name at most {CHANNELS_MAX}, each once.")


def _check_numbers(alert: Alert) -> None:
    if not 0 <= alert.cooldown_s <= COOLDOWN_S_MAX:
        _refuse("cooldown", f"An alert cannot rest for {alert.cooldown_s} s.", "Use 0 seconds to a year.")
    if not 0 <= alert.rearm <= 50:
        _refuse("rearm", f"An alert cannot be armed again after {alert.rearm} percent.", "Use 0 to 50 percent.")
    if not 0 <= alert.expires_ns <= TIME_MAX or not 0 <= alert.created_ns <= TIME_MAX:
        _refuse("time", "A time of the alert is out of range.", "Give a moment after 1970.")


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidInput(message, hint=hint, code=f"alert.{code}")
