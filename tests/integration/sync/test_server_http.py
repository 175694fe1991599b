"""The server over HTTP, on SQLite and on PostgreSQL: twins, chat for scripts, files, streams and polls, problems, limits."""

import asyncio
import contextlib
import hashlib
import json
import zlib
from contextlib import asynccontextmanager

import msgspec
import pytest

from sync_server.accounts.values import KeyTerms
from sync_server.actor import Role
from sync_server.protocol.bodies import File
from sync_server.protocol.chain import START, from_text, hash_after, to_text
from sync_server.protocol.codec import Codec, decode_from_server
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.messages import Ev, Head, People, Res, Said, Welcome
from tests.fakes.postgres import postgres
from tests.fakes.sync_author import NOW, Author
from tests.fakes.sync_server import served


async def pushed(client, *ops):
    answer = await client.post("/v1/push", json={"ops": msgspec.to_builtins(ops)})
    assert answer.status_code == 200, answer.text
    return answer.json()["ops"]


def messages(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


async def test_twins_enter_page_and_check_what_the_websocket_would(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        ann = await house.invite("Ann")
        author = Author()
        room, create = author.room(ann.user)

        results = await pushed(olga, create, *(author.says(room, f"number {n}") for n in range(7)))
        again = await pushed(olga, create)

        assert [(one["st"], one["s"]) for one in results] == [("ok", n) for n in range(1, 9)]
        assert (again[0]["st"], again[0]["s"]) == ("dup", 1)
        async with house.client(ann) as client:
            heads = (await client.get("/v1/heads")).json()["h"]
            assert (heads[0]["r"], heads[0]["s"]) == (room, 8)
            pages = [
                decode_from_server((await client.get(f"/v1/rooms/{room}/events?e=1&after={n}&limit=3")).content, Codec.JSON)
                for n in (0, 3, 6)
            ]
            assert all(isinstance(page, Ev) for page in pages)
            events = [event for page in pages for event in page.ev]
            assert [event.s for event in events] == list(range(1, 9))
            assert hash_after(START, 1, events) == from_text(pages[-1].h)
            assert (await client.post("/v1/read", json={"r": room, "e": 1, "read": 5})).status_code == 204
            reads = (await client.get(f"/v1/rooms/{room}/reads")).json()["c"]
            assert {"u": ann.user, "read": 5} in reads
            cursor = {"r": room, "e": 1, "s": 8, "h": pages[-1].h}
            wrong = {**cursor, "h": to_text(bytes(32))}
            assert (await client.post("/v1/check", json={"rooms": [cursor]})).json() == {"resets": []}
            assert (await client.post("/v1/check", json={"rooms": [wrong]})).json()["resets"][0]["why"] == "hash"
            snapshot = await client.get(f"/v1/rooms/{room}/snapshot")
            assert snapshot.status_code == 200
            assert (snapshot.json()["r"], snapshot.headers.get("content-encoding")) == (room, "gzip")


async def test_who_has_no_seat_learns_nothing_of_a_room(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        eve = await house.invite("Eve", Role.ADMIN)
        room, create = Author().room()
        await pushed(
            olga,
            create,
        )
        unknown = IdMaker(bytes).make(NOW)
        async with house.client(eve) as client:
            for path in ("snapshot", "reads"):
                answers = [await client.get(f"/v1/rooms/{one}/{path}") for one in (room, unknown)]
                assert answers[0].status_code == answers[1].status_code == 404
                assert answers[0].json() == answers[1].json()
            pages = [(await client.get(f"/v1/rooms/{one}/events")) for one in (room, unknown)]
            assert pages[0].json() | {"r": ""} == pages[1].json() | {"r": ""}
            assert (await client.get("/api/chat/history", params={"room": room})).status_code == 404
            assert (await client.get(f"/api/chat/rooms/{room}/members")).status_code == 404
            asked = {"room": room, "text": "let me in"}
            assert (await client.post("/api/chat/message", json=asked)).status_code == 404


async def test_a_script_makes_a_room_and_sends_a_message_once_however_often_it_asks(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        ann = await house.invite("Ann")
        once = {"Idempotency-Key": "morning"}
        rooms = [await olga.post("/api/chat/room", json={"name": "Desk", "people": [ann.user]}, headers=once) for _ in range(2)]
        assert rooms[0].status_code == rooms[1].status_code == 201
        assert rooms[0].json() == rooms[1].json()
        room = rooms[0].json()["room"]

        sent = [
            await olga.post(path, json={"room": room, "text": "hello"}, headers=once)
            for path in ("/api/chat/message", "/api/v1/chat/message")
        ]
        other = await olga.post("/api/chat/message", json={"room": room, "text": "other"}, headers=once)

        assert sent[0].json() == sent[1].json()
        assert (other.status_code, other.json()["code"]) == (409, "id_taken")
        texts = await asyncio.gather(*(olga.post("/api/chat/message", json={"room": room, "text": f"n {n}"}) for n in range(12)))
        assert {answer.status_code for answer in texts} == {201}
        assert sorted(answer.json()["s"] for answer in texts) == list(range(3, 15))
        direct = [await olga.post("/api/chat/room", json={"direct": True, "people": [ann.user]}) for _ in range(2)]
        assert [answer.status_code for answer in direct] == [201, 409]
        listed = (await olga.get("/api/chat/rooms")).json()["rooms"]
        assert {one["kind"] for one in listed} == {"group", "direct"}
        seats = (await olga.get(f"/api/chat/rooms/{room}/members")).json()["seats"]
        assert {seat["u"]: seat.get("role", "member") for seat in seats} == {house.admin.user: "owner", ann.user: "member"}


async def test_a_desktop_and_a_script_of_one_session_do_not_disturb_each_others_counting(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        author = Author()
        room, create = author.room()
        await pushed(olga, create)
        for n in range(3):
            assert (await olga.post("/api/chat/message", json={"room": room, "text": f"script {n}"})).status_code == 201
            assert (await pushed(olga, author.says(room, f"desktop {n}")))[0]["st"] == "ok"
        house.server.house.posting._counts.clear()  # as after a restart
        assert (await olga.post("/api/chat/message", json={"room": room, "text": "after"})).status_code == 201


async def test_history_and_search_go_page_by_page_with_cursors_of_ones_own(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        ann = await house.invite("Ann")
        room = (await olga.post("/api/chat/room", json={"name": "Desk", "people": [ann.user]})).json()["room"]
        for n in range(7):
            await olga.post("/api/chat/message", json={"room": room, "text": f"gold {n}"})

        said, cursor = [], ""
        while cursor or not said:
            answer = await olga.get("/api/chat/history", params={"room": room, "cursor": cursor, "limit": 3})
            said += [one["text"] for one in messages(answer)]
            cursor = answer.json()["cursor"]
            await olga.post("/api/chat/message", json={"room": room, "text": "inserted meanwhile"})
        assert said == [f"gold {n}" for n in range(6, -1, -1)]

        first = await olga.get("/api/chat/search", params={"q": "gold", "limit": 2})
        assert len(messages(first)) == 2
        async with house.client(ann) as client:
            stolen = await client.get("/api/chat/search", params={"q": "gold", "limit": 2, "cursor": first.json()["cursor"]})
            other_list = await olga.get("/api/chat/search", params={"q": "silver", "cursor": first.json()["cursor"]})
            mended = await olga.get("/api/chat/search", params={"q": "gold", "cursor": first.json()["cursor"][:-2] + "AA"})
        assert {stolen.status_code, other_list.status_code, mended.status_code} == {400}


async def test_a_file_is_sent_in_pieces_and_fetched_in_ranges_by_who_reads_the_room(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        ann, eve = await house.invite("Ann"), await house.invite("Eve")
        author = Author()
        room, create = author.room(ann.user)
        await pushed(olga, create)
        content = b"time,price\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))
        sha256 = hashlib.sha256(content).hexdigest()
        asked = {"room": room, "sha256": sha256, "size": len(content), "mime": "text/csv", "name": "prices é.csv"}

        upload = (await olga.post("/v1/files", json=asked)).json()
        first = await olga.put(f"/v1/uploads/{upload['id']}?offset=0", content=content[:100_000])
        wrong = await olga.put(f"/v1/uploads/{upload['id']}?offset=5", content=b"x")
        again = (await olga.post("/v1/files", json=asked)).json()
        await olga.put(f"/v1/uploads/{upload['id']}?offset=100000", content=content[100_000:])
        finished = await olga.post(f"/v1/uploads/{upload['id']}/finish")
        file = File(sha256, "prices é.csv", "text/csv", len(content))
        await pushed(olga, author.says(room, "prices", files=(file,)))

        assert (first.json()["offset"], again["offset"], again["id"]) == (100_000, 100_000, upload["id"])
        assert (wrong.status_code, wrong.json()["code"]) == (409, "out_of_order")
        assert finished.status_code == 200, finished.text
        async with house.client(ann) as client:
            whole = await client.get(f"/v1/files/{sha256}")
            assert whole.content == content
            assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''prices%20%C3%A9.csv"
            assert whole.headers["x-content-type-options"] == "nosniff"
            part = await client.get(f"/v1/files/{sha256}", headers={"Range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, content[100:200])
            assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
            tail = await client.get(f"/v1/files/{sha256}", headers={"Range": "bytes=-5"})
            assert tail.content == content[-5:]
            beyond = await client.get(f"/v1/files/{sha256}", headers={"Range": f"bytes={len(content)}-"})
            assert beyond.status_code == 416
            known = await client.get(f"/v1/files/{sha256}", headers={"If-None-Match": whole.headers["etag"]})
            assert (known.status_code, known.content) == (304, b"")
            assert (await client.head(f"/v1/files/{sha256}")).status_code == 200
        async with house.client(eve) as client:
            assert (await client.get(f"/v1/files/{sha256}")).status_code == 404


@asynccontextmanager
async def listening(client, **request):
    """Messages of the event stream."""
    async with client.stream(request.pop("method", "GET"), request.pop("path", "/v1/events"), **request) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (
            decode_from_server(line[6:].encode(), Codec.JSON) async for line in answer.aiter_lines() if line.startswith("data: ")
        )


async def next_of(stream, kind):
    async with asyncio.timeout(10):
        async for message in stream:
            if isinstance(message, kind):
                return message
    return None


@pytest.mark.parametrize("path", ["/v1/events", "/api/chat/events"])
async def test_a_stream_of_events_tells_what_a_websocket_would(tmp_path, path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        ann = await house.invite("Ann")
        async with house.client(ann) as client, listening(client, path=path) as stream:
            welcome = await next_of(stream, Welcome)
            assert (welcome.u, welcome.heads) == (ann.user, ())
            assert {person.u for person in (await next_of(stream, People)).p} == {ann.user, house.admin.user}
            author = Author()
            room, create = author.room(ann.user)
            await pushed(olga, create)
            assert (await next_of(stream, Head)).h[0].r == room
            await pushed(olga, author.says(room, "hello"))
            heard = await next_of(stream, Ev)
            assert json.loads(heard.ev[0].b)["text"] == "hello"
            await olga.post("/v1/eph", json={"k": "typing", "r": room})
            while (said := await next_of(stream, Said)).k != "typing":
                pass
            assert said.a == house.admin.user
            await house.server.accounts.sessions.end(await house.server.accounts.verify(ann.tokens.access), ann.tokens.session)
            assert await next_of(stream, Res) is None  # the stream ends
        assert len(house.server.hub) == 0


async def test_a_stream_that_begins_from_copies_tells_which_cannot_go_on(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        unknown = IdMaker(bytes).make(NOW)
        asked = {"rooms": [{"r": unknown, "e": 1, "s": 5, "h": ""}]}
        async with listening(olga, method="POST", json=asked) as stream:
            async for message in stream:
                if type(message).__name__ == "Reset":
                    assert message.r == unknown
                    break


async def test_a_poll_waits_tells_and_tells_again_until_it_is_acknowledged(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        ann = await house.invite("Ann")
        author = Author()
        room, create = author.room(ann.user)
        await pushed(olga, create)
        async with house.client(ann) as client:
            first = (await client.post("/v1/poll", json={})).json()
            assert first["messages"][0]["t"] == "welcome"
            lost = (await client.post("/v1/poll", json={"sid": first["sid"], "n": 0})).json()
            assert lost == first
            waiting = asyncio.create_task(client.post("/v1/poll", json={"sid": first["sid"], "n": first["n"]}))
            await pushed(olga, author.says(room, "hello"))
            told = (await waiting).json()
            while not any(one["t"] == "ev" for one in told["messages"]):
                told = (await client.post("/v1/poll", json={"sid": first["sid"], "n": told["n"]})).json()
            nothing = (await client.post("/v1/poll", json={"sid": first["sid"], "n": told["n"], "wait_ms": 0})).json()
            assert [one for one in nothing["messages"] if one["t"] == "ev"] == []
        async with house.client(house.admin) as other:
            assert (await other.post("/v1/poll", json={"sid": first["sid"]})).status_code == 404


async def test_a_request_whose_body_does_not_come_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("sync_server.edge.wire.BODY_S", 0.2)
    async with served(tmp_path) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        token = house.admin.headers["Authorization"]
        head = f"POST /v1/push HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b"{")
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_a_kept_connection_may_rest_but_its_next_request_must_come_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("sync_server.edge.wire.FIRST_REQUEST_S", 0.3)

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        return head[:12] + await reader.readexactly(len(b'{"status":"ok"}'))

    async with served(tmp_path) as house:
        port = int(house.url.rsplit(":", 1)[1])
        rests, breaks_off = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert await ask(*rests) == b'HTTP/1.1 200{"status":"ok"}'
        assert await ask(*breaks_off) == b'HTTP/1.1 200{"status":"ok"}'
        breaks_off[1].write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        async with asyncio.timeout(5):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await breaks_off[0].readexactly(1)
        assert await ask(*rests) == b'HTTP/1.1 200{"status":"ok"}'
        for _, writer in (rests, breaks_off):
            writer.close()


async def test_problems_are_told_alike(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga, house.client() as nobody:
        answers = {
            401: await nobody.get("/v1/heads"),
            404: await olga.get("/v1/nothing"),
            405: await olga.put("/v1/heads"),
            413: await olga.post("/v1/push", content=b'{"ops":[' + b" " * 300_000 + b"]}"),
            400: await olga.post("/v1/push", content=b'{"ops":[{"id":5}]}'),
        }
        for status, answer in answers.items():
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert set(answer.json()) == {"type", "title", "status", "code", "detail", "hint", "retry_after_ms"}
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answers[405].headers["allow"] == "GET, OPTIONS"
        assert "id" in answers[400].json()["detail"]
        deep = await olga.patch("/api/v1/users/me", content=b'{"preferences":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}")
        assert deep.status_code == 400
        broken = await olga.post("/v1/read", content=zlib.compress(b"{}"))
        assert broken.status_code == 400
        twice = await olga.post("/v1/read", content=b'{"r":"\xff"}')
        assert twice.status_code == 400


async def test_null_characters_reach_no_database(postgres_url, tmp_path):
    async with served(tmp_path, database=postgres_url) as house, house.client(house.admin) as olga:
        room = (await olga.post("/api/chat/room", json={"name": "Desk"})).json()["room"]
        file = {"room": room, "sha256": "a" * 64, "size": 5, "name": "a\0"}
        op = msgspec.to_builtins(Author().says(room, "a\0b"))
        for method, path, body in (
            ("GET", "/v1/rooms/%00/events", None),
            ("GET", "/api/chat/search?q=a&sender=%00", None),
            ("GET", "/v1/uploads/%00", None),
            ("GET", "/v1/audit?kind=%00", None),
            ("POST", "/v1/files", file),
            ("POST", "/v1/read", {"r": "\0" * 36, "e": 1, "read": 1}),
            ("POST", "/v1/eph", {"k": "typing", "r": "\0"}),
            ("POST", "/v1/check", {"rooms": [{"r": "\0", "e": 1, "s": 1}]}),
            ("POST", "/api/chat/room", {"name": "b", "people": ["\0" * 36]}),
            ("PUT", f"/api/v1/rooms/{room}/hold", {"why": "\0"}),
        ):
            answer = await olga.request(method, path, json=body)
            assert answer.status_code == 400, (path, answer.text)
        for body in ('{"text":"a","mentions":["' + "\\u0000" * 36 + '"]}', '{"text":"\0"}'):
            assert (await pushed(olga, op | {"b": body, "id": op["id"][:-1] + str(len(body) % 10), "cseq": 1}))[0]["st"] in (
                "rej",
                "retry",
            )
        assert (await olga.post("/api/chat/message", json={"room": room, "text": "a\0b"})).status_code in (201, 422)
        await house.server.search.settled()


async def test_pages_of_strangers_may_not_ask(tmp_path):
    async with served(tmp_path, origins=("https://good.example",)) as house, house.client(house.admin) as olga:
        refused = await olga.get("/v1/heads", headers={"Origin": "https://evil.example"})
        allowed = await olga.get("/v1/heads", headers={"Origin": "https://good.example"})

        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
        assert allowed.headers["access-control-allow-origin"] == "https://good.example"


async def test_who_is_too_fast_over_http_is_told_when_to_come_back(tmp_path):
    async with served(tmp_path, has_limits=True) as house, house.client(house.admin) as olga:
        room = (await olga.post("/api/chat/room", json={"name": "Desk"})).json()["room"]
        answers = [await olga.post("/api/chat/message", json={"room": room, "text": f"n {n}"}) for n in range(25)]
        late = [answer for answer in answers if answer.status_code == 429]

        assert answers[19].status_code == 201
        assert late
        assert int(late[0].headers["retry-after"]) >= 1
        assert 0 < late[0].json()["retry_after_ms"] <= 1_000


async def test_a_key_does_what_its_scopes_say_and_nothing_else(tmp_path):
    async with served(tmp_path) as house, house.client(house.admin) as olga:
        owner = await house.server.accounts.verify(house.admin.tokens.access)
        actor = msgspec.structs.replace(owner, stepped_ms=house.server.clock.now_ms())
        made = await house.server.accounts.api_keys.make(actor, KeyTerms("reader", ("chat:read",)))
        author = Author()
        room, create = author.room(made.user)
        await pushed(olga, create, author.says(room, "for programs"))
        async with house.client() as key:
            key.headers["Authorization"] = f"Bearer {made.key}"
            assert [one["r"] for one in (await key.get("/v1/heads")).json()["h"]] == [room]
            assert messages(await key.get("/api/chat/history", params={"room": room}))[0]["text"] == "for programs"
            assert (await key.post("/api/chat/message", json={"room": room, "text": "no"})).status_code == 403
            assert (await key.get("/api/v1/users")).status_code == 403
            async with listening(key) as stream:
                assert (await next_of(stream, Welcome)).u == made.user


async def test_the_audit_log_and_holds_are_for_who_may_see_them(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house, house.client(house.admin) as olga:
        ann, judge = await house.invite("Ann"), await house.invite("Judge", Role.COMPLIANCE)
        author = Author()
        room, create = author.room(ann.user)
        await pushed(olga, create)
        page = (await olga.get("/api/v1/audit", params={"kind": "org"})).json()
        assert [one["entry"]["kind"] for one in page["entries"]] == ["org.made"]
        assert len((await olga.get("/api/v1/audit")).json()["entries"]) > 3
        async with house.client(ann) as client:
            refused = [await client.get("/api/v1/audit"), await client.get("/api/v1/holds")]
            refused.append(await client.put(f"/api/v1/rooms/{room}/hold", json={"why": "mine"}))
            assert {answer.status_code for answer in refused} == {403}
        async with house.client(judge) as client:
            held = await client.put(f"/api/v1/rooms/{room}/hold", json={"why": "a case"})
            assert held.status_code == 204, held.text
            assert [(one["room"], one["why"]) for one in (await client.get("/api/v1/holds")).json()["holds"]] == [(room, "a case")]
            full = (await client.get("/api/v1/holds", params={"limit": 1})).json()
            after = (await client.get("/api/v1/holds", params={"limit": 1, "cursor": full["cursor"]})).json()
            assert ([one["room"] for one in full["holds"]], after) == ([room], {"holds": [], "cursor": ""})
            released = await client.request("DELETE", f"/api/v1/rooms/{room}/hold", json={"why": "closed"})
            assert released.status_code == 204
            assert (await client.get("/api/v1/holds")).json() == {"holds": [], "cursor": ""}


async def test_health_figures_and_the_schema_are_open_and_tell_nothing_private(tmp_path):
    async with served(tmp_path, tls=True) as house, house.client() as nobody:
        assert (await nobody.get("/healthz")).json() == {"status": "ok"}
        assert (await nobody.get("/readyz")).json() == {"status": "ready"}
        identity = (await nobody.get("/v1/identity")).json()
        assert (identity["pin"], identity["name"]) == (house.server.keys.pin, "Team")
        assert identity["certificate"].startswith("-----BEGIN CERTIFICATE-----")
        figures = (await nobody.get("/metrics")).text
        assert "trii_sync_http_answers_total" in figures
        assert "Olga" not in figures
        schema = (await nobody.get("/schema/openapi.json")).json()
        assert {"/v1/push", "/v1/rooms/{room}/events", "/api/chat/message", "/api/v1/auth/login"} <= set(schema["paths"])
        assert (await nobody.get("/schema")).status_code == 200


async def test_a_server_whose_database_is_gone_says_that_it_is_not_ready(tmp_path, postgres_url, caplog):
    async with served(tmp_path, database=postgres_url) as house, house.client() as nobody:
        await asyncio.to_thread(postgres().stop)
        try:
            answer = await nobody.get("/readyz")
            alive = await nobody.get("/healthz")
        finally:
            await asyncio.to_thread(postgres().start)

        assert (answer.status_code, alive.status_code) == (503, 200)
        async with asyncio.timeout(20):
            while (await nobody.get("/readyz")).status_code != 200:
                pass
