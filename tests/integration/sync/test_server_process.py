"""The command line as a person types it: serve with no configuration, join, invite, back up, restore, stop."""

import asyncio
import contextlib
import io
import os
import signal
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import websockets

from sync_server.cli.commands import run
from sync_server.config import Config
from sync_server.errors import Refused
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.invites import parse_invite
from sync_server.protocol.messages import Bye, Hello, Welcome
from sync_server.server import Server

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery staple 7"


def environment(data):
    return {**os.environ, "TRII_SYNC_DATA": str(data), "TRII_SYNC_PASSPHRASE": "a passphrase of words", "PYTHONPATH": str(ROOT)}


def trii_sync(data, *arguments, code=0):
    """What a command printed, run in this process: only ``serve`` needs one of its own."""
    out, err = io.StringIO(), io.StringIO()
    done = run([arguments[0], "--data", str(data), *arguments[1:]] if arguments[0] != "dance" else arguments, out, err)
    assert done == code, out.getvalue() + err.getvalue()
    return out.getvalue() if code == 0 else err.getvalue()


class Running:
    """A server process. ``lines``: what it said until it listened."""

    def __init__(self, process):
        self.process = process
        self.lines = []

    @property
    def link(self):
        return next((line.strip() for line in self.lines if line.strip().startswith("trii://")), "")

    async def said(self, until):
        async with asyncio.timeout(40):
            while not self.lines or until not in self.lines[-1]:
                line = (await self.process.stdout.readline()).decode()
                assert line, "".join(self.lines) + (await self.process.stderr.read()).decode()
                self.lines.append(line)

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, errors = await self.process.communicate()
        assert errors == b"", errors.decode()
        return self.process.returncode


