"""A stock analysis and a fact as blocks of text: what their cards say, with every number leading to its fact."""

from typing import Final

from backend.assistant.analysis.card import Direction, Section, SectionKey, StockAnalysis, TradeIdea
from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.claim import Verdict
from trii_desktop.assistant.markdown.blocks import PAIRS, Block, BlockKind, Cell, Run
from trii_desktop.assistant.markdown.parsing import read_markdown, shown_text
from trii_desktop.assistant.wording import fact_words, number_run, tagged_runs
from trii_desktop.widgets.numbers import format_time

TRUE_MARK: Final = "\u2713"
_DIRECTIONS: Final = {Direction.LONG: "Long", Direction.SHORT: "Short"}


def analysis_blocks(analysis: StockAnalysis, facts: FactSet, *, shows_inputs: bool) -> tuple[Block, ...]:
    """The five sections with their claims, the idea where there is one, and the founding inputs where asked for."""
    blocks: list[Block] = []
    for section in analysis.sections:
        blocks += _section(section, facts)
        if section.key is SectionKey.TRADE_IDEA and analysis.idea is not None:
            blocks.append(_idea_table(analysis.idea, facts))
            if analysis.idea.why:
                blocks.append(_said(tagged_runs(analysis.idea.why, facts)))
    if shows_inputs:
        blocks.append(_heading("Inputs"))
        blocks.append(_inputs_table(analysis.inputs, facts))
    return tuple(blocks)


def fact_blocks(fact: Fact, facts: FactSet) -> tuple[Block, ...]:
    """All that is known of a fact: its value, how it follows from what, as of when, and from where."""
    blocks = [_heading(shown_text(fact.label) or fact.name), _value(fact)]
    is_dated = fact.bars.series.spec.is_dated if fact.bars is not None else False
    zone = "" if is_dated else " UTC"
    rows: list[tuple[Cell, ...]] = [(_words("As of"), _words(format_time(fact.as_of_ns, is_dated=is_dated) + zone))]
    if fact.known_ns is not None:
        rows.append((_words("First known"), _words(format_time(fact.known_ns, is_dated=is_dated) + zone)))
    if fact.bars is not None:
        span = " to ".join(format_time(ns, is_dated=is_dated) for ns in (fact.bars.from_ns, fact.bars.to_ns))
        rows.append((_words("Bars"), _words(f"{fact.bars.series.instrument} {fact.bars.series.spec}, {span}")))
    rows.append((_words("Source"), _words(shown_text(fact.source))))
    if fact.formula:
        rows.append((_words("Formula"), (Run(shown_text(fact.formula), is_code=True),)))
    if fact.inputs:
        rows.append((_words("Inputs"), _inputs(fact.inputs, facts)))
    rows.append((_words("Name"), (Run(f"{fact.id}  {fact.name}", is_aside=True),)))
    blocks.append(Block(BlockKind.TABLE, rows=tuple(rows), language=PAIRS))
    return tuple(blocks)


def spoken_fact(fact: Fact) -> str:
    """A fact as a screen reader says it."""
    return f"{fact.label}: {fact_words(fact)}. Source: {fact.source}. Formula: {fact.formula or 'none'}."


# --- inside -----------------------------------------------------------------------------------------------------------


def _section(section: Section, facts: FactSet) -> list[Block]:
    blocks = [_heading(shown_text(section.title)), *read_markdown(section.spans)]
    return blocks + [_claim(verdict, facts) for verdict in section.verdicts]


def _claim(verdict: Verdict, facts: FactSet) -> Block:
    runs = tagged_runs(verdict.claim.text or verdict.why, facts)
    return Block(BlockKind.PARAGRAPH, runs, depth=1, marker=TRUE_MARK)


def _idea_table(idea: TradeIdea, facts: FactSet) -> Block:
    rows = (
        (_words("Direction"), (Run(_DIRECTIONS[idea.direction], is_bold=True),)),
        *(
            (_words(words), (number_run(fact_id, facts),))
            for words, fact_id in (
                ("Entry", idea.entry),
                ("Stop", idea.stop),
                ("Target", idea.target),
                ("Reward to risk", idea.reward_to_risk),
            )
        ),
    )
    return Block(BlockKind.TABLE, rows=rows, aligned=("left", "right"), language=PAIRS)


def _inputs_table(inputs: tuple[str, ...], facts: FactSet) -> Block:
    rows: list[tuple[Cell, ...]] = []
    for fact_id in inputs:
        fact = facts.get(fact_id)
        if fact is None:
            continue
        why = f": {shown_text(fact.why_not)}" if not fact.is_available and fact.why_not else ""
        rows.append((_words(shown_text(fact.label)), (number_run(fact_id, facts), *_words(why))))
    return Block(BlockKind.TABLE, rows=tuple(rows), language=PAIRS)


def _inputs(inputs: tuple[str, ...], facts: FactSet) -> Cell:
    made: list[Run] = []
    for one in inputs:
        if made:
            made.append(Run(", "))
        fact = facts.get(one)
        if fact is None:
            made.append(Run(shown_text(one)))
        else:
            made += (Run(f"{shown_text(fact.label)} "), number_run(one, facts))
    return tuple(made)


def _value(fact: Fact) -> Block:
    if fact.is_available:
        return Block(BlockKind.HEADING, (Run(fact_words(fact)),), level=1)
    return Block(BlockKind.PARAGRAPH, (Run(f"Unavailable. {shown_text(fact.why_not)}"),))


def _heading(words: str) -> Block:
    return Block(BlockKind.HEADING, (Run(words),), level=3)


def _said(runs: tuple[Run, ...]) -> Block:
    return Block(BlockKind.PARAGRAPH, runs)


def _words(words: str) -> Cell:
    return (Run(words),) if words else ()
