"""Models downloaded from a real server on loopback: cut, resumed, changed meanwhile, and from servers that mean no good."""

import asyncio
import hashlib

import pytest

from backend.assistant.models.work import Doing
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from tests.fakes.model_server import serving
from tests.fakes.modelling import make_model, modelling
from tests.fakes.waiting import until

CONTENT = make_model(3_000_000, name="Tiny")
SHA = hashlib.sha256(CONTENT).hexdigest()


async def test_a_download_gets_a_card_and_lies_under_its_hash(home, clock):
    seen = []
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        card = await m.models.download(f"{server.url}?key=secret", SHA, seen.append)
        assert (card.name, card.sha256, card.n_bytes) == ("Tiny", SHA, len(CONTENT))
        assert card.origin == "127.0.0.1/models/tiny.gguf"
        assert m.files() == [f"{SHA}.gguf"]
        assert (home.models / f"{SHA}.gguf").read_bytes() == CONTENT
        assert m.parts() == []
        assert await m.models.cut_short() == ()
        assert m.models.works() == ()
    doings = [work.doing for work in seen]
    assert doings[0] is Doing.DOWNLOADING
    assert doings[-1] is Doing.TRYING
    counts = [work.n_done for work in seen if work.doing is Doing.DOWNLOADING]
    assert counts == sorted(counts)
    assert counts[-1] == len(CONTENT)
    assert "Accept-Encoding: identity" in server.asked[0]


@pytest.mark.parametrize("is_known", [True, False], ids=["hash given", "hash unknown"])
async def test_a_cut_line_is_resumed_where_it_broke(home, clock, is_known):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.cuts = [1_500_000, 700_000]
        card = await m.models.download(server.url, SHA if is_known else "")
        assert card.sha256 == SHA
        assert server.ranges == ["", "bytes=1500000-", "bytes=2200000-"]
        assert all('If-Range: "v1"' in head for head in server.asked[1:])
        assert server.n_sent == len(CONTENT)


async def test_a_download_goes_on_after_a_restart_of_the_program(home, clock):
    async with serving(CONTENT) as server:
        server.cuts = [1_200_000] + [0] * 10
        async with modelling(home, clock) as m:
            with pytest.raises(Unavailable, match="goes on from there") as broken:
                await m.models.download(server.url)
            assert broken.value.code == "model.network"
            assert await m.models.cards() == ()
        server.cuts = []
        async with modelling(home, clock) as m:
            (waiting,) = await m.models.cut_short()
            assert (waiting.url, waiting.name, waiting.n_bytes) == (server.url, "tiny.gguf", 1_200_000)
            card = await m.models.download(waiting.url, waiting.sha256)
            assert card.sha256 == SHA
            assert server.ranges[-1] == "bytes=1200000-"
            assert await m.models.cut_short() == ()


