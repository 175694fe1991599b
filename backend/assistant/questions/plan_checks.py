"""Whether a plan makes sense, whoever proposed it; said in words where it does not."""

import math
from datetime import date
from typing import Final, NoReturn

from backend.assistant.questions.plan import (
    CONDITIONED,
    CONDITIONS_MAX,
    DAILY,
    INSTRUMENTS_MAX,
    MAY_BE_CONDITIONED,
    MAY_BE_MEASURED,
    MEASURED,
    MONTHLY,
    OF_TWO,
    SEASONAL,
    SPLITTABLE,
    WEEKDAYS,
    Ask,
    Condition,
    Distance,
    Extreme,
    Indicator,
    Number,
    Operand,
    Plan,
    Price,
    Recent,
    Span,
    plural_of,
)
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, TriiError
from backend.indicators.registry import check_source, checked_params, spec_of

_NAME_CHARS_MAX: Final = 80
# Bars of which whole ones make a piece of the calendar, or begin in one.
_PARTS_OF: Final = {
    "week": ("1d", "1w"),
    "month": ("1d", "1w", "1mo"),
    "quarter": ("1d", "1w", "1mo", "3mo"),
    "year": ("1d", "1w", "1mo", "3mo", "12mo"),
}


def check_plan(plan: Plan) -> Plan:
    """The same plan where it can be run. Raises InvalidInput that says which part makes no sense."""
    _check_subject(plan)
    _check_interval(plan)
    if isinstance(plan.period, Span):
        _check_span(plan.period)
    _check_ask(plan)
    if plan.measure is not None:
        _check_operand(plan.measure)
    for condition in plan.where:
        _check_condition(condition)
    return plan


def _check_ask(plan: Plan) -> None:
    """What is asked goes with what is measured, and under which conditions."""
    if plan.ask in MEASURED and plan.measure is None:
        _refuse(f"What is the {plan.ask} of?", "Name a column or an indicator, as in: highest close.")
    if plan.ask not in MAY_BE_MEASURED and plan.measure is not None:
        _refuse(f"A question for {_said(plan.ask)} measures nothing else.", "Leave the other value out.")
    if plan.ask in CONDITIONED and not plan.where:
        _refuse(f"A question for {_said(plan.ask)} needs a condition.", "Add one, as in: close above its 50-day average.")
    if plan.where and plan.ask not in MAY_BE_CONDITIONED:
        _refuse(f"A question for {_said(plan.ask)} takes no condition.", "Leave the condition out.")
    _check_bound(plan)
    if len(plan.where) > CONDITIONS_MAX:
        _refuse(f"There are {len(plan.where)} conditions.", f"Use at most {CONDITIONS_MAX}.")
    if plan.n != 1 and plan.ask not in {Ask.HIGHEST, Ask.LOWEST}:
        _refuse(f"A question for {_said(plan.ask)} has no number of rows.", "Leave it out.")
    if plan.by:
        _check_split(plan)
    if plan.season:
        _check_season(plan)
    if plan.ask is Ask.SUM and plan.measure != Price("volume"):
        _refuse("Only volumes can be added up.", "Ask for the total volume, or for a mean.")


def _check_split(plan: Plan) -> None:
    if plan.ask not in SPLITTABLE:
        _refuse(f"A question for {_said(plan.ask)} is not told by {plan.by}.", "Ask about one period at a time.")
    if plan.n != 1:
        _refuse(f"Only one row of each {plan.by} can be told.", "Leave the number of rows out.")
    if plan.interval not in _PARTS_OF[plan.by]:
        _refuse(f"Bars of {plan.interval} are not told by {plan.by}.", "Ask about shorter bars, or about days.")
    if plan.watchlist is not None or len(plan.instruments) > 1:
        _refuse(f"Several instruments are not told by {plan.by}.", "Ask about one instrument at a time.")


def _check_season(plan: Plan) -> None:
    called = plural_of(plan.season)
    if plan.ask not in SEASONAL:
        _refuse(f"{_said(plan.ask).capitalize()} is not told of {called} alone.", "Ask how many, how often, or for a mean.")
    if plan.period == Recent(1, "bar"):
        _refuse(f"The newest bar and {called} are both asked about.", "Ask how many, how often, or for a mean.")
    if plan.interval not in ((DAILY,) if plan.season in WEEKDAYS else (DAILY, MONTHLY)):
        _refuse(f"Bars of {plan.interval} are not parted by {called}.", "Leave the interval out.")


