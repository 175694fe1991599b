"""What is found in bars, as values: each says where it lies, from which bar on it could be known, and by which rule.

Rows count from the oldest bar. What is known at a row is known at the close of that bar, from it and those before it alone.
What happens to a find later, such as a breakout or a touch, carries its own row; ``known_by`` takes it away again.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias, TypeVar

Point: TypeAlias = tuple[int, float]  # event_ns, price


class Bias(enum.StrEnum):
    """Which way a find speaks for."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"


class SwingKind(enum.StrEnum):
    """Which extreme a swing is."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """A high or low from which prices turned away far enough to confirm it.

    known : the row at which the turn was confirmed, always after ``index``, the row of the extreme
    atr : average true range at ``known``, the size of an ordinary bar there; NaN while there are too few bars
    """

    kind: SwingKind
    index: int
    event_ns: int
    price: float
    known: int
    known_ns: int
    atr: float

    def as_known(self, n_bars: int) -> Self | None:
        """The swing as the first ``n_bars`` bars show it; None where they do not."""
        return self if self.known < n_bars else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What every find says of itself.

    name : words, as "Double top"; rule : how it was recognised, in one sentence
    start, end : first and last row of the bars that make it, with their times
    known : the row at whose close it could first be known
    points : its corners, oldest first
    strength : 0 to 1, by the formula that its finder documents
    """

    name: str
    bias: Bias
    start: int
    end: int
    start_ns: int
    end_ns: int
    known: int
    known_ns: int
    points: tuple[Point, ...]
    strength: float
    rule: str

    def as_known(self, n_bars: int) -> Self | None:
        """The find as the first ``n_bars`` bars show it, without what came later; None where they do not."""
        return self if self.known < n_bars else None


class CandleKind(enum.StrEnum):
    """Patterns of one to three bars."""

    DOJI = "doji"
    HAMMER = "hammer"
    HANGING_MAN = "hanging_man"
    INVERTED_HAMMER = "inverted_hammer"
    SHOOTING_STAR = "shooting_star"
    MARUBOZU = "marubozu"
    ENGULFING = "engulfing"
    HARAMI = "harami"
    PIERCING_LINE = "piercing_line"
    DARK_CLOUD_COVER = "dark_cloud_cover"
    TWEEZERS = "tweezers"
    MORNING_STAR = "morning_star"
    EVENING_STAR = "evening_star"
    THREE_WHITE_SOLDIERS = "three_white_soldiers"
    THREE_BLACK_CROWS = "three_black_crows"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandlePattern(Found):
    """A pattern of one to three bars, known at the close of the last. ``points`` are the last bar's close."""

    kind: CandleKind


class ChartKind(enum.StrEnum):
    """Patterns that swings draw."""

    DOUBLE_TOP = "double_top"
    DOUBLE_BOTTOM = "double_bottom"
    TRIPLE_TOP = "triple_top"
    TRIPLE_BOTTOM = "triple_bottom"
    HEAD_AND_SHOULDERS = "head_and_shoulders"
    INVERSE_HEAD_AND_SHOULDERS = "inverse_head_and_shoulders"
    ASCENDING_TRIANGLE = "ascending_triangle"
    DESCENDING_TRIANGLE = "descending_triangle"
    SYMMETRICAL_TRIANGLE = "symmetrical_triangle"
    RISING_WEDGE = "rising_wedge"
    FALLING_WEDGE = "falling_wedge"
    BULL_FLAG = "bull_flag"
    BEAR_FLAG = "bear_flag"
    RECTANGLE = "rectangle"
    CHANNEL_UP = "channel_up"
    CHANNEL_DOWN = "channel_down"
    CUP_AND_HANDLE = "cup_and_handle"
    INVERSE_CUP_AND_HANDLE = "inverse_cup_and_handle"


class LineRole(enum.StrEnum):
    """What a line of a pattern bounds."""

    NECKLINE = "neckline"
    UPPER = "upper"
    LOWER = "lower"
    LIMIT = "limit"  # where a pattern with a neckline fails; not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line over bars, from the row ``start`` to the row ``end``; straight by rows, not by time."""

    role: LineRole
    start: int
    end: int
    points: tuple[Point, Point]

    def price_at(self, row: int) -> float:
        """The line's price at ``row``, prolonged where that lies outside."""
        (_, first), (_, last) = self.points
        return first + (last - first) * ((row - self.start) / (self.end - self.start)) if self.end > self.start else first


