"""Server-sent events, read line by line in bounds."""

from collections.abc import AsyncIterator
from typing import Final

from backend.errors import Unavailable

LINE_BYTES_MAX: Final = 1_048_576


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, str]]:
    """(event, data) of each event; comments and other fields are passed over. Raises Unavailable for a line without end."""
    rest, kind, data = b"", "", list[str]()
    async for chunk in chunks:
        rest += chunk
        *lines, rest = rest.split(b"\n")
        if len(rest) > LINE_BYTES_MAX:
            raise Unavailable(
                "The service sent a line without end.", hint="Check its address in the settings.", code="assistant.service_line"
            )
        for raw in lines:
            line = raw.rstrip(b"\r").decode("utf-8", "replace")
            if not line:
                if data:
                    yield kind, "\n".join(data)
                kind, data = "", []
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif line.startswith("event:"):
                kind = line[6:].strip()
    if data:
        yield kind, "\n".join(data)
