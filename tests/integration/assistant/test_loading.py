"""Loading real models: progress, stops, files that are none, templates that are missing or broken, memory that comes back."""

import asyncio
import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.assistant.engines.engine import Finish, LoadOptions, Message, Request, Role
from backend.assistant.engines.llama_loading import open_llama
from backend.assistant.engines.sessions import open_session, open_with
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.assistant.engines.xllama_loading import open_xllama
from backend.errors import InvalidInput, NotFound, Unavailable
from tests.fakes.waiting import until

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = pytest.mark.parametrize("opens", [open_llama, open_xllama], ids=["llama_cpp", "xllamacpp"])
OPTIONS = LoadOptions(n_ctx=512)
GOLD = Message(Role.USER, "What is gold?")
GROWTH_KIB_MAX = 6_000


@pytest.fixture
def changed(starter_model, tmp_path):
    """Makes a copy of the starter model with some of its bytes replaced by as many others."""

    def change(old, new):
        raw = starter_model.read_bytes()
        assert len(old) == len(new)
        assert raw.count(old) == 1
        copy = tmp_path / "changed.gguf"
        copy.write_bytes(raw.replace(old, new))
        return copy

    return change


def test_progress_rises_to_the_end_and_nothing_of_the_library_stays_replaced(starter_model, tmp_path):
    low, high, internals = (importlib.import_module(f"llama_cpp.{name}") for name in ("llama_cpp", "llama", "_internals"))
    before = (low.llama_model_default_params, high.suppress_stdout_stderr, internals.suppress_stdout_stderr)
    told = []
    open_llama(starter_model, OPTIONS, tmp_path, told.append).close()
    assert len(told) > 50
    assert told == sorted(told)
    assert (min(told), max(told)) == (0.0, 1.0)
    assert before == (low.llama_model_default_params, high.suppress_stdout_stderr, internals.suppress_stdout_stderr)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_loading_that_is_stopped_leaves_nothing_and_the_next_one_is_whole(starter_model, tmp_path, share):
    before = importlib.import_module("llama_cpp.llama_cpp").llama_model_default_params
    told = []

    def stop(done):
        told.append(done)
        return done < share

    with pytest.raises(Unavailable, match="stopped") as error:
        open_llama(starter_model, OPTIONS, tmp_path, stop)
    assert error.value.code == "engine.cancelled"
    assert importlib.import_module("llama_cpp.llama_cpp").llama_model_default_params is before
    open_llama(starter_model, OPTIONS, tmp_path).close()


def test_defaults_that_would_surprise_are_set_by_name(starter_model, tmp_path):
    session = open_llama(starter_model, LoadOptions(n_ctx=512, n_threads=1, n_batch=64), tmp_path)
    set_to = session._llama.context_params
    session.close()
    assert (set_to.n_ctx, set_to.n_batch, set_to.n_ubatch) == (512, 64, 64)
    assert (set_to.n_threads, set_to.n_threads_batch) == (1, 1)
    assert set_to.swa_full
    assert set_to.flash_attn_type == importlib.import_module("llama_cpp.llama_cpp").LLAMA_FLASH_ATTN_TYPE_DISABLED


def test_the_other_library_hears_a_stop_at_its_beginning_and_end(starter_model, tmp_path):
    for share in (0.0, 1.0):
        with pytest.raises(Unavailable, match="stopped"):
            open_xllama(starter_model, OPTIONS, tmp_path, lambda done, share=share: done < share)


def test_what_others_print_while_a_model_loads_is_printed(starter_model, tmp_path, capfd):
    open_llama(starter_model, OPTIONS, tmp_path, lambda _done: os.write(1, b"said meanwhile\n") > 0).close()
    said = capfd.readouterr()
    assert said.out.count("said meanwhile") > 50
    assert said.err == ""


@LIBRARIES
def test_a_file_that_is_not_there_or_is_no_model_is_told(opens, tmp_path):
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(InvalidInput, match=r"junk\.gguf"):
        opens(junk, OPTIONS, tmp_path)
    with pytest.raises((InvalidInput, NotFound), match=r"none\.gguf"):
        opens(tmp_path / "none.gguf", OPTIONS, tmp_path)


@LIBRARIES
def test_a_model_of_a_kind_that_the_library_does_not_know_is_told(opens, changed, tmp_path):
    path = changed(b"\x06\x00\x00\x00\x00\x00\x00\x00smollm", b"\x06\x00\x00\x00\x00\x00\x00\x00xxxxxx")
    with pytest.raises(InvalidInput, match="cannot be loaded"):
        opens(path, OPTIONS, tmp_path)


@LIBRARIES
def test_a_model_without_a_template_goes_on_with_a_text_and_never_chats_in_another_models_words(opens, changed, tmp_path):
    session = opens(changed(b"tokenizer.chat_template", b"tokenizer.chat_tempXate"), OPTIONS, tmp_path)
    try:
        assert not session.loaded.has_template
        with pytest.raises(InvalidInput, match="no chat template"):
            session.generate(Request("1", (Message(Role.SYSTEM, "Be calm."), GOLD)))
        assert session.count((Message(Role.USER, "one two three"),)) == 3
        *texts, end = session.generate(Request("1", (Message(Role.USER, "The capital of France is"),), n_tokens_max=8))
        assert "Paris" in "".join(piece.text for piece in texts)
        assert end.finish is Finish.LENGTH
        session.warm([Message(Role.SYSTEM, "Be calm.")], "fast")
    finally:
        session.close()


