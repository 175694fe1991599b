"""What stands between a question and a model: the router, kept answers, and how soon a first word comes through all of it.

Run as ``python dev.py bench bench_gateway``. The router and the kept answers are measured with a writer that answers at once
(LLM-04: 5,000 requests a second); whole questions with the starter model in one conversation about an instrument, asked at once
and asked after the typing rested, each beside the bare engine that reads the same prompt anew. Compared, never asserted on time.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.app import Backend, open_backend
from backend.assistant.answer_cache import AnswerCache, cache_key
from backend.assistant.answers import Answer, Mode, Question, Reach
from backend.assistant.assistant import Assistant
from backend.assistant.engines.engine import Done, LoadOptions, Message, Request, Role
from backend.assistant.engines.llama_loading import open_llama
from backend.assistant.routing import Candidate, decide
from backend.clock import SystemClock
from backend.domain.instruments import InstrumentId
from tests.fakes.copied_home import copy_home
from tests.fakes.starter_model import find_starter_model
from tests.fakes.waiting import until
from tests.fakes.window import make_samples_home

AAPL = InstrumentId("AAPL", "XNAS")
N_ROUTED, N_FOUND, N_KEPT, ROUNDS = 50_000, 5_000, 1_000, 3
WRITERS = (
    Candidate("local", "Own 7B", is_fit=True),
    Candidate("endpoint", "House 70B", is_remote=True, is_fit=True),
    Candidate("openai", "Cloud", is_remote=True, is_private=False, is_fit=True),
)
ASKED = ("Tell me of it in one sentence", "Why is that so", "Say more of its risks", "And what would a calm trader do")


def told(values: list[float]) -> str:
    """The median, and the smallest and largest."""
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def request(number: int) -> Request:
    said = f"Question {number}: what does the trend of it say?"
    return Request(f"r{number}", (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, said)), mode="fast")


def route() -> None:
    """Decisions a second, over three writers, on one core."""
    texts = [f"Why did it fall {number} times, and should I plan for more?" for number in range(64)]
    rates = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for number in range(N_ROUTED):
            assert decide(Mode.DEEP, texts[number % 64], Reach.ALLOW_CLOUD, WRITERS).first is WRITERS[1]
        rates.append(N_ROUTED / (time.perf_counter() - began_s))
    print(f"router: {told(rates)} decisions a second")


async def keep(backend: Backend) -> None:
    """Kept answers found a second, of an encrypted ledger: their keys computed, one after the other and 64 at once."""
    cache = AnswerCache(backend.words, SystemClock())
    for number in range(N_KEPT):
        await cache.keep(cache_key(request(number), "sha", "facts"), f"Answer {number}", "Stub", "here")

    async def find(number: int) -> None:
        kept = await cache.find(cache_key(request(number % N_KEPT), "sha", "facts"), 60)
        assert kept is not None
        assert kept.text == f"Answer {number % N_KEPT}"

    for n_at_once in (1, 64):
        rates = []
        for _ in range(ROUNDS):
            began_s = time.perf_counter()
            for first in range(0, N_FOUND, n_at_once):
                await asyncio.gather(*(find(first + place) for place in range(n_at_once)))
            rates.append(N_FOUND / (time.perf_counter() - began_s))
        print(f"kept answers, {n_at_once} at once: {told(rates)} found a second")


class Talk:
    """One conversation with the starter model."""

    def __init__(self, backend: Backend, assistant: Assistant) -> None:
        self._backend = backend
        self._assistant = assistant
        self._id = ""

    async def ask(self, text: str) -> Answer:
        """The answer to the next question."""
        begun = await self._assistant.ask(Question(text, Mode.FAST, self._id, instrument=AAPL if self._id else None))
        answer = await self._assistant.answered(begun.id)
        self._id = answer.conversation
        return answer

    async def anticipate(self, text: str) -> None:
        """Type it, and wait until what can be read of it is read."""
        parent = (await self._assistant.conversations.row(self._id)).leaf
        await self._assistant.anticipate(Question(text, Mode.FAST, self._id, parent, instrument=AAPL))
        await until(lambda: not any("reading ahead" in name for name in self._backend.tasks.running), 60)


@asynccontextmanager
async def talking(home: Path) -> AsyncIterator[Talk]:
    async with open_backend(copy_home(SAMPLES, home), watch=False) as backend:
        await backend.settings.change("assistant", keeps_answers_min=0, takes_unfit=True)
        assistant = await backend.assistant.open()
        talk = Talk(backend, assistant)
        await talk.ask("Tell me a story")  # loads the model
        yield talk


async def converse(folder: Path) -> None:
    """Tokens read and times to the first token, asked at once and asked after the typing rested."""
    for name in ("typed", "at once"):
        async with talking(folder / name) as talk:
            for text in ASKED:
                if name == "typed":
                    await talk.anticipate(text[: text.rindex(" ")])
                answer = await talk.ask(text)
                assert answer.provenance is not None
                done = answer.provenance.done
                assert done is not None
                cold = read_anew(folder, answer)
                assert cold.n_prompt == done.n_prompt
                read = f"{done.n_prompt - done.n_cached:4} of {done.n_prompt:4} tokens read"
                print(f"{name:8} {text:34} {read}, first token {done.first_token_ms:6.0f} ms; anew {cold.first_token_ms:6.0f} ms")


def read_anew(folder: Path, answer: Answer) -> Done:
    """The end of the same request to a fresh engine, which reads all of it."""
    assert answer.provenance is not None
    messages = tuple(Message(Role(role), text) for role, text in answer.provenance.sent)
    session = open_llama(find_starter_model(), LoadOptions(n_ctx=2048), folder / f"anew-{time.monotonic_ns()}")
    try:
        *_, end = session.generate(Request("anew", messages, n_tokens_max=8, mode="fast"))
    finally:
        session.close()
    assert isinstance(end, Done)
    return end


async def keep_and_find(home: Path) -> None:
    async with open_backend(copy_home(SAMPLES, home), watch=False) as backend:
        await keep(backend)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        SAMPLES = make_samples_home(Path(made) / "samples")
        route()
        asyncio.run(keep_and_find(Path(made) / "kept"))
        asyncio.run(converse(Path(made)))
