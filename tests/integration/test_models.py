"""The models of a home on a real ledger and real files: added, tried, chosen, examined, removed and brought back."""

import asyncio
import os
from dataclasses import replace

import pytest

from backend.assistant.answers import Mode
from backend.assistant.models.model import Adapter, Projector, Standing
from backend.assistant.models.starter import NAME, Starter
from backend.assistant.models.store import ModelStore
from backend.assistant.models.work import Doing
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from tests.fakes.gguf_files import write_adapter, write_projector
from tests.fakes.model_server import serving
from tests.fakes.modelling import make_model, modelling
from tests.fakes.waiting import until


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(make_model(name="Tiny"))
    return path


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.gguf"
    path.write_bytes(make_model(seed=5))
    return path


@pytest.fixture
def starter(tmp_path):
    """The place of a starter model as its package would tell it."""
    path = tmp_path / "package" / "Starter.gguf"
    path.parent.mkdir()
    path.write_bytes(make_model(name="Starter", licence="", seed=3))
    return Starter(path, "package starter 1.0", "Apache-2.0")


# --- coming in --------------------------------------------------------------------------------------------------------


async def test_an_added_file_is_copied_tried_and_told_with_every_figure(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        tiny.unlink()
        assert await m.models.cards() == (card,)
        assert await m.models.card(card.id) == card
        assert len(m.events) == 1
        assert m.probed[0].parent.name == "parts", "it was tried before it was one of ours"
    assert card.id == card.sha256[:16]
    assert (card.name, card.architecture, card.quantisation, card.licence) == ("Tiny", "llama", "Q4_1", "apache-2.0")
    assert (card.n_parameters, card.n_ctx_train, card.n_layers, card.n_vocab) == (134_515_008, 2_048, 30, 49_000)
    assert (card.standing, card.has_template, card.is_embedding) == (Standing.TRIED, True, False)
    assert (card.origin, card.added_ns) == (f"file {tiny}", clock.now_ns())
    async with modelling(home, clock) as m:
        assert await m.models.cards() == (card,)


async def test_the_same_content_is_one_model_whatever_its_name(home, clock, tiny, tmp_path):
    async with modelling(home, clock) as m, serving(tiny.read_bytes()) as server:
        card = await m.models.add_file(tiny)
        copy = tmp_path / "copy.gguf"
        copy.write_bytes(tiny.read_bytes())
        assert await m.models.add_file(copy) == card
        assert await m.models.download(server.url) == card
        assert await m.models.download(server.url, card.sha256) == card
        assert len(server.asked) == 1
        assert (len(m.files()), m.parts(), len(m.probed)) == (1, [], 1)


async def test_a_model_without_a_name_is_called_as_its_file_and_no_name_can_steer_a_screen(home, clock, other, tmp_path):
    hostile = tmp_path / "h.gguf"
    hostile.write_bytes(make_model(seed=6, name="\x1b[31m" + "x" * 300, licence="a\nb"))
    async with modelling(home, clock) as m:
        assert (await m.models.add_file(other)).name == "other"
        card = await m.models.add_file(hostile)
        assert card.name.isprintable()
        assert len(card.name) <= 200
        assert card.licence == "a b"


async def test_what_is_no_model_leaves_nothing(home, clock, tmp_path):
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(b"GGUF" + bytes(5_000))
    async with modelling(home, clock) as m:
        for path, kind in ((torn, InvalidInput), (tmp_path / "none.gguf", NotFound), (tmp_path, InvalidInput)):
            with pytest.raises(kind):
                await m.models.add_file(path)
        assert (m.files(), m.parts(), await m.models.cards(), m.probed, m.events) == ([], [], (), [], [])


async def test_a_model_that_crashes_in_its_trial_is_kept_refused_and_never_loaded(home, clock, tiny):
    async with modelling(home, clock) as m:
        m.probes = [InvalidInput("It ended the process that tried it.", code="model.crashed")]
        card = await m.models.add_file(tiny)
        assert (card.standing, card.words) == (Standing.REFUSED, "It ended the process that tried it.")
        with pytest.raises(InvalidInput, match="ended the process"):
            await m.models.choose(Mode.FAST, card.id)
        with pytest.raises(InvalidInput, match="ended the process"):
            await m.models.examine(card.id, Mode.FAST)
        m.probes = [None]
        await m.models.examine(card.id, Mode.FAST)
        assert (await m.models.card(card.id)).standing is Standing.READY


async def test_a_model_that_could_not_be_tried_is_tried_when_it_is_needed(home, clock, tiny):
    async with modelling(home, clock) as m:
        m.probes = [Unavailable("No engine is installed."), Unavailable("No engine is installed."), None]
        card = await m.models.add_file(tiny)
        assert (card.standing, card.words) == (Standing.UNTRIED, "No engine is installed.")
        await m.models.choose(Mode.DEEP, card.id)
        assert (await m.models.card_for(Mode.DEEP)).standing is Standing.UNTRIED
        assert len(m.probed) == 2
        await m.models.card_for(Mode.DEEP)
        assert len(m.probed) == 2, "it was tried again at once"
        assert (await m.models.chosen_for(Mode.DEEP)).standing is Standing.UNTRIED
        clock.advance(61 * 10**9)
        assert (await m.models.chosen_for(Mode.DEEP)).standing is Standing.UNTRIED, "who asks at once waits for no trial"
        assert len(m.probed) == 2
        assert (await m.models.card_for(Mode.DEEP)).standing is Standing.TRIED
        assert len(m.probed) == 3


async def test_a_file_that_comes_in_cannot_come_in_twice_at_once(home, clock, tiny):
    async with modelling(home, clock) as m:
        gate = asyncio.Event()

        async def slow(path):
            await gate.wait()
            return await m.probe(path)

        m.models._parts = m.models._arrivals._parts = replace(m.models._parts, probe=slow)
        task = asyncio.ensure_future(m.models.add_file(tiny))
        await until(lambda: m.models.works() and m.models.works()[0].doing is Doing.TRYING)
        with pytest.raises(Conflict):
            await m.models.add_file(tiny)
        await m.models.stop(m.models.works()[0].id)
        with pytest.raises(Unavailable, match="stopped"):
            await task
        assert (m.files(), await m.models.cards()) == ([], ())
        gate.set()
        assert (await m.models.add_file(tiny)).standing is Standing.TRIED


# --- the starter ------------------------------------------------------------------------------------------------------


async def test_the_starter_is_used_where_it_lies_and_chosen_for_fast(home, clock, starter):
    async with modelling(home, clock, starter=lambda: starter) as m:
        (card,) = await m.models.cards()
        assert (card.name, card.path, card.licence, card.origin) == (NAME, str(starter.path), "Apache-2.0", starter.origin)
        assert card.modes == (Mode.FAST,)
        assert m.files() == []
        assert (await m.models.card_for(Mode.FAST)).id == card.id
        assert await m.models.card_for(Mode.ANALYSIS) is None
        assert m.probed == [starter.path]


async def test_the_starter_takes_fast_from_nobody_and_stays_unchosen(home, clock, starter, tiny):
    async with modelling(home, clock) as m:
        mine = await m.models.add_file(tiny)
        await m.models.choose(Mode.FAST, mine.id)
    async with modelling(home, clock, starter=lambda: starter) as m:
        assert (await m.models.card_for(Mode.FAST)).id == mine.id
        await m.models.choose(Mode.FAST, None)
    async with modelling(home, clock, starter=lambda: starter) as m:
        assert await m.models.card_for(Mode.FAST) is None


async def test_a_removed_starter_stays_away_until_it_is_asked_for_and_its_file_is_never_deleted(home, clock, starter):
    async with modelling(home, clock, starter=lambda: starter) as m:
        (card,) = await m.models.cards()
        await m.models.remove(card.id, for_good=True)
        assert starter.path.exists()
    async with modelling(home, clock, starter=lambda: starter) as m:
        assert await m.models.cards() == ()
        back = await m.models.add_starter()
        assert (back.id, back.modes) == (card.id, (Mode.FAST,))


async def test_a_starter_whose_package_moved_is_followed(home, clock, starter, tmp_path):
    async with modelling(home, clock, starter=lambda: starter) as m:
        (card,) = await m.models.cards()
        await m.models.examine(card.id, Mode.FAST)
    moved = Starter(tmp_path / "Elsewhere.gguf", "package starter 1.1")
    starter.path.rename(moved.path)
    async with modelling(home, clock, starter=lambda: moved) as m:
        (card,) = await m.models.cards()
        assert (card.path, card.origin, card.modes) == (str(moved.path), "package starter 1.1", (Mode.FAST,))
        assert card.examined_for(Mode.FAST) is not None


async def test_without_the_package_there_is_no_starter_and_that_is_said(home, clock):
    async with modelling(home, clock) as m:
        assert await m.models.cards() == ()
        assert await m.models.starter() is None
        assert await m.models.card_for(Mode.FAST) is None
        with pytest.raises(Unavailable, match="not installed"):
            await m.models.add_starter()


@pytest.mark.logs("cannot be used")
async def test_a_starter_that_is_broken_is_logged_and_left_out(home, clock, starter):
    starter.path.write_bytes(b"GGUF" + bytes(2_000))
    async with modelling(home, clock, starter=lambda: starter) as m:
        assert await m.models.cards() == ()


# --- choosing ---------------------------------------------------------------------------------------------------------


async def test_each_mode_has_at_most_one_model_and_a_model_many_modes(home, clock, tiny, other):
    async with modelling(home, clock) as m:
        one, two = await m.models.add_file(tiny), await m.models.add_file(other)
        for mode in (Mode.DEEP, Mode.ANALYSIS, Mode.FAST):
            await m.models.choose(mode, one.id)
        await m.models.choose(Mode.FAST, two.id)
        cards = {card.id: card for card in await m.models.cards()}
        assert cards[one.id].modes == (Mode.DEEP, Mode.ANALYSIS)
        assert cards[two.id].modes == (Mode.FAST,)
        await m.models.choose(Mode.FAST, None)
        assert await m.models.card_for(Mode.FAST) is None


async def test_what_cannot_write_or_is_not_there_is_not_chosen(home, clock, tmp_path):
    vectors = tmp_path / "v.gguf"
    vectors.write_bytes(make_model(is_embedding=True))
    async with modelling(home, clock) as m:
        card = await m.models.add_file(vectors)
        for deed in (
            m.models.choose(Mode.FAST, card.id),
            m.models.examine(card.id, Mode.FAST),
            m.models.adapters.add(card.id, Mode.FAST, write_adapter(tmp_path / "manner.gguf")),
            m.models.projectors.add(card.id, write_projector(tmp_path / "eyes.gguf")),
        ):
            with pytest.raises(InvalidInput, match=r"makes vectors and no text\. Choose a model that writes"):
                await deed
        for deed in (
            m.models.choose(Mode.FAST, "0" * 16),
            m.models.card("x"),
            m.models.remove("x"),
            m.models.examine("x", Mode.FAST),
            m.models.adapters.add("x", Mode.FAST, vectors),
            m.models.projectors.add("x", vectors),
        ):
            with pytest.raises(NotFound):
                await deed


async def test_what_goes_with_a_refused_model_can_still_be_taken_from_it(home, clock, tiny, tmp_path):
    part = write_adapter(tmp_path / "part.gguf")
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.adapters.put(card.id, Adapter(Mode.FAST, "Manner", str(part), "a" * 64, 1, 4, 0))
        await m.models.projectors.put(card.id, Projector("Eyes", str(part), "b" * 64, 1, "mlp", 0))
        await m.models._store.stand(card.id, Standing.REFUSED, "Its process ended.")
        with pytest.raises(InvalidInput, match="cannot be used: Its process ended"):
            await m.models.adapters.add(card.id, Mode.FAST, part)

        await m.models.adapters.remove(card.id, Mode.FAST)
        await m.models.projectors.remove(card.id)

        bare = await m.models.card(card.id)
        assert (bare.adapters, bare.projector) == ((), None)


# --- files that change ------------------------------------------------------------------------------------------------


async def test_a_model_whose_file_is_gone_says_so_and_heals_when_it_is_added_again(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.choose(Mode.FAST, card.id)
        (home.models / f"{card.sha256}.gguf").unlink()
        (seen,) = await m.models.cards()
        assert (seen.standing, "no longer" in seen.words) == (Standing.REFUSED, True)
        assert await m.models.card_for(Mode.FAST) is None
        again = await m.models.add_file(tiny)
        assert (again.standing, again.modes) == (Standing.TRIED, (Mode.FAST,))


async def test_a_file_that_was_tampered_with_is_refused_and_one_that_was_only_touched_is_not(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.choose(Mode.FAST, card.id)
        path = home.models / f"{card.sha256}.gguf"
        os.utime(path, ns=(1, 1))
        assert (await m.models.card_for(Mode.FAST)).standing is Standing.TRIED
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
        assert await m.models.card_for(Mode.FAST) is None
        (seen,) = await m.models.cards()
        assert (seen.standing, "changed" in seen.words) == (Standing.REFUSED, True)


async def test_a_home_that_moved_has_its_models(home, clock, tiny, tmp_path):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
    moved = type(home)(tmp_path / "moved")
    home.root.rename(moved.root)
    async with modelling(moved, clock) as m:
        (seen,) = await m.models.cards()
        assert (seen.path, seen.standing) == (str(moved.models / f"{card.sha256}.gguf"), Standing.TRIED)


async def test_a_lost_ledger_loses_no_model(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
    for path in home.ledgers.iterdir():
        path.unlink()
    async with modelling(home, clock) as m:
        await m.models.begin()
        await until(lambda: m.events)
        (seen,) = await m.models.cards()
        assert (seen.id, seen.name, seen.standing) == (card.id, "Tiny", Standing.TRIED)
        await until(lambda: not m.tasks.running)


@pytest.mark.logs("is not what its name says")
async def test_a_torn_file_under_a_hash_is_left_alone(home, clock):
    path = home.models / f"{'ab' * 32}.gguf"
    path.write_bytes(make_model())
    async with modelling(home, clock) as m:
        await m.models.begin()
        await until(lambda: not m.tasks.running)
        assert (await m.models.cards(), path.exists()) == ((), True)


# --- removing ---------------------------------------------------------------------------------------------------------


async def test_a_removal_is_taken_back_with_everything_and_else_ends_at_the_next_start(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.choose(Mode.FAST, card.id)
        await m.models.examine(card.id, Mode.FAST)
        whole = await m.models.card(card.id)
        before = await m.models.remove(card.id)
        assert before == whole
        assert await m.models.cards() == ()
        assert await m.models.card_for(Mode.FAST) is None
        assert await m.models.restore(before) == whole
        await m.models.remove(card.id)
        assert len(m.files()) == 1
    async with modelling(home, clock) as m:
        assert await m.models.cards() == ()
        assert m.files() == []
        with pytest.raises(NotFound):
            await m.models.restore(before)


async def test_a_removed_file_goes_after_a_while(home, clock, tiny):
    async with modelling(home, clock, undo_s=0.0) as m:
        card = await m.models.add_file(tiny)
        await m.models.remove(card.id)
        await until(lambda: m.files() == [])
        await until(lambda: not m.tasks.running)


async def test_a_removal_for_good_frees_the_disk_at_once(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.remove(card.id, for_good=True)
        assert m.files() == []
        assert m.tasks.running == ()


async def test_a_model_added_again_after_its_removal_is_not_deleted_by_it(home, clock, tiny):
    async with modelling(home, clock, undo_s=0.0) as m:
        card = await m.models.add_file(tiny)
        await m.models.remove(card.id)
        assert (await m.models.add_file(tiny)).id == card.id
        await until(lambda: not m.tasks.running)
        assert len(m.files()) == 1
    async with modelling(home, clock) as m:
        assert [one.id for one in await m.models.cards()] == [card.id]


# --- examining --------------------------------------------------------------------------------------------------------


async def test_an_examination_is_recorded_and_another_one_replaces_it(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        seen = []
        examined = await m.models.examine(card.id, Mode.FAST, seen.append)
        assert (examined.mode, examined.at_ns, examined.first_token_ms, examined.tokens_per_s) == (
            Mode.FAST,
            clock.now_ns(),
            40.0,
            90.0,
        )
        assert not examined.is_fit
        assert seen[-1].doing is Doing.EXAMINING
        assert (seen[-1].n_done, seen[-1].n_total) == (12, 13)
        m.engine.first_token_ms = 20.0
        await m.models.examine(card.id, Mode.FAST)
        await m.models.examine(card.id, Mode.DEEP)
        found = await m.models.card(card.id)
        assert [(one.mode, one.first_token_ms) for one in found.examined] == [(Mode.FAST, 20.0), (Mode.DEEP, 20.0)]
        assert found.standing is Standing.READY
        assert (m.engine.n_open, m.engine.n_made) == (0, 3)


async def test_an_engine_that_breaks_off_records_nothing_and_is_closed(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        m.engine.fails = Unavailable("The engine was restarted.")
        with pytest.raises(Unavailable, match="restarted"):
            await m.models.examine(card.id, Mode.FAST)
        assert (await m.models.card(card.id)).examined == ()
        assert m.engine.n_open == 0


async def test_an_examination_is_stopped_and_another_one_waits_for_it(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        m.engine.holds = asyncio.Event()
        first = asyncio.ensure_future(m.models.examine(card.id, Mode.FAST))
        await until(lambda: m.engine.asked)
        second = asyncio.ensure_future(m.models.examine(card.id, Mode.DEEP))
        await until(lambda: len(m.models.works()) == 2)
        assert m.models.works()[1].words.startswith("Waits")
        await m.models.stop(m.models.works()[0].id)
        with pytest.raises(Unavailable, match="stopped"):
            await first
        m.engine.holds.set()
        assert (await second).mode is Mode.DEEP
        assert m.engine.n_open == 0


async def test_what_was_shown_on_another_machine_is_not_told_here(home, clock, tiny):
    async with modelling(home, clock) as m:
        card = await m.models.add_file(tiny)
        await m.models.examine(card.id, Mode.FAST)
        elsewhere = ModelStore(m.ledger, home.models, "another machine")
        found = await elsewhere.find(card.id)
        assert (found.card.examined, found.card.standing) == ((), Standing.UNTRIED)
