"""A room that goes on from an earlier point: one's own words come again, those of others are shown as unconfirmed until they do."""

from tests.fakes.desks import eventually, join, texts, two_desks, user_of


async def test_what_a_failover_lost_comes_again_from_whoever_wrote_it(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.direct(a, user_of(bob))).id
        for n in range(3):
            await ann.chat.send(room, f"ann {n}")
            await eventually(lambda n=n: texts(bob, room), [f"ann {i}" for i in range(n + 1)])
        await bob.chat.send(room, "bob 0")
        await eventually(lambda: texts(ann, room), ["ann 0", "ann 1", "ann 2", "bob 0"])
        await bob.team.go_online(b, is_on=False)
        before = {m.text: m.id for m in (await ann.chat.page(room)).messages}
        await server.server.rooms.fork(room, 2, "restored from a backup")

        async def seen_by_ann():
            return [(m.text, m.why != "") for m in (await ann.chat.page(room)).messages]

        await eventually(seen_by_ann, [("ann 0", False), ("ann 1", False), ("ann 2", False), ("bob 0", True)])
        await bob.team.go_online(b, is_on=True)
        said = ["ann 0", "ann 1", "ann 2", "bob 0"]
        await eventually(lambda: texts(ann, room), said)
        await eventually(lambda: texts(bob, room), said)

        async def confirmed():
            pages = [await desk.chat.page(room) for desk in (ann, bob)]
            return [all(m.seq and not m.why for m in page.messages) for page in pages]

        await eventually(confirmed, [True, True])
        assert {m.text: m.id for m in (await bob.chat.page(room)).messages} == before
