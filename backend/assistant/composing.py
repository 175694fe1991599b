"""Puts the assistant together from the parts of an open home."""

import asyncio
from functools import partial
from typing import Final

from backend.assistant.all_writers import AllWriters, CardFor
from backend.assistant.analysis.analyst import Analyst
from backend.assistant.answer_cache import AnswerCache
from backend.assistant.answers import Mode
from backend.assistant.assistant import Assistant, AssistantParts
from backend.assistant.choosing import Chooser
from backend.assistant.conversations.exporting import Telling
from backend.assistant.conversations.store import ConversationStore
from backend.assistant.door import AssistantNeeds
from backend.assistant.engine_room import EngineRoom
from backend.assistant.engines.engine import Engine
from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.probe import probe_model
from backend.assistant.engines.process_engine import ProcessEngine
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.assistant.facts.gathering import FactGatherer
from backend.assistant.facts.view import Person
from backend.assistant.grounding.values import format_fact
from backend.assistant.keeping import decode_answer
from backend.assistant.model_loader import RoomParts
from backend.assistant.models.model import ModelCard
from backend.assistant.models.models import Models
from backend.assistant.models.parts import ModelParts
from backend.assistant.modes.analysis import AnalysisMode
from backend.assistant.modes.chat import ChatMode
from backend.assistant.modes.lookup import Lookup
from backend.assistant.modes.planning import Planner
from backend.assistant.modes.sight import SightMode
from backend.assistant.pace import Pace
from backend.assistant.questions.run import Questions
from backend.assistant.questions.search import PlatformSearch
from backend.assistant.remotes import KINDS, RemoteWriter
from backend.assistant.spending import Spending
from backend.assistant.stages import Sleep, Stages
from backend.assistant.stand_ins import StandIns
from backend.assistant.surroundings import Surroundings
from backend.assistant.templates.templates import TemplateParts, Templates
from backend.assistant.writers import Writers

_PREFIXES: Final = "prefixes"  # the folder of kept beginnings of prompts


def make_assistant(base: AssistantNeeds, writers: Writers | None = None, sleep: Sleep = asyncio.sleep) -> Assistant:
    """The assistant, assigned and not begun; ``writers`` in place of the models and services there are.

    sleep : what ends the waiting for a late stage
    """

    def make_examiner() -> Engine:
        return ProcessEngine(base.home.cache / _PREFIXES, base.clock, base.tasks)

    def person() -> Person:
        settings = base.settings.current.assistant
        return Person(settings.style, settings.risk)

    models = Models(
        ModelParts(base.words, base.home.models, base.bus, base.clock, base.tasks, parse_header, probe_model, make_examiner)
    )

    card_for, chosen_for = _deep_by_fast(models.card_for), _deep_by_fast(models.chosen_for)
    around = Surroundings(base.history, base.bus, base.clock)
    room = _make_room(base, card_for, around)
    spending = Spending(base.words, base.clock)
    remotes = {kind.name: RemoteWriter(kind, lambda: base.settings.current.assistant, base.credentials, spending) for kind in KINDS}
    templates = Templates(TemplateParts(base.words, base.bus, base.clock, card_for, make_examiner))
    cache = AnswerCache(base.words, base.clock)
    pace = Pace(base.clock)
    stand_ins = StandIns(models.cards, pace, lambda: base.settings.current.assistant.takes_smaller)
    writers = writers or AllWriters(room, chosen_for, remotes, stand_ins)
    analyst = Analyst(FactGatherer(base.history, base.catalog, base.clock, person))
    conversations = ConversationStore(base.words, base.bus.publish, base.clock, Telling(decode_answer, format_fact))
    questions = Questions(base.history, base.catalog, base.watchlists, base.clock)
    search = PlatformSearch(questions, base.catalog, conversations)
    lookup = Lookup(questions, search, analyst, base.history, base.clock)
    return Assistant(
        AssistantParts(
            conversations=conversations,
            models=models,
            engines=room,
            analyst=analyst,
            lookup=lookup,
            search=search,
            chooser=Chooser(questions, search),
            pace=pace,
            around=around,
            chat=ChatMode(writers, cache, partial(templates.text, "chat")),
            sight=SightMode(writers, base.history, base.clock),
            planner=Planner(writers, lookup, partial(templates.text, "plan")),
            analysis=AnalysisMode(
                analyst, base.catalog, writers, cache, partial(templates.text, "analysis"), partial(Stages, base.clock, sleep)
            ),
            templates=templates,
            spending=spending,
            remotes=tuple(remotes.values()),
            settings=base.settings,
            bus=base.bus,
            clock=base.clock,
            tasks=base.tasks,
        )
    )


def _deep_by_fast(find: CardFor) -> CardFor:
    """Deep thinking goes to the model of fast answers where it has none of its own; the answer says that it is unexamined."""

    async def found(mode: Mode) -> ModelCard | None:
        chosen = await find(mode)
        return await find(Mode.FAST) if chosen is None and mode is Mode.DEEP else chosen

    return found


def _make_room(base: AssistantNeeds, card_for: CardFor, around: Surroundings) -> EngineRoom:
    prefixes = base.home.cache / _PREFIXES

    def make_thread() -> Engine:
        return ThreadEngine(open_session, prefixes)

    return EngineRoom(
        RoomParts(
            card_for=card_for,
            settings=lambda: base.settings.current.assistant,
            publish=base.bus.publish,
            clock=base.clock,
            tasks=base.tasks,
            prefixes=prefixes,
            make_thread=make_thread,
            is_shared=around.is_shared,
            next_open_ns=around.next_open_ns,
        )
    )
