"""The chat's dock and the dialog by which a server is joined, in both themes, against stored pictures; see ``test_chart_golden``.

Reactions are words here: emojis look different with the fonts of every computer.
"""

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QLinearGradient, QPainter

from backend.chat.message import Delivery, FileRow, LinkRow, Reaction
from tests.fakes.chat_window import bench_of
from tests.fakes.dialogs import opened
from tests.fakes.scripted_chat import ANN, BEN, LINK, ME, NOW_MS
from tests.fakes.window import shown
from tests.ui.test_chart_golden import check_widget
from trii_desktop.charts.render import png_of

DAY_NS = 86_400_000_000_000
THEMES = pytest.mark.parametrize("theme", ["dark", "light"])


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def sketch():
    image = QImage(320, 180, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    fade = QLinearGradient(0, 0, 320, 180)
    fade.setColorAt(0, Qt.GlobalColor.darkCyan)
    fade.setColorAt(1, Qt.GlobalColor.darkBlue)
    painter.fillRect(image.rect(), fade)
    painter.end()
    return png_of(image)


async def talk(hand):
    """A room with one of everything, and others beside it in the list."""
    hand.chat.contents["pic"] = sketch()
    hour = 3_600_000
    others = (
        ("r2", "crypto", {"n_unread": 4, "n_mentions": 1, "last_text": "BTC at a new high", "last_author": "Ben Bose"}),
        ("r3", "closing-bell", {"is_muted": True, "n_unread": 120, "last_text": "noise", "last_author": "Bot", "is_open": False}),
        (
            "dm",
            "Ann Ames",
            {"kind": "direct", "presence": "online", "is_starred": True, "draft": "About tomorrow", "is_open": False},
        ),
    )
    for place, (room, name, fields) in enumerate(others):
        await hand.call(hand.chat.begin(room, name, last_ms=NOW_MS - (place + 2) * hour, **fields))
    await hand.begin(topic="Rates, FX and what moves them")
    await hand.say(ANN, "Morning. Anything before CPI?", at_ms=NOW_MS - 26 * hour)
    meant = {"mentions_me": True, "n_replies": 3, "last_reply_ms": NOW_MS}
    await hand.say(ANN, "Look at AAPL.XNAS before the bell, @mia: resistance at 520?", at_ms=NOW_MS - 2 * hour, **meant)
    noted = (Reaction("ok", (ANN, ME), is_mine=True), Reaction("hm", (BEN,), is_mine=False))
    text = "I would wait.\n`rsi(14)` is 71 and https://example.com/calendar has CPI at 14:30."
    await hand.say(BEN, text, at_ms=NOW_MS - hour, reactions=noted, is_edited=True)
    await hand.say(
        BEN, "", at_ms=NOW_MS - hour + 1, files=(FileRow("pic", "chart.png", "image/png", 81_234, 320, 180, is_here=True),)
    )
    start = NOW_MS // 86_400_000 * DAY_NS
    link = LinkRow("AAPL.XNAS", "1d", start - 60 * DAY_NS, start, "{}")
    await hand.say(ME, "Agreed: 5*3*2 is 30.", at_ms=NOW_MS - 60_000, links=(link,), delivery=Delivery.READ, n_readers=2)
    await hand.say(ME, "Out at the open", at_ms=NOW_MS, delivery=Delivery.FAILED, why="You may not write here.", seq=0)
    await shown(lambda: hand.talk.sight.pictures._kept, "the picture")
    await shown(lambda: hand.panel.book.room("r1").last_text == "Out at the open", "the list")  # read some times a second


@THEMES
def test_a_room_looks_as_it_did(qapp, theme):
    async def tell(hand):
        await talk(hand)
        hand.timeline.go_to_end()
        hand.view(hand.items[-1].id).more.hide()
        check_widget(f"chat-room-{theme}", hand.panel)
        hand.panel.show_rooms()
        await shown(lambda: hand.panel.rooms.width() == hand.panel.width())
        check_widget(f"chat-rooms-{theme}", hand.panel)

    bench_of(tell, theme=theme)


@THEMES
def test_the_dialog_by_which_a_server_is_joined_looks_as_it_did(qapp, theme):
    async def tell(hand):
        hand.late.deeds.open_join(LINK)
        await shown(lambda: opened("JoinDialog") and opened("JoinDialog").pages.currentIndex() == 1)
        dialog = opened("JoinDialog")
        dialog.email.setText("mia@desk.example")
        dialog.name.setText("Mia Meyer")
        check_widget(f"chat-join-{theme}", dialog)
        dialog.reject()

    bench_of(tell, theme=theme)
