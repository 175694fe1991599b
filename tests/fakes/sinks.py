"""Servers on loopback that receive messages: an HTTP sink that answers as told, and a mail server."""

import datetime as dt
import http.server
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Answer:
    """What an HTTP sink answers; ``hangs`` keeps the connection silent until the sink closes."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    n_bytes: int = 0
    breaks: bool = False


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


class HttpSink:
    """Keeps what it receives; ``answers`` are given in turn, the last again and again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = [Answer()]
        self.closing = threading.Event()
        self.port = 0
        self.n_bytes_answered = 0

    def address(self, path: str = "hook") -> str:
        """The sink as an address of a channel."""
        return f"json://127.0.0.1:{self.port}/{path}"

    def next_answer(self) -> Answer:
        """The answer to the next request."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left early is no error of the sink."""


@contextmanager
def http_sink(tls: ssl.SSLContext | None = None) -> Iterator[HttpSink]:
    """Run an HTTP sink, behind TLS where a context is given."""
    sink = HttpSink()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.received.append(Received(self.command, self.path, dict(self.headers), body))
            answer = sink.next_answer()
            if answer.hangs:
                sink.closing.wait(30)
                self.close_connection = True
                return
            if answer.breaks:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(answer.n_bytes or len(answer.body)))
            self.end_headers()
            self._write(answer)

        def do_GET(self) -> None:
            self.do_POST()

        def _write(self, answer: Answer) -> None:
            self.wfile.write(answer.body if not answer.n_bytes else b"")
            left = answer.n_bytes
            while left > 0 and not sink.closing.is_set():
                sink.n_bytes_answered += self.wfile.write(b"x" * min(left, 65_536))
                left -= 65_536
            self.close_connection = bool(answer.n_bytes)

    server = _Server(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mail:
    """One message as a mail server received it."""

    sender: str
    recipients: list[str]
    content: bytes


class MailSink:
    """Keeps what it receives; ``replies`` are given to messages in turn, then they are accepted."""

    def __init__(self) -> None:
        self.received: list[Mail] = []
        self.replies: list[str] = []
        self.port = 0

    def address(self, credentials: str = "", *, options: str = "") -> str:
        """The sink as an address of a channel."""
        before = f"{credentials}@" if credentials else ""
        route = f"smtp=127.0.0.1&from=trii@example.org&to=ann@example.org{options}"
        return f"mailto://{before}example.org:{self.port}?{route}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep a message, or refuse it."""
        if self.replies:
            return self.replies.pop(0)
        self.received.append(Mail(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 Taken"


@contextmanager
def mail_sink(check: Callable[[str, str], bool] | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[MailSink]:
    """Run a mail server; with ``check`` it asks for user and password, with ``tls`` it offers STARTTLS."""
    sink = MailSink()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and check is not None and check(given.login.decode(), given.password.decode())
        return AuthResult(success=is_right, handled=False)

    options: dict[str, Any] = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False} if check else {}
    options |= {"tls_context": tls, "require_starttls": True} if tls else {}
    controller = Controller(sink, hostname="127.0.0.1", port=_free_port(), **options)
    sink.port = controller.port
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def self_signed(folder: Path) -> ssl.SSLContext:
    """What a server needs for TLS with a certificate that nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
