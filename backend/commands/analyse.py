"""`trii analyse`: an instrument in five sections, every number of which is a fact that code computed."""

import argparse
import asyncio
import textwrap
from datetime import tzinfo
from typing import Any, Final

from backend.assistant.analysis.applying import count_checks
from backend.assistant.analysis.card import Section, StockAnalysis
from backend.assistant.answers import Mode, Provenance
from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.values import format_fact
from backend.assistant.stages import CARD_S, Stages
from backend.assistant.telling import stages_json
from backend.commands.context import CommandContext
from backend.commands.range import choose_spec
from backend.commands.tables import TextColumn
from backend.commands.times import find_zone, format_instant, parse_when
from backend.domain.bars import Series

WIDTH: Final = 100
_FIGURES: Final = (
    TextColumn("fact"),
    TextColumn("what"),
    TextColumn("value", is_number=True),
    TextColumn("formula"),
    TextColumn("source"),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Gather the facts, analyse them and tell the result."""
    instrument = await context.backend.catalog.resolve(arguments.instrument)
    spec = await choose_spec(context, instrument, arguments.interval)
    zone = find_zone(instrument.timezone)
    as_of_ns = None if arguments.as_of is None else parse_when(arguments.as_of, zone).last_ns
    assistant, series = await context.backend.assistant.open(), Series(instrument.id, spec)
    if arguments.no_model:
        stages = Stages(context.backend.clock)
        facts = await assistant.analyst.facts(instrument.id, spec, as_of_ns, stages=stages)
        with stages.timed("card", CARD_S):
            analysis = await asyncio.to_thread(assistant.analyst.analyse, facts, instrument, series)
        made = Provenance(Mode.ANALYSIS, reason="Worded by code: no model was to be asked.", stages=stages.over)
    else:
        answer = await assistant.analyse(series, as_of_ns, is_patient=arguments.patient)
        assert answer.analysis is not None, "An analysis that did not fail is there."
        assert answer.provenance is not None, "It says how it came about."
        facts, analysis, made = answer.facts, answer.analysis, answer.provenance
    if context.as_json:
        await context.put_json(answer_of(analysis, facts, zone, made))
    else:
        await _tell(context, analysis, facts, zone)
        if made.cut_wording is not None:
            await context.tell(f"({made.reason} That is: --patient)")
    return 0


def answer_of(analysis: StockAnalysis, facts: FactSet, zone: tzinfo, made: Provenance) -> dict[str, Any]:
    """The analysis as JSON; ``model`` is the name of what worded it, None where code did."""
    verdicts = [verdict for section in analysis.sections for verdict in section.verdicts]
    checks = count_checks(analysis)
    return {
        "facts": [_fact(fact, zone) for fact in facts.values()],
        "claims": [
            {"op": v.claim.op, "args": v.claim.args, "text": v.claim.text, "true": v.is_true, "why": v.why} for v in verdicts
        ],
        "narrative": "\n\n".join(f"## {section.title}\n\n{_text(section)}" for section in analysis.sections),
        "narrative_tagged": "\n\n".join(f"## {section.title}\n\n{section.tagged}" for section in analysis.sections),
        "checks": {
            "numbers": checks.n_numbers,
            "unverified": checks.n_unverified,
            "claims": checks.n_claims,
            "claims_dropped": checks.n_claims_dropped,
            "plain_wording": analysis.is_plain_wording,
            "reason": made.reason,
            "stages": stages_json(made.stages),
        },
        "model": None if analysis.is_plain_wording else made.model,
    }


def _fact(fact: Fact, zone: tzinfo) -> dict[str, Any]:
    bars = fact.bars
    told = None
    if bars is not None:
        ends = (format_instant(bars.from_ns), format_instant(bars.to_ns))
        told = {"instrument": str(bars.series.instrument), "interval": str(bars.series.spec), "from": ends[0], "to": ends[1]}
    return {
        "id": fact.id,
        "name": fact.name,
        "label": fact.label,
        "value": fact.value,
        "text": format_fact(fact, zone=zone),
        "unit": fact.unit,
        "decimals": fact.decimals,
        "available": fact.is_available,
        "why_not": fact.why_not,
        "as_of": format_instant(fact.as_of_ns),
        "known": None if fact.known_ns is None else format_instant(fact.known_ns),
        "source": fact.source,
        "formula": fact.formula,
        "inputs": fact.inputs,
        "bars": told,
    }


async def _tell(context: CommandContext, analysis: StockAnalysis, facts: FactSet, zone: tzinfo) -> None:
    """Sections with numbered sources, then each figure that was used with its formula."""
    terminal = context.terminal.facts
    width = min(WIDTH, terminal.width) if terminal.out_is_tty else WIDTH
    sources = _sources(analysis, facts)
    await context.say(f"{analysis.series}, as of {format_instant(analysis.as_of_ns, zone)}")
    for section in analysis.sections:
        await context.say(f"\n{section.title.upper()}")
        for paragraph in _text(section).split("\n\n"):
            await context.say(textwrap.fill(paragraph, width) + "\n" if paragraph else "")
        named = sorted({sources[facts[fact_id].source] for fact_id in section.facts if facts[fact_id].source in sources})
        if named:
            await context.say(f"Sources: {', '.join(f'[{number}]' for number in named)}")
    await context.say("\nSOURCES")
    for source, number in sources.items():
        await context.say(f"[{number}] {source}")
    await context.say("\nFIGURES")
    used = dict.fromkeys(fact_id for section in analysis.sections for fact_id in section.facts)
    await context.put_table(_FIGURES, [_figure(facts[fact_id], sources, zone) for fact_id in used])


def _figure(fact: Fact, sources: dict[str, int], zone: tzinfo) -> tuple[str, ...]:
    number = sources.get(fact.source)
    return fact.id, fact.label, format_fact(fact, zone=zone), fact.formula, "" if number is None else f"[{number}]"


def _sources(analysis: StockAnalysis, facts: FactSet) -> dict[str, int]:
    """Each source of what is told, numbered as it first appears."""
    used = [facts[fact_id].source for section in analysis.sections for fact_id in section.facts]
    return {source: number for number, source in enumerate((each for each in dict.fromkeys(used) if each), 1)}


def _text(section: Section) -> str:
    return "".join(span.text for span in section.spans)
