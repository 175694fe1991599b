"""`trii ask`: one question to the assistant, answered with where every number comes from."""

import argparse
from typing import Final

from backend.assistant.answers import Answer, Mode, Provenance, Question, parse_choice
from backend.assistant.grounding.values import format_fact
from backend.assistant.telling import answer_json, failure_of, plain_text
from backend.commands.context import CommandContext
from backend.commands.numbers import format_count
from backend.commands.tables import TextColumn

_SOURCES: Final = (
    TextColumn("fact"),
    TextColumn("what", may_be_cut=True),
    TextColumn("value", is_number=True),
    TextColumn("formula", may_be_cut=True),
    TextColumn("source", may_be_cut=True),
)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Ask, and tell the answer with its sources."""
    assistant = await context.backend.assistant.open()
    instrument = None
    if arguments.instrument is not None:
        instrument = (await context.backend.catalog.resolve(arguments.instrument)).id
    question = Question(" ".join(arguments.question), Mode.FAST, arguments.conversation or "", instrument=instrument)
    begun = await assistant.ask(question.chosen(parse_choice(arguments.mode)))
    try:
        answer = await assistant.answered(begun.id)
    except BaseException:
        await assistant.stop(begun.id)  # nobody waits for it any more
        raise
    failure = failure_of(answer)
    if failure is not None:
        raise failure
    if context.as_json:
        await context.put_json(answer_json(answer))
        return 0
    await context.say(plain_text(answer.spans).rstrip())
    await _tell_sources(context, answer)
    return 0


async def _tell_sources(context: CommandContext, answer: Answer) -> None:
    used = dict.fromkeys(span.fact for span in answer.spans if span.fact)
    facts = [answer.facts[fact_id] for fact_id in used if fact_id in answer.facts]
    if facts:
        await context.say("")
        rows: list[tuple[str, ...]] = [(fact.id, fact.label, format_fact(fact), fact.formula, fact.source) for fact in facts]
        await context.put_table(_SOURCES, rows)
    made = answer.provenance
    if made is None:
        return
    await context.tell(f"({_how_made(made, answer)})")


def _how_made(made: Provenance, answer: Answer) -> str:
    """Which mode and why, who answered where and how soon, and why there."""
    by = f"{made.model} ({made.place})" if made.model else made.place
    words = [f"Answered by {by} in {made.total_ms / 1e3:.1f} s"]
    if answer.first_word_ms:
        words.append(f"first words after {answer.first_word_ms:.0f} ms")
    if made.is_repeating:
        words.append("stopped: it repeated itself")
    if made.is_cached:
        words.append("a kept answer")
    if answer.checks.n_unverified:
        words.append(f"{format_count(answer.checks.n_unverified, 'number')} unverified")
    if answer.checks.n_untrue:
        words.append(f"{format_count(answer.checks.n_untrue, 'statement')} untrue")
    if answer.checks.n_unjudged:
        words.append(f"{format_count(answer.checks.n_unjudged, 'statement')} not checked")
    mode = f"Mode {made.mode.value}: {made.chosen}." if made.chosen else f"Mode {made.mode.value}."
    return " ".join([mode, f"{', '.join(words)}.", *([made.reason] if made.reason else [])])
