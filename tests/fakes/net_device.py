"""A desktop's side of a real server, over real sockets: the state machine of the protocol, its disk in memory, killed at will."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sync_server.protocol import actions
from sync_server.protocol.actions import Action
from sync_server.protocol.bodies import Body
from sync_server.protocol.client import SyncClient
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.events import Op
from sync_server.protocol.messages import FromDevice, Snapshot
from tests.simulator.copies import Copies, is_saved
from tests.simulator.disk import Disk

OPEN_S = 5.0


class NetDevice:
    """One device. ``port`` is the server's, or a proxy's before it; ``token`` an access token that outlives the test."""

    def __init__(self, user: str, device: str, token: str, port: int, disk: Disk | None = None) -> None:
        self.user = user
        self.device = device
        self.disk = disk or Disk()
        self.copies = Copies(self.disk, user, device)
        self.state = "offline"
        self.live_at_s = 0.0  # steady time at which it last became live
        self.clock_shift_ms = 0
        self.on_heard: Callable[[str, int], None] = lambda room, s: None
        self._token = token
        self._port = port
        self._draw = random.Random(device)
        self._core = SyncClient(self.copies.kept(), self._draw.randbytes, self._draw.random)
        self._tasks: set[asyncio.Task[None]] = set()
        self._out: asyncio.Queue[FromDevice | None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._is_dead = False

    def now_ms(self) -> int:
        """What this device believes the time is."""
        return time.time_ns() // 1_000_000 + self.clock_shift_ms

    def begin(self) -> None:
        """Go online and stay so; where it rests between two tries, try now."""
        self._do(self._core.want(True, self.now_ms()))

    def submit(self, room: str, body: Body, kind: str) -> Op:
        """Do something in a room; safe when it returns."""
        op, deeds = self._core.submit(room, body, kind, self.now_ms())
        self._do(deeds)
        return op

    def waiting(self) -> int:
        """Operations that were not refused and whose events have to come yet."""
        return sum(map(self.copies.waits, self.copies.outbox.values()))

    def reborn(self) -> "NetDevice":
        """The device that comes up over the same disk after kill -9; this one must be closed and does nothing any more."""
        self._is_dead = True
        self.disk.crash(self._draw)
        return NetDevice(self.user, self.device, self._token, self._port, self.disk)

    async def close(self) -> None:
        """End everything at once."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._is_dead = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload] # any coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _do(self, deeds: Sequence[Action]) -> None:
        for deed in () if self._is_dead else deeds:
            if is_saved(deed):
                self.copies.write(deed)
                self.copies.keep(deed)
                if isinstance(deed, actions.SaveEvents) and deed.events:
                    self.on_heard(deed.cursor.r, deed.cursor.s)
            else:
                self._carry_out(deed)

    def _carry_out(self, deed: Action) -> None:
        match deed:
            case actions.Send(message) if self._out is not None:
                self._out.put_nowait(message)
            case actions.Connect():
                self._out = asyncio.Queue()
                self._start(self._talk(self._out))
            case actions.Disconnect() if self._out is not None:
                self._out.put_nowait(None)
            case actions.NeedToken():
                self._bring_token()
            case actions.FetchSnapshot(room, path):
                self._start(self._fetch(room, path))
            case actions.LoadHeld(room, after):
                held = self.copies.rooms[room].events
                events = tuple(event for s, event in sorted(held.items()) if s > after)
                asyncio.get_running_loop().call_soon(lambda: self._do(self._core.held(room, events, self.now_ms())))
            case actions.Wake(at_ms):
                if self._alarm is not None:
                    self._alarm.cancel()
                delay_s = max(0.001, (at_ms - self.now_ms()) / 1000)
                self._alarm = asyncio.get_running_loop().call_later(delay_s, self._tick)
            case actions.Stands(state):
                self.state = state
                if state == "live":
                    self.live_at_s = time.monotonic()

    def _bring_token(self) -> None:
        asyncio.get_running_loop().call_soon(lambda: self._do(self._core.token(self._token, self.now_ms())))

    def _tick(self) -> None:
        self._do(self._core.tick(self.now_ms()))

    async def _talk(self, out: "asyncio.Queue[FromDevice | None]") -> None:
        code, why = 1006, ""
        try:
            async with connect(
                f"ws://127.0.0.1:{self._port}/v1/sync",
                subprotocols=[Codec.MSGPACK.value],
                compression=None,
                ping_interval=None,
                open_timeout=OPEN_S,
                close_timeout=0.2,
                proxy=None,
            ) as line:
                self._do(self._core.opened(self.now_ms()))
                writer = asyncio.ensure_future(self._write(line, out))
                try:
                    async for data in line:
                        assert isinstance(data, bytes)
                        self._do(self._core.received(decode_from_server(data, Codec.MSGPACK), self.now_ms()))
                finally:
                    writer.cancel()
                    await asyncio.gather(writer, return_exceptions=True)
                code, why = line.close_code or 1006, line.close_reason or ""
        except (OSError, WebSocketException, TimeoutError) as error:
            why = str(error)
        if self._out is out:
            self._out = None
            self._do(self._core.closed(code, why, self.now_ms()))

    async def _write(self, line: ClientConnection, out: "asyncio.Queue[FromDevice | None]") -> None:
        with contextlib.suppress(WebSocketException, OSError):
            while (message := await out.get()) is not None:
                await line.send(encode(message, Codec.MSGPACK))
            await line.close()

    async def _fetch(self, room: str, path: str) -> None:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                said = await client.get(f"http://127.0.0.1:{self._port}{path}", headers={"Authorization": f"Bearer {self._token}"})
                said.raise_for_status()
            snapshot = msgspec.json.decode(said.content, type=Snapshot)
        except (httpx.HTTPError, ValueError):
            self._do(self._core.no_snapshot(room, self.now_ms()))
        else:
            self._do(self._core.snapshot(snapshot, self.now_ms()))
