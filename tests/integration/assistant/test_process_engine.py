"""The engine in a process of its own: whatever the child does, this process lives, says what happened, and goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from backend.assistant.engines.child_line import Patience
from backend.assistant.engines.engine import Done, EngineState, Finish, LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.process_engine import ProcessEngine, Ways
from backend.clock import SystemClock
from backend.errors import InvalidInput, Unavailable
from backend.tasks import TaskOwner
from tests.fakes import scripted_session
from tests.fakes.waiting import until, wait_until

ROOT = Path(__file__).parents[3]
QUICK = Patience(start_s=30.0, beat_s=3.0, work_s=1.5, cancel_s=0.6, close_s=2.0)
MODEL = "model.gguf"
N_CYCLES = 10


@asynccontextmanager
async def engine_of(tmp_path, *, patience=QUICK, back_off_s=(0.0, 0.05, 0.05), model=MODEL):
    """An engine with the scripted model loaded, and the words of its crashes."""
    crashes: list[str] = []
    ways = Ways(scripted_session.NAME, patience, back_off_s, crashes.append)
    async with TaskOwner("test") as tasks:
        engine = ProcessEngine(tmp_path, SystemClock(), tasks, ways)
        try:
            if model:
                await engine.load(tmp_path / model, LoadOptions())
            yield engine, crashes
        finally:
            await engine.close()


def asking(script: str, name: str = "one", n_tokens_max: int = 10_000) -> Request:
    return Request(name, (Message(Role.SYSTEM, "You obey."), Message(Role.USER, script)), n_tokens_max=n_tokens_max)


async def said(pieces: AsyncIterator[Text | Done]) -> tuple[str, Done]:
    """All text and the end."""
    texts, done = [], None
    async for piece in pieces:
        if isinstance(piece, Text):
            texts.append(piece.text)
        else:
            done = piece
    assert done is not None
    return "".join(texts), done


async def test_an_answer_comes_from_a_process_of_its_own_that_is_less_urgent(tmp_path):
    async with engine_of(tmp_path) as (engine, crashes):
        text, done = await said(engine.generate(asking("say the market opens at nine")))

        assert text == "the market opens at nine "
        assert (done.finish, done.n_generated, done.place) == (Finish.STOP, 5, "own process")
        assert engine.child_pid not in (0, os.getpid())
        assert psutil.Process(engine.child_pid).nice() > psutil.Process().nice()
        stats = engine.stats()
        assert (stats.state, stats.n_requests, stats.n_restarts, stats.last) == (EngineState.READY, 1, 0, done)
        assert stats.loaded.place == "own process"
        assert not crashes


async def test_loading_tells_its_progress_and_can_be_ended(tmp_path):
    async with engine_of(tmp_path, model="") as (engine, _):
        told: list[float] = []
        await engine.load(tmp_path / MODEL, LoadOptions(n_ctx=2048), told.append)
        assert (told[0], told[-1]) == (0.0, 1.0)
        assert engine.stats().loaded.n_ctx == 2048

        with pytest.raises(Unavailable, match="ended"):
            await engine.load(tmp_path / "slow.gguf", LoadOptions(), lambda share: share < 0.05)
        assert engine.stats().state is EngineState.EMPTY


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("refused.gguf", InvalidInput, "no model"),
        ("memory.gguf", Unavailable, "memory"),
        ("aborts.gguf", Unavailable, "ended its process: it gave up by itself"),
        ("raises.gguf", Unavailable, "RuntimeError"),
        ("hangs.gguf", Unavailable, "no progress"),
    ],
)
async def test_a_model_that_cannot_be_loaded_is_an_error_and_the_next_one_loads(tmp_path, model, kind, words):
    async with engine_of(tmp_path, model="") as (engine, crashes):
        with pytest.raises(kind, match=words):
            await engine.load(tmp_path / model, LoadOptions())
        assert engine.stats().state is EngineState.EMPTY
        assert engine.child_pid == 0

        await engine.load(tmp_path / MODEL, LoadOptions())
        assert (await said(engine.generate(asking("say yes"))))[0] == "yes "
        assert not crashes


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("abort", "gave up by itself"),
        ("exit 3", "ended with code 3"),
        ("hang", "no progress"),
        ("pipe", "no message"),
        ("endless", "without end"),
    ],
)
async def test_a_child_that_fails_ends_one_answer_and_the_next_question_is_answered(tmp_path, script, words):
    async with engine_of(tmp_path) as (engine, crashes):
        first = engine.child_pid

        with pytest.raises(Unavailable, match="started again") as failure:
            await said(engine.generate(asking(script, n_tokens_max=10**9)))
        assert failure.value.code == "engine.restarted"
        assert words in failure.value.message

        assert (await said(engine.generate(asking("say still here"))))[0] == "still here "
        assert engine.child_pid != first
        assert not psutil.pid_exists(first)
        assert engine.stats().n_restarts == 1
        assert engine.stats().loaded.name == "model"
        assert len(crashes) == 1
        assert words in crashes[0]


async def test_a_child_that_holds_its_interpreter_is_noticed_by_its_silence(tmp_path):
    async with engine_of(tmp_path, patience=Patience(beat_s=2.0, work_s=100.0)) as (engine, crashes):
        with pytest.raises(Unavailable, match="no sign of life"):
            await said(engine.generate(asking("freeze")))
        assert (await said(engine.generate(asking("say thawed"))))[0] == "thawed "
        assert len(crashes) == 1


async def test_a_child_killed_from_outside_is_started_again_without_being_asked(tmp_path):
    async with engine_of(tmp_path) as (engine, crashes):
        first = engine.child_pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: engine.child_pid not in (0, first) and engine.stats().state is EngineState.READY)

        assert crashes == ["it was killed, by somebody or for lack of memory"]
        assert (await said(engine.generate(asking("count"))))[0] == "1"


async def test_a_failure_that_nobody_foresaw_is_told_and_its_process_replaced(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        with pytest.raises(Unavailable, match="RuntimeError"):
            await said(engine.generate(asking("raise")))
        await until(lambda: engine.stats().n_restarts == 1)
        assert (await said(engine.generate(asking("say again"))))[0] == "again "


async def test_a_model_that_ends_its_process_each_time_is_given_up_loudly_and_can_be_loaded_again(tmp_path):
    async with engine_of(tmp_path, back_off_s=(0.0, 0.0)) as (engine, crashes):
        for _ in range(3):
            with pytest.raises(Unavailable, match="started again"):
                await said(engine.generate(asking("abort")))
        with pytest.raises(Unavailable, match="not started again") as failure:
            await said(engine.generate(asking("say hello")))
        assert failure.value.code == "engine.broken"
        assert engine.stats().state is EngineState.BROKEN
        assert len(crashes) == 3

        await engine.load(tmp_path / MODEL, LoadOptions())
        assert (await said(engine.generate(asking("say hello"))))[0] == "hello "


async def test_an_answer_between_crashes_starts_the_count_anew(tmp_path):
    async with engine_of(tmp_path, back_off_s=(0.0, 0.0)) as (engine, _):
        for _ in range(4):
            with pytest.raises(Unavailable):
                await said(engine.generate(asking("abort")))
            assert (await said(engine.generate(asking("say up"))))[0] == "up "
        assert engine.stats().n_restarts == 4


async def test_a_cancel_crosses_while_the_child_writes(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        pieces = engine.generate(asking("slowly 5000"))
        texts = [await anext(pieces)]
        await engine.cancel("one")
        rest = [piece async for piece in pieces]

        assert isinstance(rest[-1], Done)
        assert rest[-1].finish is Finish.CANCELLED
        assert rest[-1].n_generated < 1000
        assert texts[0].text.startswith("0 ")
        assert engine.stats().n_restarts == 0
        assert (await said(engine.generate(asking("say next"))))[0] == "next "


async def test_a_cancel_that_comes_before_the_work_begins_is_not_lost(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        first = engine.generate(asking("slowly 5000", "first"))
        await anext(first)
        second = asyncio.ensure_future(said(engine.generate(asking("say never", "second"))))
        await asyncio.sleep(0)
        await engine.cancel("second")
        await engine.cancel("first")
        ends = [piece async for piece in first]

        assert ends[-1].finish is Finish.CANCELLED
        text, done = await second
        assert (text, done.finish) == ("", Finish.CANCELLED)


async def test_closing_the_iterator_cancels(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        pieces = engine.generate(asking("slowly 5000"))
        await anext(pieces)
        began = time.perf_counter()
        await pieces.aclose()
        text, _ = await said(engine.generate(asking("say free")))

        assert text == "free "
        assert time.perf_counter() - began < 2.0  # fifty seconds were left to write
        assert engine.stats().n_restarts == 0


async def test_a_child_deaf_to_a_cancel_is_ended_in_time(tmp_path):
    async with engine_of(tmp_path, patience=Patience(work_s=100.0, cancel_s=0.6)) as (engine, crashes):
        pieces = engine.generate(asking("hang"))
        await anext(pieces)
        await engine.cancel("one")
        with pytest.raises(Unavailable, match="after it was told to stop"):
            await anext(pieces)
        assert (await said(engine.generate(asking("say obedient"))))[0] == "obedient "
        assert len(crashes) == 1


async def test_a_fast_model_sends_few_messages(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        before, began = engine.stats().figures["n_messages"], time.perf_counter()
        texts = [piece async for piece in engine.generate(asking("flood 5000"))]
        n_messages, took_s = engine.stats().figures["n_messages"] - before, time.perf_counter() - began

        assert texts[-1].n_generated == 5000
        assert sum(len(piece.text) for piece in texts[:-1]) == 50_000
        assert sum(piece.n_tokens for piece in texts[:-1]) == 5000
        assert n_messages <= 31 * took_s + 5


async def test_what_a_library_prints_reaches_no_message(tmp_path):
    async with engine_of(tmp_path) as (engine, crashes):
        assert (await said(engine.generate(asking("garbage"))))[0] == "printed"
        assert not crashes


async def test_an_error_of_one_request_leaves_the_process_as_it_is(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        first = engine.child_pid
        with pytest.raises(InvalidInput, match="longer than the context") as failure:
            await said(engine.generate(asking("refuse")))
        assert (failure.value.hint, failure.value.code) == ("Ask less.", "engine.too_long")
        with pytest.raises(Unavailable, match="without saying why"):
            await said(engine.generate(asking("silent")))
        assert (await said(engine.generate(asking("say fine"))))[0] == "fine "
        assert engine.child_pid == first


async def test_counting_warming_and_vectors_cross_the_pipe(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        assert await engine.count((Message(Role.USER, "one two three"),)) == 3
        await engine.warm((Message(Role.SYSTEM, "You obey."),), "fast")
        vectors = await engine.embed(["a" * n for n in range(70)])
        assert vectors == [[float(n), 1.0] for n in range(70)]
        with pytest.raises(InvalidInput, match="longer"):
            await engine.embed(["x" * 2000])


async def test_the_number_of_threads_changes_while_a_model_is_loaded(tmp_path):
    async with engine_of(tmp_path) as (engine, _):
        assert (await said(engine.generate(asking("threads"))))[0] == "1"
        await engine.use_threads(3)
        assert (await said(engine.generate(asking("threads"))))[0] == "3"


async def test_loading_again_and_again_leaves_no_process_file_or_thread(tmp_path):
    own = psutil.Process()
    async with engine_of(tmp_path) as (engine, crashes):
        n_files, n_threads = own.num_fds(), own.num_threads()
        for _ in range(N_CYCLES):
            await engine.load(tmp_path / MODEL, LoadOptions())
            assert (await said(engine.generate(asking("count"))))[0] == "1"
        assert own.num_fds() <= n_files
        assert own.num_threads() <= n_threads
        assert [child.pid for child in own.children()].count(engine.child_pid) == 1
        await engine.unload()
        assert engine.child_pid == 0
        assert not [child for child in own.children() if "assistant.engines.child" in " ".join(child.cmdline())]
        assert not crashes


async def test_unloading_ends_the_process_and_what_was_under_way(tmp_path):
    async with engine_of(tmp_path) as (engine, crashes):
        child = engine.child_pid
        pieces = engine.generate(asking("slowly 5000"))
        await anext(pieces)
        await engine.unload()

        with pytest.raises(Unavailable, match="closed before"):
            [piece async for piece in pieces]
        assert not psutil.pid_exists(child)
        with pytest.raises(Unavailable, match="No model is loaded"):
            await anext(engine.generate(asking("say no")))
        assert not crashes


async def test_closing_is_bounded_in_time_while_the_child_hangs(tmp_path):
    async with engine_of(tmp_path, patience=Patience(close_s=0.5)) as (engine, _):
        child = engine.child_pid
        pieces = engine.generate(asking("freeze"))
        await anext(pieces)
        began = time.perf_counter()
        await engine.close()

        assert time.perf_counter() - began < 3.0
        assert not psutil.pid_exists(child)
        await pieces.aclose()


async def test_the_child_sees_no_secret_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("TRII_PASSPHRASE", "secret")
    async with engine_of(tmp_path) as (engine, _):
        environment = psutil.Process(engine.child_pid).environ()
        assert "PATH" in environment
        assert not {name for name in environment if "TRII" in name or "KEY" in name}
        assert "secret" not in str(environment)


PARENT = """
import asyncio, sys
from pathlib import Path
from backend.assistant.engines.engine import LoadOptions, Message, Request, Role
from backend.assistant.engines.process_engine import ProcessEngine, Ways
from backend.clock import SystemClock
from backend.tasks import TaskOwner

async def main():
    async with TaskOwner("parent") as tasks:
        engine = ProcessEngine(Path("."), SystemClock(), tasks, Ways("tests.fakes.scripted_session:open_scripted_session"))
        await engine.load(Path("model.gguf"), LoadOptions())
        pieces = engine.generate(Request("one", (Message(Role.USER, "hang"),)))
        await anext(pieces)
        print(engine.child_pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.posix
def test_a_child_does_not_outlive_a_parent_that_was_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
        parent.wait()
        wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


async def test_a_loading_that_hangs_is_ended_by_unloading_and_closing(tmp_path):
    async with engine_of(tmp_path, patience=Patience(close_s=0.3), model="") as (engine, crashes):
        for end in (engine.unload, engine.close):
            loading = asyncio.ensure_future(engine.load(tmp_path / "hangs.gguf", LoadOptions()))
            await until(lambda: engine.child_pid)
            child = engine.child_pid
            await end()
            with pytest.raises(Unavailable, match="closed"):
                await loading
            assert not psutil.pid_exists(child)
        assert not crashes
