"""Synapse, the Matrix server, in fan-out: an environment of its own, people by its shared secret, clients on ``/sync``."""

import contextlib
import hashlib
import hmac
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httptools
import httpx
import msgspec

from tests.benchmarks._fanout_dialects import payload
from tests.benchmarks._fanout_peers import Peer, free_port, left_out, running
from tests.benchmarks._fanout_streams import Stream, connect
from tests.benchmarks._peers import peer_python

PACKAGE: Final = "matrix-synapse==1.163.2"
SECRET: Final = "bench"  # of a server on loopback that lives for a minute
POLL_MS: Final = 30_000
UNLIMITED: Final = {"per_second": 100_000, "burst_count": 100_000}
API: Final = "/_matrix/client/v3"
_NONE: Final = {"not_types": ["*"]}
_WANTED: Final = {  # messages and nothing else, so that as little as may be is made
    "presence": _NONE,
    "account_data": _NONE,
    "room": {
        "timeline": {"types": ["m.room.message"], "limit": 500},
        "state": _NONE,
        "ephemeral": _NONE,
        "account_data": _NONE,
    },
}


def settings(folder: Path, port: int) -> dict[str, Any]:
    """A server as it comes, on SQLite, without limits of speed, presence and other servers."""
    listener = {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "tls": False, "x_forwarded": False}
    login = {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED}
    return {
        "server_name": "bench",
        "pid_file": str(folder / "pid"),
        "listeners": [listener | {"resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
        "registration_shared_secret": SECRET,
        "macaroon_secret_key": SECRET,
        "form_secret": SECRET,
        "report_stats": False,
        "trusted_key_servers": [],
        "use_presence": False,
        "bcrypt_rounds": 4,
        "rc_message": UNLIMITED,
        "rc_registration": UNLIMITED,
        "rc_login": login,
        "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
        "rc_joins_per_room": UNLIMITED,
    }


@contextlib.contextmanager
def synapse_peer(n_people: int) -> Iterator[Peer | None]:
    """A server with one room of ``n_people``; None, with the reason printed, where it cannot be had."""
    python = peer_python("synapse", PACKAGE)
    if python is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "log.yaml").write_text(json.dumps({"version": 1, "root": {"level": "ERROR"}}), "utf-8")
        (folder / "homeserver.yaml").write_text(json.dumps(settings(folder, port)), "utf-8")  # JSON is YAML too
        command = [str(python), "-m", "synapse.app.homeserver", "--config-path", str(folder / "homeserver.yaml")]
        try:
            subprocess.run([*command, "--generate-keys"], cwd=folder, capture_output=True, check=True)
            with running(command, port, folder) as process:
                tokens, room = settle(port, n_people)
                yield Peer("Synapse", "synapse", port, process.pid, tuple(tokens), room)
        except (OSError, RuntimeError, subprocess.CalledProcessError, httpx.HTTPError) as error:
            left_out("Synapse", str(error))
            yield None


def settle(port: int, n_people: int) -> tuple[list[str], str]:
    """Register people and let them all join one room: their tokens, and the room."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        tokens = [_register(client, f"p{at}") for at in range(n_people)]
        headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
        made = client.post(f"{API}/createRoom", json={"preset": "public_chat"}, headers=headers[0]).raise_for_status()
        room = str(made.json()["room_id"])
        for one in headers[1:]:
            client.post(f"{API}/join/{quote(room)}", json={}, headers=one).raise_for_status()
    return tokens, room


def _register(client: httpx.Client, name: str) -> str:
    path = "/_synapse/admin/v1/register"
    nonce = client.get(path).raise_for_status().json()["nonce"]
    proof = hmac.new(SECRET.encode(), b"\0".join((nonce.encode(), name.encode(), b"pass", b"notadmin")), hashlib.sha1).hexdigest()
    said = {"nonce": nonce, "username": name, "password": "pass", "admin": False, "mac": proof}
    return str(client.post(path, json=said).raise_for_status().json()["access_token"])


class _Answers:
    """What comes back on one connection: bodies, one after another."""

    def __init__(self, ask: str) -> None:
        self.ask = ask
        self.bodies: list[bytes] = []
        self.parser = httptools.HttpResponseParser(self)
        self._body = bytearray()

    def on_body(self, body: bytes) -> None:
        """A piece."""
        self._body += body

    def on_message_complete(self) -> None:
        """The whole."""
        status = self.parser.get_status_code()
        if status != 200:
            raise ConnectionError(f"Synapse answered {status}: {bytes(self._body[:200])!r}")
        self.bodies.append(bytes(self._body))
        self._body.clear()


class SynapseClient:
    """Long polls of ``/sync``, one person a connection, each asked again once answered; messages go over a line beside them."""

    def __init__(self, tokens: list[str], room: str) -> None:
        self._tokens = tokens
        self._room = room
        self._answers: dict[int, _Answers] = {}
        self._numbers = itertools.count(time.monotonic_ns())
        self._filter = quote(json.dumps(_WANTED, separators=(",", ":")))

    def open(self, port: int, number: int) -> Stream:
        """A connection that was told where things stand and waits for what comes."""
        stream = connect(port)
        answers = _Answers(f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {self._tokens[number]}\r\n")
        stream.sendall(self._poll(answers.ask, "", 0))
        while not answers.bodies:
            answers.parser.feed_data(stream.recv(65_536))
        self._answers[stream.fileno()] = answers
        stream.sendall(self._poll(answers.ask, _since(answers.bodies.pop()), POLL_MS))
        return stream

    def publisher(self, port: int) -> Stream | None:
        """A line of the first person that waits for nothing."""
        stream = connect(port)
        self._answers[stream.fileno()] = _Answers(f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {self._tokens[0]}\r\n")
        self._publishing = stream.fileno()
        return stream

    def publish(self, due_ns: int) -> bytes:
        """The next, whether or not the last was answered: the server takes them in turn."""
        body = json.dumps({"msgtype": "m.text", "body": payload(due_ns)})
        path = f"{API}/rooms/{quote(self._room)}/send/m.room.message/{next(self._numbers)}"
        ask = self._answers[self._publishing].ask
        return f"PUT {path} HTTP/1.1\r\n{ask}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        """Messages of whole answers; asks again."""
        answers, found = self._answers[stream.fileno()], []
        answers.parser.feed_data(bytes(data))
        data.clear()
        bodies, answers.bodies = answers.bodies, []
        for body in bodies if stream.fileno() != self._publishing else ():
            stream.send(self._poll(answers.ask, _since(body), POLL_MS))
            found += [int(event["content"]["body"][:20]) for event in self._messages(body)]
        return found

    def _messages(self, body: bytes) -> list[dict[str, Any]]:
        timeline = msgspec.json.decode(body).get("rooms", {}).get("join", {}).get(self._room, {}).get("timeline", {})
        if timeline.get("limited"):
            raise ConnectionError("Synapse left messages out.")
        return list(timeline.get("events", ()))

    def _poll(self, ask: str, since: str, wait_ms: int) -> bytes:
        place = f"&since={quote(since)}" if since else ""
        return f"GET {API}/sync?filter={self._filter}&timeout={wait_ms}{place} HTTP/1.1\r\n{ask}\r\n".encode()


def _since(body: bytes) -> str:
    return str(msgspec.json.decode(body)["next_batch"])
