"""The chat's timeline: a place that is kept whatever comes, a history of which only a part is loaded, and its cost."""

import asyncio
import time
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.chat.message import MessageRow
from tests.fakes.chat_window import bench_of
from tests.fakes.scripted_chat import ANN, BEN, ME, NOW_MS
from tests.fakes.window import shown
from trii_desktop.chat.conversation import N_LOADED_MAX, N_PAGE
from trii_desktop.chat.items import items_of
from trii_desktop.team.letters import Names

N_VIEWS_MAX = 80
APPENDED_MS_MAX = 4.0


def top_of(hand):
    """The message at the upper edge, and how far below it it begins."""
    bar = hand.timeline.verticalScrollBar()
    message, above = hand.timeline._column.anchor_at(bar.value())
    return message, -above


async def settle(hand, n_frames=3):
    """Let what was asked for be read and painted."""
    for _ in range(n_frames):
        await asyncio.sleep(0.02)
    await shown(lambda: not hand.talk.conversation._is_reading and not hand.talk.conversation._is_loading)


def test_a_thousand_messages_that_come_while_one_reads_further_up_leave_the_place_alone(qapp):
    async def tell(hand):
        await hand.begin(n=200)
        hand.timeline.verticalScrollBar().setValue(hand.timeline.verticalScrollBar().maximum() - 900)
        await settle(hand)
        assert not hand.timeline.is_at_end
        place, y = top_of(hand), hand.view(top_of(hand)[0]).y()
        for _ in range(10):
            await hand.call(hand.chat.burst("r1", 100))
            await settle(hand)
            assert (top_of(hand), hand.view(place[0]).y()) == (place, y)
        assert hand.timeline.to_end.isVisible()
        assert len(hand.items) <= N_LOADED_MAX
        assert hand.timeline.n_views <= N_VIEWS_MAX
        hand.timeline.to_end.click()
        await shown(lambda: hand.timeline.is_at_end and hand.items[-1].text == "Burst 100")
        assert not hand.timeline.to_end.isVisible()
        await shown(lambda: hand.chat.read["r1"] == 1_200)

    bench_of(tell)


def test_what_is_new_below_is_counted_and_the_end_is_kept_to(qapp):
    async def tell(hand):
        await hand.begin(n=100)
        assert hand.timeline.is_at_end
        await hand.say(ANN, "At the end")
        assert hand.timeline.is_at_end
        hand.timeline.go_to(hand.items[20].id)
        await hand.say(ANN, "One")
        await hand.say(ME, "Mine")
        await hand.say(BEN, "Two")
        assert hand.timeline.to_end.text() == "2 new \u2193"
        QTest.keyClick(hand.timeline, Qt.Key.Key_End)
        assert hand.timeline.is_at_end

    bench_of(tell)


def test_a_long_history_is_read_page_by_page_in_both_directions_and_never_held_whole(qapp):
    async def tell(hand):
        await hand.begin(n=500)
        seen = set()
        for _ in range(7):
            bar = hand.timeline.verticalScrollBar()
            bar.setValue(0)
            await settle(hand)
            seen |= {item.row.seq for item in hand.items}
            assert len(hand.items) <= N_LOADED_MAX
            assert hand.timeline.n_views <= N_VIEWS_MAX
        reached = min(seen)
        assert reached <= 500 - 5 * N_PAGE
        assert seen == set(range(reached, 501))  # nothing was left out
        for _ in range(20):
            bar.setValue(bar.maximum())
            await settle(hand)
            if hand.timeline.is_at_end:
                break
        assert hand.items[-1].row.seq == 500
        seqs = [item.row.seq for item in hand.items]
        assert seqs == list(range(seqs[0], 501))

    bench_of(tell)


