"""uvicorn's connections with our bounds: a deadline for the first request, no floods, frames made once and written together."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import unquote

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from sync_server.clock import Clock
from sync_server.edge.handshake import Headers, accept_plain, subprotocols_of, switching

WIRE: Final = "trii.wire"  # the extension of a WebSocket's scope that holds its Wire
FIRST_REQUEST_S: Final = 5.0
BODY_S: Final = 60.0  # a piece of a file may take a slow line this long
CLOSE_S: Final = 5.0
MAX_FRAGMENTS: Final = 64
CONTROLS_PER_S: Final = 10.0
CONTROLS_AT_ONCE: Final = 20.0
MAX_REASON_BYTES: Final = 120

# What strangers send is counted, not logged line by line.
_log: Final = logging.getLogger("sync_server.wire")
_log.setLevel(logging.ERROR)


class WireState(ServerState):
    """What all connections of one listener share; deadlines of devices count by the time that the server attended."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock


class PlainWire(HttpToolsProtocol):
    """One connection of HTTP: closed when it has not asked for anything in five seconds that the server attended."""

    def __init__(self, config: Config, server_state: WireState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = _log
        self._state = server_state
        self._due_s = 0.0  # of the loop's clock, 0: nothing is waited for
        self._attended_ms = 0  # when the deadline was set
        self._wait_s = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._set_deadline(FIRST_REQUEST_S)

    def on_headers_complete(self) -> None:
        """A request stands; its body must be whole in time as well."""
        self._set_deadline(BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._due_s = 0.0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on a Wire keeps the time. Where the handshake is plain, its headers are not written out and parsed again."""
        self._stop_alarm()
        accepts = accept_plain(self.scope["method"], self.scope["http_version"], self.url, self.headers)
        if not accepts:
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        wire = Wire(config=self.config, server_state=self._state, app_state=self.app_state)
        wire.connection_made(self.transport)
        wire.shake_hands(self.url, self.headers, accepts)
        self.transport.set_protocol(wire)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_alarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: its head must be whole in time too."""
        self._set_deadline(FIRST_REQUEST_S)
        super().on_message_begin()

    def _set_deadline(self, wait_s: float) -> None:
        """One alarm goes from deadline to deadline: nearly all are kept, and a timer for each would cost more than keeping it."""
        self._due_s = self.loop.time() + wait_s
        self._attended_ms, self._wait_s = self._state.clock.attended_ms(), wait_s
        if self._alarm is None:
            self._alarm = self.loop.call_at(self._due_s, self._look)
        elif self._alarm.when() > self._due_s:
            self._stop_alarm()
            self._alarm = self.loop.call_at(self._due_s, self._look)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        self._alarm = None
        if not self._due_s:
            return
        if self.loop.time() >= self._due_s:
            self._due_s = self.loop.time() + self._wait_s - (self._state.clock.attended_ms() - self._attended_ms) / 1000
        if self.loop.time() >= self._due_s:
            self.transport.abort()
        else:
            self._alarm = self.loop.call_at(self._due_s, self._look)


class _Conversation(ServerProtocol):
    """The rules of RFC 6455, and one more way to end: a message that was begun need not be finished before the close (5.5.1)."""

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Wire(WebSocketsSansIOProtocol):
    """One WebSocket. Beside what uvicorn does it writes whole frames directly, and says when it can take more."""

    def __init__(self, config: Config, server_state: WireState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = _log
        self._clock = server_state.clock
        self._pinged_ms = 0  # attended
        self.conn.__class__ = _Conversation  # made over: to make another costs as much as the whole welcome
        self.conn.logger = _log
        self.conn.debug = False
        self._accepts = b""
        self.close_timeout = CLOSE_S
        self.can_write: Callable[[], None] | None = None
        self._controls = CONTROLS_AT_ONCE
        self._controls_s = 0.0

    @property
    def is_writable(self) -> bool:
        """Whether the socket takes more now."""
        return self.writable.is_set() and not self.close_sent and not self.disconnected

    def write_frames(self, data: bytes) -> None:
        """Write frames that are made already, in one piece."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(data)

    def end(self, code: int, why: str) -> None:
        """Say goodbye, and let go after five seconds whether or not it was heard."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        reason = why.encode("utf-8")[:MAX_REASON_BYTES].decode("utf-8", "ignore")
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def shake_hands(self, url: bytes, headers: Headers, accepts: bytes) -> None:
        """Begin with a handshake that was found right; the endpoint says whether it is taken."""
        self._accepts = accepts
        self.conn.state = State.OPEN
        self.conn.parser = self.conn.parse()  # frames come next
        next(self.conn.parser)
        self.handshake_initiated = True
        raw_path, _, query = url.partition(b"?")
        self.scope = {
            "type": "websocket",
            "asgi": {"version": self.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": self.scheme,
            "server": self.server,
            "client": self.client,
            "root_path": self.root_path,
            "path": self.root_path + unquote(raw_path.decode("ascii")),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "headers": headers,
            "subprotocols": subprotocols_of(headers),
            "state": self.app_state.copy(),
            "extensions": cast("Any", {"websocket.http.response": {}, WIRE: self}),
        }
        self.queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    # What uvicorn calls.

    def handle_connect(self, event: Request) -> None:
        """Give the endpoint a way to this wire."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast("dict[str, object]", self.scope["extensions"])[WIRE] = self

    def resume_writing(self) -> None:
        """The socket takes more."""
        super().resume_writing()
        if self.can_write is not None:
            self.can_write()

    async def send(self, message: ASGISendEvent) -> None:
        """An answer instead of an upgrade is the end of the handshake too."""
        if message["type"] == "websocket.accept" and self._accepts and not self.handshake_complete and not self.disconnected:
            self._open(message.get("subprotocol"), message.get("headers", ()))
            return
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def handle_cont(self, event: Frame) -> None:
        """Bound the pieces of one message."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self._refuse(1008, "Too many fragments.")
            return
        super().handle_cont(event)

    def send_keepalive_ping(self) -> None:
        """Ask whether anybody is still there."""
        self._pinged_ms = self._clock.attended_ms()
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No answer in time; what the server was late by is not the device's fault."""
        assert self.ping_timeout is not None
        left_s = self.ping_timeout - (self._clock.attended_ms() - self._pinged_ms) / 1000
        if left_s > 0:
            self.pong_timer = self.loop.call_later(left_s, self.keepalive_timeout)
        else:
            super().keepalive_timeout()

    def handle_ping(self) -> None:
        """Answer pings, up to a rate."""
        if self._may_control():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take pongs, up to a rate."""
        if self._may_control():
            super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        """Refuse text that is not UTF-8 as the protocol says, without a line in the log for each."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._refuse(1007, "Text is UTF-8.")
                return
        super().send_receive_event_to_app()

    def _open(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None:
        if not self.transport.is_closing():
            self.handshake_complete = True
            self.transport.write(switching(self._accepts, subprotocol, (*self.default_headers, *headers)))
            self.start_keepalive()

    def _may_control(self) -> bool:
        now_s = self.loop.time()
        self._controls = min(CONTROLS_AT_ONCE, self._controls + (now_s - self._controls_s) * CONTROLS_PER_S) - 1
        self._controls_s = now_s
        if self._controls < 0:
            self._refuse(1008, "Too many pings.")
            return False
        return True

    def _refuse(self, code: int, why: str) -> None:
        self.frames = []
        self.end(code, why)
