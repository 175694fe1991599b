"""An engine on a thread: every call in any order, stops that are heard, wake-ups that are counted, an end in any case."""

import asyncio
import contextlib
import random
import threading
from pathlib import Path

import pytest

from backend.assistant.engines.engine import Done, EngineState, Finish, LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.errors import InvalidInput, TriiError, Unavailable
from tests.fakes.patient_session import PatientLoader
from tests.fakes.waiting import until

MODEL, OPTIONS = Path("good.gguf"), LoadOptions()


@contextlib.asynccontextmanager
async def running(*, loaded=True, **options):
    loader = PatientLoader()
    engine = ThreadEngine(loader, Path("prefixes"), **options)
    try:
        if loaded:
            await engine.load(MODEL, OPTIONS)
        yield engine, loader
    finally:
        await engine.close()


def asking(text, request_id="1"):
    return Request(request_id, (Message(Role.USER, text),))


async def collect(engine, text, request_id="1"):
    return [piece async for piece in engine.generate(asking(text, request_id))]


async def first_of(engine, text, request_id="1"):
    """The iterator and its first piece."""
    pieces = engine.generate(asking(text, request_id))
    return pieces, await anext(pieces)


async def test_a_request_gives_text_and_one_end():
    async with running() as (engine, loader):
        text, end = await collect(engine, "hello")
        assert text == Text("hello")
        assert end.finish is Finish.STOP
        assert engine.stats().last == end
        assert engine.stats().n_requests == 1
        assert engine.stats().state is EngineState.READY
    assert loader.sessions[0].is_closed


async def test_the_model_is_used_on_one_thread_that_is_not_the_loops():
    async with running() as (engine, loader):
        await engine.load(MODEL, OPTIONS)
    assert loader.threads == {"model"}
    assert loader.sessions[0].is_closed


async def test_a_flood_of_tokens_wakes_the_loop_thirty_times_a_second_at_most_and_none_is_lost():
    async with running() as (engine, _):
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        pieces = await collect(engine, "flood 50000")
        took_s = loop.time() - started_s
    texts = [piece for piece in pieces if isinstance(piece, Text)]
    assert "".join(piece.text for piece in texts) == "".join(f"{i} " for i in range(50_000))
    assert sum(piece.n_tokens for piece in texts) == 50_000
    assert len(pieces) <= 3 + took_s * 30


async def test_the_first_text_does_not_wait_for_more():
    async with running() as (engine, _):
        pieces, first = await first_of(engine, "hold")
        assert first == Text("hold")
        assert engine.stats().state is EngineState.BUSY
        await pieces.aclose()


async def test_leaving_the_iterator_ends_the_answer_and_the_next_one_runs():
    async with running() as (engine, _):
        pieces, _first = await first_of(engine, "hold")
        await pieces.aclose()
        assert (await collect(engine, "next"))[0] == Text("next")


async def test_cancelling_by_its_id_ends_an_answer_that_runs():
    async with running() as (engine, _):
        pieces, _first = await first_of(engine, "hold", "a")
        await engine.cancel("other")
        await engine.cancel("a")
        (end,) = [piece async for piece in pieces]
        assert end.finish is Finish.CANCELLED
        await engine.cancel("a")
        assert (await collect(engine, "next"))[-1].finish is Finish.STOP


async def test_cancelling_an_answer_that_waits_ends_it_at_once_and_the_model_never_hears_of_it():
    async with running() as (engine, loader):
        held, _first = await first_of(engine, "hold", "a")
        waiting = asyncio.ensure_future(collect(engine, "never", "b"))
        await until(lambda: engine.stats().n_waiting == 1)
        await engine.cancel("b")
        (end,) = await waiting
        assert end.finish is Finish.CANCELLED
        await held.aclose()
        await collect(engine, "next", "c")
        assert loader.sessions[0].said == ["a", "c"]


async def test_requests_are_served_in_the_order_they_came():
    async with running() as (engine, loader):
        await asyncio.gather(*(collect(engine, "flood 50", f"{i}") for i in range(8)))
        assert loader.sessions[0].said == [f"{i}" for i in range(8)]


@pytest.mark.parametrize("call", ["generate", "warm", "embed", "count"])
async def test_without_a_model_every_use_says_so(call):
    async with running(loaded=False) as (engine, _):
        for _ in range(2):
            with pytest.raises(Unavailable, match="No model is loaded"):
                await use(engine, call)
            await engine.unload()


async def use(engine, call):
    if call == "generate":
        return await collect(engine, "hello")
    if call == "warm":
        return await engine.warm([], "fast")
    return await getattr(engine, call)([Message(Role.USER, "two words")])


async def test_every_other_use_answers():
    async with running() as (engine, loader):
        await engine.warm([], "fast")
        assert await engine.embed(["a", "b"]) == [[1.0, 0.0], [1.0, 0.0]]
        assert await engine.count([Message(Role.USER, "two words")]) == 2
        await engine.use_threads(3)
        assert loader.sessions[0].n_threads == 3


async def test_what_a_session_refuses_is_raised_and_the_engine_goes_on():
    async with running() as (engine, _):
        with pytest.raises(InvalidInput, match="Too long"):
            await collect(engine, "refuse")
        assert engine.stats().state is EngineState.READY
        assert (await collect(engine, "next"))[0] == Text("next")


