"""Bars, what they are made of, and a series of them as arrays."""

import enum
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.domain.hashing import HashedOnce
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS


class BarUnit(enum.StrEnum):
    """What closes a bar: elapsed time, trades counted, quantity traded, or distance travelled."""

    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"
    TICK = "t"
    VOLUME = "v"
    RANGE = "r"


_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*(mo|[smhdwtvr])", re.IGNORECASE)
_WORDS: Final = {"M": BarUnit.MONTH}
_NS: Final = {
    BarUnit.SECOND: SECOND_NS,
    BarUnit.MINUTE: MINUTE_NS,
    BarUnit.HOUR: HOUR_NS,
    BarUnit.DAY: DAY_NS,
    BarUnit.WEEK: 7 * DAY_NS,
}
STEP_MAX: Final = 10**15
_STEPS_MAX: Final = {unit: 100 * 366 * DAY_NS // ns for unit, ns in _NS.items()} | {BarUnit.MONTH: 1200}
_SIXTY: Final = {BarUnit.SECOND: BarUnit.MINUTE, BarUnit.MINUTE: BarUnit.HOUR}
_DATED: Final = {BarUnit.DAY, BarUnit.WEEK, BarUnit.MONTH}
_INTRADAY: Final = {BarUnit.SECOND, BarUnit.MINUTE, BarUnit.HOUR}


@dataclass(frozen=True, slots=True)
class BarSpec(HashedOnce):
    """How bars are cut: ``5m``, ``1d``, ``1mo``, ``500t`` (trades), ``10000v`` (quantity), ``0.5r`` (price range).

    One way of cutting has one spec: ``60m`` is ``1h`` and ``0.50r`` is ``0.5r``. ``24h`` is not ``1d``, nor ``7d``
    ``1w``: those follow sessions and weeks.
    """

    step: Decimal
    unit: BarUnit
    __hash__ = HashedOnce.__hash__

    def __post_init__(self) -> None:
        step, unit = self.step, self.unit
        if not 0 < step <= _STEPS_MAX.get(unit, STEP_MAX):
            raise InvalidInput(
                f"Bars of {step}{unit} are not possible.",
                hint=f"Use a number above 0 and at most {_STEPS_MAX.get(unit, STEP_MAX)}.",
                code="bars.interval",
            )
        while unit in _SIXTY and step % 60 == 0:
            step, unit = step / 60, _SIXTY[unit]
        object.__setattr__(self, "step", Decimal(int(step)) if step % 1 == 0 else step.normalize())
        object.__setattr__(self, "unit", unit)
        if self.unit is not BarUnit.RANGE and self.unit is not BarUnit.VOLUME and self.step % 1:
            raise InvalidInput(f"Bars of {self.step}{self.unit} are not possible.", hint="Use a whole number above 0.")

    @classmethod
    def parse(cls, text: str) -> "BarSpec":
        """Read ``1m``, ``4h``, ``1d``, ``1w``, ``1mo`` (also ``1M``), ``100t``, ``1000v``, ``0.5r``. Raises InvalidInput."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise InvalidInput(
                f"{text!r} is not a bar interval.",
                hint="Write a number and a unit: 1m, 5m, 1h, 1d, 1w, 1mo, 100t, 1000v or 0.5r.",
                code="bars.interval",
            )
        number, unit = match.groups()
        try:
            step = Decimal(number)
        except InvalidOperation as e:  # the pattern admits only numbers; this guards absurd lengths
            raise InvalidInput(f"{number!r} is not a number of units.", hint="Write a shorter number.") from e
        return cls(step, _WORDS.get(unit) or BarUnit(unit.lower()))

    def __str__(self) -> str:
        return f"{self.step:f}{self.unit}"

    @property
    def is_dated(self) -> bool:
        """Whether bars are labelled by session date (days, weeks, months) rather than by an instant."""
        return self.unit in _DATED

    @property
    def is_intraday(self) -> bool:
        """Whether bars are cut by seconds, minutes or hours inside a session."""
        return self.unit in _INTRADAY

    @property
    def is_time(self) -> bool:
        """Whether elapsed time closes a bar."""
        return self.is_dated or self.is_intraday

    @property
    def duration_ns(self) -> int | None:
        """Nominal length in ns; None for months and for tick, volume and range bars."""
        unit_ns = _NS.get(self.unit)
        return None if unit_ns is None else int(self.step) * unit_ns


@dataclass(frozen=True, slots=True)
class Series(HashedOnce):
    """The bars of one instrument cut one way."""

    instrument: InstrumentId
    spec: BarSpec
    __hash__ = HashedOnce.__hash__

    def __str__(self) -> str:
        return f"{self.instrument} {self.spec}"


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close and volume of one interval.

    event_ns : the instant the interval opens, UTC ns; bars of days, weeks and months carry
        midnight UTC of their first session's date, which is a label, not an instant
    volume : quantity traded, NaN where the source does not say
    """

    event_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float = float("nan")

    def __post_init__(self) -> None:
        prices = (self.open, self.high, self.low, self.close)
        if not all(map(math.isfinite, prices)) or math.isinf(self.volume):
            raise InvalidInput(
                f"A bar has a price or volume that is not a number: {(*prices, self.volume)}.", hint="Leave such bars out."
            )
        if self.high < max(prices) or self.low > min(prices):
            raise InvalidInput(
                f"A bar has open {self.open}, high {self.high}, low {self.low}, close {self.close}.",
                hint="The high must be the highest of them and the low the lowest.",
            )
        if self.volume < 0:
            raise InvalidInput(f"A bar has a volume of {self.volume}.", hint="Volumes are at least 0.")


_INT64: Final = np.dtype(np.int64)
_FLOAT64: Final = np.dtype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class BarArrays:
    """Bars of one series as columns of equal length, oldest first; read-only, shared between threads.

    event_ns : int64[n_bars]   strictly increasing, meaning as in Bar
    open, high, low, close : float64[n_bars]   no NaN, low ≤ open, close ≤ high
    volume : float64[n_bars]   NaN where unknown
    """

    event_ns: Int64s
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    volume: Float64s

    def __post_init__(self) -> None:
        n_bars, columns = len(self.event_ns), self.columns()
        is_right = self.event_ns.dtype == _INT64
        for column in columns:  # several times a tick, so without a generator
            is_right = is_right and column.dtype == _FLOAT64 and len(column) == n_bars
        if not is_right:
            raise InvalidInput("Bar columns are not int64 and float64 of one length.", hint="Convert them first.")
        self.event_ns.setflags(write=False)
        for column in columns:
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.event_ns)

    def columns(self) -> tuple[Float64s, Float64s, Float64s, Float64s, Float64s]:
        """Open, high, low, close, volume."""
        return self.open, self.high, self.low, self.close, self.volume

    def __getitem__(self, rows: slice) -> "BarArrays":
        return BarArrays(self.event_ns[rows], *(c[rows] for c in self.columns()))

    def bar(self, row: int) -> Bar:
        """The bar at ``row``; negative rows count from the newest."""
        return Bar(int(self.event_ns[row]), *(float(c[row]) for c in self.columns()))

    @classmethod
    def empty(cls) -> "BarArrays":
        """No bars; always the same ones, since nothing in them can change."""
        return _NO_BARS

    @classmethod
    def of(cls, bars: list[Bar]) -> "BarArrays":
        """Columns from single bars, oldest first."""
        if len(bars) == 1:  # several times a batch
            (bar,) = bars
            ns, values = np.array((bar.event_ns,), np.int64), (bar.open, bar.high, bar.low, bar.close, bar.volume)
            return cls(ns, *(np.array((value,), np.float64) for value in values))
        rows = [(b.open, b.high, b.low, b.close, b.volume) for b in bars]
        table = np.array(rows, np.float64).reshape(len(rows), 5)
        return cls(np.array([b.event_ns for b in bars], np.int64), *(table[:, i].copy() for i in range(5)))

    @property
    def is_close_only(self) -> bool:
        """Whether every bar has open = high = low = close, as in series of single values; such series draw as lines."""
        return len(self) > 0 and bool(np.array_equal(self.open, self.close) and np.array_equal(self.high, self.low))


_NO_BARS: Final = BarArrays(np.empty(0, np.int64), *(np.empty(0, np.float64) for _ in range(5)))
