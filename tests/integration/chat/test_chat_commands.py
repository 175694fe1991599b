"""`trii team` and `trii chat`, each a process of its own, against a real server."""

import asyncio

from backend.storage.paths import Home
from sync_server.actor import Role
from tests.fakes.sync_server import PASSWORD, served
from tests.fakes.trii import Trii


async def test_a_person_joins_writes_reads_searches_and_leaves_from_the_command_line(tmp_path):
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    trii = Trii(Home(tmp_path / "home"), tmp_path)

    async def say(*words):
        return await asyncio.to_thread(trii, *words)

    async with served(tmp_path, tls=True) as server:
        link = await server.link(Role.ADMIN)
        known = ("--email", "ann@example.com", "--password-file", password)
        joined = await say("team", "join", link, *known, "--name", "Ann", "--json")
        assert joined.code == 0, joined.err
        assert (joined.json["person"], joined.json["role"]) == ("Ann", "admin")
        name = joined.json["name"]

        await server.invite("Bob")
        note = tmp_path / "note.txt"
        note.write_text("copper")
        sent = await say("chat", "send", "@bob", "Crude is up.", "--file", note, "--json")
        assert sent.code == 0, sent.err
        assert (sent.json["state"], sent.json["seq"]) == ("sent", 2)
        read = await say("chat", "read", "Bob", "--json")
        assert [(m["text"], m["files"][0]["name"]) for m in read.json] == [("Crude is up.", "note.txt")]
        found = await say("chat", "search", "cru", "--json")
        assert [hit["text"] for hit in found.json] == ["Crude is up."]
        assert (await say("team", "sign-out", name)).code == 0
