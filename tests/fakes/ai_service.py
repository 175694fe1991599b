"""A service on loopback that streams what it is told to, in OpenAI's or Anthropic's way, and keeps what it was sent."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field


@dataclass
class Reply:
    """What the service does with one request: a status with a body, or events; ``breaks_after`` cuts the line."""

    status: int = 200
    body: bytes = b""
    events: list[bytes] = field(default_factory=list)
    breaks_after: int | None = None


def openai_events(*pieces, finish="stop", n_prompt=11, n_generated=7):
    """A whole answer in OpenAI's way."""
    said = [{"choices": [{"delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    said.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    said.append({"choices": [], "usage": {"prompt_tokens": n_prompt, "completion_tokens": n_generated}})
    return [f"data: {json.dumps(one)}\n\n".encode() for one in said] + [b": a comment\n\n", b"data: [DONE]\n\n"]


def openai_thoughts(field, thoughts, pieces, finish="stop"):
    """The same behind thoughts in a field of their own, or in both that there are."""
    fields = ("reasoning", "reasoning_content") if field == "both" else (field,)
    said = [{"choices": [{"delta": {"content": None, **dict.fromkeys(fields, one)}}]} for one in thoughts]
    return [f"data: {json.dumps(one)}\n\n".encode() for one in said] + openai_events(*pieces, finish=finish)


def anthropic_events(*pieces, finish="end_turn", n_prompt=11, n_generated=7, thoughts=()):
    """A whole answer in Anthropic's way."""
    said = [("message_start", {"message": {"usage": {"input_tokens": n_prompt}}}), ("ping", {})]
    said += [("content_block_delta", {"delta": {"type": "thinking_delta", "thinking": one}}) for one in thoughts]
    said += [("content_block_delta", {"delta": {"type": "signature_delta", "signature": "c2ln"}}) for _ in thoughts[:1]]
    said += [("content_block_delta", {"delta": {"type": "text_delta", "text": piece}}) for piece in pieces]
    said.append(("message_delta", {"delta": {"stop_reason": finish}, "usage": {"output_tokens": n_generated}}))
    said.append(("message_stop", {}))
    return [f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode() for kind, data in said]


class AiHost:
    """Replies in turn, the last one again and again; ``asked`` holds (path, headers, body) of each request."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []
        self.n_cut_off = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self):
        """Serve on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with server:
            yield self

    async def _serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
            self.asked.append((first.split(" ")[1], headers, body))
            reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
            await self._answer(writer, reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.n_cut_off += 1
        finally:
            writer.close()

    async def _answer(self, writer, reply):
        if reply.status != 200:
            writer.write(
                f"HTTP/1.1 {reply.status} No\r\ncontent-length: {len(reply.body)}\r\nconnection: close\r\n\r\n".encode()
                + reply.body
            )
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number, event in enumerate(reply.events):
            if number == reply.breaks_after:
                writer.transport.abort()
                return
            half = len(event) // 2  # events come in pieces
            for piece in (event[:half], event[half:]):
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
