"""Views of bars for facts: real daily bars with their dates, made ones, and a gatherer over a market in memory."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np

from backend.assistant.facts.computing import compute_facts
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.view import Person, Position, Seen, View
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.domain.sessions import SessionTable
from backend.market.history import History
from tests.fakes.memory_market import MemoryMarket

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
APPLE = Instrument(InstrumentId("AAPL", "XNAS"), "Apple")
INDEX = InstrumentId("SPX", "INDEX")
DAYS = BarSpec.parse("1d")
SWING = Person("swing", "medium")


def apple_days(n_last: int | None = None, *, adjusted: bool = False) -> BarArrays:
    """The daily bars of Apple with their dates, raw or as its file adjusts them."""
    with (SAMPLES / "AAPL_1d.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    event_ns = np.array([_label_ns(row["Date"]) for row in rows], np.int64)
    columns = [np.array([float(row[word]) for row in rows]) for word in ("Open", "High", "Low", "Close", "Volume")]
    if adjusted:
        factor = np.array([float(row["Adj Close"]) for row in rows]) / columns[3]
        columns = [*(column * factor for column in columns[:4]), columns[4]]
    bars = BarArrays(event_ns, *columns)
    return bars if n_last is None else bars[-n_last:]


def _label_ns(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days * DAY_NS


def with_columns(bars: BarArrays, **changes) -> BarArrays:
    """The same bars with some columns replaced."""
    columns = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close, "volume": bars.volume} | changes
    return BarArrays(bars.event_ns, *(np.ascontiguousarray(columns[name], np.float64) for name in columns))


def line_of(values) -> BarArrays:
    """A close-only series of days from 2020 on, without volume."""
    column = np.array(values, np.float64)
    event_ns = _label_ns("2020-01-01") + DAY_NS * np.arange(len(column), dtype=np.int64)
    return BarArrays(event_ns, *(column.copy() for _ in range(4)), np.full(len(column), np.nan))


def seen_of(bars: BarArrays, instrument: InstrumentId = APPLE.id) -> Seen:
    """Daily bars, each known at 21 o'clock of its date."""
    return Seen(Series(instrument, DAYS), bars, bars.event_ns + 21 * HOUR_NS, f"{instrument} 1d, from sample")


def view_of(
    bars: BarArrays, *, person: Person = SWING, position: Position | None = None, index: BarArrays | None = None, age_days: int = 0
) -> View:
    """A view of daily bars, looked at ``age_days`` after the newest was complete."""
    main = seen_of(bars)
    other = None if index is None else seen_of(index, INDEX)
    as_of_ns = int(main.known_ns[-1]) + age_days * DAY_NS
    return View(APPLE, main, main, as_of_ns, person, position, other)


def facts_of(bars: BarArrays, **options):
    """The facts of such a view."""
    return compute_facts(view_of(bars, **options))


def weekdays(first: str, last: str) -> SessionTable:
    """Sessions from 14:30 to 21:00 UTC on every weekday."""
    days = np.arange(_label_ns(first), _label_ns(last) + 1, DAY_NS, dtype=np.int64)
    days = days[(days // DAY_NS + 3) % 7 < 5]
    return SessionTable("weekdays", days, days + 14 * HOUR_NS + HOUR_NS // 2, days + 21 * HOUR_NS)


class FactMarket(MemoryMarket):
    """A market in memory that knows what its instruments are and where its bars come from."""

    def sources(self, series: Series) -> list[str]:
        """As the market store tells it."""
        return ["import"]

    async def get(self, instrument: InstrumentId) -> Instrument:
        """A stock, or the index."""
        await super().get(instrument)
        kind = InstrumentKind.INDEX if instrument == INDEX else InstrumentKind.STOCK
        return Instrument(instrument, str(instrument), kind, timezone="America/New_York")


def gatherer_of(market: FactMarket, now_ns: int, **sources) -> FactGatherer:
    """A gatherer over a market in memory at a moment."""
    clock = ManualClock(now_ns)
    return FactGatherer(History(market, market, market, market, clock), market, clock, lambda: SWING, **sources)
