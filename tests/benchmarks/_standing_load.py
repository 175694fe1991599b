"""The load of the standing benchmark: thousands of connections in one process that stand, hear, write now and then, and come back.

Run as ``python -m tests.benchmarks._standing_load`` with a :class:`Job` as JSON on its input; prints a :class:`Stood` as JSON and
its progress on stderr. Every tenth or so of the connections is a person at work: typing, a message, a look, about once a minute.
"""

import contextlib
import heapq
import http.client
import queue
import random
import select
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from sync_server.protocol.actions import Action, Connect, Disconnect, NeedToken, Send
from tests.benchmarks._fanout_load import cpu_s_of, own_cpu_s, rss_kib_of
from tests.benchmarks._standing_device import Desk, Device

OPENING_MAX: Final = 64  # connections under way while all are made for the first time
SWEEP: Final = 500  # connections whose alarms are looked at between two looks at the sockets
SETTLE_S: Final = 20.0
BACK_S: Final = 300.0  # when waiting for all to come back is given up
RENEW_S: Final = 12 * 60.0  # from one renewal of a person's token to the next: they signed in at different times of the day
RENEWING_S: Final = 120.0  # longer than any server should take: an answer that is given up costs the session
TENTHS: Final = 10


class Job(msgspec.Struct, frozen=True):
    """What to do. Connections share the desks in turn; the first ``n_active`` are people at work. ``pid`` of the server.

    ``pace_s`` from one message of a person to the next, half as much more or less.
    """

    port: int
    pid: int
    n_connections: int
    n_active: int
    seconds: float
    desks: list[Desk]
    pace_s: float = 60.0


class Stood(msgspec.Struct, frozen=True):
    """What came of it. Memory is the server's resident memory in KiB; ``tenths`` of the time: its median in each.

    ``made`` for the first time and ``back`` after all were cut: seconds, and seconds of the server's CPU.
    """

    rss_before_kib: int
    rss_made_kib: int
    rss_back_kib: int
    tenths_kib: list[int]
    made_s: float
    made_cpu_s: float
    back_s: float
    back_cpu_s: float
    n_back: int
    n_tries: int
    n_messages: int
    n_heard: int
    n_expected: int
    n_gaps: int
    n_dropped: int
    why_dropped: str
    cpu: float
    cpu_quiet: float
    own_cpu: float


