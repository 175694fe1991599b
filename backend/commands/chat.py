"""`trii chat`: rooms and messages, from this computer's own copy and into its outbox."""

import argparse
import asyncio
import contextlib
from typing import Any, Final

from backend.chat.chat import Chat
from backend.chat.message import Delivery, MessageRow, RoomRow, SearchFilters
from backend.commands.context import CommandContext
from backend.commands.tables import TextColumn, printable
from backend.commands.team import find_server
from backend.commands.times import format_instant
from backend.errors import InvalidInput, NotFound, TriiError
from backend.events import MessagesChanged
from backend.sync.team import Team

_ROOMS = (
    TextColumn("room"),
    TextColumn("kind"),
    TextColumn("people", is_number=True),
    TextColumn("unread", is_number=True),
    TextColumn("named", is_number=True),
    TextColumn("waiting", is_number=True),
    TextColumn("last", may_be_cut=True),
)
_MS_NS: Final = 1_000_000
_OPEN: Final = (Delivery.UPLOADING, Delivery.QUEUED, Delivery.SENDING)


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Carry out the action."""
    team, chat = await context.backend.chat.open()
    match arguments.action:
        case "rooms":
            await _rooms(context, team, chat, arguments.server)
        case "send":
            return await _send(context, team, chat, arguments)
        case "read":
            room = await find_room(team, chat, arguments.room)
            page = await chat.page(room.id, n=arguments.last)
            await _put(context, page.messages)
        case _:
            await _search(context, team, chat, arguments)
    return 0


async def find_room(team: Team, chat: Chat, said: str) -> RoomRow:
    """The room that a person means: by id, by name, or as @handle. Raises NotFound, and InvalidInput where two have the name."""
    wanted = said.strip()
    if wanted.startswith("@"):
        return await _find_direct(team, chat, wanted)
    rooms = await chat.rooms()
    found = [row for row in rooms if row.id == wanted] or [row for row in rooms if row.name.casefold() == wanted.casefold()]
    if not found:
        raise NotFound(f"There is no room {said!r} here.", hint="See 'trii chat rooms'.", code="chat.no_room")
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} rooms are called {said!r}.", hint="Give the id, from 'trii chat rooms --json'.", code="usage"
        )
    return found[0]


async def _find_direct(team: Team, chat: Chat, wanted: str) -> RoomRow:
    """The room with the colleague of a handle, who may have come since anybody looked."""
    for is_asked in (False, True):
        for server in team.servers():
            if is_asked:
                with contextlib.suppress(TriiError):
                    await chat.refresh_people(server.id)
            for person in await chat.people(server.id):
                if person.handle.casefold() == wanted[1:].casefold():
                    return await chat.direct(server.id, person.user)
    raise NotFound(f"There is nobody {wanted}.", code="chat.no_person")


async def _rooms(context: CommandContext, team: Team, chat: Chat, server: str | None) -> None:
    rows = await chat.rooms(find_server(team, server).id if server else "")
    if context.as_json:
        await context.put_json([_room_facts(row) for row in rows])
    elif rows:
        await context.put_table(_ROOMS, [_room_row(row) for row in rows])
    else:
        await context.tell("There are no rooms on this computer yet.")


async def _send(context: CommandContext, team: Team, chat: Chat, arguments: argparse.Namespace) -> int:
    text = arguments.text
    if text is None and not arguments.file:
        text = (await context.terminal.read_input()).decode("utf-8", "replace")
    room = await find_room(team, chat, arguments.room)
    sent = await chat.send(room.id, text or "", files=[context.path(path) for path in arguments.file])
    sent = await _wait(context, team, chat, sent, arguments.wait)
    if sent.delivery is Delivery.FAILED:
        raise InvalidInput(f"The message was refused: {sent.why}", hint="Its words are kept in the room.", code="chat.refused")
    if context.as_json:
        await context.put_json(_facts(sent))
    elif sent.delivery in _OPEN:
        await context.say(f"Kept for {room.name}; it is sent as soon as the server can be reached.")
    else:
        await context.say(f"Sent to {room.name}.")
    return 0


async def _wait(context: CommandContext, team: Team, chat: Chat, sent: MessageRow, wait_s: float) -> MessageRow:
    """The message once the server has it, or as it is after a while. One with files changes its id when they have arrived."""
    if not wait_s or not any(server.standing != "signed out" for server in team.servers()):
        return sent
    changed = asyncio.Event()
    listening = context.backend.bus.subscribe(MessagesChanged, lambda _: changed.set())
    try:
        await team.begin()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while (sent := await _now(chat, sent)).delivery in _OPEN:
                    await changed.wait()
                    changed.clear()
    finally:
        listening.close()
    return sent


async def _now(chat: Chat, sent: MessageRow) -> MessageRow:
    try:
        return await chat.message(sent.id)
    except NotFound:
        newest = (await chat.page(sent.room, n=20)).messages
        return next((one for one in reversed(newest) if one.is_mine and _content(one) == _content(sent)), sent)


def _content(message: MessageRow) -> tuple[str, tuple[str, ...]]:
    return message.text, tuple(file.sha256 for file in message.files)


async def _search(context: CommandContext, team: Team, chat: Chat, arguments: argparse.Namespace) -> None:
    room = (await find_room(team, chat, arguments.room)).id if arguments.room else ""
    found = await chat.search(arguments.text, SearchFilters(room=room, instrument=arguments.instrument), arguments.last)
    if context.as_json:
        await context.put_json([_facts(hit.message) | {"room_name": hit.room_name, "snippet": hit.snippet} for hit in found])
        return
    if not found:
        raise NotFound(f"Nothing on this computer says {arguments.text!r}.", code="chat.nothing_found")
    for hit in found:
        await context.say(f"{printable(hit.room_name)} · {_line(hit.message)}")


async def _put(context: CommandContext, messages: tuple[MessageRow, ...]) -> None:
    if context.as_json:
        await context.put_json([_facts(message) for message in messages])
        return
    for message in messages:
        await context.say(_line(message))


def _line(message: MessageRow) -> str:
    text = "(deleted)" if message.is_deleted or message.is_erased else " ".join(message.text.split())
    files = "".join(f" [{file.name}]" for file in message.files)
    state = f" ({message.delivery})" if message.is_mine and message.delivery in (*_OPEN, Delivery.FAILED) else ""
    return f"{format_instant(message.at_ms * _MS_NS)}  {message.author_name}: {text}{files}{state}"


def _room_row(row: RoomRow) -> tuple[str, ...]:
    counts = (str(row.n_members), str(row.n_unread), str(row.n_mentions), str(row.n_waiting))
    last = f"{row.last_author}: {row.last_text}" if row.last_text else ""
    return (printable(row.name), row.kind, *counts, printable(last))


def _room_facts(row: RoomRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "server": row.server,
        "name": row.name,
        "topic": row.topic,
        "kind": row.kind,
        "role": row.my_role,
        "people": row.n_members,
        "unread": row.n_unread,
        "mentions": row.n_mentions,
        "waiting": row.n_waiting,
        "left": row.is_left,
    }


def _facts(message: MessageRow) -> dict[str, Any]:
    return {
        "id": message.id,
        "room": message.room,
        "seq": message.seq or None,
        "author": message.author_name,
        "time": format_instant(message.at_ms * _MS_NS),
        "text": message.text,
        "thread": message.thread or None,
        "state": str(message.delivery),
        "files": [{"name": file.name, "sha256": file.sha256, "size": file.n_bytes} for file in message.files],
    }
