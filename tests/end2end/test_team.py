"""A server process and two windows: joined by links as people do, talking, cut apart, together again, nothing lost."""

import asyncio
import re
import shutil
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.chat.message import Delivery
from backend.storage.paths import Home
from backend.sync.server import Standing
from tests.fakes.copied_home import copy_home
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.waiting import until
from tests.fakes.window import make_samples_home, open_window, visible_dialog
from trii_desktop.team.join_dialog import JoinDialog

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "wide river, quiet bells 9"
_LINK = re.compile(r"trii://join\S+")
pytestmark = pytest.mark.timeout(240)


async def shown(condition, what):
    await until(condition, 40.0, what=what)


class ServerProcess:
    """`trii-sync serve` on loopback, as a person starts it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.printed = ""
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._child.returncode is None:
            await self.stop(signal.SIGKILL)

    async def start(self) -> None:
        self.printed = ""
        command = [
            sys.executable,
            "-m",
            "sync_server",
            "serve",
            "--data",
            str(self.data),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        self._child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        self._reading = asyncio.create_task(self._read(self._child))
        await shown(lambda: "Stop:" in self.printed, "the server listens")
        self.port = int(re.search(r"https://\S+?:(\d+)", self.printed).group(1))

    def link(self) -> str:
        return _LINK.search(self.printed).group()

    async def stop(self, how=signal.SIGTERM) -> int:
        self._child.send_signal(how)
        code = await asyncio.wait_for(self._child.wait(), 30)
        await self._reading
        return code

    async def _read(self, child) -> None:
        while line := await child.stdout.readline():
            self.printed += line.decode()


class Person:
    """Somebody in front of a window with the chat beside the chart."""

    def __init__(self, desktop) -> None:
        self.desktop = desktop
        self.panel = desktop.panels.chat
        self.actions = desktop.workbench.actions

    @property
    def server(self):
        door = self.desktop.desk.backend.chat
        return door.team.servers()[0] if door.team.servers() else None

    @property
    def chat(self):
        return self.desktop.desk.backend.chat.chat

    async def call(self, coro):
        return await self.desktop.desk.bridge.call(coro)

    async def join(self, link: str, name: str) -> None:
        """Paste a link, look at the server's identity, register."""
        self.actions.trigger("team.join")
        await shown(lambda: visible_dialog(JoinDialog) is not None, "the dialog")
        dialog = visible_dialog(JoinDialog)
        dialog.show_link(link)
        await shown(lambda: dialog.pages.currentIndex() == 1, "the server proved who it is")
        assert dialog.pin.text()
        for field, text in ((dialog.email, f"{name.lower()}@example.com"), (dialog.name, name)):
            QTest.keyClicks(field, text)
        for field in (dialog.password, dialog.again):
            QTest.keyClicks(field, PASSWORD)
        dialog.next.click()
        await shown(lambda: self.server is not None and self.server.standing is Standing.LIVE, f"{name} is live")

    async def open(self, room_id: str) -> None:
        await shown(lambda: any(room.id == room_id for room in self.panel.book.rooms), "the room is listed")
        self.panel.open_room(self.panel.book.room(room_id))
        await shown(lambda: self.panel.room is not None and self.panel.room.id == room_id, "the room is open")

    def say(self, text: str) -> None:
        """Type and press Enter."""
        QTest.keyClicks(self.panel.talk.composer.field, text)
        QTest.keyClick(self.panel.talk.composer.field, Qt.Key.Key_Return)

    def rows(self):
        return [item.row for item in self.panel.talk.timeline.rows if item.row is not None]

    def texts(self) -> list[str]:
        return [row.text for row in self.rows()]

    def delivery(self, text: str) -> Delivery | None:
        return next((row.delivery for row in self.rows() if row.text == text), None)


@asynccontextmanager
async def person(home: Home):
    async with open_window(home) as desktop:
        await shown(lambda: desktop.panels.chat is not None and desktop.desk.backend.chat.team is not None, "the chat is there")
        desktop.workbench.actions.trigger("chat.show")
        yield Person(desktop)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Home:
    return make_samples_home(tmp_path_factory.mktemp("samples") / "home")


def test_two_windows_and_a_server_talk_are_cut_apart_and_agree_again(qapp, samples, tmp_path):
    async def story():
        first, second = (copy_home(samples, tmp_path / name) for name in ("ann", "bob"))
        async with ServerProcess(tmp_path / "server") as server, person(first) as ann, person(second) as bob:
            await ann.join(server.link(), "Ann")
            await bob.join(await ann.call(ann.desktop.desk.backend.chat.team.invite(ann.server.id, "member", 1, 7)), "Bob")
            assert ann.server.user != bob.server.user
            made = await ann.call(ann.chat.create_room(ann.server.id, "Desk", "What we see", (bob.server.user,)))
            await ann.open(made.id)
            await bob.open(made.id)
            ann.say("good morning")
            await shown(lambda: "good morning" in bob.texts(), "Bob sees it")
            await shown(lambda: ann.delivery("good morning") in (Delivery.SENT, Delivery.READ), "it has its place")
            bob.desktop.window.activateWindow()  # read is what stands in the window that somebody works in
            await shown(lambda: ann.delivery("good morning") is Delivery.READ, "Bob has read it")

            # The chart goes over as a picture and as it stands.
            ann.desktop.workbench.actions.trigger("chat.share")
            await shown(lambda: len(ann.panel.talk.composer.attached.all) == 2, "both are attached")
            ann.say("look")
            await shown(lambda: any(row.links and row.files for row in bob.rows()), "the chart came")
            (shared,) = [row for row in bob.rows() if row.links]
            assert shared.links[0].instrument == str(ann.desktop.panels.chart.shown.instrument.id)
            assert shared.links[0].chart

            # The server is killed; both write on, honestly; it comes back and everything is there once, in one order.
            await server.stop(signal.SIGKILL)
            await shown(lambda: ann.server.standing is not Standing.LIVE and bob.server.standing is not Standing.LIVE, "both know")
            for number in range(5):
                ann.say(f"ann {number}")
                bob.say(f"bob {number}")
            await shown(lambda: ann.delivery("ann 4") is Delivery.QUEUED, f"it waits {[(r.text, r.delivery) for r in ann.rows()]}")
            assert "bob 0" not in ann.texts()
            await server.start()
            expected = {f"{who} {number}" for who in ("ann", "bob") for number in range(5)}
            await shown(lambda: expected <= set(ann.texts()) and expected <= set(bob.texts()), "all of it came")
            await shown(lambda: ann.texts() == bob.texts(), "both show the same order")
            assert len(ann.texts()) == len(set(ann.texts()))
            for who in ("ann", "bob"):
                assert [text for text in ann.texts() if text.startswith(who)] == [f"{who} {number}" for number in range(5)]
            assert await server.stop() == 0

    run_on_qt(story(), timeout_s=220)
    shutil.rmtree(tmp_path / "server")
