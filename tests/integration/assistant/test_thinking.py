"""Models that think aloud: what they think stands apart, is marked as unchecked, and gets into nothing that is an answer."""

import asyncio
import time

import pytest

from backend.app import open_backend
from backend.assistant.all_writers import LOCAL, AllWriters
from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.engines.engine import Done, Finish, LoadOptions, Message, Request, Role, Text, Thought
from backend.assistant.engines.llama_loading import open_llama
from backend.assistant.engines.remote.endpoint import Endpoint, check_address
from backend.assistant.engines.remote.talk import AnthropicTalk, OpenAiTalk, OwnTalk
from backend.assistant.engines.xllama_loading import open_xllama
from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark
from backend.assistant.keeping import decode_answer
from backend.assistant.models.examining import ask_prompt
from backend.assistant.models.prompts import Prompt
from backend.assistant.modes.chat import N_THOUGHT, N_TOKENS
from backend.assistant.modes.hearing import THOUGHT_CHARS_MAX, Hearing
from backend.assistant.pace import Pace
from backend.assistant.routing import Candidate
from backend.assistant.stand_ins import StandIns
from backend.assistant.writers import write_whole
from backend.domain.instruments import InstrumentId
from backend.errors import Unavailable
from tests.fakes.ai_service import AiHost, Reply, anthropic_events, openai_events, openai_thoughts
from tests.fakes.engine_house import asking, open_house
from tests.fakes.scripted_engine import ScriptedEngine
from tests.fakes.scripted_writers import ScriptedWriters, assistant_on
from tests.fakes.thinking_model import make_thinking_model
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")
HERE = Candidate(LOCAL, "Thinker")
THOUGHTS = (Thought("It closed at {F9}, "), Thought("so 512.80 is near. "), Thought("Yes."), "It stands at {F9}.")


async def ask(assistant, text="Tell me of Apple", **more):
    begun = await assistant.ask(Question(text, more.pop("mode", Mode.DEEP), instrument=AAPL, **more))
    return await assistant.answered(begun.id)


def said(spans):
    return "".join(span.text for span in spans)


async def told(pieces):
    """(thought, text, end) as a listener puts them together."""
    thought, text, end = "", "", None
    async for piece in pieces:
        if isinstance(piece, Done):
            end = piece
        elif isinstance(piece, Thought):
            thought, text = (piece.text, "") if piece.is_all else (thought + piece.text, text)
        else:
            text += piece.text
    return thought, text, end


# --- the conversation -------------------------------------------------------------------------------------------------


async def test_thoughts_stand_apart_with_their_numbers_marked_and_are_kept_with_the_turn(sampled):
    writers = ScriptedWriters(THOUGHTS, thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant)
        (_, turn) = await assistant.conversations.branch(answer.conversation)

    assert answer.phase == Phase.DONE, answer.words
    assert answer.text == "It stands at 430.47."
    assert said(answer.thought) == "It closed at 430.47, so 512.80 is near. Yes."
    assert [(span.text, span.mark) for span in answer.thought if span.mark != Mark.PLAIN] == [
        ("430.47", Mark.NUMBER),
        ("512.80", Mark.UNVERIFIED),
    ]
    assert answer.thought_ms > 0
    assert (answer.checks.n_numbers, answer.checks.n_unverified, len(writers.asked)) == (
        1,
        0,
        1,
    )  # a thought is asked for no repair
    kept = decode_answer(turn.content)
    assert (kept.thought, kept.text, turn.text) == (answer.thought, answer.text, answer.text)


