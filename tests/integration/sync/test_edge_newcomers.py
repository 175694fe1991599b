"""What somebody who comes is told of the others: whole, however many there are, and made once for many who come."""

from sync_server.protocol.codec import Codec
from sync_server.protocol.limits import MAX_FRAMES_WAITING
from sync_server.protocol.messages import People, Person, Said
from tests.fakes.edge_house import edge_house


async def test_who_comes_is_told_of_everybody_who_is_there_also_where_they_are_more_than_may_wait():
    async with edge_house() as house:
        there = {f"p{n}" for n in range(MAX_FRAMES_WAITING + 100)}
        for name in there:
            house.hub.presence.came(name, "org", name, house.hub.now_ms())
        house.hub.presence.tick(house.hub.now_ms())
        async with house.device("ann", Codec.MSGPACK) as ann:
            heard = set()
            while not there <= heard:
                heard.add((await ann.hear(Said)).a)


async def test_who_was_not_there_when_one_came_is_told_with_the_next_change():
    async with edge_house() as house, house.device("ann") as ann, house.device("bob") as bob:
        for device, other in ((ann, "bob"), (bob, "ann")):
            while (await device.hear(Said)).a != other:
                pass


async def test_the_people_are_read_once_for_many_who_come_and_again_for_who_is_new():
    async with edge_house() as house:
        async with house.device("ann") as ann, house.device("bob") as bob:
            for device in (ann, bob):
                assert [person.u for person in (await device.hear(People)).p] == ["ann", "bob"]
            n_asked = house.accounts.n_asked
            house.accounts.known.append(Person("cid", "Cid", "cid"))
            async with house.device("cid") as cid:
                assert [person.u for person in (await cid.hear(People)).p] == ["ann", "bob", "cid"]
                assert [person.u for person in (await ann.hear(People)).p] == ["cid"]
        assert n_asked == 1
