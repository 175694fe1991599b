"""A model fetched over the network: in pieces where the line breaks, never more than asked for, and only what it should be."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx
import msgspec

from backend import __version__
from backend.assistant.models.addresses import check_redirect, file_name, shown
from backend.assistant.models.answers import Held, Offer, OtherPiece, check_status, read_offer
from backend.assistant.models.files import BLOCK_BYTES, MAGIC, ModelFiles, Part, check_magic, gigabytes
from backend.assistant.models.work import Tally, run_on_thread
from backend.errors import InvalidInput, Unavailable
from backend.market.feeds.line_failures import host_of, is_loopback, words_of_network
from backend.storage.durable import remove_durably, write_durably
from backend.storage.faults import reach

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MAX: Final = 5
_RECORD: Final = ".json"


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """How patient a download is.

    n_tries : breaks one after the other without a byte between them before it gives up
    pause_s : before the second try; doubles each time up to ``pause_s_max``, which is also the longest that a server may ask for
    open_s, read_s : to connect, and for the next bytes
    n_bytes_max : more than any model has
    """

    n_tries: int = 6
    pause_s: float = 1.0
    pause_s_max: float = 60.0
    open_s: float = 15.0
    read_s: float = 30.0
    n_bytes_max: int = 1 << 41
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class _Record(msgspec.Struct, frozen=True):
    """What is written beside a part: which file it is of, by the server's own mark, and how much of it is durable."""

    mark: str
    n_total: int
    n_durable: int


