"""An unknown model is tried in a process that is thrown away: whatever it does there, it is refused in words."""

import time

import psutil
import pytest

from backend.assistant.engines.probe import probe_model
from backend.errors import InvalidInput, Unavailable
from tests.fakes import scripted_session
from tests.fakes.gguf_files import KEYS, write_gguf

MODULE = "tests.fakes.scripted_session"


async def tried(path, **given):
    keys = {**KEYS, "tokenizer.ggml.tokens": [f"t{i}" for i in range(100)]}
    return await probe_model(write_gguf(path, keys), **{"session": scripted_session.NAME, **given})


def children():
    return psutil.Process().children(recursive=True)


async def test_a_sound_model_tells_how_it_loads(tmp_path):
    loaded = await tried(tmp_path / "fine.gguf", session=f"{MODULE}:open_greeting_session")

    assert (loaded.name, loaded.n_ctx) == ("fine", 512)
    assert not children()


@pytest.mark.parametrize(
    ("name", "session", "words"),
    [
        ("aborts.gguf", "open_scripted_session", r"gave up by itself \(abort\) \(GGML_ASSERT\(n_dims <= 4\) failed\)"),
        ("refused.gguf", "open_scripted_session", "no model"),
        ("raises.gguf", "open_scripted_session", "RuntimeError"),
        ("writes-nothing.gguf", "open_mute_session", "generates nothing"),
        ("crashes-later.gguf", "open_crashing_session", "gave up by itself"),
        ("hungry.gguf", "open_hungry_session", "memory"),
        ("other-tokens.gguf", "open_odd_session", "100 tokens, but 7"),
    ],
)
async def test_a_model_that_misbehaves_is_refused_and_nothing_is_left(tmp_path, name, session, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        await tried(tmp_path / name, session=f"{MODULE}:{session}", room_bytes=300 * 2**20)

    assert name in refusal.value.message
    assert not children()


async def test_a_model_that_hangs_is_refused_in_time(tmp_path):
    began = time.perf_counter()
    with pytest.raises(InvalidInput, match=r"within 2 s|no progress"):
        await tried(tmp_path / "hangs.gguf", timeout_s=2.0)

    assert time.perf_counter() - began < 8.0
    assert not children()


async def test_lack_of_memory_is_no_fault_of_the_model(tmp_path):
    with pytest.raises(Unavailable, match="not enough memory"):
        await tried(tmp_path / "memory.gguf")


async def test_a_file_that_is_not_sound_starts_no_process(tmp_path):
    path = tmp_path / "noise.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(InvalidInput, match="version 0"):
        await probe_model(path, session="nowhere:nothing")


async def test_vectors_are_tried_where_a_model_makes_them(tmp_path):
    keys = {**KEYS, "tokenizer.ggml.tokens": [f"t{i}" for i in range(100)], "llama.pooling_type": 1}
    path = write_gguf(tmp_path / "vectors.gguf", keys)
    assert (await probe_model(path, session=scripted_session.NAME)).name == "vectors"

    with pytest.raises(InvalidInput, match="what is no number"):
        await probe_model(path, session=f"{MODULE}:open_odd_vectors_session")
