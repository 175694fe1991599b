"""Devices and a model server that say everything there is to be said, in order, and what a test asks of them."""

from sync_server.protocol.actions import Send
from sync_server.protocol.bodies import MsgCreate
from sync_server.protocol.events import Kind
from sync_server.protocol.messages import Hello, Pull, Push
from tests.fakes.sync_device import SyncDevice

ROOM, OTHER = "0190-room", "0190-other"


def exchange(server, *devices):
    """Everything that can be said is said, in order, until nobody has anything more to say."""
    while any(device.out for device in devices):
        for device in devices:
            while device.out:
                answer(server, device, device.out.pop(0), devices)


def answer(server, device, message, devices):
    match message:
        case Hello():
            for said in server.hello(device.user, message):
                device.receive(said)
        case Push():
            res, news = server.push(device.user, device.device, message)
            device.receive(res)
            for ev in news:
                for one in devices:
                    if one.wires_up and one.user in server.rooms[ev.r].members:
                        one.receive(ev)
        case Pull():
            device.receive(server.pull(device.user, message))


def sent(device, kind):
    return [action.message for action in device.done if isinstance(action, Send) and isinstance(action.message, kind)]


def done(device, kind):
    return [action for action in device.done if isinstance(action, kind)]


def say(device, text, room=ROOM):
    return device.write(room, MsgCreate(text), Kind.MSG_CREATE)


def fill(server, n, room=ROOM):
    """Messages of somebody else."""
    device = f"bob-filler-{len(server.decided)}"
    author = SyncDevice("bob", device, len(server.decided))
    for i in range(n):
        op = author.client.submit(room, MsgCreate(f"{i}"), Kind.MSG_CREATE, author.now_ms)[0]
        server.decide("bob", device, op)
