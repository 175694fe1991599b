"""Endpoints and services are asked only as allowed, streamed, counted, and left alone when they fail."""

import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode, Question
from backend.assistant.engines.engine import Done, Finish, Message, Request, Role, Text
from backend.assistant.engines.remote.endpoint import FAILURES_MAX, REST_S, Breaker, Endpoint, check_address
from backend.assistant.engines.remote.talk import AnthropicTalk, OpenAiTalk, OwnTalk
from backend.assistant.remotes import OPENAI, RemoteWriter
from backend.assistant.spending import DEAREST, PRICES, Spending, cost_usd
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.settings_assistant import Assistant as AssistantSettings
from tests.fakes.ai_service import AiHost, Reply, anthropic_events, openai_events

REQUEST = Request(
    "r1",
    (Message(Role.SYSTEM, "Be short."), Message(Role.USER, "Hello"), Message(Role.ASSISTANT, "Hi."), Message(Role.USER, "And?")),
    n_tokens_max=64,
    stop=("\n\n",),
    seed=5,
)
TALKS = {"openai": (OpenAiTalk, openai_events), "own": (OwnTalk, openai_events), "anthropic": (AnthropicTalk, anthropic_events)}


async def asked(server, talk, request=REQUEST):
    service = Endpoint("service", check_address(server.url), talk, lambda: "sk-secret-key")
    pieces = [piece async for piece in service.generate("model-x", request)]
    return service, "".join(piece.text for piece in pieces if isinstance(piece, Text)), pieces[-1]


async def collect(service, got):
    async for piece in service.generate("m", REQUEST):
        got.append(piece.text)


@pytest.mark.parametrize("name", TALKS)
async def test_text_comes_in_pieces_and_the_end_tells_counts(name):
    talk, events = TALKS[name]
    async with AiHost(Reply(events=events("Grüß ", "dich", "."))).running() as server:
        _, text, done = await asked(server, talk())
        path, headers, body = server.asked[0]

    assert text == "Grüß dich."
    assert isinstance(done, Done)
    assert (done.finish, done.n_prompt, done.n_generated, done.model, done.place) == (Finish.STOP, 11, 7, "model-x", "127.0.0.1")
    assert done.first_token_ms <= done.total_ms
    assert path == ("/v1/messages" if name == "anthropic" else "/v1/chat/completions")
    assert body["model"] == "model-x"
    assert body["stream"] is True
    if name == "anthropic":
        assert headers["x-api-key"] == "sk-secret-key"
        assert body["system"] == "Be short."
        assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    else:
        assert headers["authorization"] == "Bearer sk-secret-key"
        assert [turn["content"] for turn in body["messages"]] == ["Be short.", "Hello", "Hi.", "And?"]


@pytest.mark.parametrize(("name", "word"), [("openai", "length"), ("anthropic", "max_tokens")])
async def test_an_answer_cut_at_its_length_says_so(name, word):
    talk, events = TALKS[name]
    async with AiHost(Reply(events=events("a", finish=word))).running() as server:
        _, _, done = await asked(server, talk())
    assert done.finish == Finish.LENGTH


async def test_what_may_pass_is_asked_once_more_and_a_refused_key_is_not():
    async with AiHost(Reply(503, b"busy"), Reply(events=openai_events("ok"))).running() as server:
        _, text, _ = await asked(server, OpenAiTalk())
        assert text == "ok"
        assert len(server.asked) == 2
    async with AiHost(Reply(401, b'{"error": "no"}')).running() as server:
        with pytest.raises(Unavailable, match="does not take the key") as told:
            await asked(server, OpenAiTalk())
        assert len(server.asked) == 1
        assert "sk-secret-key" not in f"{told.value}{told.value.hint}"


async def test_a_line_that_breaks_amid_text_is_an_error_and_not_begun_again():
    async with AiHost(Reply(events=openai_events("one ", "two "), breaks_after=1)).running() as server:
        got = []
        service = Endpoint("service", check_address(server.url), OpenAiTalk(), lambda: None)
        with pytest.raises(Unavailable, match="cannot be reached"):
            await collect(service, got)
        assert got == ["one "]
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "event",
    [b'data: {"error": {"message": "overloaded"}}\n\n', b"data: no json\n\n", b"data: " + b"x" * 1_100_000],
    ids=["error", "garbage", "endless"],
)
async def test_hostile_events_are_told_and_end_the_answer(event):
    async with AiHost(Reply(events=[event])).running() as server:
        with pytest.raises(Unavailable, match="The service"):
            await asked(server, OpenAiTalk())


