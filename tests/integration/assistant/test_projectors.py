"""Projectors in the real library: a picture is part of the prompt, answers keep to the grammar, foreign files are refused."""

import numpy as np
import psutil
import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, Finish, LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.pictures import plain_png
from backend.assistant.engines.probe import probe_projector
from backend.assistant.engines.process_engine import ProcessEngine
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.errors import InvalidInput, NotFound
from backend.tasks import TaskOwner
from tests.fakes.gguf_files import write_projector

ASKED = (Message(Role.SYSTEM, "You look at charts."), Message(Role.USER, "What do you see?"))
GRAMMAR = 'root ::= ("double top" | "bull flag") ", " ("rising" | "falling")'
ALLOWED = {f"{name}, {way}" for name in ("double top", "bull flag") for way in ("rising", "falling")}
DARK, LIGHT = plain_png(80, 60, 10), plain_png(80, 60, 240)


@pytest.fixture(scope="module")
def projector(tmp_path_factory):
    return write_projector(tmp_path_factory.mktemp("eyes") / "eyes.gguf")


@pytest.fixture
def session(starter_model, projector, tmp_path):
    made = open_session(starter_model, LoadOptions(n_ctx=512, n_threads=1, projector=str(projector)), tmp_path)
    yield made
    made.close()


def asked(*pictures, **given):
    return Request("one", ASKED, pictures=pictures, n_tokens_max=12, **given)


def written(session, request):
    *texts, done = session.generate(request)
    return "".join(piece.text for piece in texts if isinstance(piece, Text)), done


def logits(session):
    low, llama = session._library.low, session._llama
    return np.ctypeslib.as_array(low.llama_get_logits_ith(llama.ctx, -1), (llama.n_vocab(),)).copy()


def after_prompt(session, request):
    pieces = session.generate(request)
    next(pieces)
    found = logits(session)
    pieces.close()
    return found


def test_a_picture_takes_places_in_the_prompt_and_changes_what_follows(session):
    plain, seen = written(session, asked())[1], written(session, asked(DARK))[1]
    assert session.loaded.sees
    assert seen.n_prompt - plain.n_prompt >= 16
    assert written(session, asked(DARK, LIGHT))[1].n_prompt >= seen.n_prompt + 16
    one = Request("one", ASKED, pictures=(DARK,), n_tokens_max=1)
    other = Request("one", ASKED, pictures=(LIGHT,), n_tokens_max=1)
    dark, light, again = (after_prompt(session, request) for request in (one, other, one))
    assert np.array_equal(dark, again)
    assert not np.allclose(dark, light, atol=1e-3)


def test_what_is_written_of_a_picture_keeps_to_the_grammar_and_a_later_text_is_as_without_it(session):
    before = written(session, asked())[0]
    for picture in (DARK, LIGHT):
        text, done = written(session, asked(picture, grammar=GRAMMAR))
        assert text in ALLOWED
        assert done.finish is Finish.STOP
    assert written(session, asked())[0] == before


class PressesWhileRead:
    """A switch that somebody presses at the third look, while the picture is encoded."""

    def __init__(self, session):
        self._session = session
        self.n_looks = 0

    def is_pressed(self):
        self.n_looks += 1
        if self.n_looks == 3:
            self._session.abort()
        return self._session._context.switch.is_pressed()


def test_reading_a_picture_can_be_stopped_and_the_next_request_is_as_if_it_had_not_been(session):
    expected = written(session, asked(LIGHT, grammar=GRAMMAR))[0]
    session._eyes.switch = looks = PressesWhileRead(session)
    text, done = written(session, asked(DARK))
    assert (text, done.finish, done.n_generated) == ("", Finish.CANCELLED, 0)
    assert looks.n_looks <= 5, "the rest of the graph was not computed"
    session._eyes.switch = session._context.switch
    assert written(session, asked(LIGHT, grammar=GRAMMAR))[0] == expected


