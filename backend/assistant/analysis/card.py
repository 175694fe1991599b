"""A finished analysis as a value: what the card shows, the command prints and the chart draws."""

import enum
from dataclasses import dataclass

from backend.assistant.grounding.claim import Verdict
from backend.assistant.grounding.span import Span
from backend.domain.bars import Series
from backend.domain.instruments import InstrumentId


class SectionKey(enum.StrEnum):
    """The five sections, in their order."""

    TECHNICAL = "technical"
    FUNDAMENTAL = "fundamental"
    SENTIMENT = "sentiment"
    TRADE_IDEA = "trade_idea"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class Section:
    """One section. ``tagged`` is its text with tags such as {F12} in place of numbers; ``spans`` the same, rendered."""

    key: SectionKey
    title: str
    tagged: str
    spans: tuple[Span, ...]
    verdicts: tuple[Verdict, ...] = ()  # true ones only; what was false or unknown is counted in the answer's checks
    facts: tuple[str, ...] = ()


class Direction(enum.StrEnum):
    """Which way a trade idea goes."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class TradeIdea:
    """Entry, stop, target and their relation, each the id of a fact; ``why`` says which levels they come from."""

    direction: Direction
    entry: str
    stop: str
    target: str
    reward_to_risk: str
    why: str


class SketchKind(enum.StrEnum):
    """What is drawn on the chart."""

    LEVEL = "level"  # a horizontal price from its first point on
    LINE = "line"  # through all points
    MARK = "mark"  # a mark at one bar


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing that shows a fact on the chart: points are (event_ns, price as traded then), the last of a level is its newest."""

    kind: SketchKind
    label: str
    points: tuple[tuple[int, float], ...]
    fact: str


@dataclass(frozen=True, slots=True)
class StockAnalysis:
    """The whole card. ``inputs`` are the ids of the founding inputs, available or not, in their order."""

    instrument: InstrumentId
    series: Series
    as_of_ns: int
    sections: tuple[Section, ...]
    idea: TradeIdea | None
    sketches: tuple[Sketch, ...]
    inputs: tuple[str, ...]
    is_plain_wording: bool = True
