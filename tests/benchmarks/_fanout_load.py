"""The load generator of the fan-out benchmark: an epoll loop on raw sockets that publishes at due times and decodes all it hears.

Run as ``python -m tests.benchmarks._fanout_load`` with a :class:`Job` as JSON on its input; prints a :class:`Heard` as JSON.
Open loop: what is due is published whether or not earlier events have come back, and lateness counts from the due time.
"""

import gc
import resource
import select
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from sync_server.protocol.events import Op
from tests.benchmarks._fanout_dialects import Dialect, Nats, PlainSocket, SocketIo, Trii
from tests.benchmarks._fanout_synapse import SynapseClient

READ_BYTES = 256 * 1024
LATE_S = 10.0  # how long after the last publication deliveries are waited for


class Job(msgspec.Struct, frozen=True):
    """What to do. ``pid`` of the server, whose CPU is counted · ``skip_s`` at the beginning that is not counted.

    ``tokens``: one a person · ``devices`` of the same · ``ops``: what is pushed, for ours · ``room``, for Synapse.
    """

    dialect: str
    port: int
    pid: int
    n_connections: int
    rate_per_s: float
    seconds: float
    skip_s: float = 1.0
    is_tls: bool = False
    tokens: list[str] = []
    devices: list[str] = []
    room: str = ""
    ops: list[Op] = []


class Heard(msgspec.Struct, frozen=True):
    """What came of it. CPU seconds are the server's, user and system, between the first counted due time and the last delivery."""

    n_published: int
    n_expected: int
    n_delivered: int
    cpu_s: float
    wall_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    own_cpu: float
    opened_per_s: float
    rss_before_kib: int
    rss_kib: int


def make_dialect(job: Job) -> Dialect:
    """The dialect of a job."""
    if job.dialect == "trii":
        return Trii(job.tokens, job.devices, job.ops, is_tls=job.is_tls)
    if job.dialect == "synapse":
        return SynapseClient(job.tokens, job.room)
    return {"plain": PlainSocket, "socketio": SocketIo, "nats": Nats}[job.dialect](is_tls=job.is_tls)


def cpu_s_of(pid: int) -> float:
    """User and system CPU seconds of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss_kib_of(pid: int) -> int:
    """Resident memory of a process in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


class Load:
    """N connections, one publisher among them, and what they hear."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.dialect = make_dialect(job)
        self.late_ns: list[int] = []
        self.n_delivered = 0
        self._count_from_ns = sys.maxsize  # nothing counts before the load begins
        begun_s = time.perf_counter()
        streams = [self.dialect.open(job.port, number) for number in range(job.n_connections)]
        self.opened_per_s = job.n_connections / (time.perf_counter() - begun_s)
        own = self.dialect.publisher(job.port)
        self._publisher = own or streams[0]
        self._streams = {stream.fileno(): (stream, bytearray()) for stream in (*streams, *([own] if own else ()))}
        self._poll = select.epoll()
        for number, (stream, _) in self._streams.items():
            stream.setblocking(False)
            self._poll.register(number, select.EPOLLIN)

    def run(self, rss_before_kib: int) -> Heard:
        """Publish and read until all has come or time is up."""
        job = self.job
        self.read_for(0.5)
        step_ns = round(1e9 / job.rate_per_s)
        start_ns = time.monotonic_ns() + 50_000_000
        n_total = round(job.rate_per_s * job.seconds)
        n_skipped = round(job.rate_per_s * job.skip_s)
        self._count_from_ns = start_ns + n_skipped * step_ns
        n_expected = (n_total - n_skipped) * job.n_connections
        cpu_s, own_s, begun_s, n_sent = cpu_s_of(job.pid), 0.0, 0.0, 0
        gc.disable()
        while n_sent < n_total:
            now_ns = time.monotonic_ns()
            while n_sent < n_total and start_ns + n_sent * step_ns <= now_ns:
                if n_sent == n_skipped:
                    cpu_s, own_s, begun_s = cpu_s_of(job.pid), own_cpu_s(), time.perf_counter()
                self._send(self.dialect.publish(start_ns + n_sent * step_ns))
                n_sent += 1
            self._read(max(0.0, (start_ns + n_sent * step_ns - time.monotonic_ns()) / 1e9))
        give_up_s = time.perf_counter() + LATE_S
        while self.n_delivered < n_expected and time.perf_counter() < give_up_s:
            self._read(0.05)
        wall_s = time.perf_counter() - begun_s
        late_ms = np.array(self.late_ns or [0]) / 1e6
        p50, p95, p99 = (float(value) for value in np.percentile(late_ms, (50, 95, 99)))
        return Heard(
            n_sent - n_skipped,
            n_expected,
            self.n_delivered,
            cpu_s_of(job.pid) - cpu_s,
            wall_s,
            p50,
            p95,
            p99,
            (own_cpu_s() - own_s) / wall_s,
            self.opened_per_s,
            rss_before_kib,
            rss_kib_of(job.pid),
        )

    def read_for(self, seconds: float) -> None:
        """Read what comes for a while."""
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            self._read(0.05)

    def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._publisher.send(data) :]
            except BlockingIOError:
                self._read(0.001)

    def _read(self, wait_s: float) -> None:
        parse, counted_ns = self.dialect.parse, self._count_from_ns
        for number, _ in self._poll.poll(wait_s, 64):
            stream, buffer = self._streams[number]
            try:
                piece = stream.recv(READ_BYTES)
            except BlockingIOError:
                continue
            if not piece:
                raise ConnectionError("The server closed a connection.")
            buffer += piece
            due = parse(buffer, stream)
            now_ns = time.monotonic_ns()
            for due_ns in due:
                if due_ns >= counted_ns:
                    self.late_ns.append(now_ns - due_ns)
                    self.n_delivered += 1


def own_cpu_s() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """One job from the input to the output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    rss_before_kib = rss_kib_of(job.pid)
    load = Load(job)
    heard = load.run(rss_before_kib)
    sys.stdout.buffer.write(msgspec.json.encode(heard))
    return 0


if __name__ == "__main__":
    sys.exit(main())
