"""What the server refused besides words: told to the person and given up. Words stay where they were written, with the reason."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from backend.chat.outbox_rows import Waiting, load_refused
from backend.chat.parts import ChatParts
from backend.chat.why import words_of
from backend.chat.writer import drop_refused
from backend.errors import TriiError
from backend.events import Level, Notice
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

    async def begin(self) -> None:
        """Give up what was refused before the program ended last."""
        for link in self._parts.team.links():
            server = link.account.id
            kept = await self._parts.words.read(partial(_refused, server))
            await self._give_up(server, [one for one in kept if one.op.k not in _WORDS])

    def refused(self, server: str, ops: Sequence[Waiting]) -> None:
        """The server will never enter these."""
        rest = [one for one in ops if one.op.k not in _WORDS]
        if rest and not self._parts.tasks.is_closed:
            self._parts.tasks.start("refused changes", self._give_up(server, rest))

    def heard(self, server: str, heard: Heard) -> None:
        """Nothing to tell."""

    def went_offline(self, server: str) -> None:
        """Nothing to tell."""

    def came(self, server: str, room: str, events: Sequence[Event]) -> None:
        """Nothing to tell."""

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


def _refused(server: str, db: Any) -> tuple[Waiting, ...]:
    return load_refused(db, server)
