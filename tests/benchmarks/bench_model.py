"""The local model beside its library called directly: tokens a second, first tokens, and how soon a stop is heard (P12).

Run as ``python dev.py bench bench_model``. Both sides compute on as many threads, and their greedy answers must be the same
before anything is timed. Compared, never asserted on time. Seconds of this process's processor time are given beside those of
the clock: neighbours on a busy computer do not move them.
"""

import asyncio
import gc
import math
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.assistant.engines.engine import Done, LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.llama_loading import open_llama
from backend.assistant.engines.llama_session import LlamaSession
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.assistant.engines.threads import choose_n_threads, count_cores
from tests.fakes.starter_model import find_starter_model

SIZES = (64, 192, 384)
ROUNDS = 3
N_CTX = 2048
N_CONTEXT = 1_500
N_STOPS = 20
MODEL = find_starter_model()
N_THREADS = choose_n_threads(count_cores())
STORY = (
    Message(Role.SYSTEM, "You are a storyteller who never ends a story."),
    Message(Role.USER, "Tell a very long story about a gold mine, day after day."),
)
GOLD = Message(Role.USER, "Is gold up?")


def told(values: list[float]) -> str:
    """The median, and the fastest and slowest."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


@contextmanager
def opened(prefixes: Path) -> Iterator[LlamaSession]:
    session = open_llama(MODEL, LoadOptions(n_ctx=N_CTX, n_threads=N_THREADS), prefixes)
    try:
        yield session
    finally:
        session.close()
        gc.collect()


def rates(n_tokens: int, started: tuple[float, float]) -> tuple[float, float]:
    """Tokens a second since then: by the clock, and of processor time."""
    return n_tokens / (time.perf_counter() - started[0]), n_tokens / (time.process_time() - started[1])


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def written(session: LlamaSession, n_tokens: int) -> tuple[str, tuple[float, float]]:
    """The story through our session, and tokens a second from the first token on."""
    texts, end, started = [], None, now()
    for piece in session.generate(Request("bench", STORY, n_tokens_max=n_tokens)):
        if isinstance(piece, Text):
            started = started if texts else now()
            texts.append(piece.text)
        else:
            end = piece
    assert end is not None
    assert end.n_generated == n_tokens
    return "".join(texts), rates(n_tokens - 1, started)


async def written_on_thread(engine: ThreadEngine, n_tokens: int) -> tuple[str, tuple[float, float]]:
    """The same through the engine of a thread, as the product does it; the first piece is the first token."""
    texts, end, started = [], None, now()
    async for piece in engine.generate(Request("bench", STORY, n_tokens_max=n_tokens)):
        if isinstance(piece, Text):
            started = started if texts else now()
            texts.append(piece.text)
        else:
            end = piece
    assert end is not None
    assert end.n_generated == n_tokens
    return "".join(texts), rates(n_tokens - 1, started)


def direct_model() -> Any:
    from llama_cpp import Llama

    return Llama(str(MODEL), n_ctx=N_CTX, n_threads=N_THREADS, n_threads_batch=N_THREADS, n_batch=128, n_ubatch=128, verbose=False)


def written_directly(llama: Any, prompt: list[int], n_tokens: int) -> tuple[str, tuple[float, float]]:
    """The story by the package's low-level loop, detokenized once at the end: as fast as it goes."""
    tokens, started = [], now()
    for token in llama.generate(prompt, temp=0.0):
        started = started if tokens else now()
        tokens.append(token)
        if len(tokens) == n_tokens:
            break
    told_rates = rates(n_tokens - 1, started)
    return llama.detokenize(tokens).decode("utf-8", "ignore"), told_rates


def written_by_its_stream(llama: Any, prompt: list[int], n_tokens: int) -> tuple[str, tuple[float, float]]:
    """The story by the package's own stream, which looks at the whole text again with each token."""
    texts, started = [], now()
    for chunk in llama.create_completion(prompt, max_tokens=n_tokens, temperature=0.0, repeat_penalty=1.0, stream=True):
        started = started if texts else now()
        texts.append(chunk["choices"][0]["text"])
    return "".join(texts), rates(n_tokens - 1, started)


