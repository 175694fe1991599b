"""The assistant over the API for scripts: streamed or whole, held to what it says in its dock, ended when nobody listens."""

import argparse
import asyncio
from types import SimpleNamespace

import httpx
import pytest

from backend.assistant.answers import Automatic, Mode, Phase, Question
from backend.assistant.engines.engine import Thought
from backend.assistant.kept_modes import mode_of
from backend.assistant.telling import answer_json
from backend.commands import ask
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.errors import Unavailable
from backend.loopback import answer_stream, answering
from backend.loopback.ai_routes import AiRoutes
from backend.loopback.answering import Answering, AnswerRoom
from tests.fakes.ai_scripts import STREAMED, assisted, events_of, streamed
from tests.fakes.scripted_writers import Deadlines, ScriptedWriters
from tests.fakes.waiting import until

CHAT = ["/api/v1/ai/chat", "/api/ai/chat"]
COUNTED = "how many days did AAPL close above its 50-day average in 2012"
NOT_AGAIN = {"turn", "conversation", "total_ms", "first_token_ms", "cached", "stages"}


def told(events):
    """The text as a reader has it in the end."""
    text = ""
    for name, value in events:
        text = "" if name == "again" else text + value["text"] if name == "text" else text
    return text


# --- questions ----------------------------------------------------------------------------------------------------------


async def test_an_answer_is_streamed_as_it_is_checked_and_comes_whole_at_last(sampled):
    gate = asyncio.Event()
    writers = ScriptedWriters(("The words come first. The close is 43", gate, "0.47 and no more."))
    async with assisted(sampled, writers) as (_, assistant, client):
        body = {"question": "Tell me of Apple", "symbol": "AAPL", "mode": "fast"}
        heard = []
        async with client.stream("POST", CHAT[1], json=body, headers=STREAMED) as answer:
            async for one in events_of(answer):
                heard.append(one)
                if one[0] == "text" and not gate.is_set():
                    assert "43" not in one[1]["text"]
                    gate.set()

        names = [name for name, _ in heard]
        assert (names[0], names[-1]) == ("begun", "answer")
        assert set(names[1:-1]) == {"phase", "text"}
        whole = heard[-1][1]
        assert told(heard) == whole["text"]
        assert whole["text"].endswith("The close is 430.47 and no more.")
        (number,) = [span for span in whole["spans"] if span["mark"] == "number"]
        (fact,) = [fact for fact in whole["facts"] if fact["id"] == number["fact"]]
        assert (fact["name"], fact["value"], fact["unit"]) == ("price.last", 430.47, "price")
        assert fact["source"]
        assert (whole["model"], whole["place"], whole["mode"]) == ("Scripted", "this process", "fast")
        assert whole["checks"]["unverified"] == 0
        assert whole == answer_json(assistant.answer(heard[0][1]["turn"]))


async def test_whole_and_streamed_it_says_what_the_command_line_says(sampled):
    async with assisted(sampled, ScriptedWriters(candidates=())) as (backend, _, client):
        whole = (await client.post(CHAT[0], json={"question": COUNTED})).json()
        heard = await streamed(client, CHAT[0], question=COUNTED)
        printed = []

        async def put_json(value):
            printed.append(value)

        context = SimpleNamespace(backend=backend, as_json=True, put_json=put_json)
        arguments = argparse.Namespace(question=[COUNTED], mode="auto", instrument=None, conversation=None)
        assert await ask.run(context, arguments) == 0

    said = [{name: value for name, value in one.items() if name not in NOT_AGAIN} for one in (whole, heard[-1][1], printed[0])]
    assert said[0] == said[1] == said[2]
    assert "155" in said[0]["text"]
    assert (said[0]["mode"], said[0]["chosen"], said[0]["place"]) == ("fast", "code can compute it", "code")


async def test_a_number_that_nobody_computed_is_never_sent_as_one_that_stands(sampled):
    writers = ScriptedWriters(("It will reach 512.80 soon.",), ("Surely 512.80, or 513.",))
    async with assisted(sampled, writers) as (_, _, client):
        heard = await streamed(client, CHAT[0], question="Tell me of Apple", symbol="AAPL", mode="fast")

    texts = [value for name, value in heard if name in {"text", "answer"}]
    assert all("~~512.80~~ (unverified)" in one["text"] for one in texts if "512" in one["text"])
    assert {span["mark"] for one in texts for span in one["spans"] if "512" in span["text"]} == {"unverified"}
    assert told(heard) == texts[-1]["text"]