async def test_a_stopped_download_keeps_what_came_and_goes_on(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.hold_after = 2_000_000
        task = asyncio.ensure_future(m.models.download(server.url))
        await until(lambda: m.models.works() and m.models.works()[0].n_done > 1_000_000)
        (work,) = m.models.works()
        assert (work.doing, work.title) == (Doing.DOWNLOADING, "tiny.gguf")
        assert len(m.events) == 1, "that it began was told"
        with pytest.raises(Conflict, match="already"):
            await m.models.download(server.url)
        with pytest.raises(Conflict):
            await m.models.discard(server.url)
        assert await m.models.cut_short() == ()
        await m.models.stop(work.id)
        with pytest.raises(Unavailable, match="stopped") as stopped:
            await task
        assert stopped.value.code == "model.stopped"
        (waiting,) = await m.models.cut_short()
        assert 1_000_000 <= waiting.n_bytes <= 2_000_000
        server.hold_after = None
        assert (await m.models.download(server.url)).sha256 == SHA
        assert server.ranges[-1] == f"bytes={waiting.n_bytes}-"
        with pytest.raises(NotFound):
            await m.models.stop(work.id)


async def test_a_download_can_be_discarded(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.cuts = [1_200_000] + [0] * 10
        with pytest.raises(Unavailable):
            await m.models.download(server.url)
        assert len(m.parts()) == 2
        await m.models.discard(server.url)
        assert (m.parts(), await m.models.cut_short()) == ([], ())
        with pytest.raises(NotFound):
            await m.models.discard(server.url)


async def test_a_file_that_changed_on_the_server_is_fetched_anew(home, clock):
    other = make_model(2_500_000, seed=9, name="Other")
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.cuts = [1_200_000] + [0] * 10
        with pytest.raises(Unavailable):
            await m.models.download(server.url)
        server.cuts, server.content, server.etag = [], other, '"v2"'
        card = await m.models.download(server.url)
        assert card.sha256 == hashlib.sha256(other).hexdigest()


async def test_a_server_without_ranges_or_marks_sends_all_of_it_again(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.etag, server.is_deaf, server.cuts = "", True, [1_200_000]
        assert (await m.models.download(server.url)).sha256 == SHA
        assert server.ranges == ["", ""]


async def test_a_file_of_unknown_length_is_taken(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.is_chunked = True
        assert (await m.models.download(server.url, SHA)).sha256 == SHA


async def test_a_part_that_was_whole_already_is_not_fetched_again(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        m.probes = [asyncio.CancelledError(), None]
        with pytest.raises(asyncio.CancelledError):
            await m.models.download(server.url)
        n_sent = server.n_sent
        assert (await m.models.download(server.url)).sha256 == SHA
        assert server.n_sent == n_sent


# --- servers that mean no good ----------------------------------------------------------------------------------------


async def refused(m, server, code, sha256="", kind=InvalidInput):
    """The download is refused with this code, and nothing of it stays."""
    with pytest.raises(kind) as error:
        await m.models.download(server.url, sha256)
    assert error.value.code == code
    assert (m.files(), m.parts(), await m.models.cards(), await m.models.cut_short()) == ([], [], (), ())
    return str(error.value)


async def test_another_hash_is_refused_and_deleted(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        words = await refused(m, server, "model.hash", "ab" * 32)
        assert SHA in words


async def test_a_resumed_file_with_another_hash_is_fetched_once_more_before_it_is_refused(home, clock):
    false = bytearray(CONTENT)
    false[10_000] ^= 1
    async with modelling(home, clock) as m, serving(bytes(false)) as server:
        server.cuts = [1_200_000] + [0] * 10
        with pytest.raises(Unavailable):
            await m.models.download(server.url, SHA)
        server.content, server.cuts = CONTENT, []
        assert (await m.models.download(server.url, SHA)).sha256 == SHA
        assert server.ranges[-2:] == ["bytes=1200000-", ""]


async def test_a_page_is_refused_before_anything_is_written(home, clock):
    async with modelling(home, clock) as m, serving(b"<html>Log in</html>" * 1_000) as server:
        server.kind = "text/html; charset=utf-8"
        assert "a page" in await refused(m, server, "model.page")


async def test_a_page_that_calls_itself_a_model_is_refused_by_its_first_bytes(home, clock):
    async with modelling(home, clock) as m, serving(b"<html>Log in</html>" * 100_000) as server:
        await refused(m, server, "model.not_gguf")
    async with modelling(home, clock) as m, serving(b"GG") as server:
        await refused(m, server, "model.not_gguf")
    async with modelling(home, clock) as m, serving(b"") as server:
        await refused(m, server, "model.not_gguf")


async def test_a_torn_model_is_refused_by_what_it_says_of_itself(home, clock):
    async with modelling(home, clock) as m, serving(b"GGUF" + bytes(100_000)) as server:
        await refused(m, server, "gguf.torn")


async def test_a_packed_answer_is_refused(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.extra = {"Content-Encoding": "gzip"}
        await refused(m, server, "model.packed")


async def test_an_endless_file_ends_at_what_the_disk_can_spare(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.is_endless = True
        files = m.models._files
        files._reserve_bytes = files.room() - 70_000_000
        with pytest.raises(Unavailable) as error:
            await m.models.download(server.url)
        assert error.value.code == "disk.full"
        assert (m.files(), m.parts()) == ([], [])


async def test_a_file_larger_than_the_room_is_not_begun(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        files = m.models._files
        files._reserve_bytes = files.room() - 1_000_000
        with pytest.raises(Unavailable, match="3 MB more are needed") as error:
            await m.models.download(server.url)
        assert error.value.code == "disk.full"
        files._reserve_bytes = 0
        assert (await m.models.download(server.url)).sha256 == SHA


async def test_a_length_that_is_not_kept_ends_in_words(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.length = len(CONTENT) + 100
        with pytest.raises(Unavailable) as error:
            await m.models.download(server.url)
        assert error.value.code in ("model.network", "disk.full")
        assert m.files() == []


async def test_a_wrong_piece_is_refused_after_all_of_it_was_asked_for_again(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.cuts, server.wrong_start = [1_200_000, 0, 1_300_000], 7
        await refused(m, server, "model.range")
        assert server.ranges == ["", "bytes=1200000-", "", "bytes=1300000-"]


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(404, NotFound, "model.not_there"), (401, InvalidInput, "model.closed"), (400, InvalidInput, "model.refused")],
)
async def test_a_refusal_of_the_server_is_told_and_not_repeated(home, clock, status, kind, code):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.answers = [(status, {}, b"no")]
        with pytest.raises(kind) as error:
            await m.models.download(server.url)
        assert error.value.code == code
        assert len(server.asked) == 1
        assert await m.models.cut_short() == ()


async def test_a_busy_server_is_asked_again_unless_it_wants_a_long_pause(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.answers = [(503, {}, b""), (429, {"Retry-After": "1"}, b"")]
        assert (await m.models.download(server.url)).sha256 == SHA
        await m.models.remove(SHA[:16], for_good=True)
        server.answers = [(429, {"Retry-After": "3600"}, b"")]
        with pytest.raises(Unavailable) as error:
            await m.models.download(server.url)
        assert error.value.retry_after_s == 3_600


async def test_redirects_are_followed_on_this_computer_and_not_in_circles(home, clock):
    async with modelling(home, clock) as m, serving(CONTENT) as server:
        server.answers = [(302, {"Location": "/models/moved.gguf"}, b"")]
        assert (await m.models.download(server.url)).sha256 == SHA
        assert "GET /models/moved.gguf" in server.asked[1]
        await m.models.remove(SHA[:16], for_good=True)
        server.answers = [(307, {"Location": server.url}, b"")] * 20
        with pytest.raises(InvalidInput, match="more than 5 times"):
            await m.models.download(server.url)
        server.answers = [(302, {"Location": "http://models.example/x.gguf"}, b"")]
        with pytest.raises(InvalidInput, match="without encryption"):
            await m.models.download(server.url)


async def test_a_server_that_is_not_there_is_told(home, clock):
    async with serving(CONTENT) as server:
        url = server.url
    async with modelling(home, clock) as m:
        with pytest.raises(Unavailable, match="does not accept connections"):
            await m.models.download(url)
