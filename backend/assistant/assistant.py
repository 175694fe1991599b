"""The assistant: questions in, answers that grow, conversations kept; nothing it says is a number that code did not compute."""

import asyncio
import contextlib
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, TypeAlias

from backend.assistant.analysis.analyst import Analyst
from backend.assistant.answers import Answer, ChartSeen, Choice, Fault, Mode, Phase, Provenance, Question, Reach
from backend.assistant.choosing import Chooser, Chosen
from backend.assistant.conversations.conversation import Speaker, Turn
from backend.assistant.conversations.store import ConversationStore
from backend.assistant.engine_room import EngineRoom
from backend.assistant.health import AssistantHealth, ServiceHealth
from backend.assistant.keeping import decode_question, encode_answer, encode_question, wants_time
from backend.assistant.models.models import Models
from backend.assistant.modes.analysis import AnalysisMode
from backend.assistant.modes.briefing import Briefing, Said
from backend.assistant.modes.chat import ChatMode
from backend.assistant.modes.draft import Draft
from backend.assistant.modes.lookup import Lookup
from backend.assistant.modes.planning import Planner
from backend.assistant.modes.sight import SightMode
from backend.assistant.pace import Pace
from backend.assistant.questions.entries import SearchEntry
from backend.assistant.questions.help_topics import HelpTopic
from backend.assistant.questions.search import PlatformSearch
from backend.assistant.reading_ahead import ReadAhead
from backend.assistant.remotes import RemoteWriter, ServiceState
from backend.assistant.spending import Spending
from backend.assistant.surroundings import Surroundings
from backend.assistant.templates.templates import Templates
from backend.bus import Bus
from backend.clock import Clock
from backend.domain.bars import Series
from backend.errors import InvalidInput, NotFound, TriiError
from backend.events import AnswerChanged, TemplatesChanged
from backend.settings_store import SettingsStore
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

ANSWERS_MAX: Final = 200
QUESTION_LETTERS_MAX: Final = 20_000

Tell: TypeAlias = Callable[[Answer], None]


def _tell_nobody(_answer: Answer) -> None:
    """Whoever waits takes it when it is over."""


@dataclass(frozen=True, slots=True)
class AssistantParts:
    """What the facade stands on."""

    conversations: ConversationStore
    models: Models
    engines: EngineRoom
    analyst: Analyst
    lookup: Lookup
    search: PlatformSearch
    chooser: Chooser
    pace: Pace
    around: Surroundings
    chat: ChatMode
    analysis: AnalysisMode
    sight: SightMode
    planner: Planner
    templates: Templates
    spending: Spending
    remotes: tuple[RemoteWriter, ...]
    settings: SettingsStore
    bus: Bus
    clock: Clock
    tasks: TaskOwner


