"""Questions that code does not read whole: a model proposes a plan in a form, code checks it twice at most and computes it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec

from backend.assistant.answer_cache import messages_of
from backend.assistant.answers import Phase, Provenance, Question, Reach
from backend.assistant.engines.engine import Done, Message, Request, Role
from backend.assistant.modes.draft import Draft
from backend.assistant.modes.lookup import Lookup
from backend.assistant.questions.offers import Offer
from backend.assistant.questions.plan import Plan
from backend.assistant.questions.proposals import parse_proposal, proposal_schema, proposal_text
from backend.assistant.routing import Candidate, decide
from backend.assistant.writers import Writers, write_whole
from backend.errors import InvalidInput, TriiError

log = logging.getLogger(__name__)

N_TOKENS_MAX: Final = 300
_BY_MODEL: Final = "A model read the question as: {0}. Code computed the answer from stored bars."
_Asked: TypeAlias = tuple[Question, Offer]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A plan that a model proposed and code checked, and how it came about."""

    plan: Plan
    provenance: Provenance


class Planner:
    """``system`` gives the instructions as they are now. Only a model that passed its examination is asked."""

    def __init__(self, writers: Writers, lookup: Lookup, system: Callable[[], str]) -> None:
        self._writers = writers
        self._lookup = lookup
        self._system = system

    async def answer(self, draft: Draft, question: Question, reach: Reach) -> bool:
        """Answer by a plan that a model proposed; False where no model may be asked, or bars cannot answer this.

        Raises InvalidInput where what it proposed did not stand up to the checks twice, and as a plan of code's own does.
        """
        offer = await self._lookup.offer(question)
        route = decide(question.mode, question.text, reach, await self._writers.candidates(question.mode))
        candidate = route.first
        if candidate is None or offer is None:
            return False
        draft.say(Phase.READING, f"{candidate.model} reads the question")
        try:
            await self._writers.ready(candidate, question.mode)
            found = await self._proposed(draft, candidate, (question, offer))
        except InvalidInput:
            raise
        except TriiError as error:
            log.info("No plan was proposed: %s", error.message)
            return False
        if found is not None:
            said = f"{_BY_MODEL} {route.stand_in.replace('{', '{{').replace('}', '}}')}".strip()
            await self._lookup.run(draft, found.plan, said, found.provenance)
        return found is not None

    async def _proposed(self, draft: Draft, candidate: Candidate, asked: _Asked) -> _Proposal | None:
        question, offer = asked
        request = self._request(draft.answer.id, candidate, asked)
        problem: InvalidInput | None = None
        for _ in range(2):
            text, done = await write_whole(self._writers, candidate, request)
            text = text.strip()
            try:
                plan = parse_proposal(text, offer)
            except InvalidInput as error:
                problem = error
                draft.grow(words="Its plan did not stand up to the checks; it is asked again")
                again = Message(Role.USER, f"That is not right. {error.message} Write the JSON object again.")
                messages = (*request.messages, Message(Role.ASSISTANT, text), again)
                request = replace(request, id=f"{request.id}.again", messages=messages)
                continue
            return None if plan is None else _Proposal(plan, self._provenance(question, candidate, request, done))
        assert problem is not None
        raise InvalidInput(
            f"A model's reading of this question did not stand up to the checks. {problem.message}",
            hint="Say it in other words, as in: how many days did AAPL close above its 50-day average in 2012",
            code="question.proposal",
        )

    def _request(self, answer_id: str, candidate: Candidate, asked: _Asked) -> Request:
        question, offer = asked
        schema, system = proposal_schema(offer), self._system()
        if candidate.is_remote:
            # Services know other parts of JSON Schema each; what they write is checked all the same.
            system = f"{system}\n\nThe object follows this JSON schema:\n{msgspec.json.encode(schema).decode()}"
        return Request(
            f"{answer_id}.plan",
            (Message(Role.SYSTEM, system), Message(Role.USER, proposal_text(offer))),
            n_tokens_max=N_TOKENS_MAX,
            schema=None if candidate.is_remote else schema,
            mode=question.mode.value,
        )

    def _provenance(self, question: Question, candidate: Candidate, request: Request, done: Done | None) -> Provenance:
        return Provenance(
            question.mode,
            model=candidate.model,
            place=done.place if done else "",
            sent=messages_of(request),
            first_token_ms=done.first_token_ms if done else 0.0,
            total_ms=done.total_ms if done else 0.0,
            cost_usd=self._writers.cost_usd(candidate, done.n_prompt, done.n_generated) if done else 0.0,
            done=done,
        )
