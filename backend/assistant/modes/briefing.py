"""What goes with a question to a model: the facts of its instrument, the branch before it, and who may answer."""

import logging
from dataclasses import replace
from typing import Final

from backend.assistant.answers import Mode, Question, Reach
from backend.assistant.conversations.store import ConversationStore
from backend.assistant.facts.fact import FactSet
from backend.assistant.modes.chat import Asked
from backend.assistant.modes.lookup import Lookup
from backend.assistant.modes.retelling import Exchange, exchanges_of
from backend.assistant.pointing import points_at_it
from backend.assistant.questions.following import goes_on
from backend.assistant.questions.plan import Plan
from backend.assistant.surroundings import Surroundings
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.settings_store import SettingsStore

N_EXCHANGES_MAX: Final = 100  # of a branch, that a prompt may tell again
N_ASKED_MAX: Final = 12  # of those, that a question may lean on, with what these go on from

log = logging.getLogger(__name__)


class Briefing:
    """Lives on the engine loop."""

    def __init__(self, lookup: Lookup, around: Surroundings, conversations: ConversationStore, settings: SettingsStore) -> None:
        self._lookup = lookup
        self._around = around
        self._conversations = conversations
        self._settings = settings

    async def of(self, question: Question, said: "Said | None" = None) -> Asked:
        """All of it; the question's parent is the turn that it follows, and ``said`` what was read before it already."""
        said = said or self.before(question)
        return replace(self.bare(question), facts=await self._facts(question, said), history=await said.exchanges())

    def bare(self, question: Question) -> Asked:
        """The question alone, and who may answer it."""
        settings = self._settings.current.assistant
        reach, keeps_min = Reach(settings.reach), settings.keeps_answers_min
        return Asked(question, (), FactSet(()), reach, keeps_min, settings.takes_unfit)

    def before(self, question: Question) -> "Said":
        """What was said before a question."""
        return Said(self._lookup, self._conversations, question)

    async def _facts(self, question: Question, said: "Said") -> FactSet:
        shown = question.chart.series.instrument if question.chart else None
        instrument = question.instrument or shown or await self._lookup.instrument_in(question.text)
        if instrument is None and not await self._lookup.names_any(question.text):
            instrument = await said.spoken_of() or (question.in_view if points_at_it(question.text) else None)
        if instrument is None:
            return FactSet(())
        await self._around.follow(instrument)
        try:
            return await self._lookup.facts(instrument, question.chart)
        except TriiError as error:
            log.info("No facts of %s for a question: %s", instrument, error)
            return FactSet(())


class Said:
    """The branch before ``question``, read from the ledger once, as soon as anything of it is wanted."""

    def __init__(self, lookup: Lookup, conversations: ConversationStore, question: Question) -> None:
        self._lookup = lookup
        self._conversations = conversations
        self._question = question
        self._exchanges: tuple[Exchange, ...] | None = None
        self._plan: tuple[Plan | None] | None = None

    async def exchanges(self) -> tuple[Exchange, ...]:
        """The newest questions of the branch that were answered, oldest first."""
        if self._exchanges is None:
            asked, parent = self._question, self._question.parent
            branch = await self._conversations.branch(asked.conversation, parent, n_max=2 * N_EXCHANGES_MAX) if parent else ()
            self._exchanges = exchanges_of(branch)
        return self._exchanges

    async def plan(self) -> Plan | None:
        """The plan of a question that says what is other than in the one before it; None for any other. Raises InvalidInput."""
        if self._plan is None:
            is_one = goes_on(self._question.text)
            self._plan = (await self._lookup.varied(self._question, await self._asked()) if is_one else None,)
        return self._plan[0]

    async def meant(self) -> InstrumentId | None:
        """The instrument of a question that names none: what the branch spoke of last, or what is in view."""
        return await self.spoken_of() or self._question.in_view

    async def spoken_of(self) -> InstrumentId | None:
        """The instrument that was named last; None where several were named at once."""
        for asked in reversed(await self._asked()):
            found = asked.instrument or await self._lookup.instrument_in(asked.text)
            if found is not None or await self._lookup.names_any(asked.text):
                return found
        return None

    async def _asked(self) -> tuple[Question, ...]:
        # Each with the instrument that it turned out to be about.
        exchanges = await self.exchanges()
        first = max(0, len(exchanges) - N_ASKED_MAX)
        while first > 0 and goes_on(exchanges[first].asked):  # it would be read as another question without the one before
            first -= 1
        return tuple(one.answer.question if one.answer else Question(one.asked, Mode.FAST) for one in exchanges[first:])
