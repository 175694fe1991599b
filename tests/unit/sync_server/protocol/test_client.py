"""One device's side of a server, step by step."""

from sync_server.protocol.actions import Send
from sync_server.protocol.bodies import MsgCreate
from sync_server.protocol.events import Kind
from sync_server.protocol.messages import Hello, Pull, Push
from tests.fakes.model_sync_server import ModelSyncServer
from tests.fakes.sync_device import SyncDevice

ROOM = "0190-room"


def exchange(device, server, others=()):
    """Everything that can be said is said, in order, until nobody has anything more to say."""
    while device.out:
        message = device.out.pop(0)
        match message:
            case Hello():
                for answer in server.hello(device.user, message):
                    device.receive(answer)
            case Push():
                res, news = server.push(device.user, device.device, message)
                device.receive(res)
                for ev in news:
                    for one in (device, *others):
                        one.receive(ev)
            case Pull():
                device.receive(server.pull(device.user, message))


def test_what_is_written_offline_is_sent_in_order_once_online():
    server, device = ModelSyncServer(), SyncDevice("ann", "d1", 1)
    server.make_room(ROOM, "ann")
    written = [device.write(ROOM, MsgCreate(f"{n}"), Kind.MSG_CREATE).id for n in range(250)]
    assert not device.out
    device.go_online()
    exchange(device, server)
    assert [event.id for event in server.rooms[ROOM].events] == written
    assert device.disk.ops == {}
    assert device.disk.room(ROOM).events == server.rooms[ROOM].events
    assert device.stands.state == "live"
    pushes = [action.message for action in device.done if isinstance(action, Send) and isinstance(action.message, Push)]
    assert all(len(push.ops) <= 100 for push in pushes)