@pytest.mark.logs("model's thread failed")
async def test_what_nobody_foresaw_is_told_after_the_text_before_it_and_a_new_load_mends_it():
    async with running() as (engine, _):
        pieces, first = await first_of(engine, "raise")
        assert first == Text("raise")
        with pytest.raises(Unavailable, match="llama_decode returned -1"):
            await anext(pieces)
        assert engine.stats().state is EngineState.BROKEN
        assert "llama_decode" in engine.stats().words
        await engine.load(MODEL, OPTIONS)
        assert engine.stats().state is EngineState.READY


async def test_an_answer_without_an_end_is_told():
    async with running() as (engine, _):
        with pytest.raises(Unavailable, match="without an end"):
            await collect(engine, "endless")


async def test_progress_is_told_on_the_loop_and_reaches_the_end():
    async with running(loaded=False) as (engine, _):
        told = []
        loaded = await engine.load(MODEL, OPTIONS, lambda done: told.append((done, threading.current_thread())))
        await until(lambda: told and told[-1][0] == 1.0)
        assert loaded.name == MODEL.name
        assert {thread for _, thread in told} == {threading.current_thread()}


async def test_a_loading_ends_where_progress_says_so_and_another_may_follow():
    async with running(loaded=False) as (engine, _):
        with pytest.raises(Unavailable, match="stopped"):
            await engine.load(Path("long.gguf"), OPTIONS, lambda done: False)
        assert engine.stats().state is EngineState.EMPTY
        assert await engine.load(MODEL, OPTIONS)


async def test_a_loading_that_nobody_waits_for_ends():
    async with running(loaded=False) as (engine, loader):
        loading = asyncio.ensure_future(engine.load(Path("long.gguf"), OPTIONS))
        await until(lambda: engine.stats().state is EngineState.LOADING)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert await engine.load(MODEL, OPTIONS)
        assert len(loader.sessions) == 1


@pytest.mark.logs("model's thread failed")
async def test_a_file_that_is_no_model_leaves_the_engine_empty_and_usable():
    async with running() as (engine, loader):
        with pytest.raises(InvalidInput, match="no model"):
            await engine.load(Path("none.gguf"), OPTIONS)
        with pytest.raises(Unavailable, match="nobody foresaw"):
            await engine.load(Path("breaks.gguf"), OPTIONS)
        assert engine.stats().state is EngineState.EMPTY
        assert engine.stats().loaded is None
        assert loader.sessions[0].is_closed
        assert await engine.load(MODEL, OPTIONS)


async def test_a_preparation_that_nobody_waits_for_ends():
    async with running() as (engine, loader):
        warming = asyncio.ensure_future(engine.warm([], "hold"))
        await until(lambda: loader.sessions[0].said)
        warming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await warming
        assert await engine.count([]) == 0


async def test_closing_ends_what_runs_refuses_what_waits_and_can_be_done_twice():
    engine = ThreadEngine(PatientLoader(), Path())
    await engine.load(MODEL, OPTIONS)
    held, _first = await first_of(engine, "hold", "a")
    waiting = asyncio.ensure_future(engine.count([]))
    await until(lambda: engine.stats().n_waiting == 1)
    await engine.close()
    await engine.close()
    assert [piece.finish async for piece in held] == [Finish.CANCELLED]
    with pytest.raises(Unavailable, match="closed"):
        await waiting
    with pytest.raises(Unavailable, match="closed"):
        await collect(engine, "hello")
    await engine.unload()
    assert engine.stats().state is EngineState.EMPTY


async def test_closing_an_engine_that_was_never_used_does_nothing():
    await ThreadEngine(PatientLoader(), Path()).close()


@pytest.mark.logs("did not end within")
async def test_closing_ends_in_its_time_where_work_hears_no_stop():
    loader = PatientLoader()
    engine = ThreadEngine(loader, Path(), close_timeout_s=0.3)
    await engine.load(MODEL, OPTIONS)
    _deaf, _first = await first_of(engine, "deaf")
    started_s = asyncio.get_running_loop().time()
    await engine.close()
    assert asyncio.get_running_loop().time() - started_s < 3
    loader.sessions[0].released.set()
    await until(lambda: loader.sessions[0].is_closed)


async def some_call(engine, rng, number):
    """One call as it may come, given up after a moment now and then; whatever it says, it must say it as one of our errors."""
    name = f"{number}"
    match rng.randrange(8):
        case 0:
            call = engine.load(Path(rng.choice(["good", "none", "long"])), OPTIONS, lambda done: rng.random() < 0.9)
        case 1:
            call = engine.unload()
        case 2:
            call = engine.warm([], rng.choice(["fast", "hold"]))
        case 3:
            call = engine.cancel(f"{rng.randrange(number + 1)}")
        case 4:
            call = engine.embed(["x"])
        case 5:
            call = engine.count([])
        case _:
            call = collect(engine, rng.choice(["hello", "hold", "flood 20", "refuse"]), name)
    try:
        await asyncio.wait_for(call, rng.choice([0.001, 0.02, 0.05]))
    except (TriiError, TimeoutError):
        return


@pytest.mark.parametrize("seed", range(12))
async def test_calls_in_any_order_all_end_and_the_engine_is_usable_after_them(seed):
    rng = random.Random(seed)
    async with running() as (engine, loader):
        for number in range(0, 60, 6):
            await asyncio.gather(*(some_call(engine, rng, number + i) for i in range(6)))
        await engine.load(MODEL, OPTIONS)
        assert (await collect(engine, "hello"))[0] == Text("hello")
        assert engine.stats().n_waiting == 0
    assert all(session.is_closed for session in loader.sessions)


async def test_an_end_is_the_last_piece_and_carries_the_counts():
    async with running() as (engine, _):
        *_texts, end = await collect(engine, "flood 7")
        assert isinstance(end, Done)
        assert end.n_generated == 7
