"""The chat's dock, driven by a scripted chat: in a window that holds nothing else, or in the whole product's."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.fakes.bench import open_bench
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.scripted_chat import ScriptedChat, ScriptedTeam
from tests.fakes.window import open_window, shown
from trii_desktop.chat.chat_actions import ChatActions
from trii_desktop.chat.late import make_chat
from trii_desktop.main_window import RIGHT
from trii_desktop.team.team_actions import TeamActions

DOCK_PX = 420


class ChatHand:
    """A hand on the dock, and on the scripted chat and team behind it."""

    def __init__(self, window, desk, active, team, chat) -> None:
        self.window, self.desk, self.team, self.chat = window, desk, team, chat
        self.late = make_chat(window, desk, active, team, chat)
        self.panel, self.dock = self.late.panel, window.docks["chat"]
        self.dock.setWidget(self.panel)
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
        return self.timeline.rows

    def type(self, text):
        QTest.keyClicks(self.composer.field, text)

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier, part=None):
        QTest.keyClick(part or self.composer.field, key, modifiers)

    def view(self, message):
        return self.timeline.view_of(message)

    def text(self, message):
        return self.view(message).text.toPlainText()

    async def begin(self, room="r1", name="macro-desk", n=0, **fields):
        """A room with ``n`` messages in it that were read, opened."""
        row = await self.call(self.chat.begin(room, name, **fields))
        if n:
            await self.call(self.chat.fill(room, n))
            await self.call(self.chat.mark_read(room, n))
        await shown(lambda: self.panel.book.room(row.id) == self.chat.rows[room], "the room in the list")
        await self.open(room)
        return self.panel.room

    async def open(self, room):
        self.panel.open_room(self.panel.book.room(room))
        await shown(lambda: self.panel.room is not None and self.panel.room.id == room, "the open room")
        await shown(lambda: self.panel.is_room_seen, "the room on screen")

    async def say(self, author, text, room="r1", **fields):
        """Somebody says something; its row once it is loaded."""
        made = await self.call(self.chat.say(room, author, text, **fields))
        await shown(lambda: self.talk.conversation.find(made.id) is not None, "the message")
        return made

    def close(self):
        self.late.close()
        self.panel.close_panel()


def bench_of(tell, *, timeout_s=60, dock_px=DOCK_PX, theme="dark"):
    """Tell a story about the dock alone."""

    async def story():
        async with open_bench(dock_px + 500, 760, theme) as (window, desk):
            window.add_dock("chat", "Chat", window.stage, RIGHT, is_shown=True)
            bus = desk.backend.bus
            hand = ChatHand(window, desk, None, ScriptedTeam(bus), ScriptedChat(bus))
            hand.actions, hand.team_actions = ChatActions(window, desk, None), TeamActions(window)
            hand.late.join(hand.actions, hand.team_actions, lambda _action: None)
            window.resizeDocks([hand.dock], [dock_px], Qt.Orientation.Horizontal)
            await shown(lambda: hand.panel.book.is_read, "the rooms")
            try:
                await tell(hand)
            finally:
                hand.close()

    run_on_qt(story(), timeout_s)


def story_of(tell, home, *, timeout_s=60):
    """Tell a story about the dock in the product's window on ``home``."""

    async def story():
        async with open_window(home) as desktop:
            await shown(lambda: desktop.panels.chat is not None, "the chat's dock")
            desktop.panels.chat.close_panel()
            bus = desktop.desk.backend.bus
            hand = ChatHand(desktop.window, desktop.desk, desktop.panels.active, ScriptedTeam(bus), ScriptedChat(bus))
            hand.desktop, hand.actions = desktop, desktop.workbench.chat
            desktop.panels.chat = hand.panel
            desktop.workbench.adopt_chat(hand.late)
            desktop.window.activateWindow()
            await shown(desktop.window.isActiveWindow, "the active window")
            hand.actions.focus_composer()
            await tell(hand)

    run_on_qt(story(), timeout_s)


def trigger(hand, action):
    hand.desktop.workbench.actions.refresh()
    hand.desktop.workbench.actions.by_id[action].trigger()
