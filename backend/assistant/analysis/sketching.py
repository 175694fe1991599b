"""Facts as drawings for the chart: levels, patterns, swings, and the prices of a trade idea."""

from typing import Final

from backend.assistant.analysis.card import Sketch, SketchKind
from backend.assistant.facts.fact import Fact, FactSet, Unit

_MARKED: Final = ("candle.", "gap.")
_LINED: Final = ("pattern.", "divergence.")
_IDEA: Final = ("idea.entry", "idea.stop", "idea.target")


def sketch_facts(facts: FactSet) -> tuple[Sketch, ...]:
    """A sketch of every fact that lies somewhere on the chart, in the order of the facts."""
    return tuple(sketch for fact in facts.values() if fact.is_available and (sketch := _sketch(fact)) is not None)


def _sketch(fact: Fact) -> Sketch | None:
    if fact.name in _IDEA and fact.bars is not None:
        return Sketch(SketchKind.LEVEL, fact.label, ((fact.bars.to_ns, fact.number),), fact.id)
    kind = _kind(fact)
    if kind is None or not fact.points:
        return None
    points = {SketchKind.LEVEL: fact.points, SketchKind.MARK: fact.points[-1:], SketchKind.LINE: fact.points}[kind]
    return Sketch(kind, fact.label, points, fact.id)


def _kind(fact: Fact) -> SketchKind | None:
    if fact.name.startswith("level.") and fact.name.count(".") == 2:
        return SketchKind.LEVEL
    if fact.name.startswith("swing."):
        return SketchKind.MARK
    is_there = fact.unit is Unit.FLAG and fact.value is True and not fact.name.endswith(".any")
    if is_there and fact.name.startswith(_LINED):
        return SketchKind.LINE
    return SketchKind.MARK if is_there and fact.name.startswith(_MARKED) else None