async def compare_speed(prefixes: Path) -> None:
    """Tokens a second of the same greedy story, rounds of all sides in turn."""
    engine = ThreadEngine(open_session, prefixes)
    await engine.load(MODEL, LoadOptions(n_ctx=N_CTX, n_threads=N_THREADS))
    llama = direct_model()
    with opened(prefixes) as session:
        prompt = session._tokens.of_messages(STORY)
        longest = SIZES[-1]
        ours, _ = written(session, longest)
        assert ours == written_directly(llama, prompt, longest)[0] == (await written_on_thread(engine, longest))[0]
        print(f"The same greedy text of {longest} tokens on all sides; {N_THREADS} thread(s) each. Tokens a second:")
        for n_tokens in SIZES:
            found: dict[str, list[tuple[float, float]]] = {"direct": [], "session": [], "engine": [], "its stream": []}
            for _ in range(ROUNDS):
                found["direct"].append(written_directly(llama, prompt, n_tokens)[1])
                found["session"].append(written(session, n_tokens)[1])
                found["engine"].append((await written_on_thread(engine, n_tokens))[1])
                found["its stream"].append(written_by_its_stream(llama, prompt, n_tokens)[1])
            for place, clock in enumerate(("by the clock", "of processor time")):
                sides = {name: [rate[place] for rate in every] for name, every in found.items()}
                base = statistics.median(sides["direct"])
                words = ", ".join(f"{name} {told(rate)} = {statistics.median(rate) / base:.2f} x" for name, rate in sides.items())
                print(f"  {n_tokens} tokens, {clock}: {words}")
    llama.close()
    await engine.close()


def long_system(session: LlamaSession) -> Message:
    """A mode's words that fill the context to 1,500 tokens, with a question to come."""
    words = "Say what the facts say, and nothing else. "
    system = Message(Role.SYSTEM, words)
    while session.count((system, GOLD)) < N_CONTEXT:
        system = Message(Role.SYSTEM, system.text + words)
    return system


def first_token(session: LlamaSession, system: Message) -> Done:
    *_texts, end = session.generate(Request("bench", (system, GOLD), n_tokens_max=2))
    assert isinstance(end, Done)
    return end


def compare_first_tokens(prefixes: Path) -> None:
    """Cold, with the prefix in the context, and with it restored from disk after another mode's."""
    cold, warm, restored, new = [], [], [], 0
    for number in range(2):  # in a folder of its own each: what was read once is kept
        with opened(prefixes / f"cold-{number}") as session:
            cold.append(first_token(session, long_system(session)).first_token_ms)
    with opened(prefixes) as session:
        system, other = long_system(session), Message(Role.SYSTEM, "Another mode.")
        session.warm([system], "fast")
        session.warm([other], "deep")
        for _ in range(8):
            session.warm([other], "deep")
            end = first_token(session, system)
            restored.append(end.first_token_ms)
            end = first_token(session, system)
            warm.append(end.first_token_ms)
            new = end.n_prompt - end.n_cached
            assert 0 < new <= 15
    print(f"First token behind {end.n_prompt:,} tokens of context, {new} of them new, ms:")
    print(f"  cold {told(cold)}, warm {told(warm)}, restored from disk {told(restored)}; goal below 200 restored")
    print(f"  cold to restored {statistics.median(cold) / statistics.median(restored):.0f} x")


def stop_latency_ms(session: LlamaSession, prompt: Message, wait_s: float, *, is_writing: bool) -> float:
    """From the stop, given from another thread, to the end of the answer."""
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.perf_counter())
        session.abort()

    timer = threading.Timer(wait_s, press)
    pieces = session.generate(Request("bench", (prompt,), n_tokens_max=1_000))
    if is_writing:
        next(pieces)
    timer.start()
    *_texts, end = pieces
    took_ms = (time.perf_counter() - pressed[0]) * 1e3
    timer.join()
    assert isinstance(end, Done)
    assert end.finish == "cancelled"
    return took_ms


def measure_stops(prefixes: Path) -> None:
    """How soon a stop is heard, while a prompt is read and while an answer is written."""
    print(f"Stop to end, {N_STOPS} times each, ms (goal p95 below 50):")
    with opened(prefixes) as session:
        for words, prompt, is_writing in (("reading", Message(Role.USER, "word " * 1_900), False), ("writing", STORY[1], True)):
            took = sorted(stop_latency_ms(session, prompt, 0.1 + 0.013 * i, is_writing=is_writing) for i in range(N_STOPS))
            print(
                f"  {words}: p50 {statistics.median(took):.1f}, p95 {took[math.ceil(0.95 * N_STOPS) - 1]:.1f}, max {took[-1]:.1f}"
            )


def main() -> None:
    """Speed, first tokens, stops."""
    parts: tuple[Callable[[Path], None], ...] = (compare_first_tokens, measure_stops)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare_speed(Path(folder)))
        for part in parts:
            part(Path(folder))


if __name__ == "__main__":
    main()
