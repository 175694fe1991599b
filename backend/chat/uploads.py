"""Messages with files on their way: the files first, then the message, each in its turn, also after a restart.

A server that was restored gets the files of one's own messages anew, after the messages themselves.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec

from backend.bus import Bus
from backend.chat.attachments import Attachments
from backend.chat.outbox_rows import Staged, drop_offer, load_offers, load_staged, write_staged
from backend.errors import NotFound, TriiError, Unavailable
from backend.events import MessagesChanged, RoomsChanged, ServersChanged
from backend.storage.ledger import Ledger
from backend.sync.file_calls import FileMove, fetch, upload
from backend.sync.keeping import Unstage
from backend.sync.link import Link
from backend.sync.team import Team
from backend.tasks import TaskOwner
from sync_server.protocol.bodies import File, MsgCreate
from sync_server.protocol.events import Kind

log = logging.getLogger(__name__)

PATIENCE_S: Final = (1.0, 60.0)


class Uploads:
    """Moves files between this computer and servers."""

    def __init__(self, team: Team, words: Ledger, files: Attachments, bus: Bus, tasks: TaskOwner) -> None:
        self._team = team
        self._words = words
        self._files = files
        self._bus = bus
        self._tasks = tasks
        self._moving: dict[str, float] = {}
        self._working: dict[str, asyncio.Event] = {}
        self._fetching: dict[str, asyncio.Task[TriiError | None]] = {}
        self._held: set[str] = set()  # servers with messages to rooms that they do not know yet
        self._listening = (bus.subscribe(ServersChanged, self._look), bus.subscribe(RoomsChanged, self._look_at_rooms))

    def close(self) -> None:
        """Hear no more of servers."""
        for listening in self._listening:
            listening.close()

    def progress(self, sha256: str) -> float:
        """How far a file is on its way, 0 to 1; -1 where it does not move."""
        return self._moving.get(sha256, -1.0)

    def wake(self, server: str) -> None:
        """There is something to send to a server."""
        if self._tasks.is_closed:
            return
        if server in self._working:
            self._working[server].set()
            return
        self._working[server] = asyncio.Event()
        self._tasks.start("uploads", self._work(server))

    async def bring(self, link: Link, room: str, sha256: str) -> None:
        """Fetch a file, from where an earlier try broke off; asked for twice it is fetched once. Raises TriiError."""
        if sha256 not in self._fetching:
            self._fetching[sha256] = self._tasks.start("fetching a file", self._fetch(link, room, sha256))
        why_not = await asyncio.shield(self._fetching[sha256])
        if why_not is not None:
            raise why_not

    async def _fetch(self, link: Link, room: str, sha256: str) -> TriiError | None:
        """Nothing, or why it cannot be had now: for whoever still waits, and no failure of the task."""
        try:
            part = await self._files.part(sha256)
            while part.sha256 != sha256:
                n_before = part.n_bytes
                try:
                    await link.call(lambda api, access: fetch(api, access, part, partial(self._tell, room, sha256)))
                    break
                except Unavailable:
                    if part.n_bytes <= n_before:  # a line that breaks often still brings it, as long as it brings something
                        raise
            await self._files.keep(part)
        except TriiError as error:
            return error
        else:
            return None
        finally:
            del self._fetching[sha256]
            self._moving.pop(sha256, None)
            self._bus.publish(MessagesChanged(room))

    def _look(self, _: ServersChanged) -> None:
        for link in self._team.links():
            if link.is_live:
                self.wake(link.account.id)

    def _look_at_rooms(self, event: RoomsChanged) -> None:
        if event.server in self._held:
            self.wake(event.server)

    async def _work(self, server: str) -> None:
        """Send what is staged for a server, until nothing is left or it cannot be reached."""
        patience_s = PATIENCE_S[0]
        try:
            while True:
                self._working[server].clear()
                link = await self._team.link_to(server)
                staged, offers, n_held = await self._words.read(lambda db: _ready(db, server))
                (self._held.add if n_held else self._held.discard)(server)
                if not (staged or offers) or not link.is_live:
                    if self._working[server].is_set():
                        continue
                    return
                try:
                    await self._send_all(link, staged)
                    await self._offer_all(link, offers)
                    patience_s = PATIENCE_S[0]
                except Unavailable:
                    await asyncio.sleep(patience_s)
                    patience_s = min(2 * patience_s, PATIENCE_S[1])
        except NotFound:
            return  # the server was left meanwhile, with all that was staged for it
        finally:
            del self._working[server]

    async def _send_all(self, link: Link, staged: Sequence[Staged]) -> None:
        for one in staged:
            body = msgspec.json.decode(one.body, type=MsgCreate)
            try:
                for file in body.files:
                    await self._send_file(link, one.room, file)
                await link.line.submit(one.room, body, Kind.MSG_CREATE, (Unstage(one.id),))
            except Unavailable:
                raise
            except (TriiError, ValueError) as error:
                await self._refuse(one, error.message if isinstance(error, TriiError) else str(error))

    async def _offer_all(self, link: Link, offers: Sequence[tuple[str, File]]) -> None:
        """Give a restored server the files of messages that it was sent anew; one that cannot be given any more is let go."""
        server = link.account.id
        for room, file in offers:
            try:
                await self._send_file(link, room, file)
            except Unavailable:
                raise
            except TriiError as error:
                log.info("The file %s is not given to %s again: %s", file.sha256[:12], link.account.name, error.message)
            await self._words.write(partial(drop_offer, server=server, room=room, sha256=file.sha256))

    async def _send_file(self, link: Link, room: str, file: File) -> None:
        content = await self._files.get(file.sha256)
        told = partial(self._tell, room, file.sha256)
        try:
            await link.call(lambda api, access: upload(api, access, FileMove(room, file, content), told))
        finally:
            self._moving.pop(file.sha256, None)

    async def _refuse(self, staged: Staged, why: str) -> None:
        def work(db: Any) -> None:
            if any(one.id == staged.id for one in load_staged(db, staged.server)):
                write_staged(db, replace(staged, why=why))

        await self._words.write(work)
        self._bus.publish(MessagesChanged(staged.room, 0, (staged.id,)))

    def _tell(self, room: str, sha256: str, progress: float) -> None:
        before = self._moving.get(sha256, -1.0)
        self._moving[sha256] = progress
        if int(20 * before) != int(20 * progress):
            self._bus.publish(MessagesChanged(room))


def _ready(db: Any, server: str) -> tuple[list[Staged], list[tuple[str, File]], int]:
    """Messages whose room the server knows, files of rooms that it has again, and how many of both wait for theirs."""
    new = db.execute("SELECT room FROM chat_outbox WHERE server = ? AND k = 'room.create' AND s = 0 AND code = ''", (server,))
    rooms = {room for (room,) in new.fetchall()}
    staged = [one for one in load_staged(db, server) if not one.why]
    ready = [one for one in staged if one.room not in rooms]
    lost = db.execute("SELECT room FROM chat_outbox WHERE server = ? AND rec AND s = 0 AND code = ''", (server,))
    rooms |= {room for (room,) in lost.fetchall()}
    offers = load_offers(db, server)
    due = [offer for offer in offers if offer[0] not in rooms]
    return ready, due, len(staged) - len(ready) + len(offers) - len(due)
