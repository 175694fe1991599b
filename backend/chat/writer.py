"""The writing side of the facade: whatever is said or changed is durable in the outbox when its method returns."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from backend.chat.attachments import Contained
from backend.chat.checks import DRAFT_CHARS_MAX, FILES_MAX, checked_links, checked_name, checked_text, mentions_in
from backend.chat.message import LinkRow, MessageRow, Notify, RoomRow
from backend.chat.outbox_rows import Staged, Waiting, drop_staged, load_room_outbox, load_room_staged, write_staged
from backend.chat.parts import ChatParts
from backend.chat.room_rows import find_room, load_people, load_room
from backend.errors import InvalidInput, NotFound
from backend.events import MessagesChanged, RoomsChanged
from backend.sync.account_calls import step_up
from backend.sync.keeping import Stage
from sync_server.protocol.actions import Action
from sync_server.protocol.bodies import (
    Body,
    Erase,
    MemberSet,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
    Seat,
)
from sync_server.protocol.client import SyncClient
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Kind, Op
from sync_server.protocol.fold import as_event, touched
from sync_server.protocol.ids import IdMaker, direct_room

PEOPLE_MAX: Final = 500
_PRESENCES: Final = ("online", "away", "busy", "offline")


class Writer:
    """What can be said and done. An operation of a person who is signed out waits like any other."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts
        self._ids = IdMaker(os.urandom)

    # Messages.

    async def send(
        self,
        room: str,
        text: str,
        *,
        thread: str = "",
        files: Sequence[Path | bytes | Contained] = (),
        links: Sequence[LinkRow] = (),
    ) -> MessageRow:
        """Say something; it is stored when this returns, and sent as soon as it can be, its files before it.

        Raises InvalidInput (empty, too long, files too large), NotFound, Unavailable (a full disk).
        """
        parts = self._parts
        link = await parts.link_of(room)
        if len(files) > FILES_MAX:
            raise InvalidInput(f"A message takes {FILES_MAX} files; these are {len(files)}.", code="chat.files")
        plain = checked_text(text, may_be_empty=bool(files or links))
        pointed = checked_links(links)
        people = await parts.words.read(lambda db: load_people(db, link.account.id))
        body = MsgCreate(plain, thread, mentions_in(plain, people.values()), await parts.files.put_all(files), pointed)
        if body.files:
            key = await self._stage(link.account.id, room, body)
        else:
            key = (await self._submit(room, body, Kind.MSG_CREATE)).id
        await parts.words.write(
            lambda db: db.execute("UPDATE chat_rooms SET draft = '' WHERE id = ? AND trim(draft) = ?", (room, plain))
        )
        return await parts.message(room, key)

    async def edit(self, message: str, text: str) -> MessageRow:
        """Other words for a message. Raises as ``send``."""
        plain = checked_text(text, may_be_empty=False)
        room = await self._parts.room_of(message)
        server = (await self._parts.room(room)).server
        people = await self._parts.words.read(lambda db: load_people(db, server))
        await self._submit(room, MsgEdit(message, plain, mentions_in(plain, people.values())), Kind.MSG_EDIT)
        return await self._parts.message(room, message)

    async def delete(self, message: str) -> None:
        """Take a message away; a tombstone stays. One that was never sent goes without a trace. Raises as ``send``."""
        if not await self.drop(message):
            await self._change(message, MsgDelete(message), Kind.MSG_DELETE)

    async def react(self, message: str, emoji: str, on: bool = True) -> None:  # noqa: FBT001,FBT002 - said by the verb before it
        """Put an emoji on a message, or take one's own off it. Raises as ``send``."""
        await self._change(message, ReactSet(message, emoji, on), Kind.REACT_SET)

    async def pin(self, message: str, on: bool = True) -> None:  # noqa: FBT001,FBT002 - said by the verb before it
        """Pin a message in its room, or no longer. Raises as ``send``."""
        await self._change(message, PinSet(message, on), Kind.PIN_SET)

    async def erase(self, message: str, code: str = "") -> None:
        """Have a message destroyed everywhere, words, files and traces of search; it cannot be undone.

        ``code``: of the second factor, which the server asks for where none was shown in the last minutes. Raises as ``send``;
        InvalidInput for a wrong code, Unavailable where there is one and the server does not answer.
        """
        if code:
            link = await self._parts.link_of(await self._parts.room_of(message))
            await link.call(lambda api, access: step_up(api, access, code))
        await self._change(message, Erase((message,)), Kind.ERASE)

    async def again(self, message: str) -> None:
        """Send anew what was refused of a message. Raises NotFound where nothing was."""
        parts, room = self._parts, await self._parts.room_of(message)
        staged = await self._staged(room, message)
        if staged is not None:
            await parts.words.write(lambda db: write_staged(db, replace(staged, why="")))
            parts.bus.publish(MessagesChanged(room, 0, (message,)))
            parts.uploads.wake(staged.server)
            return
        refused = await self._refused(room, message)
        if not refused:
            raise NotFound("Nothing of this message was refused.", code="chat.not_refused")
        link = await parts.link_of(room)
        for one in refused:
            if lacks_file(one):
                await stage_again(parts, link.account.id, one)
            else:
                await link.line.ask(partial(_again, one.op.id))

    async def drop(self, message: str) -> bool:
        """Give up what was refused of a message, or a message whose files are still on their way; whether there was any."""
        parts, room = self._parts, await self._parts.room_of(message)
        if await self._staged(room, message) is not None:
            await parts.words.write(lambda db: drop_staged(db, message))
            parts.bus.publish(MessagesChanged(room))
            return True
        refused = await self._refused(room, message)
        link = await parts.link_of(room)
        for one in refused:
            await link.line.ask(partial(drop_refused, one.op.id))
        return bool(refused)

    # Rooms.

    async def create_room(
        self,
        server: str,
        name: str,
        topic: str = "",
        people: Sequence[str] = (),
        *,
        is_open: bool = False,
        shows_history: bool = True,
    ) -> RoomRow:
        """Make a room with these people in it. It can be used at once. Raises InvalidInput, NotFound, Unavailable."""
        seats = tuple(Seat(user) for user in dict.fromkeys(people))
        if len(seats) >= PEOPLE_MAX:
            raise InvalidInput(f"A room begins with {PEOPLE_MAX} people at most.", code="chat.people")
        room = self._ids.make(self._parts.now_ms)
        body = RoomCreate(RoomKind.GROUP, checked_name(name), topic.strip()[:200], seats, is_open, shows_history)
        await self._submit_to(server, room, body, Kind.ROOM_CREATE)
        return await self._parts.room_row(room)

    async def direct(self, server: str, user: str) -> RoomRow:
        """The room of this person and another one, made where it is not there. Raises NotFound, Unavailable."""
        me = await self._parts.user_on(server)
        room = direct_room(me, user)
        if await self._parts.words.read(lambda db: find_room(db, room)) is None:
            await self._submit_to(server, room, RoomCreate(RoomKind.DIRECT, members=(Seat(user),)), Kind.ROOM_CREATE)
        return await self._parts.room_row(room)

    async def join_room(self, server: str, room: str) -> None:
        """Take a seat in an open room. Raises NotFound, Unavailable."""
        await self._submit_to(server, room, MemberSet(await self._parts.user_on(server)), Kind.MEMBER_SET)

    async def leave(self, room: str) -> None:
        """Give up one's seat; what is here stays readable. Raises NotFound, Unavailable."""
        server = (await self._parts.room(room)).server
        await self._submit(room, MemberSet(await self._parts.user_on(server), None), Kind.MEMBER_SET)

    async def set_seat(self, room: str, user: str, role: str | None) -> None:
        """Invite a person, change the role in the room, or take the seat away ("none"). Raises InvalidInput, NotFound."""
        try:
            seat = None if role in (None, "none") else RoomRole(role)
        except ValueError as error:
            raise InvalidInput(
                f"There is no role {role!r}.", hint=f"Choose one of {', '.join(RoomRole)}.", code="chat.role"
            ) from error
        await self._submit(room, MemberSet(user, seat), Kind.MEMBER_SET)

    async def edit_room(self, room: str, name: str | None = None, topic: str | None = None) -> None:
        """Another name or topic; None leaves one as it is. Raises InvalidInput, NotFound, Unavailable."""
        new_name = None if name is None else checked_name(name)
        await self._submit(room, RoomEdit(new_name, None if topic is None else topic.strip()[:200]), Kind.ROOM_EDIT)

    # One's own marks.

    async def mark_read(self, room: str, seq: int) -> None:
        """This person has read a room up to a place; only ever grows. Raises NotFound."""
        link = await self._parts.link_of(room)

        def work(db: Any) -> bool:
            before = load_room(db, room)
            db.execute("UPDATE chat_rooms SET read = ? WHERE key = ?", (max(before.read, min(seq, before.s)), before.key))
            return min(seq, before.s) > before.read

        if await self._parts.words.write(work):
            link.line.tell(lambda client, now_ms: client.read_to(room, seq, now_ms))
            self._parts.bus.publish(RoomsChanged(link.account.id))

    async def typing(self, room: str) -> None:
        """Tell the others of a room that this person types, where the settings allow it; call it while keys are pressed."""
        if self._parts.chosen.tells_typing:
            link = await self._parts.link_of(room)
            link.line.tell(lambda client, now_ms: client.say("typing", room, "", now_ms))

    async def set_presence(self, state: str) -> None:
        """online, away, busy or offline, told to every server for as long as it is connected. Raises InvalidInput."""
        if state not in _PRESENCES:
            raise InvalidInput(f"Nobody can be {state!r}.", hint=f"Choose one of {', '.join(_PRESENCES)}.", code="chat.presence")
        for link in self._parts.team.links():
            link.line.tell(lambda client, now_ms: client.say("presence", "", state, now_ms))

    async def save_draft(self, room: str, text: str) -> None:
        """Keep what was begun to be written. Raises NotFound, Unavailable."""
        await self._mark(room, "UPDATE chat_rooms SET draft = ? WHERE id = ?", text[:DRAFT_CHARS_MAX])

    async def notify(self, room: str, what: Notify | None) -> None:
        """What this room may interrupt for; None: as the settings say. Raises NotFound, Unavailable."""
        await self._mark(room, "UPDATE chat_rooms SET notify = ? WHERE id = ?", "" if what is None else str(what))

    async def star(self, room: str, on: bool = True) -> None:  # noqa: FBT001,FBT002 - said by the verb before it
        """Keep a room at the top of the list, or no longer. Raises NotFound, Unavailable."""
        await self._mark(room, "UPDATE chat_rooms SET is_starred = ? WHERE id = ?", on)

    # Inside.

    async def _change(self, message: str, body: Body, kind: Kind) -> None:
        await self._submit(await self._parts.room_of(message), body, kind)

    async def _submit(self, room: str, body: Body, kind: Kind) -> Op:
        return await self._submit_to((await self._parts.room(room)).server, room, body, kind)

    async def _submit_to(self, server: str, room: str, body: Body, kind: Kind) -> Op:
        link = await self._parts.team.link_to(server)
        try:
            return await link.line.submit(room, body, kind)
        except ValueError as error:
            raise InvalidInput(f"This cannot be sent: {error}", code="chat.body") from error

    async def _stage(self, server: str, room: str, body: MsgCreate) -> str:
        """Keep a message until its files have reached the server."""
        staged = Staged(f"staged-{uuid.uuid4()}", server, room, msgspec.json.encode(body).decode(), self._parts.now_ms)
        await self._parts.words.write(lambda db: write_staged(db, staged))
        self._parts.bus.publish(MessagesChanged(room, 0, (staged.id,)))
        self._parts.bus.publish(RoomsChanged(server))
        self._parts.uploads.wake(server)
        return staged.id

    async def _staged(self, room: str, message: str) -> Staged | None:
        found = await self._parts.words.read(lambda db: load_room_staged(db, room))
        return next((one for one in found if one.id == message), None)

    async def _refused(self, room: str, message: str) -> list[Waiting]:
        """What of a message was refused: itself, or changes of it."""
        user = await self._parts.user_on((await self._parts.room(room)).server)
        waiting = await self._parts.words.read(lambda db: load_room_outbox(db, room))
        return [one for one in waiting if one.is_refused and message in (one.op.id, *touched(as_event(one.op, user)))]

    async def _mark(self, room: str, sql: str, value: object) -> None:
        server = (await self._parts.room(room)).server
        await self._parts.words.write(lambda db: db.execute(sql, (value, room)))
        self._parts.bus.publish(RoomsChanged(server))


