"""The analysis of an instrument: complete by code alone, and worded by a model only where every check of its words passes."""

from typing import Final

from backend.assistant.analysis.applying import apply_answer
from backend.assistant.analysis.card import Direction, Section, SectionKey, StockAnalysis, TradeIdea
from backend.assistant.analysis.prompting import analysis_request
from backend.assistant.analysis.sections import tell_fundamental, tell_idea, tell_risk, tell_sentiment
from backend.assistant.analysis.sketching import sketch_facts
from backend.assistant.analysis.technical import tell_technical
from backend.assistant.analysis.teller import Teller
from backend.assistant.engines.engine import Request
from backend.assistant.facts.fact import FactSet
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.view import Position
from backend.assistant.grounding.span import Checks
from backend.assistant.grounding.tags import parse_tags, render_tags
from backend.assistant.stages import Stages
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId

FOUNDING_INPUTS: Final = (
    "instrument.id", "price.last", "price.change_1", "volume.last", "volume.ratio_20", "news.1", "news.2", "news.3",
    "sentiment.score", "sentiment.label", "person.style", "person.risk",
    "fundamental.ratios",
)  # fmt: skip
TITLES: Final = {
    SectionKey.TECHNICAL: "Technical analysis",
    SectionKey.FUNDAMENTAL: "Fundamental outlook",
    SectionKey.SENTIMENT: "Sentiment",
    SectionKey.TRADE_IDEA: "Trade idea",
    SectionKey.RISK: "Risk assessment",
}


class Analyst:
    """Makes analyses. Gathering lives on the engine thread; the rest is pure and takes milliseconds."""

    def __init__(self, gatherer: FactGatherer) -> None:
        self._gatherer = gatherer

    async def facts(
        self,
        instrument: InstrumentId,
        spec: BarSpec,
        as_of_ns: int | None = None,
        position: Position | None = None,
        stages: Stages | None = None,
    ) -> FactSet:
        """The facts of an instrument as they were known at a moment, or now. Raises what ``FactGatherer.gather`` raises."""
        return await self._gatherer.gather(instrument, spec, as_of_ns=as_of_ns, position=position, stages=stages)

    def analyse(self, facts: FactSet, instrument: Instrument, series: Series) -> StockAnalysis:
        """The whole analysis in plain wording, with no model: judged claims, five sections, idea, drawings."""
        teller = Teller(facts)
        sections = (
            _section(SectionKey.TECHNICAL, tell_technical(teller), teller, facts),
            _section(SectionKey.FUNDAMENTAL, tell_fundamental(teller, str(instrument.kind)), teller, facts),
            _section(SectionKey.SENTIMENT, tell_sentiment(teller), teller, facts),
            _section(SectionKey.TRADE_IDEA, tell_idea(teller), teller, facts),
            _section(SectionKey.RISK, tell_risk(teller), teller, facts),
        )
        inputs = tuple(fact.id for name in FOUNDING_INPUTS if (fact := facts.named(name)) is not None)
        last = facts.named("price.last")
        as_of_ns = 0 if last is None else last.as_of_ns
        return StockAnalysis(instrument.id, series, as_of_ns, sections, _idea(facts), sketch_facts(facts), inputs)

    def prompt(self, facts: FactSet, analysis: StockAnalysis, system: str) -> Request:
        """What a model is asked: to choose claims and to word the facts, in a form that lets it write no number."""
        return analysis_request(facts, analysis, system)

    def apply(self, analysis: StockAnalysis, facts: FactSet, text: str) -> tuple[StockAnalysis, Checks]:
        """The analysis with the claims of a model's answer that are true, and its words where every check of them passes.

        Anything else leaves the analysis as it is; the counts say what was dropped.
        """
        return apply_answer(analysis, facts, text)


def _section(key: SectionKey, tagged: str, teller: Teller, facts: FactSet) -> Section:
    named = tuple(dict.fromkeys(tag.fact_id for tag in parse_tags(tagged, facts)))
    return Section(key, TITLES[key], tagged, render_tags(tagged, facts), teller.take_verdicts(), named)


def _idea(facts: FactSet) -> TradeIdea | None:
    parts = [facts.named(f"idea.{name}") for name in ("entry", "stop", "target", "reward_to_risk")]
    side = facts.named("idea.direction")
    if side is None or not side.is_available or any(part is None or not part.is_available for part in parts):
        return None
    entry, stop, target, reward = (part.id for part in parts if part is not None)
    near = "support" if side.value == "long" else "resistance"
    level, goal = facts.named(f"level.{near}.1"), facts.named("idea.goal")
    assert level is not None
    assert goal is not None
    why = f"Entry at {near} {{{level.id}}}, stop beyond its far edge, target at {{{goal.id}}}."
    return TradeIdea(Direction(str(side.value)), entry, stop, target, reward, why)
