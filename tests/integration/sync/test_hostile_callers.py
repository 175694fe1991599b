"""What a caller with bad intent tries: asking without end, a key beyond its scopes, a guest who listens for the others."""

import asyncio
import json
from contextlib import asynccontextmanager

import msgspec
from litestar.routes import HTTPRoute

from sync_server.accounts.values import KeyTerms
from sync_server.actor import Role
from sync_server.protocol.codec import Codec, decode_from_server
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.messages import Said, Welcome
from tests.fakes.sync_author import NOW, Author
from tests.fakes.sync_server import served
from tests.fakes.waiting import until

SOME = IdMaker(bytes).make(NOW)
SHA256 = "a" * 64
# What each address is asked with, so that it is understood.
BODIES = {
    "/v1/check": {"rooms": []},
    "/v1/read": {"r": SOME, "e": 1, "read": 1},
    "/v1/eph": {"k": "typing", "r": SOME},
    "/v1/events": {"rooms": []},
    "/v1/poll": {"sid": "some"},
    "/v1/files": {"room": SOME, "sha256": SHA256, "size": 5},
    "/api/v1/erasures": {"subject": SOME, "why": "asked"},
    "/api/v1/erasures/{erasure}/decline": {"why": "no"},
    "/api/v1/rooms/{room}/hold": {"why": "a case"},
}
OPEN = {"/healthz", "/readyz", "/metrics", "/v1/identity"}
COUNTED_BY_WHAT_THEY_ENTER = {"/v1/push", "/api/chat/message", "/api/v1/chat/message", "/api/chat/room", "/api/v1/chat/room"}
ACCOUNTS = ("auth", "v1/auth", "v1/users", "v1/people", "v1/org", "v1/invitations", "v1/api-keys")
COUNTED_WITH_ACCOUNTS = tuple(f"/api/{name}" for name in ACCOUNTS)


async def test_no_address_answers_without_end(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        house.server.hub.take = lambda _pace, _key: 7_000
        asked = []
        for route in house.server.app._http.routes:
            path = route.path_format if isinstance(route, HTTPRoute) else "/schema"
            is_other = path in OPEN | COUNTED_BY_WHAT_THEY_ENTER or path.startswith(("/schema", "/.well", *COUNTED_WITH_ACCOUNTS))
            for method in () if is_other else route.methods - {"OPTIONS"}:
                place = path.format(room=SOME, upload=SOME, sha256=SHA256, erasure=SOME)
                more = {"json": BODIES[path]} if path in BODIES and method != "GET" else {}
                params = {"offset": 0, "room": SOME} if method in ("PUT", "GET") else {}
                answer = await olga.request(method, place, params=params, **more)
                asked.append((method, path, answer.status_code))
        assert len(asked) > 25
        assert [one for one in asked if one[2] != 429] == []


async def test_a_key_that_may_only_write_learns_of_no_room_and_says_nothing_of_itself(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        owner = await house.server.accounts.verify(house.admin.tokens.access)
        actor = msgspec.structs.replace(owner, stepped_ms=house.server.clock.now_ms())
        made = await house.server.accounts.api_keys.make(actor, KeyTerms("writer", ("chat:write",)))
        author = Author()
        room, create = author.room(made.user)
        await olga.post("/v1/push", json={"ops": msgspec.to_builtins((create,))})
        async with house.client() as key:
            key.headers["Authorization"] = f"Bearer {made.key}"
            for path in ("/v1/heads", "/api/chat/rooms", "/api/chat/search", "/v1/events"):
                assert (await key.get(path)).status_code == 403, path
            assert (await key.get(f"/api/chat/rooms/{room}/members")).status_code == 404
            assert (await key.post("/v1/eph", json={"k": "presence", "b": "online"})).status_code == 403
            assert (await key.post("/v1/poll", json={})).status_code == 403
            assert (await key.post("/api/chat/message", json={"room": room, "text": "hi"})).status_code == 201


@asynccontextmanager
async def hearing(house, member):
    """What a person's stream tells, gathered."""
    heard = []

    def hear(line):
        if line.startswith("data:"):
            heard.append(decode_from_server(line[5:].strip().encode(), Codec.JSON))

    async def gather(answer):
        async for line in answer.aiter_lines():
            hear(line)

    async with house.client(member) as client, client.stream("GET", "/v1/events") as answer:
        task = asyncio.create_task(gather(answer))
        try:
            await told(heard, lambda one: isinstance(one, Welcome))
            yield client, heard
        finally:
            task.cancel()
            await asyncio.wait([task])


async def told(heard, wanted):
    await until(lambda: any(map(wanted, heard)), 20)


def of(member, state):
    return lambda one: isinstance(one, Said) and (one.k, one.a, one.b) == ("presence", member.user, state)


async def test_a_guest_hears_of_nobody_they_share_no_room_with(tmp_path):
    async with served(tmp_path) as house:
        gus, mia, ann = await house.invite("Gus", Role.GUEST), await house.invite("Mia"), await house.invite("Ann")
        author = Author()
        _, create = author.room(gus.user)
        async with house.client(mia) as client:
            await client.post("/v1/push", json={"ops": msgspec.to_builtins((create,))})
        async with (
            hearing(house, ann) as (of_ann, heard_by_ann),
            hearing(house, mia) as (of_mia, _),
            hearing(house, gus) as (_, heard_by_gus),
        ):
            await told(heard_by_ann, of(gus, "online"))
            await told(heard_by_gus, of(mia, "online"))
            await of_ann.post("/v1/eph", json={"k": "presence", "b": "busy"})
            await told(heard_by_ann, of(ann, "busy"))
            await of_mia.post("/v1/eph", json={"k": "presence", "b": "away"})
            await told(heard_by_gus, of(mia, "away"))
            assert ann.user not in json.dumps(msgspec.to_builtins(heard_by_gus))
