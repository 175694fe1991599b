"""Nothing stands in a log that a rule forbids (§2.6, §5.3): who wrote it had the seat for it, and overwrote nobody unseen.

Told from the log and from what devices had seen when they wrote, apart from the code that decides it.
"""

import json
from collections.abc import Iterator, Sequence

from sync_server.protocol.events import Event, Op
from tests.simulator.scenario import Scenario
from tests.simulator.shelves import Entry

CHANGES = ("msg.edit", "msg.delete")
MARKS = ("react.set", "pin.set")


def check_rights(scenario: Scenario) -> Iterator[str]:
    """All rooms of all servers, and what honest devices were told."""
    ops = {(device.device, op.id): op for device in scenario.devices for op in device.watch.accepted.values()}
    honest = {device.device for device in scenario.devices}
    for server in scenario.servers.values():
        for room, log in server.shelves.logs.items():
            yield from (f"{server.name} {room}: {why}" for why in rights(log, ops))
        for device, identity, code in server.deeds.refused:
            if device in honest and code in ("id_taken", "out_of_order", "bad_body", "bad_frame"):
                yield f"I4: {server.name} refuses {identity} of the honest {device} as {code}"
    for device in scenario.devices:
        refused = {identity for maker, identity, _ in scenario.servers[device.server].deeds.refused if maker == device.device}
        for identity, code in device.watch.refused.items():
            if identity not in refused:
                yield f"I12: {device.name} calls {identity} refused ({code}), which no server refused"


def rights(log: Sequence[Entry], ops: dict[tuple[str, str], Op]) -> Iterator[str]:
    """One room from its first event to its last."""
    seats: dict[str, str] = {}
    messages: dict[str, list] = {}  # author, last editor, his place, whether it is gone
    is_group = True
    for entry in log:
        event = entry.event
        if event.d == "server":
            continue
        body = json.loads(event.b) if event.b else {}
        yield from (f"at {event.s} {why}" for why in _of_author(event, body, seats))
        if event.k == "room.create":
            is_group = body["kind"] == "group"
            others = {seat["u"]: seat.get("role", "member") for seat in body.get("members", ())}
            seats = others | {event.a: "owner"}
        elif event.k == "member.set":
            if body.get("role", "member") is None:
                seats.pop(body["u"], None)
            else:
                seats[body["u"]] = body.get("role", "member")
            if is_group and seats and "owner" not in seats.values():
                yield f"at {event.s} nobody owns the room any more"
        yield from (f"at {event.s} {why}" for why in _of_target(event, body, messages, ops))


def _of_author(event: Event, body: dict, seats: dict[str, str]) -> Iterator[str]:
    if event.k in ("room.create", "erase") or (event.k == "member.set" and body.get("u") == event.a):
        return
    if event.a not in seats:
        yield f"{event.k} by {event.a}, who has no seat"
    elif seats[event.a] == "reader":
        yield f"{event.k} by a reader"


def _of_target(event: Event, body: dict, messages: dict[str, list], ops: dict[tuple[str, str], Op]) -> Iterator[str]:
    if event.k == "msg.create":
        messages.setdefault(event.id, [event.a, "", 0, False])
    for target in body.get("targets", ()):
        messages[target][3] = True
    if event.k not in CHANGES + MARKS or not body:
        return
    message = messages.get(body["target"])
    if message is None:
        yield f"{event.k} of a message that is not there"
        return
    if message[3]:
        yield f"{event.k} of a message that is gone"
    op = ops.get((event.d, event.id))
    if event.k in CHANGES and op is not None and message[1] not in ("", event.a) and op.base < message[2]:
        yield f"{event.k} over {message[1]}'s edit at {message[2]}, of which only {op.base} was seen"
    if event.k == "msg.edit":
        message[1:3] = [event.a, event.s]
    if event.k == "msg.delete":
        message[3] = True
