"""Reads ahead: while a question is typed, the loaded model reads what it will need for it, so that its first word comes soon."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from backend.assistant.answers import Mode, Question
from backend.assistant.modes.briefing import Briefing
from backend.assistant.modes.chat import ChatMode
from backend.errors import TriiError
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_CONVERSES: Final = {Mode.FAST, Mode.DEEP}


class ReadAhead:
    """One question at a time; lives on the engine loop."""

    def __init__(self, chat: ChatMode, briefing: Briefing, tasks: TaskOwner) -> None:
        self._chat = chat
        self._briefing = briefing
        self._tasks = tasks
        self._reading: asyncio.Task[None] | None = None

    def begin(self, question: Question) -> None:
        """Read what is known of ``question`` as far as it is typed, in place of what was read before."""
        self.end()
        self._reading = self._tasks.start("reading ahead", self._read(question))

    def end(self) -> None:
        """Read no more; what was read stays with the model."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    async def _read(self, question: Question) -> None:
        try:
            if question.is_auto:  # half a question is read for the mode in which a whole one may be talked about
                question = replace(question, mode=Mode.FAST)
            if question.mode not in _CONVERSES:
                return
            reader = await self._chat.reader(self._briefing.bare(question))
            if reader is not None:
                await self._chat.read_ahead(await self._briefing.of(question), reader)
        except TriiError as error:  # it is told when the question is asked
            log.info("Nothing was read ahead: %s", error.message)