@pytest.mark.parametrize("kind", ["thread", "process"])
async def test_an_engine_sees_pictures_in_this_process_and_in_its_own(kind, clock, starter_model, projector, tmp_path):
    async with TaskOwner("sight") as tasks:
        engine = ThreadEngine(open_session, tmp_path) if kind == "thread" else ProcessEngine(tmp_path, clock, tasks)
        try:
            loaded = await engine.load(starter_model, LoadOptions(n_ctx=512, n_threads=1, projector=str(projector)))
            assert loaded.sees
            pieces = [piece async for piece in engine.generate(asked(DARK, grammar=GRAMMAR))]
            assert "".join(piece.text for piece in pieces[:-1]) in ALLOWED
            assert isinstance(pieces[-1], Done)
            with pytest.raises(InvalidInput, match="no PNG"):
                _ = [piece async for piece in engine.generate(asked(b"GIF89a"))]
        finally:
            await engine.close()


def test_pictures_read_and_projectors_loaded_again_and_again_take_no_more_memory(starter_model, projector, tmp_path):
    options = LoadOptions(n_ctx=128, n_threads=1, projector=str(projector))
    picture = plain_png(1_000, 800)  # 2.4 MB when unpacked: ten that were kept would be seen
    own, held = psutil.Process(), []
    for _ in range(3):
        session = open_session(starter_model, options, tmp_path)
        try:
            for _ in range(10):
                session._eyes.look(("a", "b"), (picture,)).close()
            look = session._eyes.look(("a", "b"), (picture,))
            assert session._context.look(look, (), session._eyes) == 0
            look.close()
        finally:
            session.close()
        held.append(own.memory_info().rss)
    assert held[2] - held[1] < 12e6


def test_a_model_without_a_projector_says_that_it_sees_nothing(starter_model, tmp_path):
    blind = open_session(starter_model, LoadOptions(n_ctx=256, n_threads=1), tmp_path)
    try:
        assert not blind.loaded.sees
        with pytest.raises(InvalidInput, match="sees no pictures"):
            blind.generate(asked(DARK))
    finally:
        blind.close()


async def test_a_projector_is_tried_apart_and_one_that_is_foreign_or_ends_its_process_is_refused(
    starter_model, projector, tmp_path
):
    assert (await probe_projector(starter_model, projector)).sees
    with pytest.raises(InvalidInput, match="gives 512 numbers a token, the model takes 576"):
        await probe_projector(starter_model, write_projector(tmp_path / "narrow.gguf", width=512))
    hostile = write_projector(tmp_path / "hostile.gguf", clip__vision__attention__head_count=3)
    with pytest.raises(InvalidInput, match="is not used"):
        await probe_projector(starter_model, hostile)
    unknown = write_projector(tmp_path / "unknown.gguf", style="telepathy")
    with pytest.raises(InvalidInput, match=r"does not go with this model|is not used"):
        await probe_projector(starter_model, unknown)


async def test_a_model_sees_with_its_projector_until_that_is_removed(home, starter_model, projector):
    async with open_backend(home, watch=False) as backend:
        assistant = await backend.assistant.open()
        await assistant.begin()
        models, projectors = assistant.models, assistant.models.projectors
        (card,) = await models.cards()
        card = await projectors.add(card.id, projector)
        assert (card.projector.name, card.projector.style) == ("Tiny Eyes", "mlp")
        assert (await assistant.engines.ready(Mode.FAST)).loaded.sees
        gone = await projectors.remove(card.id)
        assert not (await assistant.engines.ready(Mode.FAST)).loaded.sees
        await projectors.put(card.id, gone)
        await projectors.sweep()
        assert (await models.card(card.id)).projector == gone
        await projectors.remove(card.id)
        await projectors.sweep()
        with pytest.raises(NotFound):
            await projectors.put(card.id, gone)
        with pytest.raises(InvalidInput, match="holds a model, not the eyes"):
            await projectors.add(card.id, starter_model)