@pytest.mark.parametrize(
    "broken", [b"{% for message of messages %}", b"{{ 1 / 0 }}{# in messages %}-", b"{% for message in nothing1 %}"]
)
def test_a_model_with_a_broken_template_is_refused(changed, tmp_path, broken):
    path = changed(b"{% for message in messages %}", broken)
    with pytest.raises(InvalidInput, match=r"template|cannot be loaded"):
        open_llama(path, OPTIONS, tmp_path)


def not_installed(*_arguments):
    raise Unavailable("llama-cpp-python cannot be used here: No module named 'llama_cpp'", code="engine.not_installed")


def no_memory(*_arguments):
    raise Unavailable("There is not enough memory.", code="engine.memory")


def test_the_second_library_serves_where_the_first_is_not_installed(starter_model, tmp_path):
    session = open_with((not_installed, open_xllama), starter_model, OPTIONS, tmp_path, None)
    assert list(session.generate(Request("1", (GOLD,), n_tokens_max=2)))
    session.close()


def test_without_any_library_it_is_said_what_to_do(starter_model, tmp_path):
    with pytest.raises(Unavailable, match=r"llama_cpp.*dev\.py") as told:
        open_with((not_installed, not_installed), starter_model, OPTIONS, tmp_path, None)
    assert told.value.code == "engine.not_installed"


def test_what_the_first_library_says_of_the_model_is_not_asked_of_the_second(starter_model, tmp_path):
    with pytest.raises(Unavailable, match="memory"):
        open_with((no_memory, open_xllama), starter_model, OPTIONS, tmp_path, None)


def test_importing_the_engines_loads_no_library():
    program = "import sys, backend.assistant.engines.sessions; print({'llama_cpp', 'xllamacpp', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


WITHOUT = """
import asyncio, sys
from pathlib import Path
from backend.assistant.engines.engine import LoadOptions
from backend.assistant.engines.sessions import open_session
from backend.errors import Unavailable
from tests.fakes.starter_model import find_starter_model

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
try:
    session = open_session(find_starter_model(), LoadOptions(n_ctx=512), Path(sys.argv[1]))
    print(type(session).__name__)
    session.close()
except Unavailable as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("missing", "said"),
    [((), "LlamaSession"), (("llama_cpp",), "XllamaSession"), (("llama_cpp", "xllamacpp"), "`python3 dev.py`")],
)
def test_a_computer_that_lacks_a_library_uses_the_other_or_says_what_to_do(tmp_path, missing, said):
    command = [sys.executable, "-c", WITHOUT, str(tmp_path), *missing]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said in done.stdout
    assert done.stderr == ""


def cycles(n_cycles):
    """KiB by which a process has grown after each of so many loads and unloads."""
    command = [sys.executable, "-m", "tests.fakes.model_cycles", f"{n_cycles}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_memory_comes_back_over_eight_loads():
    grown = cycles(8)
    print(grown)
    assert len(grown) == 8
    assert grown[-1] < GROWTH_KIB_MAX


@pytest.mark.long
@pytest.mark.timeout(900)
def test_memory_comes_back_over_fifty_loads(record_property):
    grown = cycles(50)
    record_property("grown_kib", grown[-1])
    assert len(grown) == 50
    assert grown[-1] < GROWTH_KIB_MAX


async def test_a_real_model_on_a_thread_answers_stops_and_loads_again(starter_model, tmp_path):
    engine = ThreadEngine(open_session, tmp_path)
    try:
        told = []
        loaded = await engine.load(starter_model, OPTIONS, told.append)
        assert loaded.n_ctx == 512
        pieces = [piece async for piece in engine.generate(Request("1", (GOLD,), n_tokens_max=16))]
        assert pieces[-1].n_generated == 16
        long = engine.generate(Request("2", (Message(Role.USER, "word " * 400),)))
        reading = asyncio.ensure_future(anext(long))
        await until(lambda: engine.stats().state == "busy")
        await engine.cancel("2")
        assert (await reading).finish is Finish.CANCELLED
        await engine.load(starter_model, LoadOptions(n_ctx=256))
        assert engine.stats().loaded.n_ctx == 256
        assert threading.active_count() >= 2
    finally:
        await engine.close()


async def test_a_real_loading_can_be_stopped_from_the_loop(starter_model, tmp_path):
    engine = ThreadEngine(open_session, tmp_path)
    try:
        await engine.load(starter_model, OPTIONS)
        loading = asyncio.ensure_future(engine.load(starter_model, OPTIONS))
        await until(lambda: engine.stats().state == "loading")
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        await engine.load(starter_model, OPTIONS)
    finally:
        await engine.close()
