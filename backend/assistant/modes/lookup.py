"""What code answers alone: sums, questions over stored bars, searches; no model is asked."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import msgspec

from backend.assistant.analysis.analyst import Analyst
from backend.assistant.answers import ChartSeen, Mode, Phase, Provenance, Question
from backend.assistant.facts.fact import FactSet
from backend.assistant.facts.visible import with_visible
from backend.assistant.grounding.span import Checks, Mark, Span
from backend.assistant.grounding.tags import join_spans, render_tags
from backend.assistant.hits import Hit, HitKind, quoted_span
from backend.assistant.maths.algebra import Algebra
from backend.assistant.maths.reading import read_sum
from backend.assistant.maths.sizing import Reward, Sizing, read_sizing
from backend.assistant.maths.solving import solve
from backend.assistant.modes.draft import Draft
from backend.assistant.questions.definitions import asked_indicator, definition_of
from backend.assistant.questions.following import at_the_same_time, goes_on, is_aside, vary
from backend.assistant.questions.names import Names
from backend.assistant.questions.offers import Offer
from backend.assistant.questions.parsing import NAMELESS
from backend.assistant.questions.plan import Plan
from backend.assistant.questions.result import Result
from backend.assistant.questions.run import Questions
from backend.assistant.questions.search import PlatformSearch, SearchResult
from backend.clock import Clock
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.history import History


class Before(Protocol):
    """What was said before a question."""

    async def meant(self) -> InstrumentId | None:
        """The instrument of a question that names none; None where nobody can know."""
        ...

    async def plan(self) -> Plan | None:
        """The plan of a question that says what is other than in the one before; None for any other. Raises InvalidInput."""
        ...


DAILY = BarSpec.parse("1d")
_KINDS: Final = {
    HitKind.INSTRUMENT: "Instruments",
    HitKind.BAR: "Bars",
    HitKind.ACTION: "What can be done",
    HitKind.INDICATOR: "Indicators",
    HitKind.SETTING: "Settings",
    HitKind.HELP: "Help",
    HitKind.CONVERSATION: "Said before",
}


class Lookup:
    """Lives on the engine loop."""

    def __init__(self, questions: Questions, search: PlatformSearch, analyst: Analyst, history: History, clock: Clock) -> None:
        self._questions = questions
        self._history = history
        self._search = search
        self._analyst = analyst
        self._clock = clock
        self._algebra = Algebra()

    async def close(self) -> None:
        """End what works out equations."""
        await self._algebra.close()

    async def answer(self, draft: Draft, question: Question, before: Before) -> bool:
        """Answer a sum or a question over bars, which may go on from what was said ``before``; False where it is neither.

        Raises InvalidInput for one that nearly is.
        """
        asked = read_sizing(question.text) or await self._sizing_of(question.text) or read_sum(question.text)
        if asked is not None:
            draft.say(Phase.COMPUTING, "Working it out")
            solved = await solve(asked, self._algebra, self._clock.now_ns())
            spans = join_spans((quoted_span(solved.asked), *render_tags(solved.tagged, solved.facts)))
            self._finish(draft, spans, solved.facts, "Worked out by code: no model was needed.")
            return True
        spec = asked_indicator(question.text) if question.mode == Mode.FAST and question.instrument is None else None
        if spec is not None:
            reason = "From the catalogue of indicators: no model was needed."
            self._finish(draft, (quoted_span(definition_of(spec)),), FactSet(()), reason)
            return True
        plan = await before.plan()
        if plan is not None and len(plan.instruments) == 1:
            draft.grow(question=replace(draft.answer.question, instrument=InstrumentId.parse(plan.instruments[0])))
        try:
            plan = plan or await self._questions.parse(question.text, instrument=question.instrument)
        except InvalidInput as error:
            instrument = await before.meant() if error.code == NAMELESS else None
            if instrument is None:
                raise
            draft.grow(question=replace(draft.answer.question, instrument=instrument))
            plan = await self._questions.parse(question.text, instrument=instrument)
        if plan is None:
            return False
        await self.run(draft, plan, "Computed from stored bars: {0}. No model was needed.")
        return True

    async def _sizing_of(self, text: str) -> Sizing | Reward | None:
        """A position size that is asked for of a named instrument, which changes nothing of it."""
        mentions = (await self._questions.names()).mentions(text) if "stop" in text.lower() else ()
        bare = text
        for one in sorted(mentions, key=lambda one: one.start, reverse=True):
            bare = f"{bare[: one.start]} {bare[one.end :]}"
        found = read_sizing(bare) if mentions else None
        return found and replace(found, text=text.strip())

    async def varied(self, question: Question, asked: Sequence[Question]) -> Plan | None:
        """The plan of a question that says what is other than in the last of ``asked``, each of which may do so itself.

        An aside that names no instrument is passed over: what follows it goes on from the one before. Raises InvalidInput where it
        is nearly such a question.
        """
        names = await self._questions.names()
        plan: Plan | None = None
        for one in asked:
            before, plan = plan, None
            with contextlib.suppress(InvalidInput):
                plan = await self._next(one.text, one.instrument, before, names)
            plan = plan or (before if is_aside(one.text) and not names.mentions(one.text) else None)
        return plan and await self._next(question.text, question.instrument, plan, names)

    async def _next(self, text: str, instrument: InstrumentId | None, before: Plan | None, names: Names) -> Plan | None:
        """The plan of a question, which may go on from the one ``before``; None where it is none. Raises InvalidInput."""
        if before is None or not goes_on(text):
            return await self._questions.parse(text, instrument=instrument)
        if (found := vary(text, before, names)) is not None:
            is_of_one = instrument is not None and len(found.instruments) == 1 and not names.mentions(text)
            return msgspec.structs.replace(found, instruments=(str(instrument),)) if is_of_one else found
        only = InstrumentId.parse(before.instruments[0]) if len(before.instruments) == 1 else None
        try:
            fresh = await self._questions.parse(text, instrument=instrument or only)
        except InvalidInput as error:
            if error.code != NAMELESS:
                raise
            return None
        return fresh and at_the_same_time(fresh, text, before)

    async def offer(self, question: Question) -> Offer | None:
        """What code reads of a question that it does not read whole; None where a plan would be no answer."""
        return await self._questions.offer(question.text, instrument=question.instrument)

    async def run(self, draft: Draft, plan: Plan, reason: str, provenance: Provenance | None = None) -> None:
        """Compute a plan; ``reason`` says where it comes from, its words in the place of ``{0}``. Raises InvalidInput, NotFound."""
        draft.say(Phase.COMPUTING, "Looking through the bars")
        result = await self._questions.answer(plan)
        draft.grow(matches=result.matches)
        spans = told(result)
        if provenance is not None:
            # Somebody else read it: what was understood stands before what came of it.
            spans = join_spans((Span("Understood as: "), quoted_span(result.understood), Span("\n\n"), *spans))
        self._finish(draft, spans, result.facts, reason.format(result.understood), provenance)

    async def search(self, draft: Draft, question: Question, turn: str) -> None:
        """Find instruments, help, bars and earlier words, but not the turn that asks."""
        draft.say(Phase.COMPUTING, "Searching")
        found = await self._search.find(question.text, turn=turn)
        facts = found.facts if found.answer is None else found.answer.facts
        draft.grow(hits=found.hits, matches=() if found.answer is None else found.answer.matches)
        self._finish(draft, found_text(found), facts, "Searched on this computer.")

    async def instrument_in(self, text: str) -> InstrumentId | None:
        """The one instrument that a text names; None where it names none, or several."""
        names = await self._questions.names()
        found = {one for mention in names.mentions(text) for one in mention.ids}
        return InstrumentId.parse(found.pop()) if len(found) == 1 else None

    async def names_any(self, text: str) -> bool:
        """Whether a text names an instrument, or several."""
        return bool((await self._questions.names()).mentions(text))

    async def facts(self, instrument: InstrumentId, chart: ChartSeen | None) -> FactSet:
        """The facts that go with a question about an instrument, those of the chart in view too. Raises NotFound, InvalidInput."""
        facts = await self._analyst.facts(instrument, chart.series.spec if chart else DAILY)
        if chart is None or chart.series.instrument != instrument or chart.to_ns < chart.from_ns:
            return facts
        bars = await self._history.bars(chart.series, from_ns=chart.from_ns, to_ns=chart.to_ns + 1)
        return with_visible(facts, bars, chart.series, f"{chart.series}, the bars in view", self._clock.now_ns())

    def _finish(
        self, draft: Draft, spans: tuple[Span, ...], facts: FactSet, reason: str, provenance: Provenance | None = None
    ) -> None:
        begun = provenance or Provenance(draft.answer.question.mode)
        provenance = replace(begun, reason=reason, facts_digest=facts.digest)
        checks = Checks(n_numbers=sum(span.mark is Mark.NUMBER for span in spans))
        draft.grow(phase=Phase.DONE, words="", spans=spans, facts=facts, provenance=provenance, checks=checks)


def found_text(found: SearchResult) -> tuple[Span, ...]:
    """What was found as markdown, by kind, the best kind first. What was searched is quoted, its markup disarmed."""
    spans: list[Span] = []
    if found.answer is not None:
        spans += [*told(found.answer), Span("\n\n")]
    by_kind: dict[HitKind, list[Hit]] = {}
    for hit in found.hits:
        by_kind.setdefault(hit.kind, []).append(hit)
    places = {hit: place for place, hit in enumerate(found.hits)}
    for kind, hits in by_kind.items():
        spans.append(Span(f"**{_KINDS[kind]}**\n\n"))
        for hit in hits:
            title = replace(quoted_span(hit.title), fact=str(places[hit]))
            spans += [Span("- "), title, Span(": " if hit.words else "")]
            # With an answer, its own facts are shown; a bar's are then told without their links.
            is_tagged = hit.kind is HitKind.BAR and found.answer is None
            words = (
                render_tags(hit.words, found.facts) if is_tagged else () if hit.kind is HitKind.BAR else (quoted_span(hit.words),)
            )
            spans += [*words, Span("\n")]
        spans.append(Span("\n"))
    if not found.hits and found.answer is None:
        spans.append(Span(found.problem or "Nothing was found. Try fewer or other words."))
    return join_spans(spans)


def told(result: Result) -> tuple[Span, ...]:
    """The sentence, and the table where there is one, as one markdown text."""
    spans = [*render_tags(result.sentence, result.facts)]
    if result.table is not None:
        heads, rows = result.table.heads, result.table.rows
        spans += [Span("\n\n"), *_line(heads, result.facts), Span(f"|{' --- |' * len(heads)}\n")]
        for row in rows:
            spans += _line(row, result.facts)
    return join_spans(spans)


def _line(cells: Sequence[str], facts: FactSet) -> list[Span]:
    """A line of a table, tags in it told."""
    told = [part for cell in cells for part in (*render_tags(cell, facts), Span(" | "))]
    return [Span("| "), *told, Span("\n")]
