"""I1 to I7 and what is derived from logs (I13, I17, I18): checks of every server after a run. Each gives what is wrong, in words.

Votes, reputation and alert fires come with later features. Their places are taken by what exists and must hold in the same way:
reactions for votes (one register a person, target and emoji), seats and read cursors for reputation (a reducer over the log and a
maximum), and events taken in by copies for fires (each key once).
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from sync_server.protocol.chain import START, is_intact, next_hash
from sync_server.protocol.events import Event, Kind
from sync_server.protocol.fold import fold, parse_state
from tests.simulator.histories import lost_writes
from tests.simulator.naive import NaiveRoom, read_log
from tests.simulator.scenario import Scenario
from tests.simulator.server import Server
from tests.simulator.shelves import Entry


def check_logs(scenario: Scenario) -> Iterator[str]:
    """All checks of all rooms of all servers."""
    for server in scenario.servers.values():
        for room, log in server.shelves.logs.items():
            for why in (
                *numbers(log),
                *epochs(server, room, log),
                *hashes(log, scenario.world.random.randrange(len(log))),
                *orders(scenario, server, room, log),
                *meanings(server, room, log),
                *snapshots(log, scenario.world.random.randrange(len(log) + 1)),
            ):
                yield f"{server.name} {room}: {why}"
        yield from (f"{server.name}: {why}" for why in acknowledgements(scenario, server))


def events_of(log: Sequence[Entry]) -> list[Event]:
    """The events alone."""
    return [entry.event for entry in log]


def numbers(log: Sequence[Entry]) -> Iterator[str]:
    """I1: exactly 1..n."""
    places = [entry.event.s for entry in log]
    if places != list(range(1, len(log) + 1)):
        yield f"I1: places are {places}"


def epochs(server: Server, room: str, log: Sequence[Entry]) -> Iterator[str]:
    """I7: an epoch never goes back, and everything in it was committed in it at that place."""
    if any(one.epoch > two.epoch for one, two in itertools.pairwise(log)):
        yield f"I7: epochs go {[entry.epoch for entry in log]}"
    for entry in log:
        if server.deeds.logs.get((room, entry.epoch), {}).get(entry.event.s) != f"{entry.event.d}/{entry.event.id}":
            yield f"I7: {entry.event.id} at {entry.event.s} was never committed in epoch {entry.epoch}"


def hashes(log: Sequence[Entry], place: int) -> Iterator[str]:
    """I6: the chain recomputes, bodies are those that were hashed, and one changed bit is seen."""
    before = START
    for entry in log:
        if next_hash(before, entry.epoch, entry.event) != entry.hash:
            yield f"I6: the hash at {entry.event.s} does not follow"
        if not is_intact(entry.event):
            yield f"I6: the body at {entry.event.s} is not the one that was hashed"
        before = entry.hash
    entry = log[place]
    before = log[place - 1].hash if place else START
    for changed in _one_bit_changed(entry.event):
        if next_hash(before, entry.epoch, changed) == entry.hash and is_intact(changed):
            yield f"I6: {changed} passes for {entry.event}"


def _one_bit_changed(event: Event) -> Iterator[Event]:
    for field in ("id", "a", "d", "k", "bh", "b", "n"):
        value = getattr(event, field)
        if value:
            yield msgspec.structs.replace(event, **{field: chr(ord(value[0]) ^ 1) + value[1:]})
    for field in ("s", "ts"):
        yield msgspec.structs.replace(event, **{field: getattr(event, field) ^ 1})


def orders(scenario: Scenario, server: Server, room: str, log: Sequence[Entry]) -> Iterator[str]:
    """I2 (once), I4 and I5: no operation twice; each device's in the order it made them; none that no device made."""
    for (device, identity), n in Counter((entry.event.d, entry.event.id) for entry in log).items():
        if n > 1:
            yield f"I2: {identity} of {device} stands {n} times"
    makers = {device.device: device for device in scenario.devices}
    lines: dict[str, list[str]] = {}
    for entry in log:
        maker = makers.get(entry.event.d)
        if maker is None or (entry.event.rec and room in maker.watch.left):  # said again after the seat was lost
            continue
        if not (entry.event.rec and entry.event.k == Kind.ROOM_CREATE):  # of a room made again it comes first, whenever that was
            lines.setdefault(entry.event.d, []).append(entry.event.id)
    for device, line in lines.items():
        made = {identity: at for at, identity in enumerate(makers[device].watch.accepted)}
        unmade = [identity for identity in line if identity not in made]
        if unmade:
            yield f"I10: {makers[device].name} never kept {unmade}, which stand in the log"
            continue
        places = [made[identity] for identity in line]
        if places != sorted(places):
            yield f"I5: operations of {makers[device].name} stand in the order {places}"