@asynccontextmanager
async def serving(data, *arguments):
    command = (sys.executable, "-m", "sync_server", "serve", "--host", "127.0.0.1", "--port", "0", *arguments)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, env=environment(data), cwd=ROOT, **pipes)
    running = Running(process)
    try:
        await running.said("Stop:")
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def trusted(invite):
    """TLS that believes only the key of the link, as a desktop comes to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        identity = (await client.get(f"{invite.server}/v1/identity")).json()
    assert identity["pin"] == invite.pin
    context = ssl.create_default_context(cadata=identity["certificate"])
    context.check_hostname = False
    return context


async def told_to_the_end(socket):
    heard = []
    with contextlib.suppress(websockets.ConnectionClosed):
        async for data in socket:
            heard.append(decode_from_server(data.encode(), Codec.JSON))  # noqa: PERF401 - kept when the end raises
    return heard


async def joined(client, invite, name):
    asked = {
        "code": invite.code,
        "email": f"{name}@example.com",
        "name": name,
        "password": PASSWORD,
        "device": {"id": f"{name}-laptop"},
    }
    answer = await client.post("/api/auth/register", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.posix
async def test_one_command_serves_and_its_link_makes_the_owner_who_is_told_when_it_stops(tmp_path):
    data = tmp_path / "data"
    async with serving(data) as running:
        invite = parse_invite(running.link)
        trust = await trusted(invite)
        async with httpx.AsyncClient(base_url=invite.server, verify=trust, trust_env=False) as client:
            tokens = await joined(client, invite, "olga")
            again = await client.post(
                "/api/auth/register",
                json={
                    "code": invite.code,
                    "email": "eve@example.com",
                    "name": "Eve",
                    "password": PASSWORD,
                    "device": {"id": "eve-laptop"},
                },
            )
        assert tokens["role"] == "owner"
        assert again.status_code == 404
        other = parse_invite(await asyncio.to_thread(trii_sync, data, "invite"))
        assert (other.server, other.pin) == (invite.server, invite.pin)
        assert other.code != invite.code

        url = invite.server.replace("https", "wss") + "/v1/sync"
        async with websockets.connect(url, ssl=trust, subprotocols=[str(Codec.JSON)], proxy=None) as socket:
            await socket.send(encode(Hello(tokens["access"], "olga-laptop"), Codec.JSON).decode())
            assert isinstance(decode_from_server((await socket.recv()).encode(), Codec.JSON), Welcome)
            running.process.send_signal(signal.SIGTERM)
            heard = await told_to_the_end(socket)
        assert isinstance(heard[-1], Bye)
        assert (heard[-1].code, heard[-1].retry) == (4003, (1_000, 15_000))
        async with asyncio.timeout(20):
            out, errors = await running.process.communicate()
        assert (running.process.returncode, errors) == (0, b"")
        assert out.decode().endswith("Stopped.\n")
    async with serving(data) as again:
        assert again.link == ""  # somebody owns it


@pytest.mark.posix
async def test_people_are_looked_after_at_the_command_line_and_no_second_server_shares_the_folder(tmp_path):
    async with serving(tmp_path) as running:
        invite = parse_invite(running.link)
        async with httpx.AsyncClient(base_url=invite.server, verify=await trusted(invite), trust_env=False) as client:
            await joined(client, invite, "olga")
            ann = parse_invite(await asyncio.to_thread(trii_sync, tmp_path, "invite", "--role", "trader"))
            tokens = await joined(client, ann, "ann")
            client.headers["Authorization"] = f"Bearer {tokens['access']}"
            assert (await client.get("/v1/heads")).status_code == 200

            listed = await asyncio.to_thread(trii_sync, tmp_path, "user")
            assert "ann@example.com  ann  trader" in listed
            await asyncio.to_thread(trii_sync, tmp_path, "user", "disable", "ann@example.com")
            async with asyncio.timeout(5):
                while (await client.get("/v1/heads")).status_code != 401:
                    pass
        with pytest.raises(Refused, match="already runs"):
            await Server(Config(data=tmp_path, port=0)).__aenter__()
        assert "Team" in await asyncio.to_thread(trii_sync, tmp_path, "org")
        assert "trii://join?" in await asyncio.to_thread(trii_sync, tmp_path, "org", "add", "Other desk")
        assert "whole" in await asyncio.to_thread(trii_sync, tmp_path, "verify")
        assert "Nobody here" in await asyncio.to_thread(trii_sync, tmp_path, "user", "enable", "bob@example.com", code=1)


@pytest.mark.posix
async def test_a_backup_taken_while_it_runs_brings_the_server_back_under_the_same_identity(tmp_path, monkeypatch):
    monkeypatch.setenv("TRII_SYNC_PASSPHRASE", "a passphrase of words")
    data, other, target = tmp_path / "data", tmp_path / "other", tmp_path / "backup.triisync"
    async with serving(data) as running:
        invite = parse_invite(running.link)
        async with httpx.AsyncClient(base_url=invite.server, verify=await trusted(invite), trust_env=False) as client:
            tokens = await joined(client, invite, "olga")
            client.headers["Authorization"] = f"Bearer {tokens['access']}"
            room = (await client.post("/api/chat/room", json={"name": "Desk"})).json()["room"]
            await client.post("/api/chat/message", json={"room": room, "text": "kept"})
        assert "whole" in await asyncio.to_thread(trii_sync, data, "backup", str(target))
        assert await running.stop() == 0
    assert "whole" in await asyncio.to_thread(trii_sync, data, "verify", str(target))
    assert b"kept" not in target.read_bytes()
    assert "Restored" in await asyncio.to_thread(trii_sync, other, "restore", str(target))
    async with Server(Config(data=other, port=0)) as server:
        restored = parse_invite(server.join_link("code"))
        assert restored.pin == invite.pin
        trust = await trusted(restored)
        async with httpx.AsyncClient(base_url=restored.server, verify=trust, trust_env=False) as client:
            # A session may have been ended since the backup: none of that time stands any more.
            old = {"Authorization": f"Bearer {tokens['access']}"}
            assert (await client.get("/api/v1/users/me", headers=old)).status_code == 401
            assert (await client.post("/api/auth/refresh", json={"refresh": tokens["refresh"]})).status_code == 401
            login = {"email": "olga@example.com", "password": PASSWORD, "device": {"id": "olga-laptop"}}
            tokens = (await client.post("/api/auth/login", json=login)).json()
            client.headers["Authorization"] = f"Bearer {tokens['access']}"
            said = (await client.get("/api/chat/history", params={"room": room})).json()["messages"]
        assert [one["text"] for one in said] == ["kept"]


def test_words_that_are_not_understood_end_with_two_and_what_cannot_be_with_one(tmp_path, capsys):
    trii_sync(tmp_path, "dance", code=2)
    assert "invalid choice" in capsys.readouterr().err
    assert "no server yet" in trii_sync(tmp_path, "invite", code=1)
    assert "is no port" in trii_sync(tmp_path, "serve", "--port", "70000", code=1)
    assert "is no address" in trii_sync(tmp_path, "serve", "--public", "example.com", code=1)
