"""Connections of the fan-out benchmark: plain sockets, and TLS 1.3 that is decrypted from whole pieces."""

import contextlib
import socket
import ssl
from typing import Final, Protocol

HANDSHAKE_S: Final = 20.0
_PIECE_BYTES: Final = 64 * 1024


class Stream(Protocol):
    """What the load needs of a socket."""

    def fileno(self) -> int:
        """Its number, to wait for."""
        ...

    def recv(self, n_bytes: int, /) -> bytes:
        """What has come, empty at the end. Raises BlockingIOError where nothing has."""
        ...

    def send(self, data: bytes, /) -> int:
        """How many bytes were taken. Raises BlockingIOError where none can be."""
        ...

    def sendall(self, data: bytes, /) -> None:
        """Send it all, waiting."""
        ...

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - as sockets have it
        """Whether it waits."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class TlsStream:
    """TLS over a connected socket: one read of the system however many records came. Certificates are not looked at."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._come, self._go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context().wrap_bio(self._come, self._go)
        self._unsent = b""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                sock.sendall(self._go.read())
                self._take_in(sock.recv(_PIECE_BYTES))
            else:
                break
        sock.sendall(self._go.read())

    def _take_in(self, piece: bytes) -> None:
        if not piece:
            raise ConnectionError("The server closed a connection during the TLS handshake.")
        self._come.write(piece)

    def fileno(self) -> int:
        """Of the socket below."""
        return self._sock.fileno()

    def recv(self, n_bytes: int, /) -> bytes:
        """All that has come and can be decrypted."""
        found: list[bytes] = []
        while not found:
            piece = self._sock.recv(n_bytes)
            if not piece:
                return b""
            self._come.write(piece)
            with contextlib.suppress(ssl.SSLWantReadError):
                while part := self._tls.read(n_bytes):
                    found.append(part)
        return b"".join(found)

    def send(self, data: bytes, /) -> int:
        """All of it: what the socket does not take at once goes with the next."""
        self._tls.write(data)
        self._unsent += self._go.read()
        with contextlib.suppress(BlockingIOError):
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        return len(data)

    def sendall(self, data: bytes, /) -> None:
        """Send it, waiting."""
        self._tls.write(data)
        self._sock.sendall(self._unsent + self._go.read())
        self._unsent = b""

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - as sockets have it
        """Whether it waits."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """End it, without a word."""
        self._sock.close()


def connect(port: int, buffer_bytes: int = 0) -> socket.socket:
    """A plain connection. ``buffer_bytes`` of the receiving end, 0: the system's. It is cut when it is closed."""
    sock = socket.socket()
    if buffer_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    sock.settimeout(HANDSHAKE_S)
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _context() -> ssl.SSLContext:
    if not _contexts:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        _contexts.append(made)
    return _contexts[0]


_contexts: list[ssl.SSLContext] = []