async def test_a_thought_is_in_no_history_no_kept_answer_no_search_and_no_export(sampled):
    writers = ScriptedWriters((Thought("Zebrafish 77."), "It fell."), ("And on.",), thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        first = await ask(assistant)
        row = await assistant.conversations.row(first.conversation)
        second = await ask(assistant, "And then?", conversation=row.id, parent=None)
        again = await ask(assistant)  # answered from what was kept
        store = assistant.conversations
        texts = [await store.export(row.id, form) for form in ("markdown", "json")]
        found = await store.search("Zebrafish")

    assert "It fell." in said(first.spans)
    history = [message.text for message in writers.asked[1][1].messages]
    assert "It fell." in history
    assert not any("Zebrafish" in text for text in (*history, *texts, said(second.spans), again.text))
    assert (again.provenance.is_cached, again.text, again.thought) == (True, "It fell.", ())
    assert found == ()


async def test_what_began_as_an_answer_and_was_thought_is_taken_back(sampled):
    writers = ScriptedWriters(("So 99 it is.\n", Thought("So 99 it is.\n", is_all=True), "It rose."), thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant)
    assert (answer.text, said(answer.thought)) == ("It rose.", "So 99 it is.\n")


def test_what_began_as_an_answer_was_thought_from_its_first_word_on():
    heard = Hearing(Known(FactSet(())), FactSet(()))
    heard.take(Text("So it is."))
    since_s = time.perf_counter()
    heard.take(Text(" Surely."))
    n_ms = (time.perf_counter() - since_s) * 1e3
    heard.take(Thought("So it is. Surely.", is_all=True))
    assert heard.thought_ms > n_ms


async def test_a_model_is_stopped_while_it_thinks_and_what_it_thought_stays(sampled):
    hold = asyncio.Event()
    writers = ScriptedWriters((Thought("First I look. Then "), hold, "never"), ("Next.",), thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        begun = await assistant.ask(Question("Tell me of Apple", Mode.DEEP))
        await until(lambda: assistant.answer(begun.id).phase is Phase.THINKING)
        await assistant.stop(begun.id)
        answer = await assistant.answered(begun.id)
        assert (answer.phase, answer.text, writers.n_cancelled) == (Phase.STOPPED, "", 1)
        assert said(answer.thought).startswith("First I look.")
        assert (await ask(assistant, "And now?")).text == "Next."


@pytest.mark.parametrize("mode", [Mode.FAST, Mode.DEEP])
async def test_thoughts_have_a_bound_of_their_own_in_each_mode_and_only_where_a_model_thinks(sampled, mode):
    for thinks, n_ctx in ((True, 16_000), (True, 2_000), (False, 16_000)):
        writers = ScriptedWriters(("It rose.",), thinks=thinks, n_ctx=n_ctx)
        async with assistant_on(sampled, writers) as (_, assistant):
            await ask(assistant, f"Tell me of {thinks} {n_ctx}", mode=mode)
        _, request = writers.asked[-1]
        room = min(N_THOUGHT[mode], (n_ctx - N_TOKENS[mode]) // 2) if thinks else 0
        assert (request.n_thought_max, request.n_tokens_max) == (room, N_TOKENS[mode] + room)


async def test_a_thought_without_end_is_cut(sampled):
    words = "so it goes on "
    writers = ScriptedWriters((*(Thought(words * 1_000) for _ in range(6)), "It rose."), thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant)
    assert answer.text == "It rose."
    assert THOUGHT_CHARS_MAX < len(said(answer.thought)) < THOUGHT_CHARS_MAX + 100
    assert said(answer.thought).endswith("[The rest is left out.]")


async def test_a_repair_that_only_thinks_leaves_what_was_written_first(sampled):
    never = Unavailable("Scripted thought for 9 tokens.", code="assistant.only_thought")
    writers = ScriptedWriters(("It will reach 512.80 soon.",), (Thought("Hm."), never), thinks=True)
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant)
    assert (answer.phase, answer.text, answer.checks.n_unverified) == (Phase.DONE, "It will reach 512.80 soon.", 1)


def writers_over(house, card, clock):
    """The real writers over a house's room, with one model for every mode."""
    return AllWriters(house.room, lambda _mode: _soon(card), {}, StandIns(lambda: _soon(()), Pace(clock), lambda: False))


# --- models of this computer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["small", "thinker"])
async def test_a_local_models_thoughts_are_told_apart_also_where_its_template_began_them(tmp_path, clock, name):
    async with open_house(tmp_path, clock) as house:
        card = house.add(Mode.FAST, name)
        writers = writers_over(house, card, clock)
        await writers.ready(HERE, Mode.FAST)
        assert writers.thinks(HERE) is (name == "thinker")
        text = "say so 99.\n</think>\n\nIt rose."
        thought, answer, end = await told(writers.generate(HERE, asking(text)))
        assert (thought, answer, end.finish) == ("so 99.\n", "It rose.", Finish.STOP)
        assert await write_whole(writers, HERE, asking(text)) == ("It rose.", end)


async def test_what_a_grammar_binds_is_an_answer_from_its_first_letter(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        card = house.add(Mode.FAST, "thinker")
        writers = writers_over(house, card, clock)
        await writers.ready(HERE, Mode.FAST)
        request = Request("r", (Message(Role.USER, 'say {"a": 1}'),), grammar="root ::= [a-z]*", mode=Mode.FAST)
        assert (await told(writers.generate(HERE, request)))[:2] == ("", '{"a": 1}')


async def test_a_model_that_only_thinks_ends_with_an_error_and_what_to_do(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        card = house.add(Mode.FAST, "thinker")
        writers = writers_over(house, card, clock)
        await writers.ready(HERE, Mode.FAST)
        with pytest.raises(Unavailable, match="stopped without an answer"):
            await told(writers.generate(HERE, asking("say round and round")))
        house.engine.finish = Finish.LENGTH
        with pytest.raises(Unavailable, match="all that this mode gives it, and came to no answer") as error:
            await told(writers.generate(HERE, asking("say round and round")))
        assert "Deep Thinking" in error.value.hint
        # Whoever stopped it is told no error.
        house.engine.finish = Finish.CANCELLED
        assert (await told(writers.generate(HERE, asking("say round"))))[2].finish is Finish.CANCELLED


async def test_an_examination_judges_the_answer_and_not_what_was_thought(tmp_path):
    engine = ScriptedEngine()
    await engine.load(tmp_path / "thinker.gguf", LoadOptions())
    prompt = Prompt("say 7 is wrong</think>Right.", "digits", "Write no number.", "say 7 is wrong</think>Right.", _has_no_digit)
    answered = await ask_prompt(engine, prompt, Mode.FAST.value, 1)
    assert (answered.text, answered.is_passed) == ("Right.", True)


# --- services ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "both"])
async def test_an_endpoints_reasoning_is_thought_whatever_its_field_is_called(field):
    async with AiHost(Reply(events=openai_thoughts(field, ("so ", "99"), ("It ", "rose.")))).running() as server:
        service = Endpoint("service", check_address(server.url), OwnTalk(), lambda: None)
        assert (await told(service.generate("m", REQUEST)))[:2] == ("so 99", "It rose.")


async def test_parts_of_a_message_are_thought_or_text_by_their_kind():
    parts = [
        [{"type": "thinking", "thinking": [{"type": "text", "text": "so 99"}]}],
        [{"type": "text", "text": "It rose."}],
        [3, {"type": "image"}],
    ]
    async with AiHost(Reply(events=openai_events(*parts))).running() as server:
        service = Endpoint("service", check_address(server.url), OpenAiTalk(), lambda: None)
        assert (await told(service.generate("m", REQUEST)))[:2] == ("so 99", "It rose.")


async def test_anthropic_is_asked_to_think_only_where_there_is_room_and_its_thoughts_are_thought():
    events = anthropic_events("It rose.", thoughts=("so ", "99"))
    async with AiHost(Reply(events=events)).running() as server:
        service = Endpoint("service", check_address(server.url), AnthropicTalk(), lambda: "k")
        assert (await told(service.generate("m", DEEP)))[:2] == ("so 99", "It rose.")
        await told(service.generate("m", REQUEST))
        bodies = [body for _, _, body in server.asked]
    assert bodies[0]["thinking"] == {"type": "enabled", "budget_tokens": 2_000}
    assert bodies[0]["max_tokens"] == 3_000
    assert "thinking" not in bodies[1]


async def test_a_model_that_refuses_to_think_is_asked_without_and_remembered():
    refusal = Reply(400, b'{"error": {"message": "thinking is not supported by this model"}}')
    async with AiHost(refusal, Reply(events=anthropic_events("It rose."))).running() as server:
        service = Endpoint("service", check_address(server.url), AnthropicTalk(), lambda: "k")
        assert (await told(service.generate("m", DEEP)))[1] == "It rose."
        assert (await told(service.generate("m", DEEP)))[1] == "It rose."
        assert ["thinking" in body for _, _, body in server.asked] == [True, False, False]
        assert not service.breaker.is_open


async def test_an_endpoint_that_writes_its_thoughts_into_the_text_gets_none_of_them_into_the_answer(sampled, monkeypatch):
    events = openai_events("<th", "ink>\nIt may reach ", "512.80.\n</thi", "nk>\n\nIt stands ", "at {F9}.")
    async with AiHost(Reply(events=events)).running() as server, open_backend(sampled, watch=False) as backend:
        assistant = await backend.assistant.open()
        await backend.settings.change("assistant", endpoint=server.url, endpoint_model="tiny", reach="prefer_local")
        monkeypatch.setattr(assistant.models, "card_for", _no_model)
        answer = await ask(assistant)
        assert answer.phase == Phase.DONE, answer.words
        assert (answer.text, answer.checks.n_unverified) == ("It stands at 430.47.", 0)
        assert said(answer.thought).strip() == "It may reach 512.80."
        assert len(server.asked) == 1


async def test_an_endpoint_that_never_stops_thinking_fails_in_words_with_its_thoughts_kept(sampled, monkeypatch):
    events = openai_thoughts("reasoning_content", ("round ", "and round."), (), finish="length")
    async with AiHost(Reply(events=events)).running() as server, open_backend(sampled, watch=False) as backend:
        assistant = await backend.assistant.open()
        await backend.settings.change("assistant", endpoint=server.url, endpoint_model="tiny", reach="prefer_local")
        monkeypatch.setattr(assistant.models, "card_for", _no_model)
        answer = await ask(assistant)
        assert answer.phase == Phase.FAILED
        assert answer.words.startswith("tiny thought for")
        assert "Deep Thinking" in answer.hint
        assert (said(answer.thought), answer.text) == ("round and round.", "")


REQUEST = Request("r1", (Message(Role.USER, "Hello"),), n_tokens_max=64)
DEEP = Request("r2", (Message(Role.USER, "Hello"),), n_tokens_max=3_000, n_thought_max=2_000)


async def _soon(value):
    return value


async def _no_model(_mode):
    return None


def _has_no_digit(text):
    return not any(letter.isdigit() for letter in text)


# --- a real model -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("open_model", [open_llama, open_xllama])
def test_a_real_model_whose_template_begins_to_think_says_so(starter_model, tmp_path, open_model):
    model = make_thinking_model(starter_model, tmp_path / "thinker.gguf")
    session = open_model(model, LoadOptions(n_ctx=256), tmp_path)
    try:
        assert (session.loaded.thinks, session.loaded.begins_in) == (True, "<thinking>")
        *_, end = session.generate(Request("r", (Message(Role.USER, "Hi"),), n_tokens_max=4))
        assert isinstance(end, Done)  # it answers with the signs that stand in its text now
    finally:
        session.close()


def test_signs_around_thoughts_stand_in_a_models_text_and_other_signs_do_not(starter_model, tmp_path):
    model = make_thinking_model(starter_model, tmp_path / "thinker.gguf")
    session = open_llama(model, LoadOptions(n_ctx=256), tmp_path)
    try:
        vocabulary = session._vocabulary
        pieces = [vocabulary.piece(vocabulary.of_prompt(word)[-1]) for word in ("<thinking>", "</thinking>", "<file_sep>")]
        assert pieces == [b"<thinking>", b"</thinking>", b""]
    finally:
        session.close()
