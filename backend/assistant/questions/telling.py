"""Answers as facts and words: every number of a sentence is the tag of a fact, with its formula and the bars it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit, Value
from backend.assistant.questions.frames import Frame
from backend.assistant.questions.plan import (
    WEEKDAYS,
    Ask,
    Change,
    Condition,
    Distance,
    Extreme,
    Gap,
    Indicator,
    Number,
    Op,
    Operand,
    Plan,
    Price,
    Range,
    has_levels,
    plural_of,
)
from backend.assistant.questions.wording import format_operand
from backend.domain.bars import BarUnit
from backend.indicators.registry import spec_of

_NOUNS: Final = {"1d": "day", "1w": "week", "1mo": "month", "3mo": "quarter", "12mo": "year", "1h": "hour", "1m": "minute"}
_AT: Final = {"1w": "in the week of", "1mo": "in", "3mo": "in the quarter from", "12mo": "in"}
_FIELDS: Final = {"hl2": "mean of high and low", "hlc3": "typical price", "ohlc4": "mean price", "hlcc4": "weighted close"}
_INDEXED: Final = frozenset({"rsi", "stochastic", "adx"})
_OPS: Final = {
    Op.ABOVE: "was above",
    Op.BELOW: "was below",
    Op.AT_LEAST: "was at least",
    Op.AT_MOST: "was at most",
    Op.CROSSES: "crossed",
    Op.CROSSES_ABOVE: "crossed above",
    Op.CROSSES_BELOW: "crossed below",
}
_EACH: Final = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly", "hour": "hourly"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from: the first and last bar, the formula, and ids of facts or words for what was read."""

    rows: tuple[int, int] | None = None
    formula: str = ""
    inputs: tuple[str, ...] = ()
    decimals: int | None = None
    why_not: str = ""


@dataclass(slots=True)
class FactBook:
    """Facts of one answer as they are made, numbered in their order."""

    facts: list[Fact] = field(default_factory=list)

    def add(self, name: str, label: str, value: Value | None, unit: Unit, frame: Frame, origin: Origin) -> str:
        """Keep a fact of ``frame``, of all bars of the period unless its rows are said; its id in braces, for a sentence."""
        bars, as_of_ns = None, 0
        if len(frame.bars):
            first, last = origin.rows or (frame.first, frame.stop - 1)
            last = max(0, min(last, len(frame.bars) - 1))
            first = max(0, min(first, last))
            bars = BarRange(frame.series, int(frame.bars.event_ns[first]), int(frame.bars.event_ns[last]))
            as_of_ns = int(frame.known_ns[last])
        prices = "adjusted for splits and dividends" if frame.is_adjusted else "as traded"
        number = len(self.facts) + 1
        fact = Fact(
            id=f"F{number}",
            name=f"{name}.{number}" if any(one.name == name for one in self.facts) else name,
            label=label,
            value=value,
            unit=unit,
            decimals=_decimals(value, unit) if origin.decimals is None else origin.decimals,
            as_of_ns=as_of_ns,
            source=f"{frame.series} bars, {prices}",
            formula=origin.formula,
            inputs=tuple(one.strip("{}") for one in origin.inputs),
            bars=bars,
            why_not=origin.why_not,
        )
        self.facts.append(fact)
        return f"{{{fact.id}}}"

    def number(self, tag: str) -> float:
        """The number of a fact, by its tag."""
        return next(fact.number for fact in self.facts if f"{{{fact.id}}}" == tag)

    def day(self, label: str, frame: Frame, row: int) -> str:
        """The date of a bar as a fact."""
        return self.add("bar.date", label, frame.day(row), Unit.DATE, frame, Origin((row, row), "date of the bar"))

    def at(self, label: str, frame: Frame, row: int) -> str:
        """When a bar was, in words: as "on {F3}", "in {F3}" for a month or a year."""
        return f"{_AT.get(str(frame.series.spec), 'on')} {self.day(label, frame, row)}"

    def asked(self, value: float, frame: Frame, label: str = "As asked") -> str:
        """A number of the question itself."""
        shown: Value = int(value) if value == int(value) else value
        is_whole = isinstance(shown, int)
        decimals = 0 if is_whole else max(2, len(repr(shown).partition(".")[2]))
        origin = Origin(formula="from the question", decimals=decimals)
        return self.add("asked", label, shown, Unit.COUNT if is_whole else Unit.RATIO, frame, origin)

    def name(self, frame: Frame) -> str:
        """What the instrument is called."""
        words = f"{frame.instrument.name} ({frame.instrument.id})"
        return self.add("instrument", "Instrument", words, Unit.WORD, frame, Origin(formula="from the catalog"))

    def code(self, frame: Frame) -> str:
        """The id of the instrument, where it was named before."""
        return self.add("instrument", "Instrument", str(frame.instrument.id), Unit.WORD, frame, Origin(formula="from the catalog"))

    def count(self, name: str, label: str, value: int, frame: Frame, origin: Origin) -> str:
        """A number of bars."""
        return self.add(name, label, value, Unit.COUNT, frame, origin)

    def value(self, name: str, label: str, value: float, of: Operand, where: tuple[Frame, int]) -> str:
        """What a value is at one bar, with its formula."""
        frame, row = where
        whole: Value = int(value) if unit_of(of) is Unit.QUANTITY and value == int(value) else float(value)
        first = max(0, row - of.n_bars) if isinstance(of, Change) else row
        inputs = ("1 bar",) if first == row else (f"closes of {row - first + 1} bars",)
        return self.add(name, label, whole, unit_of(of), frame, Origin((first, row), formula_of(of), inputs))

    def set(self) -> FactSet:
        """All of them."""
        return FactSet(self.facts)