class _Broken(Exception):
    """An attempt ended early; another one may go on."""

    def __init__(self, words: str, retry_after_s: float | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.retry_after_s = retry_after_s


class Download:
    """One file from one address into a part. ``sha256`` is what it must have, empty where nobody knows."""

    def __init__(self, url: str, sha256: str, files: ModelFiles, rules: DownloadRules) -> None:
        self._url = url
        self._sha256 = sha256
        self._files = files
        self._rules = rules
        self._path = files.part_path(f"download {url} {sha256}")
        self._held = Held()
        self._was_resumed = self._has_begun_again = False

    async def run(self, tally: Tally) -> Part:
        """The whole part, durable, checked against the hash. What came stays when it is cut short, but for a wrong file.

        Raises InvalidInput for what is no model or has another hash, NotFound, Unavailable for the network and the disk.
        """
        part = Part(self._path)
        tally.say("Looks at what is here already.")
        self._held = await run_on_thread(partial(self._take_up, part))
        self._was_resumed = part.n_bytes > 0
        tally.count(part.n_bytes, self._held.n_total)
        try:
            await self._fetch_all(part, tally)
            await self._check_hash(part, tally)
            await run_on_thread(lambda _stop: self._save(part))
        except InvalidInput:
            await run_on_thread(lambda _stop: self._drop(part))
            raise
        except BaseException as e:
            is_endless = isinstance(e, Unavailable) and e.code == "disk.full" and not self._held.n_total
            await run_on_thread(lambda _stop: self._drop(part) if is_endless else self._put_down(part))
            raise
        return part

    def forget(self) -> None:
        """Delete what came so far. Blocks on the disk."""
        self._drop(Part(self._path))

    def count_kept(self) -> int:
        """Bytes that came so far and are durable. Blocks on the disk."""
        with contextlib.suppress(OSError):
            return min(self._path.stat().st_size, self._load_record().n_durable)
        return 0

    # --- tries --------------------------------------------------------------------------------------------------------

    async def _fetch_all(self, part: Part, tally: Tally) -> None:
        n_failed = 0
        async with await self._client() as client:
            while True:
                before = part.n_bytes
                try:
                    await self._fetch_rest(client, part, tally)
                except _Broken as e:
                    n_failed = 1 if part.n_bytes > before else n_failed + 1
                    await self._pause(e, n_failed, tally)
                except OtherPiece as e:
                    await self._begin_again(part, e)
                else:
                    return

    async def _pause(self, broken: _Broken, n_failed: int, tally: Tally) -> None:
        """Wait before another try. Raises Unavailable where none is left."""
        wait_s = self._rules.pause_s * 2 ** (n_failed - 1)
        asked_s = broken.retry_after_s or 0.0
        if n_failed >= self._rules.n_tries or asked_s > self._rules.pause_s_max:
            raise Unavailable(
                broken.words,
                hint="What came is kept: start it again and it goes on from there.",
                code="model.network",
                retry_after_s=broken.retry_after_s,
            )
        tally.say(f"{broken.words} It is tried again.")
        await self._rules.sleep(min(max(wait_s, asked_s), self._rules.pause_s_max))

    async def _fetch_rest(self, client: httpx.AsyncClient, part: Part, tally: Tally) -> None:
        """Ask for what is missing and take it. Raises _Broken where the line does, TriiError where another try makes no sense."""
        if self._held.n_total and part.n_bytes == self._held.n_total:
            return
        if part.n_bytes and not (self._held.mark or self._sha256):  # nothing could tell whether the rest belongs to it
            await run_on_thread(lambda _stop: part.restart())
        try:
            async with self._answer(client, self._headers(part)) as answer:
                offer = read_offer(answer, self._held, part.n_bytes)
                if offer is not None:
                    await self._begin(offer, part)
                    await self._take(answer, part, tally)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as e:
            raise _Broken(words_of_network(_cause(e), host_of(self._url))) from e
        if part.n_bytes < self._held.n_total:
            done, whole = gigabytes(part.n_bytes), gigabytes(self._held.n_total)
            raise _Broken(f"{host_of(self._url)} ended the line after {done} of {whole}.")
        self._held = Held(self._held.mark, part.n_bytes)

    @contextlib.asynccontextmanager
    async def _answer(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer at the end of redirects, each of them checked."""
        url = self._url
        for _ in range(_REDIRECTS_MAX + 1):
            async with client.stream("GET", url, headers=headers) as answer:
                if answer.status_code not in _REDIRECTS:
                    if failed := check_status(answer, host_of(url)):
                        raise _Broken(failed.words, failed.retry_after_s)
                    yield answer
                    return
                url = check_redirect(url, answer.headers.get("Location", ""))
        raise InvalidInput(
            f"{host_of(self._url)} sends us on more than {_REDIRECTS_MAX} times.",
            hint="Give another address.",
            code="model.redirect",
        )

    async def _begin(self, offer: Offer, part: Part) -> None:
        """Be ready for what comes: the rest, or all of it again."""
        if offer.n_from != part.n_bytes:
            await run_on_thread(lambda _stop: part.restart())
        self._held = offer.held
        n_more = offer.held.n_total - part.n_bytes
        if offer.held.n_total > self._rules.n_bytes_max:
            raise self._too_large()
        await run_on_thread(lambda _stop: self._files.check_room(max(n_more, 0)))
        await run_on_thread(lambda _stop: self._save_record(part.n_bytes))

    async def _take(self, answer: httpx.Response, part: Part, tally: Tally) -> None:
        """Write what comes, a block at a time, each checked as far as it can be. What came before a break is written too."""
        waiting = bytearray()
        try:
            async for chunk in answer.aiter_raw():
                waiting += chunk
                if not part.n_bytes and len(waiting) >= len(MAGIC):
                    check_magic(bytes(waiting[: len(MAGIC)]), file_name(self._url))
                if part.n_bytes + len(waiting) > (self._held.n_total or self._rules.n_bytes_max):
                    raise self._too_large()
                if len(waiting) >= BLOCK_BYTES:
                    await self._write(part, bytes(waiting), tally)
                    waiting.clear()
        except httpx.HTTPError:
            if part.n_bytes or len(waiting) >= len(MAGIC):
                await self._write(part, bytes(waiting), tally)
            raise
        if not part.n_bytes:
            check_magic(bytes(waiting[: len(MAGIC)]), file_name(self._url))
        await self._write(part, bytes(waiting), tally)

    async def _write(self, part: Part, block: bytes, tally: Tally) -> None:
        await run_on_thread(lambda _stop: self._append(part, block))
        tally.count(part.n_bytes, self._held.n_total)

    # --- on worker threads --------------------------------------------------------------------------------------------

    def _append(self, part: Part, block: bytes) -> None:
        if part.write(block):
            self._save_record(part.n_bytes)
            self._files.check_room(0)
        reach("model.part_written")

    def _take_up(self, part: Part, stop: threading.Event) -> Held:
        """Open the part; what was not durable when the process ended is fetched again."""
        record = self._load_record()
        part.open(record.n_durable, stop)
        return Held(record.mark, record.n_total) if part.n_bytes else Held()

    def _put_down(self, part: Part) -> None:
        """Make what came durable, so that the next try goes on from there."""
        with contextlib.suppress(Unavailable):  # a full disk was told; less is durable then
            self._save(part)
        part.close()

    def _save(self, part: Part) -> None:
        part.sync()
        self._save_record(part.n_bytes)

    def _drop(self, part: Part) -> None:
        part.drop()
        remove_durably(self._path.with_suffix(_RECORD))

    def _load_record(self) -> _Record:
        try:
            return msgspec.json.decode(self._path.with_suffix(_RECORD).read_bytes(), type=_Record)
        except (OSError, msgspec.DecodeError):
            return _Record("", 0, 0)

    def _save_record(self, n_durable: int) -> None:
        record = _Record(self._held.mark, self._held.n_total, n_durable)
        write_durably(self._path.with_suffix(_RECORD), msgspec.json.encode(record))

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _check_hash(self, part: Part, tally: Tally) -> None:
        """Hold the file against the hash that was given; a part that was taken up again may be of another file, so once more."""
        if not self._sha256 or part.sha256 == self._sha256:
            return
        if self._was_resumed:
            await self._begin_again(part)
            await self._fetch_all(part, tally)
            if part.sha256 == self._sha256:
                return
        raise InvalidInput(
            f"{shown(self._url)} has the SHA-256 {part.sha256}, not the one given; it was deleted.",
            hint="Compare the hash with the one that the model's publisher states.",
            code="model.hash",
        )

    async def _begin_again(self, part: Part, other: OtherPiece | None = None) -> None:
        """Fetch all of it once more, where what there is may be of another file; a second time that is refused."""
        if other is not None and self._has_begun_again:
            raise InvalidInput(f"{other}", hint="Give another address.", code="model.range")
        self._was_resumed, self._has_begun_again, self._held = False, True, Held()
        await run_on_thread(lambda _stop: part.restart())

    def _headers(self, part: Part) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"trii/{__version__}"}
        if part.n_bytes:
            headers["Range"] = f"bytes={part.n_bytes}-"
            if self._held.mark:
                headers["If-Range"] = self._held.mark
        return headers

    async def _client(self) -> httpx.AsyncClient:
        """Reading the certificates takes 20 ms, which no loop should wait for."""
        timeout = httpx.Timeout(self._rules.read_s, connect=self._rules.open_s)
        knows_proxies = not is_loopback(host_of(self._url))
        try:
            return await asyncio.to_thread(httpx.AsyncClient, timeout=timeout, follow_redirects=False, trust_env=knows_proxies)
        except (ImportError, ValueError) as e:
            raise Unavailable(
                "This system's settings name a proxy that cannot be used.", hint="Look at HTTPS_PROXY.", code="model.network"
            ) from e

    def _too_large(self) -> InvalidInput:
        return InvalidInput(
            f"{host_of(self._url)} sends more than it said or than any model has.",
            hint="It was refused and deleted; give another address.",
            code="model.size",
        )


def _cause(error: BaseException) -> BaseException:
    """The error of the system at the bottom of what the library raised, where there is one."""
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError()
    found, seen = error, error.__cause__ or error.__context__
    while seen is not None:
        if isinstance(seen, BaseExceptionGroup):  # of the addresses that were tried
            seen = seen.exceptions[0]
        if isinstance(seen, OSError):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
