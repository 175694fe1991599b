"""What facts are computed from: complete bars as they were known at one moment, and what goes with them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.assistant.facts.draft import Draft, Term
from backend.assistant.facts.fact import BarRange, Value
from backend.assistant.facts.outside import NOTHING, Outside
from backend.domain.bars import BarArrays, Int64s, Series
from backend.domain.instruments import Instrument, InstrumentKind

DECIMALS_MAX: Final = 10
ADJUSTED_FOR: Final = ", adjusted for splits and dividends"  # what ends the words for where adjusted bars come from
_IN_CENTS: Final = {InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.INDEX}


@dataclass(frozen=True, slots=True)
class Position:
    """What a person holds of an instrument: ``quantity`` is below zero for a short one, ``price`` is its average entry."""

    quantity: float
    price: float


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody trades, as the settings say it."""

    style: str
    risk: str


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The bars of a series that were complete at the moment, adjusted for what had gone ex by then.

    known_ns : int64[n_bars]   when each was complete
    source : which stored bars these are, in words
    traded : the same bars as they were traded; None where no price differs
    """

    series: Series
    bars: BarArrays
    known_ns: Int64s
    source: str
    traded: BarArrays | None = None

    def __len__(self) -> int:
        return len(self.bars)

    @property
    def is_adjusted(self) -> bool:
        """Whether any price differs from the raw one."""
        return self.traded is not None

    def as_traded(self, points: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
        """Points at raw prices of their own moments, as charts and drawings keep them; those given are at adjusted ones."""
        if self.traded is None or not points:
            return tuple(points)
        rows = np.searchsorted(self.bars.event_ns, [event_ns for event_ns, _ in points], side="right") - 1
        rows = np.clip(rows, 0, None)
        scales = (self.bars.close[rows] / self.traded.close[rows]).tolist()
        return tuple((event_ns, price / scale) for (event_ns, price), scale in zip(points, scales, strict=True))

    def newest(self, n_bars: int) -> BarRange:
        """The newest bars as a range."""
        return BarRange(self.series, int(self.bars.event_ns[-n_bars]), int(self.bars.event_ns[-1]))

    def draft(self, term: Term, value: Value | None, n_bars: int = 1, why_not: str = "") -> Draft:
        """A fact of the newest ``n_bars``; where they are not so many, it is unavailable."""
        if value is None or len(self) < n_bars:
            why = self.too_short(n_bars) if len(self) < n_bars else why_not or self.too_short(n_bars)
            return Draft(term=term, why_not=why, source=self.source)
        as_of_ns = int(self.known_ns[-1])
        return Draft(term=term, value=value, why_not=why_not, source=self.source, as_of_ns=as_of_ns, bars=self.newest(n_bars))

    def too_short(self, n_bars: int) -> str:
        """Why something that takes ``n_bars`` cannot be said."""
        return f"It takes {n_bars} complete {self.series.spec} bars, and there are {len(self)}."

    @property
    def has_volume(self) -> bool:
        """Whether any volume above zero is stored; an index often has none, or zeros."""
        return bool(np.any(self.bars.volume > 0))

    @property
    def is_above_zero(self) -> bool:
        """Whether every price is above zero, so that percent and logarithms make sense."""
        return bool(np.all(self.bars.low > 0))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything that facts of one moment may look at, and nothing later.

    main : the series asked for, at least one bar; days : complete daily bars, None where none can be made;
        for a daily series the same object
    index : daily bars that a beta is measured against, None where there are none, with ``why_no_index``
    outside : news, mood and ratios, where a source of them is connected
    now : shorter bars that were complete after the newest of these: they tell the price of a bar under way
    """

    instrument: Instrument
    main: Seen
    days: Seen | None
    as_of_ns: int
    person: Person
    position: Position | None = None
    index: Seen | None = None
    why_no_index: str = ""
    now: Seen | None = None
    outside: Outside = NOTHING

    @property
    def latest(self) -> Seen:
        """Whichever of the series and its days was complete last: its close is the newest price."""
        if self.days is None or not len(self.days) or self.main.known_ns[-1] >= self.days.known_ns[-1]:
            return self.main
        return self.days

    def seen_of(self, series: Series) -> Seen:
        """The bars of a series among these; those asked for where it is none of them."""
        return next((one for one in (self.main, self.days, self.now) if one is not None and one.series == series), self.main)

    @property
    def newest_known_ns(self) -> int:
        """When the newest price of all was known."""
        return int((self.now or self.latest).known_ns[-1])

    @property
    def past_days(self) -> int:
        """How many daily bars were complete before the newest price was known: what it changed against."""
        if self.days is None:
            return 0
        return int(np.searchsorted(self.days.known_ns, self.latest.known_ns[-1], side="left"))

    @property
    def price_decimals(self) -> int:
        """Digits after the point: cents for stocks and indexes, else as the newest bar is written, as far as its size allows."""
        values = [float(column[-1]) for column in self.main.bars.columns()[:4]]
        size = max(map(abs, values))
        if self.instrument.kind in _IN_CENTS and size >= 1:
            return 2
        most = min(DECIMALS_MAX, max(2, 5 - math.floor(math.log10(size)))) if size > 0 else 2
        for decimals in range(2, most):
            if all(abs(round(value, decimals) - value) <= 1e-9 * max(abs(value), 1e-12) for value in values):
                return decimals
        return most
