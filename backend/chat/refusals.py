"""What the server refused: words stay where they were written, with the reason; everything else is told and given up.

Words whose file the server does not have, because a restore or its disk lost it, wait for the upload again by themselves.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from backend.chat.outbox_rows import Waiting, load_refused
from backend.chat.parts import ChatParts
from backend.chat.why import words_of
from backend.chat.writer import drop_refused, lacks_file, stage_again
from backend.errors import TriiError
from backend.events import Level, Notice, notice_of
from sync_server.protocol.actions import Heard
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind

_WORDS: Final = (Kind.MSG_CREATE, Kind.MSG_EDIT)
_WHAT: Final[dict[str, str]] = {
    Kind.MSG_DELETE: "A deletion",
    Kind.REACT_SET: "A reaction",
    Kind.PIN_SET: "Pinning a message",
    Kind.ERASE: "An erasure",
    Kind.ROOM_CREATE: "A new room",
    Kind.ROOM_EDIT: "A change of a room",
    Kind.MEMBER_SET: "A change of a room's people",
}


class Refusals:
    """Listens to the mirror."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts
        self._staged: set[tuple[str, str]] = set()

    async def begin(self) -> None:
        """Give up what was refused before the program ended last."""
        for link in self._parts.team.links():
            server = link.account.id
            kept = await self._parts.words.read(partial(_refused, server))
            await self._give_up(server, [one for one in kept if one.op.k not in _WORDS])
            await self._stage_again(server, [one for one in kept if lacks_file(one)])

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """The server will never enter these."""
        rest = [one for one in ops if one.op.k not in _WORDS]
        if rest and not self._parts.tasks.is_closed:
            self._parts.tasks.start("refused changes", self._give_up(server, rest))
        lacking = [one for one in ops if lacks_file(one) and _key(one) not in self._staged]
        if lacking and not self._parts.tasks.is_closed:
            self._parts.tasks.start("files to be sent again", self._stage_again(server, lacking))

    def heard(self, server: str, heard: Heard) -> None:
        """Nothing to tell."""

    def went_offline(self, server: str) -> None:
        """Nothing to tell."""

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:
        """Nothing to tell."""

    async def _stage_again(self, server: str, ops: Sequence[Waiting]) -> None:
        """Send files that the server lost or never had, then the messages; a message it refuses once more stays refused."""
        self._staged.update(map(_key, ops))
        try:
            for one in ops:
                await stage_again(self._parts, server, one)
        except TriiError as error:
            self._parts.bus.publish(notice_of(error, "A message could not be made ready to be sent again."))

    async def _give_up(self, server: str, ops: Sequence[Waiting]) -> None:
        try:
            link = await self._parts.team.link_to(server)
            for one in ops:
                if one.code != Code.ROOM_EXISTS:
                    title = f"{_WHAT.get(one.op.k, 'A change')} was refused."
                    self._parts.bus.publish(Notice(Level.WARNING, title, words_of(one.code), code="chat.refused"))
                await link.line.ask(partial(drop_refused, one.op.id))
        except TriiError as error:
            self._parts.bus.publish(Notice(Level.WARNING, "A refused change is still listed.", error.message, code=error.code))


def _key(refused: Waiting) -> tuple[str, str]:
    return refused.op.r, refused.op.b


def _refused(server: str, db: Any) -> tuple[Waiting, ...]:
    return load_refused(db, server)
