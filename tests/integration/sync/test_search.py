"""Search finds what was said, as it stands now, and nothing that the asker may not read; both databases answer alike."""

import asyncio
import string
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.bodies import Erase, File, Link, MsgCreate, MsgDelete, MsgEdit
from sync_server.search.search import Filters, Search
from tests.fakes.room_ops import Writer
from tests.fakes.rooms_house import House, address_of, open_house

PICTURE = File(sha256="0" * 64, name="curve sketch.png", mime="image/png", size=1)
SHEET = File(sha256="1" * 64, name="book.csv", mime="text/csv", size=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    with address_of(request.param, tmp_path) as address:
        yield address


@asynccontextmanager
async def searched(url: str) -> AsyncIterator[House]:
    async with open_house(url) as house:
        await house.begin_search()
        yield house


async def found(house: House, writer: Writer, text: str = "", **filters: object) -> list[str]:
    """The texts that somebody finds, newest first."""
    await house.search.settled()
    return [message.text for message in (await house.search.find(writer.actor, text, Filters(**filters))).messages]


async def talk(house: House, *texts: str, **fields: object):
    ann = house.writer()
    create = ann.create(**fields)
    await house.ok(ann, create, *(ann.say(create.r, text) for text in texts))
    return ann, create.r


async def test_all_words_must_be_there_and_the_last_may_be_begun(url):
    async with searched(url) as house:
        ann, _ = await talk(house, "The ECB cuts rates", "rates rise", "Überraschung: ECB pauses")

        assert await found(house, ann, "ecb rates") == ["The ECB cuts rates"]
        assert await found(house, ann, "RAT") == ["rates rise", "The ECB cuts rates"]
        assert await found(house, ann, "rat ") == []
        assert await found(house, ann, "uberrasch") == ["Überraschung: ECB pauses"]
        assert await found(house, ann, "' OR 1=1 --") == []
        assert await found(house, ann, "!?") == []


async def test_filters_narrow_what_is_found(url):
    async with searched(url) as house:
        ann, room = await talk(house, "plain")
        bob = house.writer()
        await house.ok(ann, ann.seat(room, bob.user))
        house.clock.advance(1_000)
        said = [
            bob.op(room, MsgCreate(text="see this", files=(PICTURE,))),
            bob.op(room, MsgCreate(text="numbers", files=(SHEET,))),
            bob.op(room, MsgCreate(text="look", links=(Link(instrument="AAPL.XNAS"), Link(instrument="IBM.XNYS")))),
            bob.op(room, MsgCreate(text="read https://example.org")),
        ]
        await house.give(bob, room, PICTURE.sha256, SHEET.sha256)
        await house.ok(bob, *said)
        await house.ok(ann, ann.op(room, MsgCreate(text="indeed", thread=said[0].id)))
        _, other = await talk(house, "elsewhere")
        now_ms = house.clock.now_ms()

        assert await found(house, ann, sender=bob.user, has=("file",)) == ["numbers", "see this"]
        assert await found(house, ann, has=("image",)) == ["see this"]
        assert await found(house, ann, has=("link",)) == ["read https://example.org", "look"]
        assert await found(house, ann, has=("thread",)) == ["indeed"]
        assert await found(house, ann, instrument="aapl.xnas") == ["look"]
        assert await found(house, ann, "sketch") == ["see this"]
        assert await found(house, ann, until_ms=now_ms) == ["plain"]
        assert len(await found(house, ann, since_ms=now_ms)) == 5
        assert len(await found(house, ann, room=room)) == 6
        assert await found(house, ann, room=other) == []
        assert await found(house, ann, sender="\0", instrument="\0") == []
        with pytest.raises(Refused):
            await found(house, ann, has=("secrets",))


async def test_only_what_the_log_would_serve_is_found(url):
    async with searched(url) as house:
        ann, hidden = await talk(house, "secret plan", shows_history=False)
        bob, stranger = house.writer(), house.writer(org="018f0000-0000-7000-8000-000000000002")
        twin = house.writer(org=stranger.org, user=ann.user)
        await house.ok(ann, ann.seat(hidden, bob.user), ann.say(hidden, "secret no more"))

        assert await found(house, ann, "secret") == ["secret no more", "secret plan"]
        assert await found(house, bob, "secret") == ["secret no more"]
        assert await found(house, house.writer(Role.ADMIN), "secret") == []
        assert await found(house, stranger, "secret") == []
        assert await found(house, twin, "secret") == []
        await house.ok(ann, ann.seat(hidden, bob.user, None))
        assert await found(house, bob, "secret") == []


async def test_what_was_edited_is_found_as_it_stands_and_what_was_deleted_not_at_all(url):
    async with searched(url) as house:
        ann, room = await talk(house)
        first, second = ann.say(room, "buy gold"), ann.say(room, "buy oil")
        await house.ok(ann, first, second, ann.op(room, MsgEdit(first.id, "buy silver")), ann.op(room, MsgDelete(second.id)))

        assert await found(house, ann, "buy") == ["buy silver"]
        assert await found(house, ann, "gold") == []
        assert await found(house, ann, "oil") == []


async def test_pages_go_on_where_the_last_one_ended(url):
    async with searched(url) as house:
        ann, room = await talk(house, *(f"note {number}" for number in range(7)))
        await house.search.settled()
        texts, cursor = [], ""
        for _ in range(4):
            findings = await house.search.find(ann.actor, "note", cursor=cursor, limit=2)
            texts += [message.text for message in findings.messages]
            cursor = findings.cursor
            await house.ok(ann, ann.say(room, "note later"))

        assert texts == [f"note {number}" for number in reversed(range(7))]
        assert cursor == ""


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "WzEsMl0x", "Wy0xLC0xXQ", "WzEsMTAwMDAwMDAwMDAwMDAwMDAwMDAwMF0"])
async def test_a_cursor_that_is_none_is_refused(tmp_path, cursor):
    with address_of("sqlite", tmp_path) as url:
        async with searched(url) as house:
            with pytest.raises(Refused):
                await house.search.find(house.writer().actor, "x", cursor=cursor)