def acknowledgements(scenario: Scenario, server: Server) -> Iterator[str]:
    """I2 and I3: what was acknowledged stands there and nowhere else, unless an older copy took the server's place after it."""
    by_room: dict[str, list[tuple[str, int]]] = {}
    places: dict[tuple[str, str, int], set[int]] = {}
    for ack in server.deeds.acked:
        places.setdefault((ack.device, ack.id, ack.epoch), set()).add(ack.place)
        if not server.deeds.is_cut(ack):
            by_room.setdefault(ack.room, []).append((f"{ack.device}/{ack.id}", ack.place))
    for (device, identity, epoch), told in places.items():
        if len(told) > 1:
            yield f"I3: {identity} of {device} was acknowledged at {sorted(told)} of epoch {epoch}"
    for room, acked in by_room.items():
        log = {entry.event.s: f"{entry.event.d}/{entry.event.id}" for entry in server.shelves.logs.get(room, ())}
        copies = [(device, device.copies.rooms.get(room)) for device in scenario.devices if device.server == server.name]
        readers = [
            ({s: f"{event.d}/{event.id}" for s, event in copy.events.items()}, copy.cursor.s)
            for _, copy in copies
            if copy is not None and copy.cursor is not None and not copy.is_left
        ]
        yield from (f"I2 {room}: {why}" for why in lost_writes(dict.fromkeys(acked), log, readers))


def meanings(server: Server, room: str, log: Sequence[Entry]) -> Iterator[str]:
    """I17, I18 and every kind: fold, planning's own rows and a plain second reading of the log agree."""
    state, naive, view = fold(events_of(log)), read_log(events_of(log)), server.shelves.rooms[room]
    if state.room is None:
        yield "I8: the log says nothing of the room"
        return
    roles = {user: str(role) for user, role in state.room.seats.items()}
    folded = {user: (roles[user], state.room.since[user]) for user in roles}
    planned = {user: (str(seat.role), seat.since) for user, seat in view.seats.items()}
    if not folded == planned == naive.seats:
        yield f"I18: seats are {folded}, planned {planned}, plainly read {naive.seats}"
    words = [(state.room.name, state.room.topic), (view.name, view.topic), (naive.name, naive.topic)]
    if len(set(words)) > 1:
        yield f"I8: words of the room are {words}"
    yield from _messages(json.loads(state.to_text()).get("messages", []), naive)
    for message in state.messages.values():
        row = server.shelves.messages[room, message.id]
        if (row.is_deleted, row.is_erased) != (message.is_deleted or (message.is_erased and row.is_deleted), message.is_erased):
            yield f"I8: planning has {row} where the log makes {message}"
    yield from (
        f"I18: {user} read {read} of {len(log)}" for (at, user), read in server.shelves.reads.items() if at == room and read < 1
    )


def _messages(folded: list[dict], naive: NaiveRoom) -> Iterator[str]:
    if [message["id"] for message in folded] != list(naive.messages):
        yield "I8: other messages than a plain reading finds"
        return
    for message in folded:
        plain = naive.messages[message["id"]]
        is_gone = plain.is_deleted or plain.is_erased
        wanted = {
            "text": "" if is_gone else plain.text,
            "reactions": {} if is_gone else plain.on(),
            "pinned": not is_gone and plain.is_pinned,
            "is_erased": plain.is_erased,
            "is_deleted": plain.is_deleted and not plain.is_erased,
            "editor": "" if is_gone or not plain.edits else plain.edits[-1][1],
        }
        found = {
            "text": message.get("text", ""),
            "reactions": {emoji: list(users) for emoji, users in message.get("reactions", [])},
            "pinned": message.get("pinned", False),
            "is_erased": message.get("is_erased", False),
            "is_deleted": message.get("is_deleted", False),
            "editor": message.get("editor", ""),
        }
        if wanted != found:
            yield f"I17: {message['id']} is {found}, plainly read {wanted}"


def snapshots(log: Sequence[Entry], place: int) -> Iterator[str]:
    """I13: a snapshot anywhere and what follows are the whole replay."""
    whole = fold(events_of(log)).to_text()
    kept = fold(events_of(log[:place])).to_text()
    if fold(events_of(log[place:]), parse_state(kept)).to_text() != whole:
        yield f"I13: snapshot at {place} and the tail differ from the replay"
    if parse_state(whole).to_text() != whole:
        yield "I13: a snapshot read and written again differs"