def unit_of(value: Operand) -> Unit:
    """What a value is measured in."""
    match value:
        case Price("volume") | Indicator(source="volume") | Indicator(name="obv") | Extreme(field="volume"):
            return Unit.QUANTITY
        case Change(unit="percent") | Gap() | Distance():
            return Unit.PERCENT
        case Indicator(name) if name in _INDEXED:
            return Unit.INDEX
        case Number():
            return Unit.RATIO
        case _:
            return Unit.PRICE


def formula_of(value: Operand) -> str:
    """How a value follows from the bars, n the bar itself."""
    match value:
        case Change(n_bars, "percent"):
            return f"(close[n] / close[n-{n_bars}] - 1) * 100"
        case Change(n_bars):
            return f"close[n] - close[n-{n_bars}]"
        case Gap():
            return "(open[n] / close[n-1] - 1) * 100"
        case Range():
            return "high[n] - low[n]"
        case Distance(inner, base):
            return f"({format_operand(inner)} / {format_operand(base)} - 1) * 100"
        case _:
            return f"{format_operand(value)}[n]"


def operand_words(value: Operand, book: FactBook, frame: Frame) -> str:  # noqa: PLR0911 - one case a kind of value
    """A value in words, its numbers as tags."""
    match value:
        case Price(name):
            return _FIELDS.get(name, name)
        case Indicator():
            return _indicator_words(value, book, frame)
        case Change(n_bars, unit):
            words = "change" if unit == "percent" else "change in points"
            return f"{each_of(frame)} {words}" if n_bars == 1 else f"{words} over {book.asked(n_bars, frame)} {bar_noun(frame, 2)}"
        case Gap():
            return "gap at the open"
        case Range():
            return "range"
        case Extreme(side, name, n, unit, is_before):
            window = "all time" if n == 0 else f"{book.asked(n, frame)} {bar_noun(frame, n) if unit == 'bar' else _plural(unit, n)}"
            return f"{side} {name} of {'the ' if is_before and n else ''}{window}{' before' if is_before else ''}"
        case Distance(inner, base):
            return f"distance of the {operand_words(inner, book, frame)} from the {operand_words(base, book, frame)}"
        case Number(number):
            return book.asked(number, frame)


