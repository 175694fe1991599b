"""Conversation (Fast and Deep Thinking): a model writes, and what it writes is shown only as far as code stands behind it."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.assistant.answer_cache import AnswerCache, cache_key, messages_of
from backend.assistant.answers import Mode, Phase, Provenance, Question, Reach
from backend.assistant.engines.engine import Done, Finish, Message, Priority, Request, Role
from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Checks, Mark, Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.values import format_fact
from backend.assistant.grounding.words import Words
from backend.assistant.modes.draft import Draft
from backend.assistant.modes.hearing import Hearing
from backend.assistant.modes.relevant import asked_for, names_other_time
from backend.assistant.modes.retelling import Exchange, brings_facts, tell
from backend.assistant.modes.tagged import show_tags
from backend.assistant.routing import Candidate, Route, decide
from backend.assistant.writers import Writers, write_whole
from backend.errors import InvalidInput, TriiError, Unavailable

log = logging.getLogger(__name__)

N_TOKENS: Final = {Mode.FAST: 320, Mode.DEEP: 1_200}
N_THOUGHT: Final = {Mode.FAST: 768, Mode.DEEP: 3_000}
"""Tokens that an answer has, and those beside them for a model that thinks aloud before it."""

N_TOLD_MAX: Final = 8
ASKED_WITHOUT: Final = (
    'Questions about prices, averages, trends and dates are answered without one, as "is AAPL oversold" or "on which weekday does '
    'AAPL rise most"; so are sums, analyses ("analyse AAPL") and searches. Try /help.'
)

_REPAIR: Final = "State no number but by the tag of a fact above, and nothing that facts contradict. Write the answer again so."
_BROKEN_OFF: Final = {Finish.CANCELLED, Finish.REPEATED}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what goes with it: the branch so far, and the facts that code has ready."""

    question: Question
    history: tuple[Exchange, ...]
    facts: FactSet
    reach: Reach
    keeps_min: int
    takes_unfit: bool = False


@dataclass(slots=True)
class _Try:
    """What one candidate wrote."""

    spans: tuple[Span, ...]
    raw: str
    done: Done | None
    is_cached: bool = False
    thought: tuple[Span, ...] = ()
    thought_ms: float = 0.0

    @property
    def n_wrong(self) -> int:
        """Numbers that nothing stands for, and comparisons that facts contradict."""
        return sum(span.mark in {Mark.UNVERIFIED, Mark.UNTRUE} for span in self.spans)


