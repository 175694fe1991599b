"""Stock Analysis: everything by code at once; a model that passed may word it, and only what it words truly stays."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from backend.assistant.analysis.analyst import Analyst
from backend.assistant.analysis.card import StockAnalysis
from backend.assistant.answer_cache import AnswerCache, cache_key, messages_of
from backend.assistant.answers import Answer, Mode, Phase, Provenance, Question, Reach
from backend.assistant.engines.engine import Done
from backend.assistant.grounding.span import Checks, Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.modes.draft import Draft
from backend.assistant.routing import Candidate, decide
from backend.assistant.stages import CARD_S, WORDING_S, Stages
from backend.assistant.writers import Writers, write_whole
from backend.domain.bars import BarSpec, Series
from backend.errors import InvalidInput, TriiError
from backend.market.catalog import Catalog

DAILY = BarSpec.parse("1d")


@dataclass(slots=True)
class _Writing:
    """What a model gives, as far as it is. ``sent`` : what went to it; ``key`` : what its text is kept under."""

    candidate: Candidate
    sent: tuple[tuple[str, str], ...] = ()
    key: str = ""
    is_kept: bool = False
    text: str = ""
    done: Done | None = None


class AnalysisMode:
    """Facts, judged claims and plain wording first; the model's wording only where it is there in time and every check passes.

    begin : begins to count the time of an answer
    """

    def __init__(
        self,
        analyst: Analyst,
        catalog: Catalog,
        writers: Writers,
        cache: AnswerCache,
        system: Callable[[], str],
        begin: Callable[[], Stages],
    ) -> None:
        self._analyst = analyst
        self._catalog = catalog
        self._writers = writers
        self._cache = cache
        self._system = system
        self._begin = begin

    async def answer(self, draft: Draft, question: Question, reach: Reach, keeps_min: int, as_of_ns: int | None = None) -> None:
        """Fill the draft. Raises InvalidInput where no instrument is named, NotFound and Unavailable as the facts do."""
        if question.instrument is None:
            raise InvalidInput(
                "Which instrument is to be analysed?",
                hint="Name it, as in: /analyse AAPL, or open it on the chart.",
                code="assistant.instrument",
            )
        spec = question.chart.series.spec if question.chart else DAILY
        stages = self._begin()
        draft.say(Phase.COMPUTING, f"Computing the facts of {question.instrument}")
        facts = await self._analyst.facts(question.instrument, spec, as_of_ns, stages=stages)
        with stages.timed("card", CARD_S):
            instrument = await self._catalog.get(question.instrument)
            analysis = await asyncio.to_thread(self._analyst.analyse, facts, instrument, Series(instrument.id, spec))
        provenance = Provenance(Mode.ANALYSIS, facts_digest=facts.digest, is_plain_wording=True, stages=stages.over)
        checks = checks_of(analysis)
        draft.grow(
            phase=Phase.COMPUTING,
            facts=facts,
            analysis=analysis,
            spans=narrative_of(analysis),
            provenance=provenance,
            checks=checks,
        )
        route = decide(Mode.ANALYSIS, question.text, reach, await self._writers.candidates(Mode.ANALYSIS))
        provenance = replace(provenance, reason=route.reason)
        if route.first is not None:
            draft.grow(words=f"The card is complete; {route.first.model} words it", provenance=provenance)
            await self._word(draft, _Writing(route.first), keeps_min, stages)
        else:
            draft.grow(phase=Phase.DONE, words="", provenance=provenance)

    async def _word(self, draft: Draft, writing: _Writing, keeps_min: int, stages: Stages) -> None:
        """Have the card worded by its deadline; without one where the person asked patiently."""
        candidate, answer, provenance = writing.candidate, draft.answer, draft.answer.provenance
        assert answer.analysis is not None
        assert provenance is not None
        late = f"{candidate.model} had not worded it within {WORDING_S:g} s. Ask again, and it has all the time it takes."
        due_s = None if answer.question.is_patient else WORDING_S
        try:
            work = self._write(writing, answer, keeps_min)
            await stages.within("wording", due_s, work, late=late, by=candidate.model)
        except TriiError as error:
            # The analysis stands without the model; what failed is said beside it.
            told = replace(provenance, reason=f"Plain wording: {error.message}", sent=writing.sent, stages=stages.over)
            draft.grow(phase=Phase.DONE, words="", provenance=told)
            return
        done = writing.done
        worded, checks = self._analyst.apply(answer.analysis, answer.facts, writing.text)
        if not writing.is_kept and not worded.is_plain_wording:
            await self._cache.keep(writing.key, writing.text, candidate.model, done.place if done else "")
        provenance = replace(
            provenance,
            stages=stages.over,
            model=candidate.model,
            place=done.place if done else "kept answer",
            sent=writing.sent,
            first_token_ms=done.first_token_ms if done else 0.0,
            total_ms=done.total_ms if done else 0.0,
            is_cached=writing.is_kept,
            is_plain_wording=worded.is_plain_wording,
            cost_usd=self._writers.cost_usd(candidate, done.n_prompt, done.n_generated) if done else 0.0,
            done=done,
        )
        draft.grow(phase=Phase.DONE, words="", analysis=worded, spans=narrative_of(worded), checks=checks, provenance=provenance)

    async def _write(self, writing: _Writing, answer: Answer, keeps_min: int) -> None:
        assert answer.analysis is not None
        sha = await self._writers.ready(writing.candidate, Mode.ANALYSIS)
        request = replace(self._analyst.prompt(answer.facts, answer.analysis, self._system()), id=answer.id)
        writing.key, writing.sent = cache_key(request, sha, answer.facts.digest), messages_of(request)
        kept = await self._cache.find(writing.key, keeps_min)
        if kept is not None:
            writing.is_kept, writing.text = True, kept.text
            return
        writing.text, writing.done = await write_whole(self._writers, writing.candidate, request)


def narrative_of(analysis: StockAnalysis) -> tuple[Span, ...]:
    """All sections as one markdown text."""
    spans: list[Span] = []
    for section in analysis.sections:
        spans += (Span(f"### {section.title}\n\n"), *section.spans, Span("\n\n"))
    return join_spans(spans)


def checks_of(analysis: StockAnalysis) -> Checks:
    """What was judged where code alone chose the claims."""
    spans = [span for section in analysis.sections for span in section.spans if span.fact]
    return Checks(n_numbers=len(spans), n_claims=sum(len(section.verdicts) for section in analysis.sections))
