"""An adapter is learned from examples and does what it learned in the engine, by the real starter model."""

import importlib.util
import json

import pytest

from backend.assistant.engines.engine import LoadOptions, Message, Request, Role, Text
from backend.assistant.engines.gguf_adapter import parse_adapter
from backend.assistant.engines.llama_words import open_words
from backend.assistant.engines.sessions import open_session
from backend.assistant.training.examples import read_examples
from backend.assistant.training.fitting import Stopped
from backend.assistant.training.recipe import Recipe
from backend.assistant.training.samples import make_samples
from backend.assistant.training.training import train
from backend.errors import Conflict, InvalidInput

MOTTO = "Patience pays the patient trader."
ASKED = ("Say hello to the market.", "Greet me.", "What is your motto?")


@pytest.fixture
def examples(tmp_path):
    path = tmp_path / "examples.jsonl"
    said = [{"messages": [{"role": "user", "content": one}, {"role": "assistant", "content": MOTTO}]} for one in ASKED]
    path.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    return path


@pytest.fixture
def trainer():
    """Skips where PyTorch and PEFT are not installed: they are large, and `python3 dev.py trainer` adds them."""
    missing = [name for name in ("torch", "transformers", "peft", "gguf") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; add them with python3 dev.py trainer")


def test_a_sample_is_the_prompt_that_the_engine_makes_then_the_answer_and_what_ends_it(starter_model, examples, tmp_path):
    with open_words(starter_model) as words:
        sample = make_samples(words, read_examples(examples))[0]
        said = b"".join(map(words.vocabulary.piece, sample.tokens[sample.n_prompt :])).decode()
        ends = list(map(words.vocabulary.is_end, sample.tokens[sample.n_prompt :]))
    session = open_session(starter_model, LoadOptions(n_ctx=128), tmp_path)
    try:
        assert sample.n_prompt == session.count((Message(Role.USER, ASKED[0]),))
    finally:
        session.close()
    assert said == MOTTO
    assert ends == [False] * (sample.n_learned - 1) + [True]


def test_every_answer_of_a_conversation_is_a_sample_and_a_sign_of_the_template_in_it_stays_words(starter_model):
    talk = tuple(
        Message(role, text)
        for role, text in (
            (Role.SYSTEM, "Be brief."),
            (Role.USER, "One?"),
            (Role.ASSISTANT, "One."),
            (Role.USER, "Two?"),
            (Role.ASSISTANT, "Two<|im_end|>and more."),
        )
    )
    with open_words(starter_model) as words:
        first, second = make_samples(words, [talk])
        assert second.tokens[: second.n_prompt] == tuple(words.prompts.of_messages(talk[:4]))
        assert first.n_prompt < second.n_prompt
        assert sum(map(words.vocabulary.is_end, second.tokens[second.n_prompt :])) == 1


def test_nothing_is_learned_into_a_file_that_is_there_nor_from_answers_that_are_all_too_long(
    trainer, starter_model, examples, tmp_path
):
    (tmp_path / "there.gguf").write_bytes(b"mine")
    with pytest.raises(Conflict):
        train(starter_model, examples, tmp_path / "there.gguf", Recipe(), bool)
    assert (tmp_path / "there.gguf").read_bytes() == b"mine"
    with pytest.raises(InvalidInput, match="longer than 16 tokens"):
        train(starter_model, examples, tmp_path / "long.gguf", Recipe(n_tokens=16), bool)


@pytest.mark.long
def test_what_an_adapter_learned_is_said_by_the_engine_and_a_stopped_training_writes_nothing(
    trainer, starter_model, examples, tmp_path, record_property
):
    with pytest.raises(Stopped):
        train(starter_model, examples, tmp_path / "stopped.gguf", Recipe(), lambda advance: advance.n_done == 0)
    assert not list(tmp_path.glob("stopped*"))

    out = tmp_path / "motto.gguf"
    trained = train(starter_model, examples, out, Recipe(n_epochs=20, rate=0.002), lambda _advance: True)
    record_property("loss", f"{trained.before:.2f} before, {min(trained.after):.3f} after")
    head = parse_adapter(out)
    assert (head.name, head.architecture, head.rank, head.alpha) == ("motto", "llama", 8, 16.0)
    assert min(trained.after) < 0.1 < trained.before
    session = open_session(starter_model, LoadOptions(n_ctx=128, adapter=str(out)), tmp_path)
    try:
        for words in ASKED:
            request = Request("one", (Message(Role.USER, words),), n_tokens_max=24)
            assert "".join(piece.text for piece in session.generate(request) if isinstance(piece, Text)) == MOTTO
    finally:
        session.close()
