"""A home whose assistant is scripted and whose API runs, and how a script reads a stream of events."""

import contextlib
import json

from tests.fakes.api_scripts import client_of
from tests.fakes.scripted_writers import assistant_on

STREAMED = {"Accept": "text/event-stream"}


@contextlib.asynccontextmanager
async def assisted(home, writers, **more):
    """Backend, assistant, and a client that knows the token."""
    async with assistant_on(home, writers, **more) as (backend, assistant):
        backend.assistant.assistant = assistant
        await backend.settings.change("api", enabled=True)
        await backend.api.begin()
        async with client_of(backend) as client:
            client.timeout = 60.0  # figures of a home may be computed for the first time
            yield backend, assistant, client
        await backend.api.close()


async def events_of(answer):
    """Each event of a stream as it comes, as (name, value)."""
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


async def streamed(client, path, **body):
    """A whole stream."""
    async with client.stream("POST", path, json=body, headers=STREAMED) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        return [one async for one in events_of(answer)]