def _check_subject(plan: Plan) -> None:
    if plan.watchlist is None and not plan.instruments:
        _refuse("No instrument is named.", "Say which one, as in: AAPL.")
    if plan.watchlist is not None and plan.instruments:
        _refuse("Instruments and a watchlist are both named.", "Name one of them.")
    if plan.watchlist is not None and len(plan.watchlist) > _NAME_CHARS_MAX:
        _refuse("No watchlist has so long a name.", f"Use at most {_NAME_CHARS_MAX} characters.")
    if len(plan.instruments) > INSTRUMENTS_MAX:
        _refuse(f"{len(plan.instruments)} instruments are named.", f"Name at most {INSTRUMENTS_MAX}.")
    if len(set(plan.instruments)) != len(plan.instruments):
        _refuse("An instrument is named twice.", "Name each once.")
    for text in plan.instruments:
        if str(InstrumentId.parse(text)) != text:
            _refuse(f"{text!r} is not how an instrument's id is written.", "Use capital letters, as in AAPL.XNAS.")
    n_named = len(plan.instruments)
    if plan.ask in OF_TWO and n_named != 2:
        _refuse(f"A {plan.ask} is that of two instruments.", "Name two.")
    if plan.ask in {Ask.COMPARE, Ask.WHICH} and plan.watchlist is None and n_named < 2:
        _refuse("There is only one instrument to choose from.", "Name two or more, or a watchlist.")


def _check_bound(plan: Plan) -> None:
    """Conditions name their instruments all or none, and where nothing but conditions is asked, no others."""
    bound = {one.instrument for one in plan.where}
    if bound <= {""}:
        return
    if (
        "" in bound
        or plan.ask is Ask.WHICH
        or plan.watchlist is not None
        or bound == set(plan.instruments) == {*plan.instruments[:1]}
    ):
        _refuse("Conditions are on named instruments here, and there they are not.", "Ask about named instruments.")
    if plan.ask in CONDITIONED and bound != set(plan.instruments):
        _refuse("Conditions are on other instruments than those that are asked about.", "Ask about the same ones.")


def _check_interval(plan: Plan) -> None:
    text = plan.interval
    spec = BarSpec.parse(text)
    if plan.ask is Ask.SEASONS and text not in {DAILY, MONTHLY}:
        _refuse(f"Bars of {text} have no weekday.", "Ask by weekday, or by calendar month.")
    if plan.ask is Ask.SHARPE and text != DAILY:
        _refuse("A Sharpe ratio is told of daily bars.", "Leave the interval out.")
    if not spec.is_time or str(spec) != text:
        _refuse(f"{text!r} is not an interval that can be asked about.", "Use 1m, 5m, 1h, 1d, 1w or 1mo.")


def _check_span(span: Span) -> None:
    if not span.first and not span.last:
        _refuse("The period has neither beginning nor end.", "Leave it out, or say since when.")
    try:
        days = [date.fromisoformat(day) for day in (span.first, span.last) if day]
    except ValueError as e:
        raise InvalidInput(
            f"{span.first or span.last} is not a day.", hint="Write days as 2012-03-31.", code="question.period"
        ) from e
    if days != sorted(days):
        _refuse(f"The period ends on {span.last}, before it begins on {span.first}.", "Turn them round.", "question.period")


def _check_condition(condition: Condition) -> None:
    _check_operand(condition.left)
    _check_operand(condition.right)
    if condition.left == condition.right:
        _refuse("A value is compared with itself.", "Compare it with another one.")


def _check_operand(value: Operand) -> None:
    if isinstance(value, Number) and not math.isfinite(value.value):
        _refuse("A number to compare with is not finite.", "Use an ordinary number.")
    if isinstance(value, Indicator):
        _check_indicator(value)
    if isinstance(value, Distance):
        _check_operand(value.value)
        _check_operand(value.base)
        if value.value == value.base:
            _refuse("A distance of a value to itself is asked for.", "Name another value.")
    if isinstance(value, Extreme) and value.n == 0 and value.unit != "bar":
        _refuse(f"A window of no {value.unit} holds nothing.", "Use at least 1.")


def _check_indicator(value: Indicator) -> None:
    try:
        spec = spec_of(value.name)
        if spec.name != value.name or not spec.is_listed:
            _refuse(f"{value.name!r} is not how an indicator is called here.", f"Use {spec.name}.")
        if len(value.numbers) != len(spec.parameters):
            _refuse(f"{spec.short} has {len(spec.parameters)} parameters, not {len(value.numbers)}.", "Give them in order.")
        checked_params(spec, dict(zip((p.name for p in spec.parameters), value.numbers, strict=True)))
        if value.output not in {output.name for output in spec.outputs}:
            named = ", ".join(output.name for output in spec.outputs)
            _refuse(f"{spec.short} has no output {value.output!r}.", f"It has: {named}.")
        if value.source and not spec.has_source:
            _refuse(f"{spec.short} reads whole bars, not {value.source}.", "Leave the source out.")
        if value.source:
            check_source(spec, value.source)
        if value.source == spec.default_source:
            _refuse(f"{spec.short} reads {value.source} anyway.", "Leave the source out.")
    except InvalidInput:
        raise
    except TriiError as error:
        raise InvalidInput(error.message, hint=error.hint, code=error.code) from error


def _said(ask: Ask) -> str:
    said = {
        Ask.COUNT: "a count",
        Ask.FIRST: "the first bar",
        Ask.LAST: "the last bar",
        Ask.LIST: "a list",
        Ask.WHICH: "which one it is",
        Ask.COMPARE: "a comparison",
    }
    return said.get(ask, f"the {ask}")


def _refuse(message: str, hint: str, code: str = "question.plan") -> NoReturn:
    raise InvalidInput(message, hint=hint, code=code)