class OutcomeKind(enum.StrEnum):
    """How a find ended."""

    BREAKOUT_UP = "breakout_up"
    BREAKOUT_DOWN = "breakout_down"
    INVALIDATED = "invalidated"  # prices closed past the pattern's far side: what it spoke for did not come
    EXPIRED = "expired"  # nothing happened for as long as the pattern had taken
    FILLED = "filled"  # of gaps: prices came back over all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a find: the bar where it happened, its close (of a filled gap: the edge), and the row that told it.

    target : of a breakout, the measured move from the line where it was broken; else NaN
    """

    kind: OutcomeKind
    index: int
    event_ns: int
    price: float
    known: int
    known_ns: int
    target: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPattern(Found):
    """A pattern of confirmed swings.

    corners : rows of ``points``
    lines : the neckline, or the upper and lower boundary
    height : of the pattern at its widest, in price
    target : the measured move from the boundary in the direction of ``bias``; NaN where it speaks for neither
    invalidation : a close past this price says that the pattern failed; NaN where it speaks for neither
    outcome : None while nothing has happened
    """

    kind: ChartKind
    corners: tuple[int, ...]
    lines: tuple[Line, ...]
    height: float
    target: float
    invalidation: float
    outcome: Outcome | None

    def as_known(self, n_bars: int) -> Self | None:
        """The pattern without an outcome that came after the first ``n_bars`` bars; None where they do not show it."""
        if self.known >= n_bars:
            return None
        return replace(self, outcome=None) if self.outcome is not None and self.outcome.known >= n_bars else self


class LevelKind(enum.StrEnum):
    """Where a level comes from."""

    SWINGS = "swings"
    PREVIOUS_HIGH = "previous_high"
    PREVIOUS_LOW = "previous_low"
    ROUND = "round"


class Role(enum.StrEnum):
    """What a level is for the newest close: below it support, above it resistance."""

    SUPPORT = "support"
    RESISTANCE = "resistance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Found):
    """A price at which the market turned, or may.

    low, high : what its touches cover
    touches : swings in the band, oldest first; none for levels of other kinds
    as_of : the newest row looked at; ``role``, ``strength`` and ``is_current`` are as of it
    is_current : whether it was touched recently enough to count
    """

    kind: LevelKind
    price: float
    low: float
    high: float
    role: Role
    touches: tuple[Swing, ...]
    as_of: int
    is_current: bool


class Period(enum.StrEnum):
    """A stretch of time whose high, low and close the next one looks back at."""

    SESSION = "session"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class PivotFormula(enum.StrEnum):
    """How pivots follow from the period before."""

    CLASSIC = "classic"
    FIBONACCI = "fibonacci"
    CAMARILLA = "camarilla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivots(Found):
    """Prices computed from one period for the next. ``start`` and ``end`` are the rows of the period they come from.

    prices : by name, lowest first: S3, S2, S1, P, R1, R2, R3 (Camarilla: S4 to R4)
    """

    period: Period
    formula: PivotFormula
    high: float
    low: float
    close: float
    prices: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeProfile(Found):
    """Volume by price over the bars from ``start`` to ``end``.

    poc : the price with the most volume, the middle of its bin
    value_low, value_high : the smallest stretch of bins around it with ``share`` of the volume
    edges : n_bins + 1 prices, rising; volumes : of each bin
    """

    poc: float
    value_low: float
    value_high: float
    share: float
    edges: tuple[float, ...]
    volumes: tuple[float, ...]


class GapKind(enum.StrEnum):
    """What a gap is by where it lies."""

    COMMON = "common"
    BREAKAWAY = "breakaway"
    RUNAWAY = "runaway"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGap(Found):
    """Prices between two bars at which nothing traded; up where ``bias`` is bullish.

    low, high : its edges; size : between them; size_atr : in average true ranges at the bar before
    filled : the first bar that came back over all of it, None while none has
    """

    kind: GapKind
    low: float
    high: float
    size: float
    size_atr: float
    filled: Outcome | None

    def as_known(self, n_bars: int) -> Self | None:
        """The gap without a filling that came after the first ``n_bars`` bars; None where they do not show it."""
        if self.known >= n_bars:
            return None
        return replace(self, filled=None) if self.filled is not None and self.filled.known >= n_bars else self


class DivergenceKind(enum.StrEnum):
    """Regular: prices go further than the oscillator, a turn. Hidden: the oscillator goes further, the trend goes on."""

    REGULAR = "regular"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence(Found):
    """Two swings of the price and two of an oscillator that disagree. ``points`` are those of the price.

    oscillator_points : (event_ns, value) of the oscillator's turns; oscillator_rows : their rows
    """

    kind: DivergenceKind
    oscillator_points: tuple[Point, Point]
    oscillator_rows: tuple[int, int]


_AnyFound = TypeVar("_AnyFound", Swing, CandlePattern, ChartPattern, Pivots, PriceGap, Divergence)


def known_by(finds: Iterable[_AnyFound], n_bars: int) -> tuple[_AnyFound, ...]:
    """What the first ``n_bars`` bars already show of ``finds``, without what came later."""
    return tuple(seen for find in finds if (seen := find.as_known(n_bars)) is not None)
