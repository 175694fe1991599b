"""An answer as server-sent events: what is done for it, its text as it is checked, and at last the whole of it."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from backend.assistant.answers import Answer
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.telling import answer_json, failure_of, told_spans, told_text
from backend.loopback.answering import Answering
from backend.loopback.failures import explain
from backend.loopback.gate import Message, Receive, Scope, Send

log = logging.getLogger(__name__)

BEAT_S: Final = 3.0  # a sign of life where there is nothing to tell
SEND_S: Final = 30.0  # for a script to take a piece; one that does not is let go
EVENT_STREAM: Final = "text/event-stream"
_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
_BEAT: Final = b": still at it\n\n"


class AnswerStream:
    """The response. A slow reader gets fewer and longer pieces, never a backlog; when it is gone its answer ends.

    Raises TriiError where there is no answer before its first word: that is told as every other error is.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Tell the answer to its end, or for as long as somebody listens."""
        async with self._answering as run:
            await run.moved(BEAT_S)
            if run.failure is not None and run.newest is None:
                raise run.failure
            try:
                await _tell(run, send)
            except TimeoutError:
                log.info("A script did not take its answer for %s s and is let go.", SEND_S)


async def _tell(run: Answering, send: Send) -> None:
    story = Story()
    await _send(send, {"type": "http.response.start", "status": 200, "headers": _HEADERS})
    has_moved = True
    while run.is_wanted and not run.is_over:
        pieces = story.go_on(run.newest) if run.newest is not None else ()
        body = b"".join(pieces) if has_moved else _BEAT
        if body:
            await _send(send, {"type": "http.response.body", "body": body, "more_body": True})
        has_moved = await run.moved(BEAT_S)
    if run.is_wanted:
        await _send(send, {"type": "http.response.body", "body": story.end(run), "more_body": False})


async def _send(send: Send, message: Message) -> None:
    async with asyncio.timeout(SEND_S):
        await send(message)


class Story:
    """What one reader was told of an answer, so that it is told the rest and no more."""

    def __init__(self) -> None:
        self._spans: tuple[Span, ...] = ()
        self._phase: tuple[str, str] = ("", "")
        self._has_begun = False

    def go_on(self, answer: Answer) -> Iterator[bytes]:
        """What is new: begun, phase, again where what was written is written anew, text. Thoughts are no text."""
        if not self._has_begun:
            self._has_begun = True
            yield event("begun", {"conversation": answer.conversation, "turn": answer.id})
        phase = (answer.phase.value, answer.words)
        if phase != self._phase and not answer.is_over:
            self._phase = phase
            yield event("phase", {"phase": answer.phase, "mode": answer.question.mode, "words": answer.words})
        new = added(self._spans, answer.spans)
        if new is None:
            yield event("again", {})
            new = answer.spans
        self._spans = answer.spans
        if new:
            yield event("text", {"text": told_text(new), "spans": told_spans(new)})

    def end(self, run: Answering) -> bytes:
        """The rest of an answer that is over, and the whole of it or why there is none."""
        rest, failure = b"", run.failure
        if run.newest is not None:
            rest, failure = b"".join(self.go_on(run.newest)), failure or failure_of(run.newest)
            if failure is None:
                return rest + event("answer", answer_json(run.newest))
        assert failure is not None, "What did not fail is there."
        return rest + event("error", explain(failure))


def added(before: tuple[Span, ...], now: tuple[Span, ...]) -> tuple[Span, ...] | None:
    """What ``now`` has behind ``before``; None where it does not begin like it. The last plain piece may have grown."""
    if not before:
        return now
    n_whole = len(before) - 1
    if len(now) <= n_whole or now[:n_whole] != before[:n_whole]:
        return None
    last, grown = before[n_whole], now[n_whole]
    if grown == last:
        return now[n_whole + 1 :]
    if last.mark is Mark.PLAIN is grown.mark and grown.text.startswith(last.text):
        return (Span(grown.text[len(last.text) :]), *now[n_whole + 1 :])
    return None


def event(name: str, value: dict[str, Any]) -> bytes:
    """One server-sent event; JSON has no line breaks of its own."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"
