"""Writers that say what a test tells them to, piece by piece, and keep what they were asked."""

import asyncio
import contextlib
from collections import deque

from backend.app import open_backend
from backend.assistant.composing import make_assistant
from backend.assistant.door import AssistantNeeds
from backend.assistant.engines.engine import Done, Finish, Text
from backend.assistant.routing import Candidate
from backend.errors import TriiError
from backend.storage.credentials import Credentials

LOCAL = Candidate("local", "Scripted", is_fit=True)


class ScriptedWriters:
    """Each request takes the next script: texts are pieces, as are Thoughts; an error is raised, an Event is waited for."""

    def __init__(self, *scripts, candidates=(LOCAL,), n_ctx=4_096, thinks=False):
        self.scripts = deque(scripts)
        self.them = tuple(candidates)
        self.n_ctx = n_ctx
        self.is_thinker = thinks
        self.asked = []
        self.n_cancelled = 0
        self.loaded = set()

    async def candidates(self, mode):
        return self.them

    async def ready(self, candidate, mode):
        return f"sha of {candidate.model}"

    async def is_loaded(self, candidate, mode):
        return candidate in self.loaded

    async def count(self, candidate, messages):
        return sum(len(message.text) // 4 + 4 for message in messages)

    def room_of(self, candidate):
        return self.n_ctx

    def thinks(self, candidate):
        return self.is_thinker

    def cost_usd(self, candidate, n_prompt, n_generated):
        return 0.5 if candidate.is_remote else 0.0

    async def generate(self, candidate, request):
        self.asked.append((candidate, request))
        script = self.scripts.popleft() if self.scripts else ("",)
        try:
            for piece in script:
                if isinstance(piece, TriiError):
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await piece.wait()
                    continue
                yield Text(piece) if isinstance(piece, str) else piece
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        yield Done(Finish.STOP, 10, 5, len(script), 12.0, 34.0, 50.0, candidate.model, "this process")


class Deadlines:
    """In the place of a sleep: waits end where a test says so, and else never."""

    def __init__(self):
        self.asked_s = []
        self._over = asyncio.Event()

    async def sleep(self, seconds):
        self.asked_s.append(seconds)
        await self._over.wait()

    def pass_all(self):
        """All that is waited for, now and later, is due."""
        self._over.set()


@contextlib.asynccontextmanager
async def assistant_on(home, writers, *, clock=None, deadlines=None):
    """An open home with an assistant whose models are scripted; (backend, assistant). Without ``deadlines`` nothing is late."""
    async with open_backend(home, clock=clock, watch=False) as backend:
        credentials = Credentials(backend.money, hide=lambda _: None)
        base = AssistantNeeds(
            backend.home,
            backend.words,
            backend.history,
            backend.catalog,
            backend.watchlists,
            credentials,
            backend.settings,
            backend.bus,
            backend.clock,
            backend.tasks,
        )
        assistant = make_assistant(base, writers, (deadlines or Deadlines()).sleep)
        try:
            yield backend, assistant
        finally:
            await assistant.close()
