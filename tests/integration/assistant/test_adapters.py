"""Adapters of the real starter model: tried apart, loaded for their mode alone, refused where they are foreign or hostile."""

from pathlib import Path

import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode
from backend.assistant.engines.engine import LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.gguf_adapter import parse_adapter
from backend.assistant.engines.sessions import open_session
from backend.assistant.models.model import Examined
from backend.errors import InvalidInput, NotFound
from tests.fakes.gguf_files import write_adapter

GREETING = (Message(Role.USER, "Say hello to the market."),)


def said_with(model, adapter, folder):
    session = open_session(model, LoadOptions(n_ctx=128, adapter=str(adapter or "")), folder)
    try:
        pieces = session.generate(Request("one", GREETING, n_tokens_max=8))
        return "".join(piece.text for piece in pieces if isinstance(piece, Text)), session.loaded.sha256
    finally:
        session.close()


def test_an_adapter_changes_what_a_model_says_and_what_is_kept_of_it_is_its_own(starter_model, tmp_path):
    plain, own = said_with(starter_model, None, tmp_path)
    idle, other = said_with(starter_model, write_adapter(tmp_path / "idle.gguf", scale=0.0), tmp_path)
    changed, third = said_with(starter_model, write_adapter(tmp_path / "loud.gguf", scale=3.0), tmp_path)
    assert idle == plain
    assert changed != plain
    assert len({own, other, third}) == 3


async def test_an_adapter_is_tried_with_its_model_goes_with_one_mode_and_can_be_removed(home, starter_model, tmp_path):
    path = write_adapter(tmp_path / "loud.gguf", scale=3.0)
    async with open_backend(home, watch=False) as backend:
        assistant = await backend.assistant.open()
        await assistant.begin()
        models, adapters = assistant.models, assistant.models.adapters
        (card,) = await models.cards()
        assert card.architecture == "llama"
        examined = Examined(Mode.FAST, is_fit=True, words="Fit.", first_token_ms=1, tokens_per_s=1, obedience=1, at_ns=1)
        await models._store.put_examined(card.id, examined)

        card = await adapters.add(card.id, Mode.FAST, path)
        (adapter,) = card.adapters
        assert (adapter.mode, adapter.name, adapter.rank) == (Mode.FAST, "Tiny Manner", 4)
        assert parse_adapter(Path(adapter.path)) == parse_adapter(path)
        assert card.examined == (), "what it showed without the adapter says nothing of it now"
        assert (await models.card_for(Mode.FAST)).adapter == adapter
        stats = await assistant.engines.ready(Mode.FAST)
        assert stats.loaded.sha256 != card.sha256

        gone = await adapters.remove(card.id, Mode.FAST)
        assert (await models.card_for(Mode.FAST)).adapter is None
        assert (await assistant.engines.ready(Mode.FAST)).loaded.sha256 == card.sha256
        await adapters.put(card.id, gone)
        assert (await models.card(card.id)).adapters == (adapter,)
        await adapters.remove(card.id, Mode.FAST)
        await adapters.sweep()
        with pytest.raises(NotFound):
            await adapters.put(card.id, gone)
        with pytest.raises(NotFound):
            await adapters.remove(card.id, Mode.FAST)


async def test_a_foreign_adapter_is_refused_before_any_engine_of_ours_has_seen_it(home, starter_model, tmp_path):
    async with open_backend(home, watch=False) as backend:
        assistant = await backend.assistant.open()
        (card,) = await assistant.models.cards()
        adapters = assistant.models.adapters
        with pytest.raises(InvalidInput, match="made for qwen3"):
            await adapters.add(card.id, Mode.FAST, write_adapter(tmp_path / "other.gguf", general__architecture="qwen3"))
        with pytest.raises(InvalidInput, match="incorrect shape"):
            await adapters.add(card.id, Mode.FAST, write_adapter(tmp_path / "narrow.gguf", width=512))
        with pytest.raises(InvalidInput, match="it holds a model"):
            await adapters.add(card.id, Mode.FAST, starter_model)
        assert (await assistant.models.card(card.id)).adapters == ()
        assert assistant.engines.stats().n_requests == 0
        await adapters.sweep()
        assert not list((home.models / "adapters").glob("*"))
