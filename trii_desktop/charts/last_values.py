"""Labels of the newest values beside a pane: the last price with the time left to the bar's close, studies, comparisons."""

import math
from typing import Final

from backend.charts.chart_state import ScaleKind
from backend.domain.bars import SECOND_NS
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.painters import Inks
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.study_looks import SIGNS, OutputLook, comparison_looks
from trii_desktop.widgets.numbers import decimals_of, format_compact, format_percent, format_price

_COMPACT_FROM: Final = 1e6
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


def value_text(value: float, decimals: int | None = None) -> str:
    """A study's value: with ``decimals`` digits, else as many as its size asks for; large ones shortened."""
    if abs(value) >= _COMPACT_FROM:
        return format_compact(value)
    return format_price(value, decimals_of(value) if decimals is None else decimals)


def scaled_text(scale: PriceScale, value: float, words: str) -> str:
    """``words`` for a value, or its percent since the first bar in view where the axis beside it counts so."""
    is_percent = scale.kind is ScaleKind.PERCENT and scale.reference
    return format_percent(scale.percent_of(value)) if is_percent else words


def countdown(closes_ns: int | None, now_ns: int) -> str:
    """The time left: ``04:12``, ``1:04:12``, or days and hours; empty where it is over or not known."""
    left = math.ceil(((closes_ns or 0) - now_ns) / SECOND_NS)
    if closes_ns is None or left <= 0:
        return ""
    if left >= _DAY:
        return f"{left // _DAY}d {left % _DAY // _HOUR}h"
    minutes = f"{left % _HOUR // _MINUTE:02d}:{left % _MINUTE:02d}"
    return f"{left // _HOUR}:{minutes}" if left >= _HOUR else minutes


def price_ink(model: ChartModel) -> str:
    """The colour of the last price; grey where it may not be the newest one."""
    if model.worth.is_doubtful:
        return "muted"
    bar = model.snapshot.bar(len(model.snapshot) - 1)
    return "line" if model.is_line else "up" if bar.close >= bar.open else "down"


def price_label(model: ChartModel, scale: PriceScale, decimals: int, now_ns: int | None) -> AxisLabel:
    """The label of the last price; the time left to the bar's close below it where ``now_ns`` is known."""
    bar = model.snapshot.bar(len(model.snapshot) - 1)
    ink = price_ink(model)
    left = countdown(model.shown.closes_ns, now_ns) if now_ns is not None else ""
    text = scaled_text(scale, bar.close, format_price(bar.close, decimals))
    is_doubtful = model.worth.is_doubtful
    on_ink = ink if is_doubtful else f"on_{ink}"
    return AxisLabel(_row(scale, bar.close), text, ink, on_ink, left, is_first=True, is_hollow=is_doubtful)


def line_labels(model: ChartModel, pane: PaneModel, scale: PriceScale, decimals: int | None, inks: Inks) -> list[AxisLabel]:
    """The labels of studies and comparisons in a pane: of their newest values, where these are known."""
    outputs = [output for look in model.looks if look.pane == pane.id for output in look.shown_outputs]
    labels = [_label(model, output, scale, decimals, inks) for output in outputs]
    if pane.is_main:
        labels += [_compared(model, look, scale, inks) for look in comparison_looks(model.comparisons) if look.is_shown]
    return [label for label in labels if label is not None]


def ink_of(look: OutputLook, value: float) -> str:
    """The colour of one value of a line."""
    return ("up" if value >= 0 else "down") if look.ink == SIGNS else look.ink


def _label(model: ChartModel, look: OutputLook, scale: PriceScale, decimals: int | None, inks: Inks) -> AxisLabel | None:
    line = model.shown.lines.get(look.key)
    value = line.value(len(line) - 1) if line is not None and len(line) else math.nan
    if not math.isfinite(value):
        return None
    ink = ink_of(look, value)
    text = scaled_text(scale, value, value_text(value, decimals))
    return AxisLabel(_row(scale, value), text, ink, inks.on(ink))


def _compared(model: ChartModel, look: OutputLook, scale: PriceScale, inks: Inks) -> AxisLabel | None:
    change = model.in_view.compared(look.key, len(model.snapshot) - 1)
    if change is None or not math.isfinite(change.drawn):
        return None
    return AxisLabel(_row(scale, change.drawn), change.text, look.ink, inks.on(look.ink))


def _row(scale: PriceScale, value: float) -> int:
    return math.floor(min(max(scale.y_at(value), -1e6), 1e6))
