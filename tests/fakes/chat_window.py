"""A window with the chat's dock in it, driven by a scripted chat; what is said, written and clicked."""

import tempfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.fakes.qt_loop import run_on_qt
from tests.fakes.scripted_chat import ScriptedChat, ScriptedTeam
from tests.fakes.window import open_window, shown
from trii_desktop.chat.late import make_chat


class ChatHand:
    """A hand on the dock, and on the scripted chat and team behind it."""

    def __init__(self, desktop, folder: Path) -> None:
        desk, work = desktop.desk, desktop.workbench
        self.desktop = desktop
        self.team = ScriptedTeam(desk.backend.bus)
        self.chat = ScriptedChat(desk.backend.bus, folder)
        self.folder = folder
        # The product's own dock, with the script in the place of what it stands on.
        if desktop.panels.chat is not None:
            desktop.panels.chat.close_panel()
        self.late = make_chat(desktop.window, desk, desktop.panels.active, self.team, self.chat)
        self.panel, self.dock = self.late.panel, desktop.window.docks["chat"]
        self.dock.setWidget(self.panel)
        desktop.panels.chat = self.panel
        work.adopt_chat(self.late)
        self.actions = work.chat
        self.call = desk.bridge.call

    @property
    def talk(self):
        return self.panel.talk

    @property
    def thread(self):
        return self.panel.thread_pane.talk

    @property
    def timeline(self):
        return self.panel.talk.timeline

    @property
    def composer(self):
        return self.panel.talk.composer

    @property
    def items(self):
        return self.timeline.items

    def trigger(self, action):
        self.desktop.workbench.actions.refresh()
        self.desktop.workbench.actions.by_id[action].trigger()

    def type(self, text):
        QTest.keyClicks(self.composer.field, text)

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier, part=None):
        QTest.keyClick(part or self.composer.field, key, modifiers)

    def view(self, message):
        return self.timeline.view_of(message)

    def text(self, message):
        return self.view(message).text.toPlainText()

    async def begin(self, room="r1", name="macro-desk", n=0, **fields):
        """A room with ``n`` messages in it, opened."""
        row = await self.call(self.chat.begin(room, name, **fields))
        if n:
            await self.call(self.chat.fill(room, n))
            if not fields.get("n_unread"):
                await self.call(self.chat.mark_read(room, n))
        await shown(lambda: self.panel.book.room(row.id) is not None, "the room in the list")
        self.panel.open_room(self.panel.book.room(row.id))
        await shown(lambda: self.panel.room is not None and self.panel.room.id == row.id, "the open room")
        await shown(lambda: self.panel.is_room_seen, "the room on screen")
        return self.panel.room

    async def say(self, author, text, room="r1", **fields):
        """Somebody says something; its row once it is loaded."""
        made = await self.call(self.chat.say(room, author, text, **fields))
        await shown(lambda: self.talk.conversation.find(made.id) is not None, "the message")
        return made


def story_of(tell, home, *, timeout_s=60, width_px=1280, height_px=800):
    """Tell a story about the dock in a window on ``home``."""

    async def story():
        with tempfile.TemporaryDirectory() as folder:
            async with open_window(home, width_px=width_px, height_px=height_px) as desktop:
                hand = ChatHand(desktop, Path(folder))
                hand.desktop.window.activateWindow()
                await shown(hand.desktop.window.isActiveWindow, "the active window")
                hand.actions.focus_composer()
                await tell(hand)

    run_on_qt(story(), timeout_s)
