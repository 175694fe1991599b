"""From an alert as a person writes it to the rule that the engine evaluates."""

import math
from collections.abc import Iterator
from typing import Final

from backend.alerts.alert import (
    Alert,
    AllOf,
    AnyOf,
    Condition,
    IndicatorCondition,
    IndicatorRef,
    Leaf,
    PercentCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from backend.alerts.level import Level, percent_level
from backend.alerts.rules import (
    CloseBefore,
    Comparison,
    Either,
    Every,
    Expression,
    LastPrice,
    MeanVolume,
    Moment,
    Reading,
    Right,
    Rule,
    RuleLeaf,
    Volume,
)
from backend.domain.bars import SECOND_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.indicators.registry import check_source, checked_params, spec_of

N_BARS_MAX: Final = 10_000


def compile_rule(alert: Alert, *, from_ns: int = 0) -> Rule:
    """The rule of an alert; raises InvalidInput or NotFound for what cannot be.

    Prices enter as they are written. Levels that come from outside begin as ``Level.none()`` until ``AlertEngine.set_level``
    gives them: lines of drawings, and percent moves since the session before. ``leaves_of`` tells which leaf is which.
    """
    leaves = leaves_of(alert.condition)
    return Rule(
        alert.id,
        Series(InstrumentId.parse(alert.instrument), BarSpec.parse(alert.spec)),
        tuple(map(_compiled, leaves)),
        _tree(alert.condition, iter(range(len(leaves)))),
        alert.when,
        alert.repeat,
        round(alert.cooldown_s * SECOND_NS),
        alert.rearm,
        alert.expires_ns,
        from_ns,
    )


def leaves_of(condition: Condition) -> tuple[Leaf, ...]:
    """The leaves of a condition in the order of ``Rule.leaves``: depth first, as written."""
    if isinstance(condition, AllOf | AnyOf):
        return tuple(leaf for part in condition.of for leaf in leaves_of(part))
    return (condition,)


def reading_of(ref: IndicatorRef) -> Reading:
    """An output of an indicator in the registry's words. Raises NotFound, InvalidInput."""
    spec = spec_of(ref.indicator)
    names = [output.name for output in spec.outputs]
    if ref.output and ref.output not in names:
        raise InvalidInput(f"{spec.short} has no output {ref.output!r}.", hint=f"It has: {', '.join(names)}.")
    source = check_source(spec, ref.source or spec.default_source) if spec.has_source else ""
    return Reading(spec.name, tuple(sorted(checked_params(spec, ref.params).items())), source, ref.output or names[0])


def _tree(condition: Condition, places: Iterator[int]) -> Expression:
    if isinstance(condition, AllOf | AnyOf):
        if not condition.of:
            raise InvalidInput("A condition joins nothing.", hint="Name at least one condition in it.", code="alert.empty")
        parts = tuple(_tree(part, places) for part in condition.of)
        return Every(parts) if isinstance(condition, AllOf) else Either(parts)
    return next(places)


def _compiled(leaf: Leaf) -> RuleLeaf:
    if isinstance(leaf, TimeCondition):
        return Moment(leaf.at_ns)
    if isinstance(leaf, IndicatorCondition):
        right: Right = _number(leaf.value)
        if leaf.is_price or leaf.other is not None:
            right = LastPrice() if leaf.other is None else reading_of(leaf.other)
        return Comparison(reading_of(leaf.left), leaf.operator, right)
    if isinstance(leaf, VolumeCondition):
        return Comparison(Volume(), leaf.operator, _volume_right(leaf))
    if isinstance(leaf, PercentCondition):
        return Comparison(LastPrice(), leaf.operator, _percent_right(leaf))
    return Comparison(LastPrice(), leaf.operator, _number(leaf.value) if isinstance(leaf, PriceCondition) else Level.none())


def _number(value: float) -> Level:
    if not math.isfinite(value):
        raise InvalidInput(f"{value} is no value to compare with.", hint="Write a number.", code="alert.value")
    return Level.constant(value)


def _volume_right(leaf: VolumeCondition) -> Right:
    level = _number(leaf.value)
    if not leaf.average:
        return level
    checked_params(spec_of("sma"), {"period": leaf.average})
    return MeanVolume(leaf.average, leaf.value)


def _percent_right(leaf: PercentCondition) -> Right:
    level = _number(percent_level(leaf.reference, leaf.value))
    if leaf.since == "price":
        return level
    if leaf.since == "session":
        return Level.none()
    if leaf.since != "bars":
        raise InvalidInput(f"A move since {leaf.since!r} is not known.", hint="Write session, bars or price.", code="alert.since")
    if not 0 < leaf.n_bars <= N_BARS_MAX:
        raise InvalidInput(f"A move cannot be since {leaf.n_bars} bars ago.", hint=f"Use 1 to {N_BARS_MAX}.", code="alert.bars")
    return CloseBefore(leaf.n_bars, leaf.value)
