"""Rooms over a real database: what is acknowledged is stored, served and told in order."""



from sync_server.protocol.chain import START, hash_after, to_text
from sync_server.protocol.messages import Ev, Pull
from tests.fakes.rooms_house import open_house, sqlite_url


async def test_what_was_pushed_is_pulled_with_the_hash_that_follows_from_it(tmp_path):
    async with open_house(sqlite_url(tmp_path)) as house:
        ann, bob = house.writer(), house.writer()
        create = ann.create(bob)
        await house.ok(ann, create, ann.say(create.r, "grüße"), ann.say(create.r))
        await house.ok(bob, bob.say(create.r))

        ev = await house.rooms.pull(bob.actor, Pull(7, create.r, 0))
        assert isinstance(ev, Ev)
        assert (ev.e, ev.first, ev.last, ev.rid) == (1, 1, 4, 7)
        assert ev.ev[1].b == '{"text":"grüße"}'
        assert ev.h == to_text(hash_after(START, 1, ev.ev))