async def test_erased_words_are_not_found_and_not_in_the_index(url, tmp_path):
    async with searched(url) as house:
        ann, room = await talk(house)
        boss = house.writer(Role.ADMIN)
        said = ann.say(room, "unspeakableword here")
        await house.ok(ann, said, ann.say(room, "and others stay"))
        await house.search.settled()
        await house.rooms.push(boss.actor, [boss.op(room, Erase((said.id,)))])
        async with house.database.read() as reading:  # at once, before the index is swept
            assert await reading.rows("SELECT no FROM search_messages WHERE id = $1", said.id) == []

        assert await found(house, ann, "unspeakableword") == []
        assert await found(house, ann, "others") == ["and others stay"]
        await house.database.scrub()
        if house.database.kind == "sqlite":
            assert not any(b"unspeakableword" in path.read_bytes() for path in tmp_path.iterdir())


async def test_after_a_restart_the_index_goes_on_from_where_it_stopped(url):
    async with searched(url) as house:
        ann, room = await talk(house, "before")
        await house.search.settled()
        await house.search.close()
        said = ann.say(room, "meanwhile")
        await house.ok(ann, said, *(ann.say(room, f"more {number}") for number in range(1_100)), ann.op(room, MsgDelete(said.id)))
        house.search = Search(house.database)
        house.rooms.on_committed(house.search.committed)
        await house.search.begin()

        assert await found(house, ann, "before") == ["before"]
        assert await found(house, ann, "meanwhile") == []
        assert await found(house, ann, "1099") == ["more 1099"]


async def test_waiting_for_one_room_does_not_wait_for_what_is_entered_meanwhile(url):
    async with searched(url) as house:
        ann, room = await talk(house, "wanted")
        other = ann.create()
        await house.ok(ann, other)
        busy = True

        async def write_on():
            while busy:
                await house.ok(ann, *(ann.say(other.r, "noise") for _ in range(50)))

        writing = asyncio.ensure_future(write_on())
        async with asyncio.timeout(30):
            for number in range(5):
                await house.ok(ann, ann.say(room, f"wanted {number}"))
                await house.search.settled(room)
                texts = [one.text for one in (await house.search.find(ann.actor, "wanted", Filters(room=room))).messages]
                assert texts[0] == f"wanted {number}"
        busy = False
        await writing
        await house.search.settled()
        assert (await house.search.find(ann.actor, "noise")).messages


async def test_who_waits_when_the_search_closes_is_told(tmp_path):
    with address_of("sqlite", tmp_path) as url:
        async with open_house(url) as house:
            ann, room = await talk(house, "said")
            search = Search(house.database)
            house.rooms.on_committed(search.committed)
            await house.ok(ann, ann.say(room))
            waiting = asyncio.ensure_future(search.settled())
            await asyncio.sleep(0)
            await search.close()

            with pytest.raises(Refused):
                await waiting


async def test_what_is_no_longer_history_is_no_longer_found(url):
    async with searched(url) as house:
        ann, room = await talk(house, "kept", "lost")
        await house.search.settled()
        await house.rooms.fork(room, 2)

        assert await found(house, ann) == ["kept"]


async def test_both_databases_answer_the_same(tmp_path):
    """Over texts of every script that Unicode has."""
    chance = Writer(seed=7).chance
    letters = string.ascii_letters + "äßéıİﬁ²½ΣςЖ東京한글हिन्दीעבריתالعربية๐١٢_-'\"&|!:*() 🙂\u0301\u200d"
    texts = ["".join(chance.choices(letters, k=chance.randint(1, 30))) for _ in range(150)]
    questions = [text[: chance.randint(1, 6)] for text in texts] + ["a", "s ", "ss", "1", "*", "''"]
    answers = []
    for kind in ("sqlite", "postgresql"):
        with address_of(kind, tmp_path) as url:
            async with searched(url) as house:
                ann, _ = await talk(house, *(text for text in texts if text.strip()))
                answers.append([await found(house, ann, question) for question in questions])

    assert answers[0] == answers[1]
    assert sum(map(len, answers[0])) > 100
