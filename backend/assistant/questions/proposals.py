"""What a model may propose of a question: a form in which each number, name and column is one that code offers."""

import itertools
from collections.abc import Sequence
from typing import Any, Final, cast, get_args

import msgspec
from msgspec.structs import replace

from backend.assistant.questions.offers import Offer, check_against
from backend.assistant.questions.periods import newest_unless_ever
from backend.assistant.questions.plan import (
    CONDITIONS_MAX,
    N_ROWS_MAX,
    WINDOW_MAX,
    Ask,
    Condition,
    Field,
    Measure,
    Op,
    Plan,
)
from backend.assistant.questions.plan_checks import check_plan
from backend.errors import InvalidInput
from backend.indicators.catalogue import CATALOGUE
from backend.indicators.spec import IndicatorSpec

NONE: Final = "none"
_OF_SEVERAL: Final = (Ask.WHICH, Ask.COMPARE)
_AT_BARS: Final = (Ask.COUNT, Ask.SHARE, Ask.FIRST, Ask.LAST, Ask.LIST, Ask.STREAK, Ask.WHICH)
_WHOLE: Final = (Ask.RETURN, Ask.DRAWDOWN, Ask.VOLATILITY, Ask.COMPARE, Ask.CORRELATION)
_RANKED: Final = (Ask.HIGHEST, Ask.LOWEST)
_MEANT: Final = (Ask.MEAN, Ask.MEDIAN)


class _Proposed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a plan that a model chooses; its instruments and times are code's."""

    ask: Ask
    n: int = 1
    measure: Measure | None = None
    where: tuple[Condition, ...] = ()


def proposal_schema(offer: Offer) -> dict[str, Any]:
    """The JSON schema of a proposal; its numbers are those of the question and what is usual, so that none can be invented."""
    measure, condition = {"$ref": "#/$defs/measure"}, {"$ref": "#/$defs/condition"}
    where = {"type": "array", "items": condition, "minItems": 1, "maxItems": CONDITIONS_MAX}
    n = {"enum": [1, *_whole(offer, N_ROWS_MAX)]}
    forms = [
        _form({"ask": {"enum": _named(_AT_BARS, offer)}, "where": where}),
        _form({"ask": {"enum": _named(_RANKED, offer)}, "n": n, "measure": measure, "where": where}, optional=("n", "where")),
        _form({"ask": {"enum": _named(_MEANT, offer)}, "measure": measure, "where": where}, optional=("where",)),
        _form({"ask": {"const": "value"}, "measure": measure}),
        _form({"ask": {"const": "sum"}, "measure": _node("price", field={"const": "volume"})}),
        _form({"ask": {"enum": _named(_WHOLE, offer)}}),
        _form({"ask": {"const": NONE}}),
    ]
    return {"anyOf": forms, "$defs": _definitions(offer)}


def proposal_text(offer: Offer) -> str:
    """What a model is told of a question."""
    numbers = ", ".join(f"{number:g}" for number in offer.numbers) or "none"
    return f"Numbers of the question: {numbers}.\nQuestion: {offer.text}"


def parse_proposal(text: str, offer: Offer) -> Plan | None:
    """The plan that a model proposed for a question; None where it says that there is none.

    Raises InvalidInput that says what of it cannot be: its form, its sense, a number left out or invented.
    """
    try:
        if msgspec.json.decode(text) == {"ask": NONE}:
            return None
        proposed = msgspec.json.decode(text, type=_Proposed)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as e:
        raise InvalidInput(f"The proposed plan cannot be read: {e}.", hint="Follow the schema.", code="question.schema") from e
    plan = Plan(
        ask=proposed.ask,
        instruments=offer.instruments,
        watchlist=offer.watchlist,
        interval=offer.interval,
        period=offer.period,
        prices=cast("Any", offer.prices),
        measure=proposed.measure,
        where=tuple(dict.fromkeys(proposed.where)),
        n=proposed.n if 1 <= proposed.n <= N_ROWS_MAX else 0,
    )
    if not plan.n:
        raise InvalidInput(f"At most {N_ROWS_MAX} rows can be asked for.", hint="Ask for fewer.", code="question.plan")
    plan = check_against(check_plan(plan), offer)
    return replace(plan, period=newest_unless_ever(plan.period, offer.text.lower())) if plan.ask is Ask.WHICH else plan


def _named(asks: Sequence[Ask], offer: Offer) -> list[str]:
    able = [ask for ask in asks if offer.has_several or ask not in _OF_SEVERAL]
    return [ask.value for ask in able if ask is not Ask.CORRELATION or len(offer.instruments) == 2]


def _definitions(offer: Offer) -> dict[str, Any]:
    prices = _node("price", field={"enum": list(get_args(Field))})
    indicators = [_indicator(spec, offer.numbers) for spec in CATALOGUE if spec.is_listed]
    windows = _whole(offer, WINDOW_MAX)
    extreme = _node(
        "extreme",
        side={"enum": ["highest", "lowest"]},
        field={"enum": ["high", "low", "close", "volume"]},
        n={"enum": [0, *windows]},
        unit={"const": "bar"},
        is_before={"type": "boolean"},
    )
    change = _node("change", n_bars={"enum": list(dict.fromkeys((1, *windows)))}, unit={"enum": ["percent", "points"]})
    level = {"anyOf": [prices, *indicators, extreme]}
    distance = _node("distance", value={"$ref": "#/$defs/level"}, base={"$ref": "#/$defs/level"})
    measure = {"anyOf": [{"$ref": "#/$defs/level"}, change, _node("gap"), _node("range"), distance]}
    signed = [sign * number for number in offer.numbers for sign in (1, -1) if number]
    number = _node("number", value={"enum": [0, *map(_short, signed)]})
    right = {"anyOf": [number, {"$ref": "#/$defs/measure"}]}
    condition = _form({"left": {"$ref": "#/$defs/measure"}, "op": {"enum": [op.value for op in Op]}, "right": right})
    return {"level": level, "measure": measure, "condition": condition}


def _indicator(spec: IndicatorSpec, numbers: Sequence[float]) -> dict[str, Any]:
    usual = tuple(one.default for one in spec.parameters)
    given: list[tuple[float, ...]] = [usual]
    for places in itertools.chain.from_iterable(itertools.combinations(range(len(usual)), k + 1) for k in range(len(usual))):
        for chosen in itertools.combinations(numbers, len(places)):
            values = list(usual)
            for place, value in zip(places, chosen, strict=True):
                values[place] = value
            if all(one.low <= value <= one.high for one, value in zip(spec.parameters, values, strict=True)):
                given.append(tuple(values))
    lists = [[_short(value) for value in values] for values in dict.fromkeys(given)]
    outputs = {"enum": [output.name for output in spec.outputs]}
    return _node("indicator", name={"const": spec.name}, output=outputs, numbers={"enum": lists})


def _node(kind: str, **members: Any) -> dict[str, Any]:
    return _form({"kind": {"const": kind}, **members})


def _form(members: dict[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _whole(offer: Offer, highest: int) -> list[int]:
    return [int(number) for number in offer.numbers if number == int(number) and 1 < number <= highest]


def _short(number: float) -> float:
    """As one writes it: 50, not 50.0."""
    return int(number) if number == int(number) else number
