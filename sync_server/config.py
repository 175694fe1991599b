"""How one server is set up: where its data lies, where it listens, and what it tells others of itself."""

import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sync_server.errors import Refused
from sync_server.protocol.codes import Code

PORT: Final = 8443
_ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
_ROUTED: Final = ("192.0.2.1", 9)  # an address of documentation: the system says by which of its own it would go there


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that may be said at the start; ``data`` alone has to be.

    database : "" for SQLite in ``data``, or postgresql://…
    is_plain : no TLS, for a server behind a proxy on the same machine
    public_url : how others reach it, where that is not by ``host`` and ``port``
    origins : web pages that may connect
    retry_ms : when devices come back after a restart, at random between the two
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = PORT
    database: str = ""
    is_plain: bool = False
    public_url: str = ""
    origins: tuple[str, ...] = ()
    node: str = "one"
    org: str = "Team"
    retry_ms: tuple[int, int] = (1_000, 15_000)
    has_limits: bool = True

    @property
    def database_url(self) -> str:
        """The address of the database."""
        return self.database or f"sqlite:///{self.data.resolve() / 'sync.db'}"

    def url(self, port: int) -> str:
        """How others reach the server when it listens on ``port``."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = own_address() if self.host in _ANYWHERE else self.host
        return f"{'http' if self.is_plain else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"

    def names(self) -> tuple[str, ...]:
        """Host names and addresses that the certificate is for."""
        public = urlsplit(self.public_url).hostname or ""
        host = own_address() if self.host in _ANYWHERE else self.host
        return tuple(dict.fromkeys(name for name in ("localhost", "127.0.0.1", "::1", host, public) if name))


def check_config(config: Config) -> Config:
    """The same config. Raises Refused for a port that is none, or an address others could not use."""
    if not 0 <= config.port <= 65_535:
        raise Refused(Code.BAD_BODY, f"{config.port} is no port.", hint="Say one from 0 to 65535; 0 takes a free one.")
    if config.public_url:
        parts = urlsplit(config.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused(Code.BAD_BODY, f"{config.public_url!r} is no address.", hint="Say one such as https://sync.example.com.")
    return config


def own_address() -> str:
    """The address by which other machines of the network reach this one; the machine's name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ROUTED)  # of a datagram socket: nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
