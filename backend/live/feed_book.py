"""The feeds that a person has set up: kept in the ledger, their keys apart, checked before they are kept."""

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from backend.errors import InvalidInput, NotFound
from backend.market.feeds.config import FeedConfig, load_config, save_config
from backend.market.feeds.kinds import KINDS, FeedKind, kind_of
from backend.storage.credentials import Credentials, Secret
from backend.storage.ledger import Ledger

_SECURE = {"wss", "https"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class FeedBook:
    """Lives on the engine thread; ``changed`` is awaited with the name of a feed after each change."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, ledger: Ledger, credentials: Credentials) -> None:
        self._ledger = ledger
        self._credentials = credentials
        self.changed: Callable[[str], Awaitable[None]] | None = None

    def kinds(self) -> tuple[FeedKind, ...]:
        """Every kind of feed there is."""
        return tuple(KINDS.values())

    async def list(self) -> tuple[FeedConfig, ...]:
        """Every feed, in the order in which they were set up: the first that serves an instrument is asked for it."""
        rows = await self._ledger.read(lambda db: db.execute("SELECT body FROM feeds ORDER BY position").fetchall())
        return tuple(load_config(row[0]) for row in rows)

    async def get(self, name: str) -> FeedConfig:
        """One feed. Raises NotFound."""
        found = next((config for config in await self.list() if config.name == name), None)
        if found is None:
            raise NotFound(f"There is no feed {name!r}.", hint="List them with: trii feeds list", code="feed.unknown")
        return found

    async def secret_of(self, name: str) -> Secret:
        """Reads the keys of a feed. Raises Unavailable for a locked keyring."""
        return await self._credentials.reader(_owner(name))

    async def has_secrets(self, name: str) -> frozenset[str]:
        """The names of the keys that are there."""
        return frozenset(await self._credentials.names(_owner(name)))

    def check(self, config: FeedConfig) -> FeedConfig:
        """``config`` where a feed can be made of it. Raises InvalidInput."""
        kind = kind_of(config)
        checked = load_config(save_config(config))
        for url in (checked.stream_url, checked.rest_url):
            _check_url(url)
        kind.check(checked)
        return checked

    async def put(self, config: FeedConfig, secrets: Mapping[str, str] | None = None) -> FeedConfig:
        """Add a feed, or change the one of this name; ``secrets`` left out stay. Raises InvalidInput; then nothing has changed."""
        kind, checked = kind_of(config), self.check(config)
        given = {name: value.strip() for name, value in (secrets or {}).items() if value.strip()}
        for name in given:
            if name not in kind.secrets:
                raise InvalidInput(f"{kind.title} has no key called {name!r}.", hint=f"It needs: {', '.join(kind.secrets)}.")
        for name, value in given.items():
            await self._credentials.put(_owner(checked.name), name, value)
        query = """
            INSERT INTO feeds (name, position, body) VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM feeds), ?)
            ON CONFLICT (name) DO UPDATE SET body = excluded.body
        """
        await self._ledger.write(lambda db: db.execute(query, (checked.name, save_config(checked))))
        await self._tell(checked.name)
        return checked

    async def enable(self, name: str, is_on: bool) -> FeedConfig:  # noqa: FBT001 - a switch is what it sets
        """Turn a feed on or off. Raises NotFound."""
        return await self.put(msgspec.structs.replace(await self.get(name), is_on=is_on))

    async def remove(self, name: str) -> FeedConfig:
        """Forget a feed with its keys; what it recorded stays. Returned for undo, without keys. Raises NotFound."""
        config = await self.get(name)
        await self._ledger.write(lambda db: db.execute("DELETE FROM feeds WHERE name = ?", (name,)))
        await self._credentials.remove(_owner(name))
        await self._tell(name)
        return config

    async def _tell(self, name: str) -> None:
        if self.changed is not None:
            await self.changed(name)


def _owner(name: str) -> str:
    return f"feed/{name}"


def _check_url(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise InvalidInput("A feed's address has a name or password in it.", hint="Keys have fields of their own.", code="feed.url")
    is_plain = parts.scheme in {"ws", "http"} and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme in _SECURE or is_plain):
        raise InvalidInput(
            f"{url!r} cannot be the address of a feed.",
            hint="Use wss:// or https://; ws:// and http:// only on this machine (127.0.0.1).",
            code="feed.url",
        )
