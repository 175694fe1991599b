"""Downloads as HTTP asks for them (RFC 9110): parts, conditions, and failures that are said instead of broken answers."""

import hashlib

from sync_server.protocol.bodies import File
from tests.fakes.sync_author import Author
from tests.fakes.sync_server import served

CONTENT = b"time,price\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(200_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TAG = f'"{SHA256}"'


async def shared(olga, author, room):
    """The file, uploaded and shown in a room."""
    asked = {"room": room, "sha256": SHA256, "size": len(CONTENT), "mime": "text/csv", "name": "a.csv"}
    upload = (await olga.post("/v1/files", json=asked)).json()
    for place in range(0, len(CONTENT), 1 << 20):
        await olga.put(f"/v1/uploads/{upload['id']}?offset={place}", content=CONTENT[place : place + (1 << 20)])
    assert (await olga.post(f"/v1/uploads/{upload['id']}/finish")).status_code == 200
    said = author.says(room, "prices", files=(File(SHA256, "a.csv", "text/csv", len(CONTENT)),))
    await olga.post("/v1/push", json={"ops": [as_json(said)]})


def as_json(op):
    return {name: getattr(op, name) for name in op.__struct_fields__}


async def test_a_part_is_given_of_the_same_content_alone(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        author = Author()
        room, create = author.room()
        await olga.post("/v1/push", json={"ops": [as_json(create)]})
        await shared(olga, author, room)

        async def got(**headers):
            answer = await olga.get(f"/v1/files/{SHA256}", headers={name.replace("_", "-"): text for name, text in headers.items()})
            return answer.status_code, answer.content, answer.headers.get("content-range", "")

        n = len(CONTENT)
        tail = f"bytes {n - 9}-{n - 1}/{n}"
        assert await got(range=f"bytes={n - 9}-") == (206, CONTENT[-9:], tail)
        assert await got(range=f"bytes={n - 9}-", if_range=TAG) == (206, CONTENT[-9:], tail)
        assert await got(range=f"bytes={n - 9}-", if_range='"another"') == (200, CONTENT, "")
        assert await got(range=f"bytes={n - 9}-", if_range=f"W/{TAG}") == (200, CONTENT, "")
        assert await got(range=f"bytes={n - 9}-", if_range="Sat, 29 Oct 1994 19:43:31 GMT") == (200, CONTENT, "")
        assert await got(range="bytes=0-1,5-6") == (200, CONTENT, "")
        assert await got(range="bytes=1000000-2200000") == (206, CONTENT[1_000_000:2_200_001], f"bytes 1000000-2200000/{n}")
        status, body, place = await got(range=f"bytes={n}-")
        assert (status, place, b"bytes" in body) == (416, f"bytes */{n}", True)
        assert await got(range="bytes=-0") == (416, body, f"bytes */{n}")
        for tags in (TAG, f"W/{TAG}", f'"x", {TAG}', "*"):
            assert (await got(if_none_match=tags))[:2] == (304, b"")
        assert (await got(if_none_match='"x"'))[0] == 200

        (stored,) = (path for path in (tmp_path / "server" / "files" / "whole").rglob("*") if path.is_file())
        stored.write_bytes(b"?" + stored.read_bytes()[1:])
        assert [(await got())[0], (await got(range="bytes=5-"))[0]] == [410, 410]
