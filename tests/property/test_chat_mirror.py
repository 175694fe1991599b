"""However a room's events reach the mirror, its rows are what the protocol's own fold says."""

import asyncio
import tempfile
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.chat.folding import held_events
from backend.chat.message import SearchFilters
from backend.chat.room_rows import find_room, load_aside
from backend.chat.searching import find
from backend.storage.paths import Home
from sync_server.protocol.actions import SaveEvents, SaveOlder, StartFrom
from sync_server.protocol.events import Kind
from sync_server.protocol.fold import fold, touched
from sync_server.protocol.messages import Snapshot
from tests.fakes.chat_histories import ROOM, WORDS, cursor_after, made_history, served
from tests.fakes.chatting import SERVER, add_account, mirrored_state, open_desk

HISTORIES = st.tuples(st.integers(0, 2**32), st.integers(1, 60))
SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=40)


@contextmanager
def one_desk():
    """Runs checks on one desk, which is wiped after each."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        opening = open_desk(Home(Path(folder)))
        desk = runner.run(opening.__aenter__())
        runner.run(add_account(desk))

        async def run(check):
            await check(desk)
            await desk.mirror.wipe(SERVER)

        try:
            yield lambda check: runner.run(run(check))
        finally:
            runner.run(opening.__aexit__(None, None, None))


def pieces(events, sizes):
    """Events cut into runs."""
    at, turn = 0, 0
    while at < len(events):
        size = sizes[turn % len(sizes)]
        yield events[at : at + size]
        at, turn = at + size, turn + 1


async def follow(desk, events, sizes, after=0):
    for run in pieces(events[after:], sizes):
        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, run[-1].s), tuple(run))])


async def look_back(desk, events, sizes, before):
    for run in pieces(events[:before][::-1], sizes):
        page = tuple(run[::-1])
        await desk.mirror.keep(SERVER, [SaveOlder(ROOM, page, page[0].s > 1)])


def indexed_words(db):
    """How many messages the index of words finds for each word."""
    return Counter({word: len(find(db, word + " ", SearchFilters(), 200)) for word in WORDS})


def expected_words(state):
    said = Counter()
    for message in state.messages.values():
        said.update(set(message.text.split()))
    return Counter({word: said[word] for word in WORDS})


async def check_rows(desk, events):
    truth = fold(events)
    assert (await desk.words.read(partial(mirrored_state, room=ROOM))).to_text() == truth.to_text()
    assert await desk.words.read(indexed_words) == expected_words(truth)
    erased = {message.id for message in truth.messages.values() if message.is_erased}
    held = await desk.words.read(lambda db: held_events(db, find_room(db, ROOM).key))
    words = [event for event in held if event.k in ("msg.create", "msg.edit") and erased.intersection(touched(event))]
    assert not [event for event in words if event.b is not None], "an erased message left words"


def test_the_histories_have_every_kind_that_there_is_and_one_of_a_later_version():
    kinds = {event.k for seed in range(8) for event in made_history(seed, 60)}
    assert kinds == {*Kind, "vote.set"}


def test_rows_of_events_that_came_in_order_are_their_fold():
    with one_desk() as in_desk:

        @settings(max_examples=12)
        @given(HISTORIES, SIZES)
        def look(history, sizes):
            events = made_history(*history)

            async def check(desk):
                await follow(desk, events, sizes)
                await check_rows(desk, events)

            in_desk(check)

        look()


def test_rows_of_the_newest_events_and_then_older_pages_are_the_fold_of_all():
    with one_desk() as in_desk:

        @settings(max_examples=12)
        @given(HISTORIES, SIZES, st.floats(0, 1))
        def look(history, sizes, part):
            events = made_history(*history)
            k = int(part * (len(events) - 1))
            given_out = served(events)

            async def check(desk):
                await desk.mirror.keep(SERVER, [StartFrom(cursor_after(events, k))])
                await follow(desk, given_out, sizes, after=k)
                await look_back(desk, given_out, sizes, before=k)
                await check_rows(desk, events)

            in_desk(check)

        look()


def test_rows_of_a_snapshot_with_its_tail_and_older_pages_are_the_fold_of_all():
    with one_desk() as in_desk:

        @settings(max_examples=12)
        @given(HISTORIES, SIZES, st.floats(0, 1))
        def look(history, sizes, part):
            events = made_history(*history)
            k = max(1, int(part * (len(events) - 1)))
            cursor = cursor_after(events, k)
            snapshot = Snapshot(ROOM, 1, k, cursor.h, fold(events[:k]).to_text())

            async def check(desk):
                await desk.mirror.keep(SERVER, [StartFrom(cursor, snapshot)])
                await follow(desk, events, sizes, after=k)
                await look_back(desk, served(events), sizes, before=k)
                await check_rows(desk, events)

            in_desk(check)

        look()


def test_rows_after_a_fork_are_the_fold_of_the_history_that_goes_on():
    with one_desk() as in_desk:

        @settings(max_examples=12)
        @given(HISTORIES, SIZES, st.floats(0, 1))
        def look(history, sizes, part):
            events = made_history(*history)
            k = max(1, int(part * len(events)))
            other = made_history(history[0] + 1, len(events))
            going_on = events[:k] + other[k:]

            async def check(desk):
                await follow(desk, events, sizes)
                erased_later = {m.id for m in fold(events).messages.values() if m.is_erased} - {
                    m.id for m in fold(events[:k]).messages.values() if m.is_erased
                }
                await desk.mirror.keep(SERVER, [StartFrom(cursor_after(events, k, 2), keep=k)])
                await follow(desk, going_on, sizes, after=k)
                if not erased_later:  # words that were destroyed do not come back with a fork
                    await check_rows(desk, going_on)

            in_desk(check)

        look()


def test_words_kept_aside_of_a_message_that_a_snapshot_calls_erased_are_forgotten():
    events = made_history(3, 60)
    truth = fold(events)
    erased = {message.id for message in truth.messages.values() if message.is_erased}
    words = [event for event in events if event.k in ("msg.create", "msg.edit") and touched(event)]
    gone, kept = [], []
    for event in words:
        (gone if erased.intersection(touched(event)) else kept).append(event)
    assert gone
    assert kept
    with one_desk() as in_desk:

        async def check(desk):
            cursor = cursor_after(events, 60)
            await desk.mirror.keep(SERVER, [StartFrom(cursor_after(events, 1), unconfirmed=tuple(words[::2]))])
            snapshot = Snapshot(ROOM, 1, 60, cursor.h, truth.to_text())
            await desk.mirror.keep(SERVER, [StartFrom(cursor, snapshot, unconfirmed=tuple(words[1::2]))])
            aside = await desk.words.read(lambda db: load_aside(db, find_room(db, ROOM).key))
            assert {event.id for event in aside} == {event.id for event in kept}

        in_desk(check)