class Refresher:
    """Renews tokens over HTTP on a thread of its own, as desktops do beside their connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked: queue.SimpleQueue[Desk | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[Desk] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def ask(self, desk: Desk) -> None:
        """The next tokens of this person; comes back in ``done``."""
        self._asked.put(desk)

    def _work(self) -> None:
        while (desk := self._asked.get()) is not None:
            try:
                tokens = self._renew(desk)
            except PermissionError as error:
                print(f"   somebody was signed out: {error}", file=sys.stderr, flush=True)
            except (OSError, http.client.HTTPException) as error:
                print(f"   a token was not renewed, once more: {error}", file=sys.stderr, flush=True)
                self._asked.put(desk)
            else:
                desk.access, desk.refresh, desk.until_ms = tokens["access"], tokens["refresh"], tokens["until_ms"]
                self.done.put(desk)

    def _renew(self, desk: Desk) -> dict[str, Any]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=RENEWING_S)) as line:
            body = msgspec.json.encode({"refresh": desk.refresh})
            line.request("POST", "/api/v1/auth/refresh", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            said = answer.read()
            if answer.status == http.client.UNAUTHORIZED:
                raise PermissionError(said[:200].decode("utf-8", "replace"))
            if answer.status != http.client.OK:
                raise ConnectionError(f"{answer.status} {said[:200]!r}")
            return dict(msgspec.json.decode(said))


class Crowd:
    """All connections, on one epoll loop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        draw = random.Random(7)
        self.devices = [Device(number, job.desks[number % len(job.desks)], draw) for number in range(job.n_connections)]
        self.n_tries = 0
        self.why_dropped = ""
        self.failures: Counter[str] = Counter()  # why tries ended
        self._draw = draw
        self._poll = select.epoll()
        self._by_number: dict[int, Device] = {}
        self._writing: set[Device] = set()  # whose sockets tell when they take more
        self._waiting: dict[int, list[Device]] = {}  # by desk: who waits for its next token
        self._refresher = Refresher(job.port)
        now_s = time.monotonic()
        self._renewals = deque(sorted((now_s + draw.random() * RENEW_S, place) for place in range(len(job.desks))))
        self._plan: list[tuple[float, int, str]] = []  # when which active connection does what
        self._next = 0
        self._is_lively = False

    # Phases.

    def make(self) -> None:
        """Make all connections for the first time, some at a time."""
        to_come, under_way = deque(self.devices), set[Device]()
        while to_come or under_way:
            under_way = {device for device in under_way if not device.is_up}
            while to_come and len(under_way) < OPENING_MAX:
                device = to_come.popleft()
                under_way.add(device)
                self._do(device, device.core.want(_now_ms(), is_on=True))
            self.turn(0.02)

    def cut(self) -> None:
        """All lines at once."""
        now_ms = _now_ms()
        for device in self.devices:
            self._let_go(device)
            self._do(device, device.core.closed(1006, "cut", now_ms))

    def come_back(self) -> tuple[float, int]:
        """Until all are back: seconds, and how many are."""
        begun_s, self.n_tries = time.monotonic(), 0
        self.failures.clear()
        while (n_up := sum(device.is_up for device in self.devices)) < len(self.devices):
            if time.monotonic() > begun_s + BACK_S:
                break
            self.stand(0.1)
        for why, n in self.failures.most_common(5):
            print(f"   {n:,} tries: {why}", file=sys.stderr, flush=True)
        return time.monotonic() - begun_s, n_up

    def stand(self, seconds: float, each_s: Callable[[], None] | None = None) -> None:
        """Go on for a while; ``each_s`` is called once a second."""
        now_s = time.monotonic()
        end_s, second_s = now_s + seconds, now_s + 1
        while (now_s := time.monotonic()) < end_s:
            self.turn(min(0.02, end_s - now_s))
            if each_s is not None and time.monotonic() >= second_s:
                each_s()
                second_s += 1

    def be_lively(self) -> None:
        """People at work begin, spread over their usual time; at the second call they end."""
        self._is_lively = not self._is_lively
        now_s, most_s = time.monotonic(), 1.5 * self.job.pace_s
        names = range(self.job.n_active) if self._is_lively else ()
        self._plan = [(now_s + self._draw.random() * most_s, number, "type") for number in names]
        heapq.heapify(self._plan)

    # One turn of the loop.

    def turn(self, wait_s: float) -> None:
        """Read, write, and look at some of the alarms."""
        for number, _ in self._poll.poll(wait_s, 512):
            device = self._by_number.get(number)
            if device is not None:
                self._work(device)
        now_ms = _now_ms()
        for device in self.devices[self._next : self._next + SWEEP]:
            self._do(device, device.core.tick(now_ms))
        self._next = (self._next + SWEEP) % max(1, len(self.devices))
        while self._renewals and self._renewals[0][0] <= time.monotonic():
            due_s, place = self._renewals.popleft()
            self._refresher.ask(self.job.desks[place])
            self._renewals.append((due_s + RENEW_S, place))
        while not self._refresher.done.empty():
            self._renewed(self._refresher.done.get())
        now_s = time.monotonic()
        while self._plan and self._plan[0][0] <= now_s:
            _, number, deed = heapq.heappop(self._plan)
            self._act(self.devices[number], deed, now_s)

    def _work(self, device: Device) -> None:
        try:
            device.flush()
            self._do(device, device.read(_now_ms()))
            self._watch(device)
        except OSError as error:
            self._lost(device, str(error))

    def _watch(self, device: Device) -> None:
        if device.sock is not None and (device in self._writing) != bool(device.out):
            self._writing ^= {device}
            self._poll.modify(device.sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if device.out else 0))

    def _lost(self, device: Device, why: str) -> None:
        self.failures[device.said or why] += 1
        if device.was_up:
            device.n_dropped += 1
            self.why_dropped = device.said or why
        self._let_go(device)
        self._do(device, device.core.closed(1006, why, _now_ms()))

    def _let_go(self, device: Device) -> None:
        if device.sock is not None:
            self._by_number.pop(device.sock.fileno(), None)
        self._writing.discard(device)
        device.cut()

    def _do(self, device: Device, found: list[Action]) -> None:
        try:
            self._carry_out(device, found)
        except OSError as error:  # the line was gone before it was told
            self._lost(device, str(error))

    def _carry_out(self, device: Device, found: list[Action]) -> None:
        for one in found:
            match one:
                case Connect():
                    self._connect(device)
                case Disconnect():
                    self._lost(device, device.said or "hung up")
                case NeedToken():
                    self._need_token(device)
                case Send(message):
                    device.send(message)

    def _connect(self, device: Device) -> None:
        self.n_tries += 1
        try:
            device.connect(self.job.port)
        except OSError as error:
            self._lost(device, str(error))
            return
        assert device.sock is not None
        self._by_number[device.sock.fileno()] = device
        self._writing.add(device)
        self._poll.register(device.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _need_token(self, device: Device) -> None:
        desk = device.desk
        life_ms = desk.until_ms - time.time_ns() // 1_000_000
        if life_ms > 90_000:  # another connection of the same device has renewed it
            self._do(device, device.core.token(desk.access, _now_ms(), life_ms))
            return
        waiting = self._waiting.setdefault(id(desk), [])
        waiting.append(device)
        if len(waiting) == 1:
            self._refresher.ask(desk)

    def _renewed(self, desk: Desk) -> None:
        for device in self._waiting.pop(id(desk), ()):
            self._need_token(device)

    def _act(self, device: Device, deed: str, now_s: float) -> None:
        """One deed of a person at work, and when the next is due."""
        if device.is_up:
            try:
                {"type": device.type, "write": device.write, "see": device.see}[deed]()
            except OSError as error:
                self._lost(device, str(error))
        part, follows = {"type": (0.05, "write"), "write": (0.05, "see"), "see": (0.9, "type")}[deed]
        heapq.heappush(self._plan, (now_s + part * self.job.pace_s * self._draw.uniform(0.5, 1.5), device.number, follows))


class Samples:
    """The server's memory, once a second."""

    def __init__(self, crowd: Crowd) -> None:
        self.rss_kib: list[int] = []
        self._crowd = crowd
        self._tenth = max(1, round(crowd.job.seconds / TENTHS))

    def take(self) -> None:
        """One more; a line of progress every tenth."""
        self.rss_kib.append(rss_kib_of(self._crowd.job.pid))
        if len(self.rss_kib) % self._tenth == 0:
            n_up = sum(device.is_up for device in self._crowd.devices)
            said = f"{self.rss_kib[-1]:,} KiB, {n_up:,} stand {dict(self._crowd.failures.most_common(3)) or ''}"
            print(f"   {len(self.rss_kib):,} s: {said}", file=sys.stderr, flush=True)

    def tenths_kib(self) -> list[int]:
        """The median of each tenth of the time."""
        return [round(float(np.median(part))) for part in np.array_split(self.rss_kib, TENTHS) if len(part)]


def stand(job: Job) -> Stood:
    """The whole course."""
    rss_before_kib = rss_kib_of(job.pid)
    crowd = Crowd(job)
    begun_s, made_cpu_s = time.monotonic(), cpu_s_of(job.pid)
    crowd.make()
    made_s, made_cpu_s = time.monotonic() - begun_s, cpu_s_of(job.pid) - made_cpu_s
    print(f"   all stand after {made_s:.0f} s", file=sys.stderr, flush=True)
    crowd.stand(SETTLE_S)
    rss_made_kib, quiet_s = rss_kib_of(job.pid), cpu_s_of(job.pid)
    crowd.stand(SETTLE_S)
    cpu_quiet = (cpu_s_of(job.pid) - quiet_s) / SETTLE_S
    heard_before = sum(device.n_events for device in crowd.devices)
    crowd.be_lively()
    samples, cpu_s, own_s, begun_s = Samples(crowd), cpu_s_of(job.pid), own_cpu_s(), time.monotonic()
    crowd.stand(job.seconds, samples.take)
    wall_s = time.monotonic() - begun_s
    cpu, own_cpu = (cpu_s_of(job.pid) - cpu_s) / wall_s, (own_cpu_s() - own_s) / wall_s
    crowd.be_lively()
    crowd.stand(5.0)
    n_heard = sum(device.n_events for device in crowd.devices) - heard_before
    hearers = Counter(device.desk.room for device in crowd.devices)
    n_expected = sum(device.n_said * hearers[device.desk.room] for device in crowd.devices)
    why_dropped = crowd.why_dropped
    n_dropped, n_gaps = sum(device.n_dropped for device in crowd.devices), sum(device.n_gaps for device in crowd.devices)
    print("   now all lines are cut", file=sys.stderr, flush=True)
    back_cpu_s = cpu_s_of(job.pid)
    crowd.cut()
    back_s, n_back = crowd.come_back()
    back_cpu_s = cpu_s_of(job.pid) - back_cpu_s
    crowd.stand(SETTLE_S)
    return Stood(
        rss_before_kib=rss_before_kib,
        rss_made_kib=rss_made_kib,
        rss_back_kib=rss_kib_of(job.pid),
        tenths_kib=samples.tenths_kib(),
        made_s=made_s,
        made_cpu_s=made_cpu_s,
        back_s=back_s,
        back_cpu_s=back_cpu_s,
        n_back=n_back,
        n_tries=crowd.n_tries,
        n_messages=sum(device.n_said for device in crowd.devices),
        n_heard=n_heard,
        n_expected=n_expected,
        n_gaps=n_gaps,
        n_dropped=n_dropped,
        why_dropped=why_dropped,
        cpu=cpu,
        cpu_quiet=cpu_quiet,
        own_cpu=own_cpu,
    )


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def main() -> int:
    """One job from the input to the output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(stand(job)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
