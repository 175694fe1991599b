"""Chat with a real server: joining, converging, going offline and coming back."""

import pytest

from backend.chat.message import Delivery
from backend.errors import InvalidInput
from backend.sync.server import Standing
from tests.fakes.desks import eventually, join, standing, texts, two_desks, user_of
from tests.fakes.sync_server import PASSWORD
from tests.fakes.waiting import until


async def test_two_desktops_see_the_same_room(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")

        async def handles():
            return sorted(person.handle for person in await ann.chat.people(a))

        await eventually(handles, ["ann", "bob", "olga"])
        room = (await ann.chat.create_room(a, "Energy", "Oil", [user_of(bob)])).id
        sent = await ann.chat.send(room, "Crude is up, @bob.")
        await eventually(lambda: texts(bob, room), ["Crude is up, @bob."])
        (row,) = await bob.chat.rooms(b)
        assert (row.name, row.n_unread, row.n_mentions, row.first_unread) == ("Energy", 1, 1, 2)
        await bob.chat.mark_read(room, row.last_seq)
        assert (await bob.chat.room(room)).n_unread == 0

        async def delivery():
            return (await ann.chat.message(sent.id)).delivery

        await eventually(delivery, Delivery.READ)
        answer = await bob.chat.send(room, "So it is.", thread=sent.id)
        await bob.chat.react(sent.id, "🔥", True)

        async def seen():
            message = await ann.chat.message(sent.id)
            return message.n_replies, [r.emoji for r in message.reactions]

        await eventually(seen, (1, ["🔥"]))
        assert [m.id for m in (await ann.chat.thread(sent.id)).messages] == [sent.id, answer.id]


async def test_what_is_written_offline_arrives_in_order_once_both_are_back(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.direct(a, user_of(bob))).id
        await ann.chat.send(room, "0")
        await eventually(lambda: texts(bob, room), ["0"])
        await ann.team.go_online(a, is_on=False)
        await bob.team.go_online(b, is_on=False)
        await until(lambda: standing(ann) is standing(bob) is Standing.OFFLINE)
        mine = [await ann.chat.send(room, f"ann {n}") for n in range(5)]
        await bob.chat.send(room, "bob 0")
        assert {m.delivery for m in mine} == {Delivery.QUEUED}
        await until(lambda: ann.team.servers()[0].n_waiting == 5)
        await bob.team.go_online(b, is_on=True)

        async def n_waiting():
            return (await bob.chat.room(room)).n_waiting

        await eventually(n_waiting, 0)
        await ann.team.go_online(a, is_on=True)
        wanted = ["0", "bob 0", *(f"ann {n}" for n in range(5))]
        await eventually(lambda: texts(ann, room), wanted)
        await eventually(lambda: texts(bob, room), wanted)


async def test_joining_proves_the_server_and_another_one_is_refused(tmp_path):
    async with two_desks(tmp_path, tls=True) as (server, ann, bob):
        link = await server.link()
        told = await ann.team.look_at(link)
        assert (told.url, told.role) == (server.url, "member")
        await join(ann, server, "Ann")
        with pytest.raises(InvalidInput, match="not the server"):
            await bob.team.join(link.replace(told.pin, "A" * 43), "bob@example.com", "Bob", PASSWORD)
        assert bob.team.servers() == ()
