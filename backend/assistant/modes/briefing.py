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
from backend.assistant.surroundings import Surroundings
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.settings_store import SettingsStore

N_ASKED_MAX: Final = 12

log = logging.getLogger(__name__)


class Briefing:
    """Lives on the engine loop."""

    def __init__(self, lookup: Lookup, around: Surroundings, conversations: ConversationStore, settings: SettingsStore) -> None:
        self._lookup = lookup
        self._around = around
        self._conversations = conversations
        self._settings = settings

    async def of(self, question: Question) -> Asked:
        """All of it; the question's parent is the turn that it follows."""
        return replace(self.bare(question), facts=await self._facts(question), history=await self._before(question))

    def bare(self, question: Question) -> Asked:
        """The question alone, and who may answer it."""
        settings = self._settings.current.assistant
        reach, keeps_min = Reach(settings.reach), settings.keeps_answers_min
        return Asked(question, (), FactSet(()), reach, keeps_min, settings.takes_unfit)

    def before(self, question: Question) -> "Said":
        """What was said before a question."""
        return Said(self._lookup, self._conversations, question)

    async def _before(self, question: Question) -> tuple[Exchange, ...]:
        if not question.parent:
            return ()
        return exchanges_of(await self._conversations.branch(question.conversation, question.parent))

    async def _facts(self, question: Question) -> FactSet:
        shown = question.chart.series.instrument if question.chart else None
        instrument = question.instrument or shown or await self._lookup.instrument_in(question.text)
        if instrument is None and not await self._lookup.names_any(question.text):
            said = await self.before(question).spoken_of()
            instrument = said or (question.in_view if points_at_it(question.text) else None)
        if instrument is None:
            return FactSet(())
        await self._around.follow(instrument)
        try:
            return await self._lookup.facts(instrument, question.chart)
        except TriiError as error:
            log.info("No facts of %s for a question: %s", instrument, error)
            return FactSet(())


class Said:
    """The branch before ``question``, as far as code reads it."""

    def __init__(self, lookup: Lookup, conversations: ConversationStore, question: Question) -> None:
        self._lookup = lookup
        self._conversations = conversations
        self._question = question

    async def meant(self) -> InstrumentId | None:
        """The instrument of a question that names none: what the branch spoke of last, or what is in view."""
        return await self.spoken_of() or self._question.in_view

    async def spoken_of(self) -> InstrumentId | None:
        """The instrument that was named last; None where several were named at once."""
        for asked in reversed(await self.asked()):
            found = asked.instrument or await self._lookup.instrument_in(asked.text)
            if found is not None or await self._lookup.names_any(asked.text):
                return found
        return None

    async def asked(self) -> tuple[Question, ...]:
        """The newest questions of the branch, oldest first, each with the instrument that it turned out to be about."""
        if not self._question.parent:
            return ()
        turns = await self._conversations.branch(self._question.conversation, self._question.parent)
        asked = [one.answer.question if one.answer else Question(one.asked, Mode.FAST) for one in exchanges_of(turns)]
        return tuple(asked[-N_ASKED_MAX:])