async def test_what_is_written_anew_takes_back_what_was_sent(sampled):
    writers = ScriptedWriters(("It will reach 512.80 soon.",), ("It stands at {F9}.",))
    async with assisted(sampled, writers) as (_, _, client):
        heard = await streamed(client, CHAT[0], question="Tell me of Apple", symbol="AAPL", mode="fast")

    assert "again" in [name for name, _ in heard]
    assert told(heard) == heard[-1][1]["text"] == "It stands at 430.47."


async def test_thoughts_are_no_text_of_an_answer(sampled):
    writers = ScriptedWriters((Thought("Let me see what they want. "), "Good day."), thinks=True)
    async with assisted(sampled, writers) as (_, assistant, client):
        heard = await streamed(client, CHAT[0], question="Good morning", mode="fast")
        assert assistant.answer(heard[0][1]["turn"]).thought

    assert told(heard) == "Good day."
    assert "they want" not in str(heard)


UNASKABLE = (
    ({}, 400, "assistant.question"),
    ({"question": " "}, 400, "assistant.question"),
    ({"question": "x" * 20_001}, 400, "assistant.question"),
    ({"question": 7}, 400, "api.question"),
    ({"question": "Hello", "colour": "red"}, 400, "api.unknown_name"),
    ({"question": "Hello", "mode": "loud"}, 400, "api.mode"),
    ({"question": "Hello", "symbol": "NOTHING"}, 404, "instrument.unknown"),
    ({"question": "Hello", "conversation": "none"}, 404, "conversation.unknown"),
    ({"question": "Hello", "conversation": "none", "mode": "fast"}, 404, "conversation.unknown"),
    ({"question": "x" * 70_000}, 413, "api.too_large"),
)


async def test_a_question_that_cannot_be_asked_is_refused_streamed_or_not_and_nothing_is_kept(sampled):
    async with assisted(sampled, ScriptedWriters()) as (_, assistant, client):
        for body, status, code in UNASKABLE:
            for headers in ({}, STREAMED):
                answer = await client.post(CHAT[0], json=body, headers=headers)
                assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), body
        assert await assistant.conversations.rows() == ()


async def test_an_answer_that_fails_says_why_streamed_or_not(sampled):
    down = Unavailable("The engine ended.", hint="Ask again.", code="x")
    async with assisted(sampled, ScriptedWriters((down,), (down,))) as (_, _, client):
        whole = await client.post(CHAT[0], json={"question": "Tell me a story", "mode": "fast"})
        heard = await streamed(client, CHAT[0], question="Tell me a story", mode="fast")

    wanted = {"code": "assistant.failed", "message": "The engine ended.", "hint": "Ask again."}
    assert (whole.status_code, whole.json()["error"]) == (503, wanted)
    assert heard[-1] == ("error", {"error": wanted})


NOT_ANSWERED = (
    ({"question": "Hello"}, 400, "assistant.instrument"),
    ({"question": "Hello", "symbol": "BARE"}, 404, "facts.no_bars"),
)


async def test_what_turns_out_to_be_wrongly_asked_is_told_so_and_not_as_what_may_go_well_later(sampled):
    bare = Instrument(InstrumentId("BARE", "XNAS"), "Without bars", InstrumentKind.STOCK, "USD")
    async with assisted(sampled, ScriptedWriters(candidates=())) as (backend, _, client):
        await backend.catalog.put(bare)
        for body, status, code in NOT_ANSWERED:
            whole = await client.post(CHAT[0], json={**body, "mode": "analysis"})
            heard = await streamed(client, CHAT[0], **body, mode="analysis")
            assert (whole.status_code, whole.json()["error"]["code"]) == (status, code)
            assert heard[-1] == ("error", whole.json())


class BrokenWriters(ScriptedWriters):
    """They fail as nobody foresaw."""

    async def candidates(self, mode):
        raise RuntimeError("a secret of the inside")


@pytest.mark.logs("a secret of the inside|failed")
async def test_a_defect_is_told_as_one_and_its_inside_is_not(sampled):
    async with assisted(sampled, BrokenWriters()) as (_, _, client):
        for path, body in ((CHAT[0], {"question": "Tell me a story", "mode": "deep"}), ("/api/ai/analyze", {"symbol": "AAPL"})):
            whole = await client.post(path, json=body)
            assert (whole.status_code, whole.json()["error"]["code"]) == (500, "defect"), path
            told_streamed = (await client.post(path, json=body, headers=STREAMED)).text
            assert '"code":"defect"' in told_streamed
            assert "secret" not in whole.text + told_streamed


