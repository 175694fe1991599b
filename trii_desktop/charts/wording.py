"""What a chart says in words and numbers: prices, times, the legend; no window needed."""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from backend.domain.bars import SECOND_NS, Bar, BarSpec, BarUnit
from backend.domain.instruments import Instrument
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.zones import LOCAL_ZONE
from trii_desktop.widgets.numbers import format_change, format_compact, format_percent, format_price

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKED_AT: Final = 256
_DECIMALS_MAX: Final = 14
_UNIT_WORDS: Final = {
    BarUnit.SECOND: "second",
    BarUnit.MINUTE: "minute",
    BarUnit.HOUR: "hour",
    BarUnit.DAY: "day",
    BarUnit.WEEK: "week",
    BarUnit.MONTH: "month",
    BarUnit.TICK: "trade",
    BarUnit.VOLUME: "unit of volume",
    BarUnit.RANGE: "price range",
}


def zone_of(instrument: Instrument | None, spec: BarSpec | None) -> tzinfo:
    """The zone in which bars of ``spec`` are labelled: UTC for session dates, else the instrument's own."""
    if instrument is None or spec is None or spec.is_dated:
        return UTC
    try:
        return ZoneInfo(instrument.timezone)
    except (ZoneInfoNotFoundError, ValueError):  # an imported instrument may name a zone that this machine does not know
        return UTC


def label_zone(choice: str, instrument: Instrument | None, spec: BarSpec | None) -> tzinfo:
    """The zone of a chart's labels: ``exchange`` is the instrument's, ``local`` this machine's, else an IANA name.

    Session dates have no zone. A name that this machine does not know gives the instrument's.
    """
    if choice == "exchange" or spec is None or spec.is_dated:
        return zone_of(instrument, spec)
    if choice == "local":
        return LOCAL_ZONE
    try:
        return ZoneInfo(choice)
    except (ZoneInfoNotFoundError, ValueError):
        return zone_of(instrument, spec)


def price_decimals(instrument: Instrument | None, snapshot: BarSnapshot) -> int:
    """Digits after the point of this series' prices: the instrument's step, else what the newest closes need, within reason."""
    n_bars = len(snapshot)
    last = snapshot.bar(n_bars - 1).close if n_bars else 0.0
    step = instrument.step_at(Decimal(repr(last))) if instrument else None
    if step is not None:
        return max(-int(step.normalize().as_tuple().exponent), 0)
    size = float(np.median(np.abs(snapshot.rows(n_bars - _LOOKED_AT, n_bars).close))) if n_bars else 0.0
    most = min(max(5 - math.floor(math.log10(size)), 2), _DECIMALS_MAX) if size > 0 else 2
    closes = snapshot.rows(n_bars - _LOOKED_AT, n_bars).close
    for decimals in range(2, most):
        if np.allclose(np.round(closes, decimals), closes, rtol=1e-9, atol=0):
            return decimals
    return most


def time_words(event_ns: int, spec: BarSpec | None, zone: tzinfo) -> str:
    """``Fri 1 Mar 2013``, with the time of day where bars have one."""
    moment = (_EPOCH + timedelta(seconds=event_ns // SECOND_NS)).astimezone(zone)
    date = f"{moment:%a} {moment.day} {moment:%b %Y}"
    if spec is not None and spec.is_dated:
        return date
    return f"{date}  {moment:%H:%M:%S}" if moment.second else f"{date}  {moment:%H:%M}"


class LegendValue(NamedTuple):
    """A value of the legend: what it is (``O``, ``Vol``; empty for the change) and what it says."""

    name: str
    text: str


class Worth(NamedTuple):
    """What the newest price is worth: a few letters for the legend, whether it is drawn grey, and a sentence; none by itself."""

    badge: str = ""
    is_doubtful: bool = False
    tip: str = ""


class Told(NamedTuple):
    """How a chart tells its bars: digits after the point, whether prices are adjusted, the zone chosen for labels, their worth."""

    decimals: int
    is_adjusted: bool = False
    zone: str = "exchange"
    worth: Worth = Worth()


class LegendWords(NamedTuple):
    """All that the legend says of one bar.

    title, details : the instrument; its name, the interval, adjustment
    values : open, high, low, close, change, volume; close and change alone for a line
    is_up : which colour the values take
    spoken : the same as a sentence
    worth : what the newest price is worth
    """

    title: str
    details: str
    values: tuple[LegendValue, ...]
    is_up: bool
    spoken: str
    worth: Worth = Worth()


def legend_words(instrument: Instrument, spec: BarSpec, snapshot: BarSnapshot, row: int, told: Told) -> LegendWords:
    """The legend for the bar at ``row``; the instrument alone where there is no such bar."""
    details = " · ".join(part for part in (instrument.name, str(spec), "adjusted" if told.is_adjusted else "") if part)
    if not 0 <= row < len(snapshot):
        nothing = f"{instrument.id}, {interval_words(spec)}, no bars"
        return LegendWords(str(instrument.id), details, (), is_up=True, spoken=nothing, worth=told.worth)
    bar = snapshot.bar(row)
    before = snapshot.bar(row - 1).close if row else math.nan
    change = bar.close - before
    percent = change / abs(before) * 100 if before else math.nan
    values = _bar_values(bar, told.decimals, is_line=snapshot.is_close_only)
    if math.isfinite(change):
        values = (*values, LegendValue("", f"{format_change(change, told.decimals)} ({format_percent(percent)})"))
    if snapshot.has_volume:
        values = (*values, LegendValue("Vol", format_compact(bar.volume)))
    is_up = bar.close >= (before if snapshot.is_close_only and row else bar.open)
    when = time_words(bar.event_ns, spec, label_zone(told.zone, instrument, spec))
    spoken = f"{instrument.id}, {interval_words(spec)}, {when}: {_said(values)}"
    spoken = f"{spoken}. {told.worth.tip}" if told.worth.tip else spoken
    return LegendWords(str(instrument.id), details, values, is_up, spoken, told.worth)


def no_bars_words(instrument: Instrument | None, spec: BarSpec | None) -> tuple[str, str]:
    """What a chart without bars says, and what to do about it."""
    hint = "Import a file that has them, or choose another interval or instrument."
    return f"No bars of {instrument.id if instrument else ''}, {spec}", hint


def interval_words(spec: BarSpec) -> str:
    """``1 day bars``, ``500 trades bars`` and so on, for a screen reader."""
    return f"{spec.step} {_UNIT_WORDS[spec.unit]} bars"


def _bar_values(bar: Bar, decimals: int, *, is_line: bool) -> tuple[LegendValue, ...]:
    close = LegendValue("C", format_price(bar.close, decimals))
    if is_line:
        return (close,)
    prices = (("O", bar.open), ("H", bar.high), ("L", bar.low))
    return (*(LegendValue(name, format_price(price, decimals)) for name, price in prices), close)


_SPOKEN: Final = {"O": "open", "H": "high", "L": "low", "C": "close", "Vol": "volume", "": "change"}


def _said(values: tuple[LegendValue, ...]) -> str:
    return ", ".join(f"{_SPOKEN[value.name]} {value.text}" for value in values)
