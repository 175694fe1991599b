"""The product's window and a real server over TLS: joined by a link, written in, shared from, and read by somebody else."""

import asyncio
import contextlib
import threading
from contextlib import AsyncExitStack

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.storage.paths import Home
from backend.sync.server import Standing
from tests.fakes.chatting import open_desk
from tests.fakes.desks import eventually, join, texts, user_of
from tests.fakes.dialogs import opened
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.sync_server import PASSWORD, served
from tests.fakes.window import open_window, shown


class Elsewhere:
    """A server and somebody else's desktop, on a thread with a loop of its own."""

    def __init__(self, folder):
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="elsewhere")

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(60)

    async def do(self, work):
        """Run a coroutine over there."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    async def handles(self):
        """Whom Ann knows."""
        return sorted(person.handle for person in await self.ann.chat.people(self.at))

    def _run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            self.server = await stack.enter_async_context(served(self._folder, tls=True))
            self.ann = await stack.enter_async_context(open_desk(Home(self._folder / "ann")))
            self.at = await join(self.ann, self.server, "Ann")
            self._ready.set()
            await self._end.wait()


def test_a_person_joins_writes_shares_and_is_answered(qapp, sampled, tmp_path):
    async def story():
        with Elsewhere(tmp_path) as other:
            async with open_window(sampled) as desktop:
                await shown(lambda: desktop.panels.chat is not None, "the chat's dock")
                work, panel, window = desktop.workbench, desktop.panels.chat, desktop.window
                window.activateWindow()
                await shown(window.isActiveWindow)
                work.chat.show_rooms()
                await _join(work, await other.do(other.server.link()))
                team = desktop.desk.backend.chat.team
                await shown(lambda: team.servers() and team.servers()[0].standing is Standing.LIVE, "a live server")
                me = team.servers()[0].user
                await other.do(eventually(other.handles, ["ann", "mia", "olga"]))
                room = (await other.do(other.ann.chat.create_room(other.at, "Energy", "Oil", [me]))).id
                await other.do(other.ann.chat.send(room, "Crude is up, @mia."))
                await shown(lambda: panel.book.room(room) is not None and panel.book.room(room).n_mentions == 1, "the mention")
                panel.open_room(panel.book.room(room))
                await shown(lambda: panel.talk.timeline.rows, "the message")
                view = panel.talk.timeline.view_of(panel.talk.timeline.rows[0].id)
                await shown(lambda: view.text.toPlainText() == "Crude is up, @mia." and view.item.row.mentions_me)
                work.actions.refresh()
                work.actions.by_id["chat.share"].trigger()
                QTest.keyClicks(panel.talk.composer.field, "Like @ann says")
                QTest.keyClick(panel.talk.composer.field, Qt.Key.Key_Return)
                await shown(lambda: panel.talk.timeline.rows[-1].row.is_mine, "one's own words")
                await shown(lambda: panel.talk.timeline.rows[-1].way == "Sent", "the place the server gave")
                await other.do(eventually(lambda: texts(other.ann, room), ["Crude is up, @mia.", "Like @ann says"]))
                there = (await other.do(other.ann.chat.page(room))).messages[-1]
                assert (there.text, len(there.files), there.links[0].instrument) == ("Like @ann says", 1, "AAPL.XNAS")
                await other.do(other.ann.chat.mark_read(room, there.seq))
                await shown(lambda: panel.talk.timeline.rows[-1].way == "Read", "that it was read")
                card = panel.talk.timeline.view_of(panel.talk.timeline.rows[-1].id)._cards[0]
                card.open_button.click()
                await other.do(other.ann.chat.react(there.id, "\u2705", True))
                await shown(lambda: panel.talk.timeline.rows[-1].row.reactions, "the reaction")
                await other.do(other.ann.chat.typing(room))
                await shown(lambda: panel.talk.writers.text() == "Ann is writing\u2026", "who writes")
                assert user_of(other.ann) != me
                await _sign_out(work, desktop, team)
                QTest.keyClicks(panel.talk.composer.field, "Written signed out")
                QTest.keyClick(panel.talk.composer.field, Qt.Key.Key_Return)
                await shown(lambda: panel.talk.timeline.rows[-1].way == "Waiting to be sent", "what waits")
                await shown(lambda: "signed out" in panel.talk.state.text(), "the words for it")

    run_on_qt(story(), 90)


async def _join(work, link):
    work.team.open_join()
    await shown(lambda: opened("JoinDialog"))
    dialog = opened("JoinDialog")
    dialog.show_link(link)
    await shown(lambda: dialog.pages.currentIndex() == 1, "who the server is")
    for field, text in (
        (dialog.email, "mia@example.com"),
        (dialog.name, "Mia"),
        (dialog.password, PASSWORD),
        (dialog.again, PASSWORD),
    ):
        field.setText(text)
    await shown(dialog.next.isEnabled)
    dialog.next.click()
    await shown(lambda: not opened("JoinDialog"), "the account")


async def _sign_out(work, desktop, team):
    work.team.open_account()
    await shown(lambda: opened("AccountDialog") and not opened("AccountDialog").is_asking, "the account's dialog")
    dialog = opened("AccountDialog")
    assert dialog.table.rowCount() == 1
    dialog.leave.click()
    await shown(lambda: team.servers()[0].standing is Standing.SIGNED_OUT, "signed out")
    with contextlib.suppress(RuntimeError):  # it went with its window
        dialog.close()