def test_an_unread_room_opens_at_its_first_unread_message_with_a_line_above_it(qapp):
    async def tell(hand):
        await hand.call(hand.chat.begin("r1", "macro-desk"))
        await hand.call(hand.chat.fill("r1", 300))
        hand.chat.read["r1"] = 200
        await hand.call(hand.chat.fill("r1", 1))
        await hand.call(hand.chat.set_room("r1"))
        await shown(lambda: hand.panel.book.room("r1") is not None and hand.panel.book.room("r1").first_unread == 201)
        await hand.open("r1")
        first = next(item for item in hand.items if item.is_first_unread)
        assert first.row.seq == 201
        assert 0 <= hand.view(first.id).y() < hand.timeline.viewport().height() // 2
        assert hand.chat.read["r1"] == 200  # nothing was read yet
        hand.timeline.go_to_end()
        await settle(hand)
        hand.timeline.go_to_end()
        await shown(lambda: hand.chat.read["r1"] == 301)

    bench_of(tell)


def test_a_change_far_above_is_seen_and_moves_nothing(qapp):
    async def tell(hand):
        await hand.begin(n=100)
        above, place = hand.items[0].id, top_of(hand)
        await hand.call(hand.chat.change(hand.chat.messages("r1")[60].id, text="Much longer\n" * 12, is_edited=True))
        await shown(lambda: any(item.text.startswith("Much longer") for item in hand.items))
        assert hand.timeline.is_at_end
        hand.timeline.go_to(hand.items[30].id, below_px=7)
        place = top_of(hand)
        await hand.call(hand.chat.change(above, text="Longer\n" * 30))
        await shown(lambda: hand.items[0].text.startswith("Longer"))
        assert top_of(hand) == place

    bench_of(tell)


def test_what_happens_while_a_room_is_read_is_not_missed(qapp):
    async def tell(hand):
        await hand.begin(n=50)
        await hand.call(hand.chat.begin("r2", "crypto"))
        await hand.call(hand.chat.fill("r2", 50))
        await shown(lambda: hand.panel.book.room("r2") is not None)
        read = hand.chat.page

        async def read_and_more(room, **where):
            page = await read(room, **where)
            if room == "r2" and not hand.chat.by_room["r2"][-1].text.startswith("Just"):
                await hand.chat.say("r2", ANN, "Just now")
            return page

        hand.chat.page = read_and_more
        await hand.open("r2")
        await shown(lambda: any(item.text == "Just now" for item in hand.items))

    bench_of(tell)


def test_an_appended_message_costs_less_than_a_quarter_of_a_frame_in_a_room_of_100_000(qapp):
    async def tell(hand):
        await hand.call(hand.chat.begin("r1", "macro-desk"))
        hand.chat.by_room["r1"] = [
            MessageRow(f"h{n}", "r1", n + 1, ANN if n % 3 else BEN, "Ann", NOW_MS - (100_000 - n) * 60_000, f"Message {n} of many")
            for n in range(100_000)
        ]
        hand.chat.read["r1"] = 100_000
        await hand.call(hand.chat.set_room("r1", last_seq=100_000))
        await shown(lambda: hand.panel.book.room("r1") is not None)
        await hand.open("r1")
        assert hand.timeline.n_views <= N_VIEWS_MAX
        rows, took_ms = hand.talk.conversation.messages, []
        for n in range(60):
            last = rows[-1]
            rows = (*rows, replace(last, id=f"new{n}", seq=last.seq + 1, at_ms=last.at_ms + 1_000, text=f"AAPL.XNAS {n}"))[
                -N_LOADED_MAX:
            ]
            began = time.thread_time()
            hand.talk.conversation._show(rows)
            took_ms.append(1e3 * (time.thread_time() - began))
            await asyncio.sleep(0)
        typical = sorted(took_ms)[len(took_ms) // 2]
        print(f"An appended message takes {typical:.2f} ms of the UI thread's time; {max(took_ms):.2f} ms at most.")
        assert typical <= APPENDED_MS_MAX

    bench_of(tell)


def test_items_of_all_that_is_loaded_are_made_in_a_few_milliseconds():
    rows = [MessageRow(f"m{n}", "r", n + 1, ANN, "Ann", NOW_MS + n * 1000, "Words " * 10) for n in range(N_LOADED_MAX)]
    began = time.thread_time()
    items_of(rows, Names(), NOW_MS)
    assert time.thread_time() - began < 0.05