class ChatMode:
    """Both conversation modes, which differ in who is preferred and how long an answer may be. ``system`` : the instructions."""

    def __init__(self, writers: Writers, cache: AnswerCache, system: Callable[[], str]) -> None:
        self._writers = writers
        self._cache = cache
        self._system = system

    @property
    def prefix(self) -> tuple[Message, ...]:
        """What every prompt begins with, as the instructions are now."""
        return (Message(Role.SYSTEM, self._system()),)

    async def answer(self, draft: Draft, asked: Asked) -> None:
        """Answer: by the first who can, again by the next where numbers stay unverified twice. Raises TriiError."""
        question, route = asked.question, await self._route(asked)
        if route.first is None:
            self._without_model(draft, asked, route)
            return
        said = (question.text, *(one.asked for one in asked.history))
        known = Known(asked.facts, said, asked=question.text)
        best: tuple[_Try, Candidate, Request, int] | None = None
        failure: TriiError | None = None
        for candidate in route.candidates[:2]:
            try:
                tried, request, n_repairs = await self._try(draft, asked, candidate, known)
            except (Unavailable, InvalidInput) as error:  # one that is down, or reads less than the question is long
                failure = error
                continue
            if best is None or tried.n_wrong < best[0].n_wrong:
                best = (tried, candidate, request, n_repairs)
            if not tried.n_wrong:
                break
        if best is None:
            assert failure is not None
            raise failure
        self._finish(draft, asked, route, best)

    async def reader(self, asked: Asked) -> Candidate | None:
        """The model that would be asked first, where it is one of this computer and loaded; else None."""
        first = (await self._route(asked)).first
        return first if first is not None and await self._writers.is_loaded(first, asked.question.mode) else None

    async def read_ahead(self, asked: Asked, reader: Candidate) -> None:
        """Have ``reader`` read the facts that a question will need, giving way to whoever asks; what it would say is dropped.

        Nothing is read where it has them: going back from half a question costs more than the other half. Raises TriiError.
        """
        request = await self._request(uuid.uuid4().hex, asked, reader)
        if not brings_facts(request.messages):
            return
        await write_whole(self._writers, reader, replace(request, n_tokens_max=1, priority=Priority.BATCH))

    async def _route(self, asked: Asked) -> Route:
        mode, text = asked.question.mode, asked.question.text
        return decide(mode, text, asked.reach, await self._writers.candidates(mode), takes_unfit=asked.takes_unfit)

    async def _try(self, draft: Draft, asked: Asked, candidate: Candidate, known: Known) -> tuple[_Try, Request, int]:
        draft.say(Phase.READING, f"{candidate.model} reads the question")
        sha = await self._writers.ready(candidate, asked.question.mode)
        request = await self._request(draft.answer.id, asked, candidate)
        tried = await self._write(draft, request, candidate, (known, asked, sha))
        if not tried.n_wrong or tried.is_cached:
            return tried, request, 0
        draft.grow(words="Some of it stands on no fact; it is asked again")
        again = replace(
            request,
            id=f"{request.id}.again",
            messages=(*request.messages, Message(Role.ASSISTANT, tried.raw), Message(Role.USER, _REPAIR)),
        )
        shown = draft.answer.spans
        try:
            second = await self._write(draft, again, candidate, (known, asked, sha), is_shown=False)
        except Unavailable as error:  # what was written first is there, its numbers marked
            log.info("An answer is not written again: %s", error.message)
            return tried, request, 1
        if second.raw.strip() and second.n_wrong < tried.n_wrong:
            return second, again, 1
        draft.grow(spans=shown)
        return tried, request, 1

    async def _write(
        self, draft: Draft, request: Request, candidate: Candidate, with_: tuple[Known, Asked, str], *, is_shown: bool = True
    ) -> _Try:
        known, asked, sha = with_
        key = cache_key(request, sha, asked.facts.digest, known.quoted)
        kept = await self._cache.find(key, asked.keeps_min)
        if kept is not None:
            spans = show_tags(check_text(kept.text, known, Words(known)), asked.facts)
            draft.grow(phase=Phase.WRITING, words="", spans=spans)
            return _Try(spans, kept.text, None, is_cached=True)
        if is_shown:
            draft.grow(spans=(), thought=(), thought_ms=0.0)
        heard = Hearing(known, asked.facts, draft if is_shown else None)
        try:
            async for piece in self._writers.generate(candidate, request):
                heard.take(piece)
        except TriiError:
            heard.end()  # what came before it is told to its end
            raise
        heard.end()
        text, done = heard.text, heard.done
        if asked.keeps_min and text.strip() and done is not None and done.finish not in _BROKEN_OFF:
            await self._cache.keep(key, text, candidate.model, done.place)
        return _Try(heard.spans, text, done, thought=heard.thought, thought_ms=heard.thought_ms)

    async def _request(self, answer_id: str, asked: Asked, candidate: Candidate) -> Request:
        mode = asked.question.mode

        async def count(messages: Sequence[Message]) -> int:
            return await self._writers.count(candidate, messages)

        n_ctx, n_answer = self._writers.room_of(candidate), N_TOKENS[mode]
        n_thought = min(N_THOUGHT[mode], max(n_ctx - n_answer, 0) // 2) if self._writers.thinks(candidate) else 0
        n_tokens_max, room = n_answer + n_thought, n_ctx - n_answer - n_thought
        prefix = self.prefix
        messages = await tell(asked.question, asked.facts, (prefix, asked.history), room, count)
        return Request(answer_id, messages, len(prefix), n_tokens_max, mode=mode.value, n_thought_max=n_thought)

    def _finish(self, draft: Draft, asked: Asked, route: Route, best: tuple[_Try, Candidate, Request, int]) -> None:
        tried, candidate, request, n_repairs = best
        n_of = Counter(span.mark for span in tried.spans)
        checks = Checks(
            n_numbers=n_of[Mark.NUMBER] + n_of[Mark.QUOTED] + n_of[Mark.UNVERIFIED],
            n_unverified=n_of[Mark.UNVERIFIED],
            n_claims=n_of[Mark.JUDGED] + n_of[Mark.UNTRUE],
            n_untrue=n_of[Mark.UNTRUE],
            n_repairs=n_repairs,
            n_unjudged=n_of[Mark.UNCHECKED],
        )
        done = tried.done
        provenance = Provenance(
            mode=asked.question.mode,
            model=candidate.model,
            place=done.place if done else "kept answer",
            reason=route.reason_for(candidate),
            sent=messages_of(request),
            first_token_ms=done.first_token_ms if done else 0.0,
            total_ms=done.total_ms if done else 0.0,
            is_cached=tried.is_cached,
            cost_usd=self._writers.cost_usd(candidate, done.n_prompt, done.n_generated) if done else 0.0,
            facts_digest=asked.facts.digest,
            done=done,
        )
        if not any(span.text.strip() for span in tried.spans):
            raise Unavailable(
                f"{candidate.model} wrote nothing.", hint="Ask in other words, or choose another model.", code="assistant.empty"
            )
        told = {"spans": tried.spans, "thought": tried.thought, "thought_ms": tried.thought_ms}
        draft.grow(phase=Phase.DONE, words="", checks=checks, provenance=provenance, **told)

    def _without_model(self, draft: Draft, asked: Asked, route: Route) -> None:
        told = asked_for(asked.facts, asked.question.text, N_TOLD_MAX)
        spans: list[Span] = [Span(f"{route.reason} ")]
        if told:
            spans.append(Span(f"This is what code knows of it{_of_day(asked.facts)}:\n\n"))
            for fact in told.values():
                spans += (Span(f"- {fact.label}: "), Span(format_fact(fact), Mark.NUMBER, fact.id), Span("\n"))
        elif asked.facts and names_other_time(asked.question.text):
            spans.append(Span(f"What is at hand is of the newest bar{_of_day(asked.facts)}, not of another time. {ASKED_WITHOUT}"))
        else:
            spans.append(Span(ASKED_WITHOUT))
        provenance = Provenance(asked.question.mode, reason=route.reason, facts_digest=asked.facts.digest)
        draft.grow(phase=Phase.DONE, words="", spans=join_spans(spans), provenance=provenance, checks=Checks(n_numbers=len(told)))


def _of_day(facts: FactSet) -> str:
    """Which day facts are of."""
    day = facts.named("price.date")
    return f" on {format_fact(day)}" if day is not None and day.is_available else ""
