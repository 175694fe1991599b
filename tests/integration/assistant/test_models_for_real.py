"""The starter model with the product's own header, trial and engine: what its card says, and that it is found unfit to analyse."""

import asyncio

import pytest

from backend.assistant.answers import Mode
from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.probe import probe_model
from backend.assistant.engines.process_engine import ProcessEngine
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.assistant.models.model import Standing
from backend.assistant.models.starter import find_starter
from backend.clock import SystemClock
from backend.errors import InvalidInput
from backend.tasks import TaskOwner
from tests.fakes.modelling import modelling


def real(home, make_engine=None):
    """The product's own parts."""
    make = make_engine or (lambda: ThreadEngine(open_session, home.cache / "prefixes"))
    return {"starter": find_starter, "parse_header": parse_header, "probe": probe_model, "make_engine": make}


async def test_the_starter_is_ready_for_fast_after_its_first_trial(home):
    async with modelling(home, SystemClock(), **real(home)) as m:
        (card,) = await m.models.cards()
        assert (card.architecture, card.quantisation, card.n_ctx_train, card.n_layers) == ("llama", "Q4_1", 2_048 * 4, 30)
        assert 134_000_000 < card.n_parameters < 170_000_000
        assert (card.n_vocab, card.has_template, card.is_embedding) == (49_152, True, False)
        assert card.modes == (Mode.FAST,)
        ready = await m.models.card_for(Mode.FAST)
        assert ready.standing is Standing.TRIED


@pytest.mark.parametrize("place", ["thread", "process"])
async def test_the_starter_writes_and_is_found_unfit_to_analyse(home, place):
    async with TaskOwner("engines") as tasks:
        own = {"process": lambda: ProcessEngine(home.cache / "prefixes", SystemClock(), tasks)}
        async with modelling(home, SystemClock(), **real(home, own.get(place))) as m:
            (card,) = await m.models.cards()
            examined = await m.models.examine(card.id, Mode.ANALYSIS)
            assert not examined.is_fit
            assert examined.words.startswith("Not fit: it did as told in")
            assert 0 <= examined.obedience < 0.85
            assert examined.tokens_per_s > 1
            assert 0 < examined.first_token_ms < 60_000
            assert (await m.models.card(card.id)).standing is Standing.READY


async def test_a_model_is_copied_in_and_a_torn_one_is_refused(home, tmp_path):
    whole = await asyncio.to_thread(find_starter().path.read_bytes)
    mine, torn = tmp_path / "mine.gguf", tmp_path / "torn.gguf"
    await asyncio.to_thread(mine.write_bytes, whole)
    await asyncio.to_thread(torn.write_bytes, whole[: len(whole) // 2])
    async with modelling(home, SystemClock(), **{**real(home), "starter": lambda: None}) as m:
        with pytest.raises(InvalidInput):
            await m.models.add_file(torn)
        card = await m.models.add_file(mine)
        assert (card.standing, card.n_bytes) == (Standing.TRIED, len(whole))
        assert m.files() == [f"{card.sha256}.gguf"]
        assert m.parts() == []
