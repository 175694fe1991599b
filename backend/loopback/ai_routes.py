"""The assistant over HTTP: questions, analyses, and the mode of a conversation, answered as in its dock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from backend.assistant.answers import Answer, Automatic, Choice, Mode, Question, parse_choice
from backend.assistant.kept_modes import mode_of
from backend.assistant.telling import answer_json, failure_of
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.events import AnswerChanged
from backend.loopback.answer_stream import EVENT_STREAM, AnswerStream
from backend.loopback.answering import Answerer, Answering, AnswerRoom, Tell
from backend.loopback.market_routes import answer as reply
from backend.loopback.parts import ApiParts
from backend.loopback.reading import check_known, parse_time, read_fields

if TYPE_CHECKING:
    from backend.assistant.assistant import Assistant

LOOK_S: Final = 60.0
_CHOICES: Final = (Automatic.AUTO, *Mode)


@dataclass(frozen=True, slots=True)
class AiRoutes:
    """What scripts ask of the assistant."""

    parts: ApiParts
    room: AnswerRoom

    def routes(self) -> list[Route]:
        """One handler behind both paths of each wish."""
        return [
            Route("/api/v1/ai/chat", self.chat, methods=["POST"]),
            Route("/api/ai/chat", self.chat, methods=["POST"]),
            Route("/api/v1/ai/analyze/{symbol}", self.analyse, methods=["POST"]),
            Route("/api/ai/analyze", self.analyse, methods=["POST"]),
            Route("/api/ai/mode", self.switch, methods=["POST"]),
        ]

    async def chat(self, request: Request) -> Response | AnswerStream:
        """A question, in a new conversation or an earlier one, and its answer."""
        given = await read_fields(request)
        check_known(given, "question", "conversation", "mode", "symbol")
        text, conversation = _text(given, "question") or "", _text(given, "conversation") or ""
        instrument = await self._instrument(given)
        assistant = await self.parts.assistant.open()
        choice = _choice(given)
        if choice is None:
            choice = await mode_of(assistant.conversations, conversation) if conversation else Automatic.AUTO
        question = Question(text, Mode.FAST, conversation, instrument=instrument).chosen(choice)
        return await self._respond(request, lambda tell: self._ask(assistant, question, tell))

    async def analyse(self, request: Request) -> Response | AnswerStream:
        """An analysis of one instrument, which no conversation keeps."""
        named = request.path_params.get("symbol")
        given = await read_fields(request, may_be_empty=named is not None)
        check_known(given, "interval", "as_of", "patient", *(() if named else ("symbol",)))
        is_patient = given.get("patient", False)
        if not isinstance(is_patient, bool):
            raise InvalidInput("patient is true or false.", hint='Write {"patient": true}.', code="api.patient")
        instrument = await self._instrument({"symbol": named or given.get("symbol")})
        if instrument is None:
            raise InvalidInput("There is no symbol.", hint='Write {"symbol": "AAPL.XNAS"}.', code="api.symbol")
        series = Series(instrument, BarSpec.parse(_text(given, "interval") or "1d"))
        as_of_ns = parse_time({"as_of": _text(given, "as_of") or ""} if "as_of" in given else {}, "as_of")
        assistant = await self.parts.assistant.open()
        return await self._respond(request, lambda tell: assistant.analyse(series, as_of_ns, tell, is_patient=is_patient))

    async def switch(self, request: Request) -> Response:
        """Let the next questions of a conversation be answered in another mode."""
        given = await read_fields(request)
        check_known(given, "conversation", "mode")
        conversation, choice = _text(given, "conversation"), _choice(given)
        if not conversation or choice is None:
            hint = 'Write {"conversation": "ID", "mode": "auto"}; an answer tells its conversation.'
            raise InvalidInput("A conversation and a mode are wanted.", hint=hint, code="api.mode")
        assistant = await self.parts.assistant.open()
        await assistant.conversations.choose_mode(conversation, choice.value)
        return reply({"conversation": conversation, "mode": choice})

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _ask(self, assistant: "Assistant", question: Question, tell: Tell) -> Answer:
        """Ask, and tell how the answer grows; whoever cancels this ends the answer."""
        begun = await assistant.ask(question)

        def look(event: AnswerChanged) -> None:
            newest = assistant.answer(begun.id) if event.answer == begun.id else None
            if newest is not None:
                tell(newest)

        tell(begun)
        subscription = self.parts.bus.subscribe(AnswerChanged, look)
        try:
            return await assistant.answered(begun.id)
        finally:
            subscription.close()
            await assistant.stop(begun.id)  # nobody waits for it any more

    async def _respond(self, request: Request, answerer: Answerer) -> Response | AnswerStream:
        """Piece by piece for a script that accepts it, else whole. Raises TriiError."""
        answering = Answering(answerer, self.room, request.receive)
        accepted = request.headers.get("accept", "").lower().split(",")
        if any(kind.partition(";")[0].strip() == EVENT_STREAM for kind in accepted):
            return AnswerStream(answering)
        async with answering as run:
            while not run.is_over:
                await run.moved(LOOK_S)
                if not run.is_wanted:
                    raise ClientDisconnect
        failure = run.failure or (failure_of(run.newest) if run.newest is not None else None)
        if failure is not None:
            raise failure
        assert run.newest is not None, "What did not fail is there."
        return reply(answer_json(run.newest))

    async def _instrument(self, given: Mapping[str, Any]) -> InstrumentId | None:
        symbol = _text(given, "symbol")
        return None if symbol is None else (await self.parts.catalog.resolve(symbol)).id


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{name} is no text.", hint="Put it in quotes.", code=f"api.{name}")
    return value


def _choice(given: Mapping[str, Any]) -> Choice | None:
    name = _text(given, "mode")
    try:
        return None if name is None else parse_choice(name)
    except ValueError as e:
        raise InvalidInput(f"There is no mode {name!r}.", hint=f"There are: {', '.join(_CHOICES)}.", code="api.mode") from e
