"""Histories of a room as a server might have them: every kind, also of later versions, damaged, erased and out of place."""

import random

import msgspec

from sync_server.protocol import chain
from sync_server.protocol.bodies import (
    Erase,
    Failover,
    File,
    Link,
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
    format_body,
)
from sync_server.protocol.events import Cursor, Event, Kind
from sync_server.protocol.fold import touched
from sync_server.protocol.ids import IdMaker
from tests.fakes.chatting import ANN, BOB, ME

ROOM = "01900000-0000-7000-8000-0000000000ff"
T0_MS = 1_790_000_000_000
WORDS = ("crude", "gold", "copper", "silver", "wheat", "corn", "oats", "sugar", "cocoa", "cotton", "lumber", "cattle")


def made_history(seed: int, n: int) -> list[Event]:
    """Events 1 to n of a room, as they were entered."""
    draw = random.Random(seed)
    ids = IdMaker(draw.randbytes)
    events: list[Event] = []
    messages: list[str] = []
    for s in range(1, n + 1):
        kind, body = _next_body(draw, s, messages)
        text = body if isinstance(body, str) else format_body(body)
        salt = draw.randbytes(chain.SALT_BYTES)
        author = ME if s == 1 else draw.choice([ME, ANN, BOB])
        event = Event(
            s=s,
            id=ids.make(T0_MS + s),
            a=author,
            d=f"device-{author[-2:]}",
            k=kind,
            ts=T0_MS + 1000 * s,
            bh=chain.to_text(chain.body_hash(salt, text)),
            b=text,
            n=chain.to_text(salt),
        )
        events.append(event)
        if kind == Kind.MSG_CREATE:
            messages.append(event.id)
    return events


def served(events: list[Event]) -> list[Event]:
    """The same events as a server gives them once everything has happened: erased bodies are gone."""
    gone = {target for event in events if event.k == Kind.ERASE for target in touched(event)}
    return [
        msgspec.structs.replace(event, b=None, n="")
        if event.k in (Kind.MSG_CREATE, Kind.MSG_EDIT) and gone.intersection(touched(event))
        else event
        for event in events
    ]


def cursor_after(events: list[Event], n: int, epoch: int = 1) -> Cursor:
    """Where a copy with the first ``n`` events stands."""
    return Cursor(ROOM, epoch, n, chain.to_text(chain.hash_after(chain.START, epoch, events[:n])))


def _next_body(draw, s, messages):
    if s == 1:
        return Kind.ROOM_CREATE, RoomCreate(RoomKind.GROUP, "Metals", "", (Seat(ANN), Seat(BOB)))
    target = draw.choice(messages) if messages else "01900000-0000-7000-8000-00000000dead"
    changes = {
        0: lambda: (Kind.MSG_EDIT, MsgEdit(target, _words(draw), (ME,) if draw.random() < 0.3 else ())),
        1: lambda: (Kind.MSG_DELETE, MsgDelete(target)),
        2: lambda: (Kind.REACT_SET, ReactSet(target, draw.choice("👍🔥🙈"), draw.random() < 0.7)),
        3: lambda: (Kind.PIN_SET, PinSet(target, draw.random() < 0.7)),
        4: lambda: (Kind.ERASE, Erase(tuple(draw.sample(messages, min(len(messages), draw.randint(1, 3)))) or (target,))),
        5: lambda: (Kind.ROOM_EDIT, RoomEdit(f"Metals {s}", None)),
        6: lambda: (Kind.MEMBER_SET, MemberSet(draw.choice([ANN, BOB]), draw.choice([None, *RoomRole]))),
        7: lambda: draw.choice([("vote.set", '{"target":"x"}'), (Kind.MSG_EDIT, "{}"), (Kind.REACT_SET, "[1]")]),
        8: lambda: (Kind.FAILOVER, Failover(s - 1)),
    }
    change = changes.get(draw.randrange(14))
    if change is not None:
        return change()
    thread = target if messages and draw.random() < 0.3 else ""
    files = (File(f"{draw.getrandbits(256):064x}", "a.txt", "text/plain", 5),) if draw.random() < 0.2 else ()
    links = (Link("AAPL.XNAS", "1d"),) if draw.random() < 0.2 else ()
    return Kind.MSG_CREATE, MsgCreate(_words(draw), thread, (ME,) if draw.random() < 0.2 else (), files, links)


def _words(draw):
    return " ".join(draw.choices(WORDS, k=draw.randint(1, 6)))
