"""The facade of chat: rooms, messages and files of every server, from the local mirror and usable without any connection."""

import contextlib
import re
from pathlib import Path
from typing import ClassVar, Final

from backend.chat.asking import Asker
from backend.chat.message import MemberRow
from backend.chat.parts import ChatParts
from backend.chat.reader import Reader
from backend.chat.refusals import Refusals
from backend.chat.room_rows import find_room_of_file
from backend.chat.strangers import Strangers
from backend.chat.upkeep import Upkeep, Usage
from backend.chat.writer import Writer
from backend.errors import NotFound
from backend.storage.durable import explain_os_error

_OPENED: Final = "opened"
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")


class Chat(Reader, Writer, Asker):
    """Everything that windows and commands do with messages; lives on the engine loop."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: ChatParts) -> None:
        Reader.__init__(self, parts)
        Writer.__init__(self, parts)
        self._strangers = Strangers(parts)
        self._refusals = Refusals(parts)
        self._upkeep = Upkeep(parts)
        parts.mirror.ears.extend((parts.presence, self._refusals, self._strangers))

    async def begin(self) -> None:
        """Connect, and keep history and files within their bounds: what a program that stays does."""
        self._forget_opened()
        await self._parts.team.begin()
        await self._refusals.begin()
        self._parts.tasks.start("upkeep of messages", self._upkeep.run())

    async def close(self) -> None:
        """Hang up; copies of files that were opened for other programs are removed."""
        self._parts.uploads.close()
        await self._parts.team.close()
        self._forget_opened()

    async def people(self, server: str) -> tuple[MemberRow, ...]:
        """Everybody of the organisation, by name; asked anew of the server now and then. Raises NotFound."""
        self._strangers.look_again(server)
        return await super().people(server)

    async def content(self, sha256: str) -> bytes:
        """A file of a message, fetched where it is not here and held against its hash. Raises TriiError."""
        await self._bring(sha256)
        return await self._parts.files.get(sha256)

    async def _bring(self, sha256: str) -> None:
        parts = self._parts
        if await parts.files.is_here(sha256):
            return
        room = await parts.words.read(lambda db: find_room_of_file(db, sha256))
        if not room:
            raise NotFound("No message here has this file any more.", code="chat.file_missing")
        await parts.uploads.bring(await parts.link_of(room), room, sha256)

    async def file(self, sha256: str, name: str = "") -> Path:
        """A plain copy of a file for another program to open; it is gone when this program ends. Raises TriiError."""
        await self._bring(sha256)
        ending = found[0].lower() if (found := _ENDING.search(name)) else ""
        folder = self._parts.home.run / _OPENED
        place = folder / f"{sha256[:32]}{ending}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            await self._parts.files.copy_to(sha256, place)
        except OSError as error:
            raise explain_os_error(error, "write a copy to open", place) from error
        return place

    async def usage(self) -> Usage:
        """What is kept here, and what may be."""
        return await self._upkeep.usage()

    async def tidy(self) -> Usage:
        """Remove now what is older or more than the settings allow; what is left."""
        await self._upkeep.tidy()
        return await self._upkeep.usage()

    def _forget_opened(self) -> None:
        folder = self._parts.home.run / _OPENED
        for path in folder.glob("*") if folder.is_dir() else ():
            with contextlib.suppress(OSError):  # another program holds it open; the next start tries again
                path.unlink()