def condition_words(conditions: Sequence[Condition], book: FactBook, frame: Frame) -> str:
    """As "the close was above the SMA {F3}"; numbers in the unit of what they are compared with."""
    parts = []
    for one in conditions:
        whose = f" of {book.code(frame.of(one.instrument))}" if one.instrument else ""
        right = operand_words(one.right, book, frame)
        if isinstance(one.right, Number):
            right += {Unit.PERCENT: " percent"}.get(unit_of(one.left), "")
        else:
            right = f"the {right}"
        parts.append(f"the {operand_words(one.left, book, frame)}{whose} {_OPS[one.op]} {right}")
    return " and ".join(parts)


def subject_words(conditions: Sequence[Condition], book: FactBook, frame: Frame) -> str:
    """The instruments that conditions look at, each named once."""
    ids = dict.fromkeys(one.instrument for one in conditions)
    names = [book.name(frame.of(one)) for one in ids]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def noun_of(frame: Frame, n: int) -> str:
    """What a bar that is asked about is called: day, weeks, bars, Mondays, days in September."""
    noun, season = bar_noun(frame, n), frame.season.capitalize()
    if season and (frame.season in WEEKDAYS or noun.startswith("month")):
        return season if n == 1 else plural_of(frame.season)
    return f"{noun} in {season}" if season else noun


def bar_noun(frame: Frame, n: int) -> str:
    """What any bar is called: day, weeks, bars."""
    return _plural(_NOUNS.get(str(frame.series.spec), "bar"), n)


def each_of(frame: Frame) -> str:
    """What happens from one bar to the next is called: daily, weekly."""
    return _EACH.get(bar_noun(frame, 1), f"one-{bar_noun(frame, 1)}")


def among_words(plan: Plan, book: FactBook, frame: Frame) -> str:
    """The bars that a measure is of, where these are not all: " on Mondays", " on days on which the close was above {F3}"."""
    if plan.where:
        return f" on {noun_of(frame, 2)} on which {condition_words(plan.where, book, frame)}"
    if not frame.season:
        return ""
    return f" {'in' if bar_noun(frame, 1) == 'month' else 'on'} {noun_of(frame, 2)}"


def prices_words(frame: Frame, plan: Plan, *, is_past: bool) -> str:
    """Which prices were used, as a sentence of its own."""
    if plan.ask is Ask.BARS:
        return ""
    has_volume = any(unit_of(value) is Unit.QUANTITY for value in _values_of(plan))
    if not frame.is_adjusted:
        return "Volumes are as traded." if plan.measure == Price("volume") else "Prices are as traded."
    volumes = ", volumes for splits," if has_volume else ""
    levels = "; prices compared with a number are as traded" if has_levels(plan) else ""
    return f"Prices are adjusted for splits and dividends{volumes} as {'known then' if is_past else 'of now'}{levels}."


def _values_of(plan: Plan) -> list[Operand]:
    measured = [] if plan.measure is None else [plan.measure]
    return [*measured, *(side for one in plan.where for side in (one.left, one.right))]


def interval_words(frame: Frame, book: FactBook) -> str:
    """How bars are cut where their noun does not say it; else empty."""
    if str(frame.series.spec) in _NOUNS:
        return ""
    length = book.asked(float(frame.series.spec.step), frame, "Interval")
    units = {BarUnit.SECOND: "second", BarUnit.MINUTE: "minute", BarUnit.HOUR: "hour", BarUnit.DAY: "day", BarUnit.WEEK: "week"}
    return f" Bars are of {length} {_plural(units.get(frame.series.spec.unit, 'month'), 2)}."


def _indicator_words(value: Indicator, book: FactBook, frame: Frame) -> str:
    spec = spec_of(value.name)
    numbers = " ".join(book.asked(number, frame) for number in value.numbers)
    output = next(one for one in spec.outputs if one.name == value.output)
    title = output.title.lower() if len(spec.outputs) > 1 and output.title.lower() != spec.short.lower() else ""
    return " ".join(part for part in (spec.short, numbers, title, f"of {value.source}" if value.source else "") if part)


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"


def _decimals(value: Value | None, unit: Unit) -> int:
    if isinstance(value, int) or unit in {Unit.COUNT, Unit.QUANTITY}:
        return 0
    if unit is Unit.PRICE and isinstance(value, float) and 0 < abs(value) < 1:
        return 4
    return 3 if unit is Unit.RATIO else 2