@pytest.mark.parametrize("path", [*CHAT, "/api/v1/ai/analyze/AAPL", "/api/ai/analyze", "/api/ai/mode"])
async def test_whatever_is_refused_has_a_code_words_and_what_to_do(home, path):
    async with assisted(home, ScriptedWriters()) as (_, _, client):
        bodies = [(body, headers) for body in (b"{", b"[]", b"x" * 70_000) for headers in ({}, STREAMED)]
        asked = [client.post(path, content=body, headers=headers) for body, headers in bodies]
        asked += [client.post(path, json={"colour": "red"}), client.get(path), client.post(f"{path}/", json={})]
        answers = [await one for one in asked]

    codes = ["api.json"] * 4 + ["api.too_large"] * 2 + ["api.unknown_name", "api.http_405", "api.http_404"]
    statuses = [400] * 4 + [413] * 2 + [400, 405, 404]
    assert [one.status_code for one in answers] == statuses
    errors = [one.json()["error"] for one in answers]
    assert [one["code"] for one in errors] == codes
    assert all(one["message"] and one["hint"] for one in errors)


@pytest.mark.logs("refused")
async def test_nobody_asks_without_the_token(sampled):
    async with assisted(sampled, ScriptedWriters()) as (backend, assistant, _), httpx.AsyncClient() as stranger:
        for path in (*CHAT, "/api/v1/ai/analyze/AAPL", "/api/ai/analyze", "/api/ai/mode"):
            answer = await stranger.post(backend.api.address + path, json={"question": "Hello"}, headers=STREAMED)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api.token"), path
        assert await assistant.conversations.rows() == ()


# --- analyses -----------------------------------------------------------------------------------------------------------


async def test_an_analysis_is_the_same_by_either_path_and_no_conversation_keeps_it(sampled):
    async with assisted(sampled, ScriptedWriters(candidates=())) as (_, assistant, client):
        by_path = await client.post("/api/v1/ai/analyze/AAPL")
        by_body = await client.post("/api/ai/analyze", json={"symbol": "AAPL.XNAS", "interval": "1d"})
        heard = await streamed(client, "/api/v1/ai/analyze/AAPL")
        assert await assistant.conversations.rows() == ()

    told_whole = by_path.json()
    assert (by_path.status_code, told_whole["mode"], told_whole["conversation"]) == (200, "analysis", "")
    assert told_whole["text"].count("### ") == 5
    assert told_whole["checks"]["unverified"] == 0
    facts = {fact["id"] for fact in told_whole["facts"]}
    assert {span["fact"] for span in told_whole["spans"] if span["mark"] == "number"} <= facts
    assert told_whole["claims"]
    assert all(claim["true"] and set(claim["args"]) <= facts for claim in told_whole["claims"])
    assert told_whole["total_ms"] > 0
    assert [stage["stage"] for stage in told_whole["stages"]] == ["bars", "facts", "card"]
    assert all(0 < stage["took_ms"] <= stage["ended_ms"] and not stage["cut"] for stage in told_whole["stages"])
    said = [
        {name: value for name, value in one.items() if name not in NOT_AGAIN} for one in (told_whole, by_body.json(), heard[-1][1])
    ]
    assert said[0] == said[1] == said[2]
    assert told(heard) == told_whole["text"]


async def test_a_script_gets_the_card_by_its_deadline_or_asks_patiently_for_a_models_words(sampled):
    deadlines, writers = Deadlines(), ScriptedWriters((asyncio.Event(),))
    deadlines.pass_all()
    async with assisted(sampled, writers, deadlines=deadlines) as (_, _assistant, client):
        cut = (await client.post("/api/v1/ai/analyze/AAPL")).json()
        writers.scripts.clear()
        patient = (await client.post("/api/v1/ai/analyze/AAPL", json={"patient": True})).json()
        refused = await client.post("/api/v1/ai/analyze/AAPL", json={"patient": "yes"})

    assert cut["text"].count("### ") == 5
    assert (cut["model"], cut["stages"][-1]["cut"], cut["stages"][-1]["by"]) == ("", True, "Scripted")
    assert "had not worded it within 2.8 s" in cut["reason"]
    assert (patient["model"], patient["stages"][-1]["cut"], patient["stages"][-1]["due_ms"]) == ("Scripted", False, None)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "api.patient")