def drop_refused(op_id: str, client: SyncClient, now_ms: int) -> list[Action]:
    """Give a refused operation up; one that is not there any more is no error."""
    try:
        return client.drop(op_id, now_ms)
    except ValueError:
        return []


async def stage_again(parts: ChatParts, server: str, refused: Waiting) -> None:
    """Let a refused message wait for its files: they are uploaded, then it is sent as a new one. Raises NotFound, Unavailable."""
    op = refused.op
    link = await parts.team.link_to(server)
    await link.line.ask(partial(_stage, Stage(f"staged-{uuid.uuid4()}", op.r, op.b, op.cts), op.id))
    parts.uploads.wake(server)


def lacks_file(refused: Waiting) -> bool:
    """Whether a message was refused because the server does not have a file of it."""
    return refused.op.k == Kind.MSG_CREATE and refused.code == Code.NO_FILE


def _stage(stage: Stage, op_id: str, client: SyncClient, now_ms: int) -> list[Action]:
    dropped = drop_refused(op_id, client, now_ms)
    return [stage, *dropped] if dropped else []


def _again(op_id: str, client: SyncClient, now_ms: int) -> list[Action]:
    try:
        return client.again(op_id, now_ms)[1]
    except ValueError as error:
        raise NotFound("It was not refused any more.", code="chat.not_refused") from error