async def test_nobody_answers_where_nobody_listens():
    service = Endpoint("service", check_address("http://127.0.0.1:1/v1"), OwnTalk(), lambda: None)
    for _ in range(FAILURES_MAX):
        with pytest.raises(Unavailable, match="cannot be reached"):
            _ = [piece async for piece in service.generate("m", REQUEST)]
    assert service.breaker.is_open


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_try_through_later():
    now = [100.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES_MAX - 1):
        breaker.note(is_ok=False)
    assert not breaker.is_open
    breaker.note(is_ok=False)
    assert breaker.is_open
    now[0] += REST_S + 1
    assert not breaker.is_open
    breaker.note(is_ok=False)
    assert breaker.is_open
    now[0] += REST_S + 1
    breaker.note(is_ok=True)
    assert not breaker.is_open


@pytest.mark.parametrize(
    ("text", "is_private"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:1234/v1/", True),
        ("http://[::1]:80/v1", True),
        ("http://192.168.1.5/v1", True),
        ("https://api.example.com/v1", False),
    ],
)
def test_addresses_are_private_or_https(text, is_private):
    assert check_address(text).is_private is is_private


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "http://api.example.com/v1", "https://u:p@x/v1", "https://x/v1?key=1", "http:///v1"]
)
def test_other_addresses_are_refused(text):
    with pytest.raises(InvalidInput):
        check_address(text)


def test_a_call_costs_what_the_longest_known_name_says_and_else_the_most():
    assert cost_usd("gpt-5-mini-2025", 1_000_000, 0) == PRICES["gpt-5-mini"][0]
    assert cost_usd("gpt-5", 0, 1_000_000) == PRICES["gpt-5"][1]
    assert cost_usd("somebody-new", 1_000_000, 1_000_000) == sum(DEAREST)


async def test_spending_is_kept_by_month_over_a_restart(home):
    clock = ManualClock(20_400 * DAY_NS)
    done = Done(Finish.STOP, 1_000_000, 0, 100_000, 1.0, 2.0, 3.0)
    async with open_backend(home, clock=clock, watch=False) as backend:
        spending = Spending(backend.words, clock)
        await spending.begin()
        assert spending.is_within(0.01)
        assert await spending.note("openai", "gpt-5", done) == pytest.approx(2.25)
        await spending.note("openai", "gpt-5", done)
        assert not spending.is_within(4.5)
    async with open_backend(home, clock=clock, watch=False) as backend:
        spending = Spending(backend.words, clock)
        await spending.begin()
        assert spending.spent_usd == pytest.approx(4.5)
        (month,) = await spending.months()
        assert (month.n_calls, month.n_prompt, month.n_generated) == (2, 2_000_000, 200_000)
        clock.advance(40 * DAY_NS)
        assert spending.spent_usd == 0.0
        assert spending.is_within(0.01)


async def test_a_service_is_set_up_by_its_key_and_answers_where_it_is_allowed(sampled, monkeypatch):
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    async with (
        AiHost(Reply(events=openai_events("It stands at {F9}."))).running() as server,
        open_backend(sampled, watch=False) as backend,
    ):
        assistant = await backend.assistant.open()
        before = {state.name: state for state in await assistant.services()}
        assert (before["openai"].has_key, before["endpoint"].host) == (False, "")
        await assistant.keep_key("openai", " sk-of-the-test \n")
        await backend.settings.change("assistant", endpoint=server.url, endpoint_model="tiny", reach="prefer_local")
        after = {state.name: state for state in await assistant.services()}
        assert (after["openai"].has_key, after["endpoint"].host) == (True, "127.0.0.1")
        monkeypatch.setattr(assistant.models, "card_for", _no_model)

        begun = await assistant.ask(Question("Tell me of Apple", Mode.FAST, instrument=InstrumentId("AAPL", "XNAS")))
        answer = await assistant.answered(begun.id)

        assert answer.text == "It stands at 430.47."
        assert (answer.provenance.place, answer.provenance.model) == ("127.0.0.1", "tiny")
        assert "authorization" not in server.asked[0][1]  # an endpoint of one's own is sent no other service's key
        await assistant.forget_key("openai")
        assert not {state.name: state for state in await assistant.services()}["openai"].has_key
        with pytest.raises(NotFound, match="no service"):
            await assistant.keep_key("nobody", "x")


async def _no_model(_mode):
    return None


def test_a_key_of_the_environment_counts_where_none_is_kept(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    writer = RemoteWriter(OPENAI, AssistantSettings, None, None)
    assert writer.state().has_key
    monkeypatch.delenv("OPENAI_API_KEY")
    assert not writer.state().has_key
