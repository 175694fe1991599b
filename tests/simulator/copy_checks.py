"""I8 to I12, I15, I16 and I19: checks of every device after a run. Each gives what is wrong, in words."""

from collections.abc import Iterator

import msgspec

from sync_server.protocol.chain import to_text
from sync_server.protocol.events import Event, Kind
from sync_server.protocol.fold import RoomState, fold
from tests.simulator.copies import Copy
from tests.simulator.device import Device
from tests.simulator.histories import duplicates, foreign, skips, steps_back
from tests.simulator.scenario import Scenario
from tests.simulator.server import Server

SILENT_MS = 5_000  # how long after its end a session may still be told something


def check_copies(scenario: Scenario) -> Iterator[str]:
    """All checks of all devices, then those of what was sent and of what was erased."""
    for device in scenario.devices:
        server = scenario.servers[device.server]
        yield from device.watch.faults
        for why in (*mirrors(device, server), *outboxes(device, server, scenario), *readings(device, server)):
            yield f"{device.name}: {why}"
    for server in scenario.servers.values():
        yield from server.deeds.faults
        yield from endings(server)
    yield from erasures(scenario)


def mirrors(device: Device, server: Server) -> Iterator[str]:
    """I8 and I9: after quiet every member's copy is the server's log and its fold, byte for byte."""
    for room, view in server.shelves.rooms.items():
        copy = device.copies.rooms.get(room)
        if device.user not in view.seats:
            continue
        if copy is None or copy.cursor is None or copy.is_left:
            yield f"I8: has no copy of {room}"
            continue
        if (copy.cursor.s, copy.cursor.h) != (view.seq, to_text(view.hash)):
            yield f"I8: stands at {copy.cursor} of {room}, the server at {view.seq} {to_text(view.hash)}"
        events = [entry.event for entry in server.shelves.logs[room]]
        yield from (f"I8: {why} of {room}" for why in _differences(copy, events))
        start = fold(events[: copy.start.s]) if copy.start else RoomState()
        if copy.start and not view.shows_history:
            start = start.without_messages()
        first = copy.start.s if copy.start else copy.floor() - 1
        wanted = fold(events[first:], start).to_text()
        for name, state in (("what is shown", copy.shown), ("the state", copy.state())):
            if state.to_text() != wanted:
                yield f"I8: {name} of {room} is not the fold of the server's log:\n{state.to_text()}\n{wanted}"


def _differences(copy: Copy, events: list[Event]) -> Iterator[str]:
    encode = msgspec.msgpack.encode
    for s, event in copy.events.items():
        if s > len(events) or encode(event) != encode(events[s - 1]):
            yield f"event {s} is another: {event} instead of {events[s - 1] if s <= len(events) else None}"
    held = sorted(copy.events)
    if held and held != list(range(held[0], copy.cursor.s + 1 if copy.cursor else 0)):
        yield f"a hole in events {held}"


def outboxes(device: Device, server: Server, scenario: Scenario) -> Iterator[str]:
    """I10 and I12: all that the person was told is safe stands in a log once, or was refused in so many words."""
    placed: dict[str, int] = {}
    for log in server.shelves.logs.values():
        for entry in log:
            if entry.event.d == device.device:
                placed[entry.event.id] = placed.get(entry.event.id, 0) + 1
    refused = {identity for maker, identity, _ in server.deeds.refused if maker == device.device}
    cut = {ack.id for ack in server.deeds.acked if ack.device == device.device and server.deeds.is_cut(ack)}
    for identity, op in device.watch.accepted.items():
        if placed.get(identity, 0) > 1:
            yield f"I10: {identity} stands {placed[identity]} times"
        if placed.get(identity) or identity in refused or identity in device.watch.given_up or identity in device.watch.refused:
            continue
        if op.r not in server.shelves.rooms or device.user not in server.shelves.rooms[op.r].seats:
            continue  # the room, or the seat in it, is gone
        if identity in server.deeds.erased or (op.r in device.watch.left and identity in cut):
            continue  # lost with an older copy: its words were destroyed before, or its author was not let in to say them again
        where = "still" if identity in device.copies.outbox else "no longer"
        yield f"I10: {op} is neither in a log nor refused; {where} in the outbox"
    wrongly = [identity for identity in device.watch.refused if placed.get(identity) and identity not in refused]
    yield from (f"I12: {identity} was called refused and stands in the log" for identity in wrongly)


def readings(device: Device, server: Server) -> Iterator[str]:
    """I11 and I19: what each copy took in, in order: nothing skipped, nothing twice, nothing that was never there."""
    for room, history in device.watch.histories.items():
        bases = server.deeds.bases
        logs = {epoch: bases[at, epoch] | places for (at, epoch), places in server.deeds.logs.items() if at == room}
        for why in skips(history):
            yield f"I11: {room} {why}"
        for why in (*steps_back(history), *duplicates(history)):
            yield f"I19: {room} {why}"
        yield from (f"I8: {room} took {why}" for why in foreign(history, logs))


def endings(server: Server) -> Iterator[str]:
    """I15: nothing is said to an ended session after 5 s."""
    for session, ended_ms in server.deeds.ended_ms.items():
        wrote_ms = server.deeds.wrote_ms.get(session, 0)
        if wrote_ms > ended_ms + SILENT_MS:
            yield f"I15: {server.name} wrote to {session} {wrote_ms - ended_ms} ms after its end"


def erasures(scenario: Scenario) -> Iterator[str]:
    """I16: words that were erased lie on no disk of the server or of a member once disks are swept."""
    words = [
        (server.name, room, server.deeds.words[f"{entry.event.d}/{entry.event.id}"])
        for server in scenario.servers.values()
        for room, log in server.shelves.logs.items()
        for entry in log
        if entry.event.b is None
    ]
    if not words:
        return
    for server in scenario.servers.values():
        server.shelves.compact()
    for device in scenario.devices:
        device.copies.compact()
    for name, room, word in words:
        server = scenario.servers[name]
        view = server.shelves.rooms.get(room)
        if server.disk.holds(word):
            yield f"I16: {name} still holds {word!r}"
        for device in scenario.devices:
            if device.server == name and view and device.user in view.seats and device.disk.holds(word):
                yield f"I16: {device.name} still holds {word!r}"


def kinds_seen(scenario: Scenario) -> set[str]:
    """Which kinds of events devices have taken in one by one, and so been held to the server's log with."""
    return {
        event.k for device in scenario.devices for copy in device.copies.rooms.values() for event in copy.events.values()
    } & set(Kind)
