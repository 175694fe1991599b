"""Alerts as they are proposed: at a price, on a line of a drawing, on an indicator of the chart."""

import math

from backend.alerts.alert import (
    Alert,
    Condition,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PriceCondition,
    new_id,
)
from backend.charts.chart_state import Study
from backend.indicators.registry import spec_of
from trii_desktop.engine_side import Shown


def price_alert(instrument: str, price: float, *, last: float, now_ns: int) -> Alert:
    """Fires when the price comes to ``price`` from where it is now: the side of ``last`` says from where."""
    operator = Operator.CROSSES
    if math.isfinite(last) and last != price:
        operator = Operator.CROSSES_ABOVE if price > last else Operator.CROSSES_BELOW
    return fresh(instrument, PriceCondition(operator, price, now_ns), now_ns=now_ns)


def drawing_alert(instrument: str, drawing: str, line: str, *, now_ns: int) -> Alert:
    """Fires when the price crosses a line of a drawing."""
    return fresh(instrument, DrawingCondition(drawing, Operator.CROSSES, line), now_ns=now_ns)


def study_alert(shown: Shown, study: Study, value: float, *, now_ns: int) -> Alert | None:
    """About an indicator of the chart, with the chart's bars; None for one that reads another one.

    Proposed is its own level that is nearest to ``value``; of one over the prices, that the price crosses it.
    """
    if study.source.study:
        return None
    spec = spec_of(study.indicator)
    ref = IndicatorRef(spec.name, dict(study.params), study.source.field if spec.has_source else "")
    if spec.is_overlay:
        condition = IndicatorCondition(ref, Operator.CROSSES, is_price=True)
    else:
        near = value if math.isfinite(value) else 0.0
        level = min(spec.levels, key=lambda one: abs(one - near), default=0.0)
        condition = IndicatorCondition(ref, Operator.CROSSES, level)
    return fresh(str(shown.instrument.id), condition, spec=str(shown.spec), now_ns=now_ns)


def fresh(instrument: str, condition: Condition, *, now_ns: int, spec: str = "1m") -> Alert:
    """An alert that nobody has chosen anything else of."""
    return Alert(new_id(), instrument, condition, spec=spec, created_ns=now_ns)
