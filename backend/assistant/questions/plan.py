"""What a question asks for, as a frozen tree: of which bars, over which time, what is measured, where, and what is made of it.

A plan is all that code runs: words of a person and proposals of a model both end here, and are checked before they run.
"""

import enum
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

N_ROWS_MAX: Final = 50
INSTRUMENTS_MAX: Final = 20
CONDITIONS_MAX: Final = 4
WINDOW_MAX: Final = 5_000
NUMBER_MAX: Final = 1e15
DAILY: Final = "1d"
MONTHLY: Final = "1mo"


class Ask(enum.StrEnum):
    """What is made of the bars of the period."""

    COUNT = "count"  # at how many bars the conditions hold
    SHARE = "share"  # of all bars, in percent
    FIRST = "first"
    LAST = "last"
    LIST = "list"  # the bars at which they hold
    STREAK = "streak"  # the longest run of bars at which they hold
    WHETHER = "whether"  # the conditions hold at the bar of the period, or at any of its bars
    EVERY = "every"  # the conditions hold at each bar
    WHICH = "which"  # the instruments that have such a bar
    BARS = "bars"  # how many there are
    HIGHEST = "highest"  # of the measure, with its bar
    LOWEST = "lowest"
    EXTREMES = "extremes"  # the highest and the lowest, of prices where nothing is measured
    SEASONS = "seasons"  # the mean of the measure by weekday, or by calendar month for bars of months
    MEAN = "mean"
    MEDIAN = "median"
    SUM = "sum"
    VALUE = "value"  # at the last bar of the period
    FIRST_VALUE = "first value"  # at the first bar of the period
    RETURN = "return"  # from the close before the period to its last close
    COMPARE = "compare"  # returns of several instruments
    CORRELATION = "correlation"  # of the changes of two instruments
    DRAWDOWN = "drawdown"  # the deepest fall from a high before it
    VOLATILITY = "volatility"  # of changes, a year's worth
    SHARPE = "sharpe ratio"  # as the facts of risk reckon it
    BETA = "beta"  # of the first instrument against the second, as the facts of risk reckon it
    TREND = "trend"  # its direction by the rule of the facts, at the last bar of the period


class Op(enum.StrEnum):
    """How two values stand to each other at a bar; crossings look at the bar before as well."""

    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    CROSSES = "crosses"
    CROSSES_ABOVE = "crosses above"
    CROSSES_BELOW = "crosses below"


Field: TypeAlias = Literal["open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4"]
Day: TypeAlias = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
CalendarUnit: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month: TypeAlias = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
WEEKDAYS: Final[tuple[str, ...]] = get_args(Weekday)
MONTHS: Final[tuple[str, ...]] = get_args(Month)
_PLURALS: Final = {"january": "Januaries", "february": "Februaries", "march": "Marches"}


class _Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """A part of a plan."""


class Price(_Node, frozen=True, tag="price"):
    """A column of the bars."""

    field: Field


class Indicator(_Node, frozen=True, tag="indicator"):
    """An output of a registered indicator; ``numbers`` are its parameters in the registry's order, ``source`` a column or empty."""

    name: str
    output: str
    numbers: tuple[float, ...] = ()
    source: str = ""


class Change(_Node, frozen=True, tag="change"):
    """From the close ``n_bars`` before to the close, in percent or in points of price."""

    n_bars: Annotated[int, Meta(ge=1, le=WINDOW_MAX)] = 1
    unit: Literal["percent", "points"] = "percent"


class Gap(_Node, frozen=True, tag="gap"):
    """From the close before to the open, in percent."""


class Range(_Node, frozen=True, tag="range"):
    """High minus low."""


class Extreme(_Node, frozen=True, tag="extreme"):
    """The highest or lowest of a column over the newest bars, the bar itself among them.

    n, unit : how many bars, or how long in calendar time; 0 bars for all since the first one
    is_before : as it stood at the bar before, which a bar may break
    """

    side: Literal["highest", "lowest"]
    field: Literal["high", "low", "close", "volume"]
    n: Annotated[int, Meta(ge=0, le=WINDOW_MAX)]
    unit: Literal["bar", "day", "week", "month", "year"] = "bar"
    is_before: bool = False


class Distance(_Node, frozen=True, tag="distance"):
    """``value`` / ``base`` - 1, in percent."""

    value: Price | Indicator | Extreme
    base: Price | Indicator | Extreme


class Number(_Node, frozen=True, tag="number"):
    """A number to compare with, in the unit of what it is compared with."""

    value: Annotated[float, Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]


