"""Facts of the stretch that a chart shows: what a person sees while asking."""

import numpy as np

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit
from backend.domain.bars import BarArrays, Series


def with_visible(facts: FactSet, bars: BarArrays, series: Series, source: str, as_of_ns: int) -> FactSet:
    """``facts`` and behind them those of ``bars``, the bars in view; the same where none is in view.

    Closes, highest high and lowest low are as the chart shows them, raw or adjusted as the bars are given.
    """
    if not len(bars):
        return facts
    n_before = len(facts)
    span = BarRange(series, int(bars.event_ns[0]), int(bars.event_ns[-1]))
    first, last = float(bars.close[0]), float(bars.close[-1])
    change = (last / first - 1.0) * 100.0 if first > 0 else None
    days = bars.event_ns.astype("datetime64[ns]").astype("datetime64[D]")
    told: tuple[tuple[str, str, float | int | str | None, Unit, str], ...] = (
        ("count", "Bars in view", len(bars), Unit.COUNT, "number of bars on the chart"),
        ("first", "First date in view", str(days[0]), Unit.DATE, "date of the first bar on the chart"),
        ("last", "Last date in view", str(days[-1]), Unit.DATE, "date of the last bar on the chart"),
        ("change", "Change over the bars in view", change, Unit.PERCENT, "last close / first close - 1"),
        ("high", "Highest high in view", float(np.max(bars.high)), Unit.PRICE, "max(high)"),
        ("low", "Lowest low in view", float(np.min(bars.low)), Unit.PRICE, "min(low)"),
        ("close", "Last close in view", last, Unit.PRICE, "close of the last bar on the chart"),
    )
    made = [
        Fact(
            id=f"F{n_before + place}",
            name=f"view.{name}",
            label=label,
            value=value,
            unit=unit,
            decimals=0 if unit is Unit.COUNT else 2,
            as_of_ns=as_of_ns,
            source=source,
            formula=formula,
            bars=span,
            why_not="" if value is not None else "The first price is not above zero.",
        )
        for place, (name, label, value, unit, formula) in enumerate(told, 1)
    ]
    return FactSet((*facts.values(), *made))