async def test_an_analysis_as_of_a_day_knows_nothing_after_it(sampled):
    async with assisted(sampled, ScriptedWriters(candidates=())) as (_, _, client):
        then = (await client.post("/api/v1/ai/analyze/AAPL", json={"as_of": "2012-06-01"})).json()
        now = (await client.post("/api/v1/ai/analyze/AAPL", json={})).json()
    last = [next(fact["value"] for fact in one["facts"] if fact["name"] == "price.last") for one in (then, now)]
    assert last[0] != last[1] == 430.47


NOT_ANALYSED = (
    ("/api/v1/ai/analyze/NOTHING", {}, 404, "instrument.unknown"),
    ("/api/ai/analyze", {"symbol": "NOTHING"}, 404, "instrument.unknown"),
    ("/api/ai/analyze", {}, 400, "api.symbol"),
    ("/api/v1/ai/analyze/AAPL", {"symbol": "AAPL"}, 400, "api.unknown_name"),
    ("/api/v1/ai/analyze/AAPL", {"as_of": "yesterday"}, 400, "api.time"),
    ("/api/v1/ai/analyze/AAPL", {"as_of": "1999-01-01"}, 404, "facts.no_bars"),
    ("/api/v1/ai/analyze/AAPL", {"interval": 7}, 400, "api.interval"),
)


async def test_an_analysis_that_cannot_be_made_says_why_streamed_or_not(sampled):
    async with assisted(sampled, ScriptedWriters(candidates=())) as (_, _, client):
        for path, body, status, code in NOT_ANALYSED:
            whole = await client.post(path, json=body)
            assert (whole.status_code, whole.json()["error"]["code"]) == (status, code), body
            assert f'"code":"{code}"' in (await client.post(path, json=body, headers=STREAMED)).text


# --- modes --------------------------------------------------------------------------------------------------------------


async def test_a_conversation_keeps_the_mode_it_is_switched_to_until_a_question_names_another(sampled):
    writers = ScriptedWriters(("One.",), ("Two.",), ("Three.",), ("Four.",))
    async with assisted(sampled, writers) as (_, assistant, client):

        async def modes(**body):
            said = (await client.post(CHAT[0], json={"question": "Good morning", **body})).json()
            return said["conversation"], said["mode"], said["chosen"]

        conversation, *first = await modes()
        assert first == ["fast", "a short question"]
        switched = await client.post("/api/ai/mode", json={"conversation": conversation, "mode": "deep"})
        assert (switched.status_code, switched.json()) == (200, {"conversation": conversation, "mode": "deep"})
        assert (await assistant.conversations.row(conversation)).mode == "deep"
        assert await modes(conversation=conversation) == (conversation, "deep", "")
        assert await modes(conversation=conversation) == (conversation, "deep", "")
        assert await modes(conversation=conversation, mode="search") == (conversation, "search", "")
        await client.post("/api/ai/mode", json={"conversation": conversation, "mode": "auto"})
    async with assisted(sampled, writers) as (_, assistant, _):
        assert await mode_of(assistant.conversations, conversation) is Automatic.AUTO
        begun = await assistant.ask(Question("Good morning", Mode.DEEP, conversation))
        await assistant.answered(begun.id)
        assert await mode_of(assistant.conversations, conversation) is Mode.DEEP


NO_SWITCH = (
    ({"mode": "deep"}, 400, "api.mode"),
    ({"conversation": "none"}, 400, "api.mode"),
    ({"conversation": "none", "mode": "loud"}, 400, "api.mode"),
    ({"conversation": "none", "mode": "deep"}, 404, "conversation.unknown"),
)


async def test_a_mode_that_cannot_be_switched_to_is_refused(sampled):
    async with assisted(sampled, ScriptedWriters()) as (_, _, client):
        for body, status, code in NO_SWITCH:
            answer = await client.post("/api/ai/mode", json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), body


# --- scripts that go, wait, or ask too much -----------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, STREAMED])
async def test_whoever_hangs_up_ends_the_answer_and_what_was_checked_stays(sampled, headers):
    writers = ScriptedWriters(("There was a trader. ", "She ", asyncio.Event()))
    async with assisted(sampled, writers) as (backend, assistant, client):
        body = {"question": "Tell me a story", "mode": "fast"}
        asking = asyncio.create_task(client.post(CHAT[0], json=body, headers=headers))
        await until(lambda: any("trader." in one.text for one in assistant._answers.values()), 30)
        asking.cancel()
        await asyncio.wait({asking})
        await until(lambda: writers.n_cancelled == 1)
        (stopped,) = assistant._answers.values()
        assert (stopped.phase, stopped.text.strip()) == (Phase.STOPPED, "There was a trader.")
        await until(lambda: not [name for name in backend.tasks.running if "script" in name])


