"""Conditions as a person types them: ``price > 180 and rsi(14) crosses below 30``.

    condition  = group {"or" group}
    group      = part {"and" part}
    part       = "(" condition ")" | comparison
    comparison = side operator side | "time" [">="] MOMENT
    side       = "price" | NUMBER | "percent" ["(" NUMBER ["bars"] | "from" NUMBER ")"] | "volume" ["(" NUMBER ")"]
               | INDICATOR ["." OUTPUT] ["(" [NUMBER {"," NUMBER} | NAME "=" NUMBER ...] ")"] | "line" "(" ID ["," NAME] ")"
    operator   = ">" ">=" "<" "<=" "==" "=" "crosses" ["above" | "below"]

What is compared stands on the left; ``price crosses above ema(50)`` is read as the average falling below the price.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from backend.alerts.alert import (
    AllOf,
    AnyOf,
    Condition,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Leaf,
    Operator,
    PercentCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from backend.alerts.founding import format_moment, parse_moment
from backend.errors import InvalidInput, NotFound
from backend.indicators.registry import spec_of

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<moment>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?)"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?P<percent>\s*%)?"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>>=|<=|==|[><=(),.:]))"
)
_QUOTED: Final = re.compile(r'\s*"([^"]*)"')
_SIGNS: Final = {
    ">": Operator.ABOVE,
    ">=": Operator.AT_LEAST,
    "<": Operator.BELOW,
    "<=": Operator.AT_MOST,
    "==": Operator.EQUAL,
    "=": Operator.EQUAL,
}
_TURNED: Final = {
    Operator.ABOVE: Operator.BELOW,
    Operator.AT_LEAST: Operator.AT_MOST,
    Operator.BELOW: Operator.ABOVE,
    Operator.AT_MOST: Operator.AT_LEAST,
    Operator.CROSSES_ABOVE: Operator.CROSSES_BELOW,
    Operator.CROSSES_BELOW: Operator.CROSSES_ABOVE,
}
_WORDS: Final = {Operator.CROSSES: "crosses", Operator.CROSSES_ABOVE: "crosses above", Operator.CROSSES_BELOW: "crosses below"}
_RESERVED: Final = {"and", "or", "crosses", "above", "below", "price", "percent", "volume", "time", "line"}
_TEXT_MAX: Final = 2_000
_DEPTH_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Price:
    pass


@dataclass(frozen=True, slots=True)
class _Move:
    since: str = "session"
    n_bars: int = 1
    reference: float = 0.0


@dataclass(frozen=True, slots=True)
class _Volume:
    average: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    drawing: str
    line: str


_Side = _Price | _Move | _Volume | _Line | IndicatorRef | float


def parse_text(text: str) -> Condition:
    """Read a condition as typed. Raises InvalidInput, which says where."""
    if len(text) > _TEXT_MAX:
        raise InvalidInput(f"The condition is {len(text)} characters long.", hint=f"Use at most {_TEXT_MAX}.", code="alert.text")
    return _Reader(text).read()


def format_text(condition: Condition) -> str:
    """The condition as ``parse_text`` reads it; the moments at which prices were chosen are left out."""
    return _format(condition, is_inner=False)


# --- inside: reading --------------------------------------------------------------------------------------------------


class _Reader:
    """Reads one condition, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._row = 0
        self._depth = 0

    def read(self) -> Condition:
        condition = self._any()
        if self._now.kind != "end":
            self._refuse("stands where the condition should end")
        return condition

    # --- joining

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("word", "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._part()]
        while self._take("word", "and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _part(self) -> Condition:
        if not self._take("sign", "("):
            return self._comparison()
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            self._refuse("lies too deep")
        inner = self._any()
        self._depth -= 1
        self._need(")")
        return inner

    # --- comparing

    def _comparison(self) -> Leaf:
        if self._take("word", "time"):
            _ = self._take("sign", ">=") or self._take("sign", ">")
            return TimeCondition(self._moment())
        began = self._now
        left = self._side()
        operator = self._operator()
        right = self._side()
        made = _compared(left, operator, right) or _compared(right, _TURNED.get(operator, operator), left)
        if made is None:
            self._refuse("begins a comparison of two things that cannot be compared", began)
        return made

    def _operator(self) -> Operator:
        token = self._next()
        if token.kind == "word" and token.text.lower() == "crosses":
            if self._take("word", "above"):
                return Operator.CROSSES_ABOVE
            return Operator.CROSSES_BELOW if self._take("word", "below") else Operator.CROSSES
        found = _SIGNS.get(token.text)
        if found is None:
            self._refuse("stands where > >= < <= == crosses, crosses above or crosses below should", token)
        return found

    def _side(self) -> _Side:
        token = self._next()
        if token.kind == "number":
            return _number(token)
        if token.kind != "word" or token.text.lower() in _RESERVED - {"price", "percent", "volume", "line"}:
            self._refuse("stands where price, percent, volume, an indicator or a number should", token)
        readers: dict[str, Callable[[], _Side]] = {
            "price": _Price,
            "percent": self._move,
            "volume": self._volume,
            "line": self._line,
        }
        reader = readers.get(token.text.lower())
        return self._indicator(token) if reader is None else reader()

    def _move(self) -> _Move:
        if not self._take("sign", "("):
            return _Move()
        if self._take("word", "from"):
            made = _Move("price", 1, self._plain())
        else:
            made = _Move("bars", self._whole())
            _ = self._take("word", "bars") or self._take("word", "bar")
        self._need(")")
        return made

    def _volume(self) -> _Volume:
        if not self._take("sign", "("):
            return _Volume()
        average = self._whole()
        self._need(")")
        return _Volume(average)

    def _line(self) -> _Line:
        self._need("(")
        drawing = self._next()
        if drawing.kind not in ("text", "word"):
            self._refuse("stands where a drawing's id in quotes should", drawing)
        line = "line"
        if self._take("sign", ","):
            token = self._next()
            if token.kind not in ("text", "word"):
                self._refuse('stands where upper, lower or "level:0.618" should', token)
            line = token.text
        self._need(")")
        return _Line(drawing.text, line)

    def _indicator(self, name: _Token) -> IndicatorRef:
        try:
            spec = spec_of(name.text)
        except NotFound as e:
            raise InvalidInput(f"{e.message} It stands at {name.at + 1}.", hint=e.hint, code="alert.text") from e
        output = ""
        if self._take("sign", "."):
            output = self._next().text
        params: dict[str, float | int | str] = {}
        source = ""
        names = [parameter.name for parameter in spec.parameters]
        if self._take("sign", "("):
            while not self._take("sign", ")"):
                token = self._now
                if token.kind == "word" and self._after.text == "=":
                    self._row += 2
                    params[token.text] = self._figure()
                elif token.kind == "word":
                    source = self._next().text.lower()
                elif len(params) < len(names):
                    params[names[len(params)]] = self._figure()
                else:
                    self._refuse(f"is more than {spec.short} takes ({', '.join(names) or 'nothing'})", token)
                if self._now.text != ")":
                    self._need(",")
        return IndicatorRef(spec.name, params, source, output)

    # --- tokens

    @property
    def _now(self) -> _Token:
        return self._tokens[self._row]

    @property
    def _after(self) -> _Token:
        return self._tokens[min(self._row + 1, len(self._tokens) - 1)]

    def _next(self) -> _Token:
        token = self._now
        self._row = min(self._row + 1, len(self._tokens) - 1)
        return token

    def _take(self, kind: str, text: str) -> bool:
        token = self._now
        is_it = token.kind == kind and token.text.lower() == text
        self._row += is_it
        return is_it

    def _need(self, sign: str) -> None:
        if not self._take("sign", sign):
            self._refuse(f"stands where {sign} should")

    def _figure(self) -> float | int:
        number = self._plain()
        return int(number) if number == int(number) else number

    def _plain(self) -> float:
        token = self._next()
        if token.kind != "number":
            self._refuse("stands where a number should", token)
        return _number(token)

    def _whole(self) -> int:
        token = self._now
        number = self._plain()
        if number != int(number):
            self._refuse("is no whole number", token)
        return int(number)

    def _moment(self) -> int:
        token = self._next()
        try:
            return parse_moment(token.text) if token.kind in ("moment", "text") else _no_moment()
        except (ValueError, OverflowError):
            self._refuse("stands where a time as 2026-11-21T15:00Z should", token)

    def _refuse(self, what: str, token: _Token | None = None) -> NoReturn:
        at = token or self._now
        said = f"{at.text!r} at {at.at + 1}" if at.kind != "end" else "The end"
        hint = 'Write it as "price > 180", "rsi(14) crosses below 30" or "percent >= 5 and volume > 1000".'
        raise InvalidInput(f"{said} {what}.", hint=hint, code="alert.text")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        quoted = _QUOTED.match(text, at)
        match = quoted or _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise InvalidInput(f"{text[at : at + 1]!r} at {at + 1} means nothing here.", hint="Leave it out.", code="alert.text")
        if quoted is not None:
            found.append(_Token("text", quoted[1], quoted.start(1)))
        else:
            kind = next(name for name in ("moment", "number", "word", "sign") if match[name] is not None)
            found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _number(token: _Token) -> float:
    number = float(token.text)
    if not math.isfinite(number):
        raise InvalidInput(f"{token.text} at {token.at + 1} is too large.", hint="Write a smaller number.", code="alert.text")
    return number


def _no_moment() -> int:
    raise ValueError


def _compared(left: _Side, operator: Operator, right: _Side) -> Leaf | None:
    """The comparison with ``left`` on the left of it; None where there is no such one."""
    if isinstance(left, IndicatorRef):
        return _indicator(left, operator, right)
    if isinstance(left, _Price):
        if isinstance(right, float):
            return PriceCondition(operator, right)
        return DrawingCondition(right.drawing, operator, right.line) if isinstance(right, _Line) else None
    if not isinstance(right, float):
        return None
    if isinstance(left, _Move):
        return PercentCondition(operator, right, left.since, left.n_bars, left.reference)
    return VolumeCondition(operator, right, left.average) if isinstance(left, _Volume) else None


def _indicator(left: IndicatorRef, operator: Operator, right: _Side) -> Leaf | None:
    if isinstance(right, float):
        return IndicatorCondition(left, operator, right)
    if isinstance(right, IndicatorRef):
        return IndicatorCondition(left, operator, other=right)
    return IndicatorCondition(left, operator, is_price=True) if isinstance(right, _Price) else None


# --- inside: writing --------------------------------------------------------------------------------------------------


def _format(condition: Condition, *, is_inner: bool) -> str:
    if isinstance(condition, AllOf | AnyOf):
        word = " and " if isinstance(condition, AllOf) else " or "
        joined = word.join(_format(part, is_inner=True) for part in condition.of)
        return f"({joined})" if is_inner else joined
    if isinstance(condition, TimeCondition):
        return f"time >= {format_moment(condition.at_ns)}"
    operator = _WORDS.get(condition.operator, str(condition.operator))
    return f"{_left(condition)} {operator} {_right(condition)}"


def _left(leaf: Leaf) -> str:
    if isinstance(leaf, PercentCondition):
        return {"bars": f"percent({leaf.n_bars} bars)", "price": f"percent(from {leaf.reference!r})"}.get(leaf.since, "percent")
    if isinstance(leaf, VolumeCondition):
        return f"volume({leaf.average})" if leaf.average else "volume"
    return _ref(leaf.left) if isinstance(leaf, IndicatorCondition) else "price"


def _right(leaf: Leaf) -> str:
    if isinstance(leaf, DrawingCondition):
        return f'line("{leaf.drawing}")' if leaf.line == "line" else f'line("{leaf.drawing}", "{leaf.line}")'
    if isinstance(leaf, IndicatorCondition) and (leaf.is_price or leaf.other is not None):
        return "price" if leaf.other is None else _ref(leaf.other)
    assert not isinstance(leaf, TimeCondition)
    return f"{leaf.value!r}"


def _ref(ref: IndicatorRef) -> str:
    words = [f"{name}={value!r}" for name, value in ref.params.items()] + ([ref.source] if ref.source else [])
    output = f".{ref.output}" if ref.output else ""
    return f"{ref.indicator}{output}" + (f"({', '.join(words)})" if words else "")
