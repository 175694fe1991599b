"""Stock Analysis: everything by code at once; a model that passed may word it, and only what it words truly stays."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from backend.assistant.analysis.analyst import Analyst
from backend.assistant.analysis.card import StockAnalysis
from backend.assistant.answer_cache import AnswerCache, cache_key, messages_of
from backend.assistant.answers import Mode, Phase, Provenance, Question, Reach
from backend.assistant.grounding.checks import Checks
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.modes.draft import Draft
from backend.assistant.routing import Candidate, decide
from backend.assistant.writers import Writers, write_whole
from backend.domain.bars import BarSpec, Series
from backend.errors import InvalidInput, TriiError
from backend.market.catalog import Catalog

DAILY = BarSpec.parse("1d")


class AnalysisMode:
    """Facts, judged claims and plain wording first; the model's wording only where every check passes."""

    def __init__(self, analyst: Analyst, catalog: Catalog, writers: Writers, cache: AnswerCache, system: Callable[[], str]) -> None:
        self._analyst = analyst
        self._catalog = catalog
        self._writers = writers
        self._cache = cache
        self._system = system

    async def answer(self, draft: Draft, question: Question, reach: Reach, keeps_min: int, as_of_ns: int | None = None) -> None:
        """Fill the draft. Raises InvalidInput where no instrument is named, NotFound and Unavailable as the facts do."""
        if question.instrument is None:
            raise InvalidInput(
                "Which instrument is to be analysed?",
                hint="Name it, as in: /analyse AAPL, or open it on the chart.",
                code="assistant.instrument",
            )
        spec = question.chart.series.spec if question.chart else DAILY
        draft.say(Phase.COMPUTING, f"Computing the facts of {question.instrument}")
        facts = await self._analyst.facts(question.instrument, spec, as_of_ns)
        instrument = await self._catalog.get(question.instrument)
        analysis = await asyncio.to_thread(self._analyst.analyse, facts, instrument, Series(instrument.id, spec))
        provenance = Provenance(Mode.ANALYSIS, facts_digest=facts.digest(), is_plain_wording=True)
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
            await self._word(draft, (route.first, keeps_min), provenance)
        else:
            draft.grow(phase=Phase.DONE, words="", provenance=provenance)

    async def _word(self, draft: Draft, how: tuple[Candidate, int], provenance: Provenance) -> None:
        candidate, keeps_min = how
        facts, analysis = draft.answer.facts, draft.answer.analysis
        assert analysis is not None
        draft.grow(words=f"{candidate.model} words it")
        try:
            sha = await self._writers.ready(candidate, Mode.ANALYSIS)
            request = replace(self._analyst.prompt(facts, analysis, self._system()), id=draft.answer.id)
            key = cache_key(request, sha, facts.digest())
            kept = await self._cache.find(key, keeps_min)
            text, done = (kept.text, None) if kept else await write_whole(self._writers, candidate, request)
        except TriiError as error:
            # The analysis stands without the model; what failed is said beside it.
            draft.grow(phase=Phase.DONE, words="", provenance=replace(provenance, reason=f"Plain wording: {error.message}"))
            return
        worded, checks = self._analyst.apply(analysis, facts, text)
        if kept is None and not worded.is_plain_wording:
            await self._cache.keep(key, text, candidate.model, done.place if done else "")
        provenance = replace(
            provenance,
            model=candidate.model,
            place=done.place if done else "kept answer",
            sent=messages_of(request),
            first_token_ms=done.first_token_ms if done else 0.0,
            total_ms=done.total_ms if done else 0.0,
            is_cached=kept is not None,
            is_plain_wording=worded.is_plain_wording,
            cost_usd=self._writers.cost_usd(candidate, done.n_prompt, done.n_generated) if done else 0.0,
            done=done,
        )
        draft.grow(phase=Phase.DONE, words="", analysis=worded, spans=narrative_of(worded), checks=checks, provenance=provenance)


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