class Assistant:
    """Lives on the engine loop; ``answer`` may be called from any thread."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: AssistantParts) -> None:
        self._parts = parts
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._pace = parts.pace
        self._is_ready = False
        self._readying = asyncio.Lock()
        self._briefing = Briefing(parts.lookup, parts.around, parts.conversations, parts.settings)
        self._ahead = ReadAhead(parts.chat, self._briefing, parts.tasks)
        self.conversations = parts.conversations
        self.models = parts.models
        self.engines = parts.engines
        self.analyst = parts.analyst
        self.spending = parts.spending
        self.templates = parts.templates
        self._subscription = parts.bus.subscribe(TemplatesChanged, self._warm_again)

    async def begin(self) -> None:
        """Look at the models there are, and keep what every prompt begins with at hand; nothing is loaded before it is needed."""
        await self._ready()
        await self.models.begin()
        await self._warm()

    async def close(self) -> None:
        """Stop what is written, free the model."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._subscription.close()
        self._parts.around.close()
        await self._parts.lookup.close()
        if self._is_ready:
            await self.engines.close()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def ask(self, question: Question) -> Answer:
        """Begin to answer: the first value of the answer, which grows by AnswerChanged events.

        A question without a conversation begins one; with parent None it follows the branch that is shown. Raises
        InvalidInput for an empty or endless question, NotFound for an unknown conversation.
        """
        text = question.text.strip()
        if not text or len(text) > QUESTION_LETTERS_MAX:
            raise InvalidInput(
                "There is no question."
                if not text
                else f"The question has {len(text):,} letters; {QUESTION_LETTERS_MAX:,} are taken.",
                hint="Write what you want to know." if not text else "Shorten it.",
                code="assistant.question",
            )
        picture, question = question.picture, await self._placed(replace(question, text=text, picture=b""))
        turn = await self.conversations.add_turn(
            Turn("", question.conversation, question.parent or "", Speaker.PERSON, 0, text, encode_question(question))
        )
        self._parts.sight.keep(turn.id, picture)
        return await self._begin(question, turn)

    async def anticipate(self, question: Question) -> None:
        """A question is being typed: let the loaded model read what it will need.

        It says nothing, nothing is kept, and nothing leaves this computer.
        """
        if self._is_ready and not self._running and question.text.strip():
            self._ahead.begin(question)

    async def again(self, turn_id: str, choice: Choice | None = None) -> Answer:
        """Answer a turn's question once more, as another branch, in another mode where one is given."""
        turn = await self.conversations.turn(turn_id)
        asked = turn if turn.speaker == Speaker.PERSON else await self.conversations.turn(turn.parent)
        question = decode_question(asked.content)
        question = replace(question, conversation=asked.conversation, parent=asked.parent, is_patient=wants_time(turn.content))
        return await self._begin(question.chosen(choice or question.choice), asked)

    async def offer(self, entries: Iterable[SearchEntry]) -> None:
        """Let a search find these too: what can be done in the window."""
        self._parts.search.offer(entries)

    async def help_page(self, name: str) -> HelpTopic:
        """A page of help by the name that a search's hit gives. Raises NotFound."""
        page = await self._parts.search.topic(name)
        if page is None:
            raise NotFound(f"There is no page of help called {name!r}.", hint="Search again.", code="assistant.no_help")
        return page

    def answer(self, answer_id: str) -> Answer | None:
        """The newest value of a recent answer; from any thread."""
        return self._answers.get(answer_id)

    async def stop(self, answer_id: str) -> None:
        """End an answer where it is; what was checked stays."""
        task = self._running.get(answer_id)
        if task is not None:
            task.cancel()
            await asyncio.wait((task,), timeout=5.0)

    async def answered(self, answer_id: str) -> Answer:
        """Return once an answer is over. Raises NotFound for an unknown one."""
        task = self._running.get(answer_id)
        if task is not None:
            await asyncio.wait((task,))
        found = self._answers.get(answer_id)
        if found is None:
            raise NotFound(f"There is no answer {answer_id!r}.", hint="Ask again.", code="assistant.no_answer")
        return found

    async def analyse(
        self, series: Series, as_of_ns: int | None = None, tell: Tell = _tell_nobody, *, is_patient: bool = False
    ) -> Answer:
        """An analysis that no conversation keeps, whole; ``tell`` hears how it grows. Raises NotFound, InvalidInput."""
        settings, began_ns = self._parts.settings.current.assistant, self._parts.clock.monotonic_ns()
        code, chart = series.instrument, ChartSeen(series, 0, 0)
        question = Question(f"Analyse {code}", Mode.ANALYSIS, instrument=code, chart=chart, is_patient=is_patient)
        draft = Draft(Answer(uuid.uuid4().hex, "", question, Phase.WAITING), tell)
        await self._ready()
        await self._parts.analysis.answer(draft, question, Reach(settings.reach), settings.keeps_answers_min, as_of_ns)
        provenance = draft.answer.provenance or Provenance(Mode.ANALYSIS)
        total_ms = (self._parts.clock.monotonic_ns() - began_ns) / 1e6
        return replace(draft.answer, provenance=replace(provenance, total_ms=total_ms))

    # --- services -----------------------------------------------------------------------------------------------------

    async def services(self) -> tuple[ServiceState, ...]:
        """Endpoints and services that can be set up, and how each stands."""
        await self._ready()
        return tuple(remote.state() for remote in self._parts.remotes)

    async def health(self) -> AssistantHealth:
        """How it stands now: the engine, how soon each mode answers, services, what they cost."""
        await self._ready()
        services = []
        for remote in self._parts.remotes:
            candidate = remote.candidate()
            services.append(ServiceHealth(remote.state(), candidate is not None, candidate is not None and candidate.is_down))
        settings, spending = self._parts.settings.current.assistant, self._parts.spending
        return AssistantHealth(
            engine=self.engines.stats(),
            paces=self._pace.read(),
            services=tuple(services),
            reach=settings.reach,
            month=spending.month,
            spent_usd=spending.spent_usd,
            budget_usd=settings.budget_usd,
        )

    async def keep_key(self, service: str, key: str) -> None:
        """Keep the key of a service. Raises NotFound, InvalidInput, Unavailable."""
        await self._ready()
        await self._remote(service).keep_key(key)

    async def forget_key(self, service: str) -> None:
        """Forget the key of a service. Raises NotFound."""
        await self._ready()
        await self._remote(service).forget_key()

    def _remote(self, name: str) -> RemoteWriter:
        found = next((remote for remote in self._parts.remotes if remote.kind.name == name), None)
        if found is None:
            known = ", ".join(remote.kind.name for remote in self._parts.remotes)
            raise NotFound(f"There is no service {name!r}.", hint=f"There are: {known}.", code="assistant.service")
        return found

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _ready(self) -> None:
        async with self._readying:
            if self._is_ready:
                return
            await self._parts.spending.begin()
            for remote in self._parts.remotes:
                await remote.begin()
            await self.templates.begin()
            await self.engines.begin()
            self._is_ready = True

    async def _warm(self) -> None:
        for mode in (Mode.FAST, Mode.DEEP):
            await self.engines.warm(self._parts.chat.prefix, mode.value)

    def _warm_again(self, _event: TemplatesChanged) -> None:
        if self._is_ready:
            self._parts.tasks.start("warming other instructions", self._warm())

    async def _placed(self, question: Question) -> Question:
        instrument = question.instrument or (question.chart.series.instrument if question.chart else None)
        if question.conversation:
            row = await self.conversations.row(question.conversation)
            parent = row.leaf if question.parent is None else question.parent
            return replace(question, parent=parent, instrument=instrument)
        row = await self.conversations.begin_conversation(instrument=str(instrument or ""))
        return replace(question, conversation=row.id, parent="", instrument=instrument)

    async def _begin(self, question: Question, turn: Turn) -> Answer:
        self._ahead.end()
        answer = Answer(uuid.uuid4().hex, question.conversation, question, Phase.WAITING)
        self._keep(answer)
        task = self._parts.tasks.start("answering", self._run(Draft(answer, self._keep), turn))
        self._running[answer.id] = task
        task.add_done_callback(lambda _: self._running.pop(answer.id, None))
        return answer

    async def _run(self, draft: Draft, turn: Turn) -> None:
        began_ns = self._parts.clock.monotonic_ns()
        chosen = ""
        try:
            said = self._briefing.before(draft.answer.question)
            chosen = await self._choose(draft, said)
            await self._answer(draft, turn, said)
        except asyncio.CancelledError:
            draft.grow(phase=Phase.STOPPED, words="Stopped.")
            if self._parts.tasks.is_closed:
                raise
        except TriiError as error:
            draft.fail(error)
        finally:
            if not draft.answer.is_over:
                told = {"words": "This is a defect of the program.", "hint": "The log has the details."}
                draft.grow(phase=Phase.FAILED, fault=Fault.PROGRAM, code="defect", **told)
        total_ms = (self._parts.clock.monotonic_ns() - began_ns) / 1e6
        provenance = draft.answer.provenance or Provenance(draft.answer.question.mode)
        draft.grow(provenance=replace(provenance, total_ms=total_ms, chosen=chosen))
        answer = draft.answer
        self._pace.note(answer)
        words = answer.text or answer.words
        try:
            await self.conversations.add_turn(
                Turn(answer.id, answer.conversation, turn.id, Speaker.ASSISTANT, 0, words, encode_answer(answer))
            )
        except NotFound:  # the question was deleted while it was answered
            log.info("An answer is not kept: its question is gone.")

    async def _choose(self, draft: Draft, said: Said) -> str:
        """Settle the mode of a question that leaves it open; why it is that one, empty for others."""
        question = draft.answer.question
        if not question.is_auto:
            return ""
        goes_on = False
        with contextlib.suppress(InvalidInput):  # what is not understood of it is said when it is answered
            goes_on = await said.plan() is not None
        before = Chosen(Mode.FAST, "it goes on from the question before")
        chosen = before if goes_on else await self._parts.chooser.choose(question)
        draft.grow(question=replace(question, mode=chosen.mode))
        return chosen.why

    async def _answer(self, draft: Draft, turn: Turn, said: Said) -> None:
        question, settings = draft.answer.question, self._parts.settings.current.assistant
        reach, keeps_min = Reach(settings.reach), settings.keeps_answers_min
        if question.looks:
            await self._ready()
            await self._parts.sight.answer(draft, question, turn.id)
            return
        if question.mode == Mode.SEARCH:
            await self._parts.lookup.search(draft, question, turn.id)
            return
        unread: InvalidInput | None = None
        try:
            if await self._parts.lookup.answer(draft, question, said):
                return
        except InvalidInput as error:  # nearly a question that code reads: a model may read the rest of it
            unread = error
        await self._ready()
        if question.mode != Mode.ANALYSIS and await self._planned(draft, unread, reach):
            return
        if unread is not None:
            raise unread
        if question.mode == Mode.ANALYSIS:
            named = question.instrument or await self._parts.lookup.instrument_in(question.text)
            if named is not None:
                await self._parts.around.follow(named)
            draft.grow(question=replace(question, instrument=named))
            await self._parts.analysis.answer(draft, draft.answer.question, reach, keeps_min)
            return
        draft.say(Phase.COMPUTING, "Computing the facts")
        asked = await self._briefing.of(question, said)
        if asked.facts:
            draft.grow(facts=asked.facts)
        await self._parts.chat.answer(draft, asked)

    async def _planned(self, draft: Draft, unread: InvalidInput | None, reach: Reach) -> bool:
        """Whether a model's plan answered. What code does not understand says more than what of a proposal cannot be."""
        try:
            return await self._parts.planner.answer(draft, draft.answer.question, reach)
        except InvalidInput as error:
            raise unread or error from None

    def _keep(self, answer: Answer) -> None:
        self._answers[answer.id] = answer
        self._answers.move_to_end(answer.id)
        while len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)
        self._parts.bus.publish(AnswerChanged(answer.id, answer.conversation, answer.version, answer.is_over))
