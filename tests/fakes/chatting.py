"""Servers and chat over a home's own stores, and accounts that were made without any server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from backend.bus import Bus
from backend.chat.chat import Chat
from backend.chat.composing import make_chat
from backend.chat.door import ChatNeeds
from backend.chat.folding import parse_info
from backend.chat.message_rows import parse_state
from backend.chat.room_rows import find_room
from backend.clock import Clock, SystemClock
from backend.events import EVENTS, Event
from backend.settings_store import SettingsStore, open_settings
from backend.storage.credentials import Credentials
from backend.storage.ledger import Ledger
from backend.storage.master_key import MasterKey
from backend.storage.paths import Home
from backend.sync.server_book import Account, ServerBook
from backend.sync.team import Team
from backend.tasks import TaskOwner
from sync_server.protocol.fold import RoomState
from tests.fakes.filled_home import open_money, open_words

KEY = MasterKey(bytes(range(32)))
ME = "01900000-0000-7000-8000-000000000001"
ANN = "01900000-0000-7000-8000-0000000000a1"
BOB = "01900000-0000-7000-8000-0000000000b2"
DEVICE = "01900000-0000-7000-8000-00000000d001"
SERVER = "desk"


@dataclass
class Desk:
    """One desktop's chat with everything under it."""

    team: Team
    chat: Chat
    words: Ledger
    settings: SettingsStore
    bus: Bus
    tasks: TaskOwner
    seen: list[Event] = field(default_factory=list)

    @property
    def mirror(self):
        """The local copy of rooms."""
        return self.chat._parts.mirror


@asynccontextmanager
async def open_desk(home: Home, *, clock: Clock | None = None, key: MasterKey = KEY) -> AsyncIterator[Desk]:
    """The chat of a home, closed in the end; nothing is connected before it is asked to."""
    clock = clock or SystemClock()
    home.make()
    bus = Bus(clock=clock)
    settings = open_settings(home.settings, quarantine=home.quarantine, publish=bus.publish)
    async with open_words(home, key) as words, open_money(home, key) as money, TaskOwner("desk", bus.publish) as tasks:
        credentials = Credentials(money, hide=lambda _: None)
        team, chat = make_chat(ChatNeeds(home, words, key, credentials, settings, bus, clock, tasks))
        desk = Desk(team, chat, words, settings, bus, tasks)
        for kind in EVENTS:
            bus.subscribe(kind, desk.seen.append)
        try:
            yield desk
        finally:
            await chat.close()


async def add_account(desk: Desk, *, server: str = SERVER, user: str = ME, url: str = "https://127.0.0.1:9") -> None:
    """Belong to a server from now on, signed out of it."""
    account = Account(server, url, f"The {server}", DEVICE, user=user, person="Me", email="me@example.com", joined_ms=1)
    await ServerBook(desk.words).put(account)
    await desk.team.open()


def mirrored_state(db: Any, room: str) -> RoomState:
    """A room as the mirror's rows say it; its time is that of the newest event that is kept, 0 without any."""
    found = find_room(db, room)
    assert found is not None, room
    rows = db.execute("SELECT state FROM chat_messages WHERE room = ?", (found.key,)).fetchall()
    newest = db.execute("SELECT ts FROM chat_events WHERE room = ? ORDER BY s DESC LIMIT 1", (found.key,)).fetchone()
    return RoomState(parse_info(found.info), [parse_state(text) for (text,) in rows], found.s, newest[0] if newest else 0)