async def test_turning_the_api_off_ends_a_stream_and_says_so(sampled):
    writers = ScriptedWriters(("There was a trader. ", "She ", asyncio.Event()))
    async with assisted(sampled, writers) as (backend, _, client):
        heard = []
        body = {"question": "Tell me a story", "mode": "fast"}
        async with client.stream("POST", CHAT[0], json=body, headers=STREAMED) as answer:
            async for one in events_of(answer):
                heard.append(one)
                if one[0] == "text":
                    await backend.settings.change("api", enabled=False)
        assert (heard[-1][0], heard[-1][1]["error"]["code"]) == ("error", "api.closing")
        await until(lambda: writers.n_cancelled == 1)


async def test_so_many_answers_are_under_way_at_once_and_no_more(sampled, monkeypatch):
    monkeypatch.setattr(answering, "N_AT_ONCE_MAX", 1)
    gate = asyncio.Event()
    writers = ScriptedWriters(("Once. ", gate, "Twice."), ("Again.",))
    async with assisted(sampled, writers) as (backend, _, client):
        body = {"question": "Tell me a story", "mode": "fast"}
        async with client.stream("POST", CHAT[0], json=body, headers=STREAMED) as first:
            for headers in ({}, STREAMED):
                refused = await client.post(CHAT[0], json=body, headers=headers)
                assert (refused.status_code, refused.json()["error"]["code"]) == (503, "api.busy")
            gate.set()
            assert [name async for name, _ in events_of(first)][-1] == "answer"
        await until(lambda: not [name for name in backend.tasks.running if "script" in name])
        assert (await client.post(CHAT[0], json=body)).status_code == 200


async def never():
    """A script that stays."""
    return await asyncio.get_running_loop().create_future()


async def test_a_slow_reader_gets_longer_pieces_and_no_backlog(sampled):
    writers = ScriptedWriters(tuple(f"This is sentence {word}. " for word in ("one", "two", "three", "four", "five") * 8))
    async with assisted(sampled, writers) as (backend, assistant, _):
        gate, sent = asyncio.Event(), []

        async def send(message):
            await gate.wait()
            sent.append(message)

        room = AnswerRoom(backend.tasks, asyncio.Event())
        question = Question("Tell me a story", Mode.FAST)
        routes = AiRoutes(SimpleNamespace(bus=backend.bus), room)
        answer = Answering(lambda tell: routes._ask(assistant, question, tell), room, never)
        telling = asyncio.create_task(answer_stream.AnswerStream(answer)({}, never, send))
        await until(lambda: answer.is_over, 30)
        assert sent == []
        gate.set()
        await telling

    assert len(sent) == 2
    assert sent[1]["body"].count(b"event: text") == 1
    assert b"event: answer" in sent[1]["body"]
    assert room.n_inside == 0


async def test_a_reader_that_takes_nothing_is_let_go_and_its_answer_ends(sampled, monkeypatch):
    monkeypatch.setattr(answer_stream, "SEND_S", 0.05)
    writers = ScriptedWriters(("There was a trader. ", asyncio.Event()))
    async with assisted(sampled, writers) as (backend, assistant, _):
        room = AnswerRoom(backend.tasks, asyncio.Event())
        routes = AiRoutes(SimpleNamespace(bus=backend.bus), room)
        question = Question("Tell me a story", Mode.FAST)
        answer = Answering(lambda tell: routes._ask(assistant, question, tell), room, never)

        await answer_stream.AnswerStream(answer)({}, never, lambda _: never())

        assert assistant.answer(answer.newest.id).phase is Phase.STOPPED
        assert room.n_inside == 0


async def test_a_script_that_waits_long_hears_that_it_is_not_forgotten(sampled, monkeypatch):
    monkeypatch.setattr(answer_stream, "BEAT_S", 0.02)
    gate = asyncio.Event()
    writers = ScriptedWriters(("There was a trader. ", gate, "She won."))
    async with assisted(sampled, writers) as (_, _, client):
        body, lines = {"question": "Tell me a story", "mode": "fast"}, []
        async with client.stream("POST", CHAT[0], json=body, headers=STREAMED) as answer:
            async for line in answer.aiter_lines():
                lines.append(line)
                if line.startswith(":"):
                    gate.set()
    assert lines[-3] == "event: answer"