Measure: TypeAlias = Price | Indicator | Change | Gap | Range | Extreme | Distance
Operand: TypeAlias = Price | Indicator | Change | Gap | Range | Extreme | Distance | Number


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``left`` stands so to ``right``.

    instrument : whose values they are; empty for each of the instruments that are asked about
    """

    left: Measure
    op: Op
    right: Operand
    instrument: str = ""


class Whole(_Node, frozen=True, tag="whole"):
    """All bars there are."""


class Span(_Node, frozen=True, tag="span"):
    """From a day to a day, both included; an empty one leaves that side open."""

    first: Day = ""
    last: Day = ""


class Recent(_Node, frozen=True, tag="recent"):
    """The last ``n`` bars, or days, weeks, … up to today."""

    n: Annotated[int, Meta(ge=1, le=100_000)]
    unit: Literal["bar", "day", "week", "month", "quarter", "year"]


class Previous(_Node, frozen=True, tag="previous"):
    """The calendar week, month, … before this one; for a day, the trading day before today."""

    unit: CalendarUnit


class Current(_Node, frozen=True, tag="current"):
    """Today, or this week, month, … so far."""

    unit: CalendarUnit


Period: TypeAlias = Whole | Span | Recent | Previous | Current


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole question.

    instruments : ids as AAPL.XNAS; none where a watchlist is asked
    watchlist : a watchlist's name; "" for the first one; None where instruments are asked
    interval : how bars are cut, as 1d
    where : conditions that all hold at a bar
    n : how many rows the highest or lowest are wanted of
    prices : as they were traded, adjusted for splits and dividends, or what fits the question
    by : asked of each week, month, … of the period for itself; empty for the period as one
    season : the weekday or month of the year in which the bars have to begin; empty for all of them
    """

    ask: Ask
    instruments: tuple[str, ...] = ()
    watchlist: str | None = None
    interval: str = "1d"
    period: Period = Whole()
    measure: Measure | None = None
    where: tuple[Condition, ...] = ()
    n: Annotated[int, Meta(ge=1, le=N_ROWS_MAX)] = 1
    prices: Literal["auto", "raw", "adjusted"] = "auto"
    by: Literal["", "week", "month", "quarter", "year"] = ""
    season: Literal[""] | Weekday | Month = ""


MEASURED: Final = frozenset({Ask.HIGHEST, Ask.LOWEST, Ask.MEAN, Ask.MEDIAN, Ask.SUM, Ask.VALUE, Ask.FIRST_VALUE, Ask.SEASONS})
MAY_BE_MEASURED: Final = MEASURED | {Ask.EXTREMES}
CONDITIONED: Final = frozenset({Ask.COUNT, Ask.SHARE, Ask.FIRST, Ask.LAST, Ask.LIST, Ask.STREAK, Ask.WHICH, Ask.WHETHER, Ask.EVERY})
_FILTERED: Final = frozenset({Ask.HIGHEST, Ask.LOWEST, Ask.MEAN, Ask.MEDIAN, Ask.SUM})
MAY_BE_CONDITIONED: Final = CONDITIONED | _FILTERED
SEASONAL: Final = _FILTERED | {Ask.COUNT, Ask.SHARE, Ask.FIRST, Ask.LAST, Ask.LIST, Ask.WHETHER, Ask.EVERY, Ask.BARS}
OF_NOW: Final = frozenset({Ask.VALUE, Ask.WHETHER, Ask.WHICH, Ask.TREND})  # told of the newest bar where no time is named
OF_TWO: Final = frozenset({Ask.CORRELATION, Ask.BETA})
SPLITTABLE: Final = _FILTERED | {
    Ask.COUNT,
    Ask.SHARE,
    Ask.BARS,
    Ask.VALUE,
    Ask.FIRST_VALUE,
    Ask.RETURN,
    Ask.DRAWDOWN,
    Ask.VOLATILITY,
}
_OVER_TIME: Final = OF_TWO | {Ask.RETURN, Ask.COMPARE, Ask.DRAWDOWN, Ask.VOLATILITY, Ask.SHARPE, Ask.TREND}


def plural_of(season: str) -> str:
    """Mondays, Januaries."""
    return _PLURALS.get(season, f"{season.capitalize()}s")


def spans_bars(plan: Plan) -> bool:
    """Whether anything in the plan looks at more than one bar's own prices, so that splits and dividends would disturb it."""
    if plan.ask in _OVER_TIME:
        return True
    values = [plan.measure, *(side for one in plan.where for side in (one.left, one.right))]
    return any(_spans_bars(value) for value in values)


def averages_prices(plan: Plan) -> bool:
    """Whether prices of single bars are put together, which those before a split and those behind it cannot be."""
    return plan.ask in {Ask.MEAN, Ask.MEDIAN, Ask.SEASONS} and _is_of_one_bar(plan.measure)


def is_a_price(plan: Plan) -> bool:
    """Whether a price of one bar is asked for, which is another one as it was traded where prices are adjusted."""
    is_of_one = plan.ask in {Ask.HIGHEST, Ask.LOWEST, Ask.EXTREMES, Ask.VALUE, Ask.FIRST_VALUE}
    match plan.measure:
        case Price(field) | Extreme(_, field):
            return is_of_one and field != "volume"
        case None:
            return plan.ask is Ask.EXTREMES
        case _:
            return False


def has_levels(plan: Plan) -> bool:
    """Whether prices of one bar are compared with numbers as they were traded, whatever the other prices of the plan are."""
    return plan.prices == "auto" and any(map(compares_level, plan.where))


def compares_level(condition: Condition) -> bool:
    """Whether a price of one bar is compared with a number, which is a price as it was traded."""
    return isinstance(condition.right, Number) and _is_of_one_bar(condition.left)


def _is_of_one_bar(value: Any) -> bool:
    return isinstance(value, Range) or (isinstance(value, Price) and value.field != "volume")


def _spans_bars(value: Any) -> bool:
    return isinstance(value, Indicator | Change | Gap | Extreme | Distance)
